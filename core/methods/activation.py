"""Activation maps: where a late layer is active, weighted by what it does for the class.

Each is computed at the layer's own resolution, rid of evidence against the class, divided by its maximum and scaled up.
All that read gradients read the same ones, so the whole family costs one pass.
"""

from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from core.methods.passes import PassBank
from core.methods.registry import LayerName, Range, Unfit, method
from core.methods.requirements import feature_map, gradients, note_other_activations, rectifiers
from core.methods.upsampling import enlarged, upsampled
from core.models.anatomy import FeatureMap
from core.models.layouts import WHOLE, Extent

Layer = Annotated[str, LayerName(), "The layer that is read; empty for the last one with a spatial feature map."]
UNFELT = 0.01  # beside 2
SELVARAJU = "Selvaraju et al. 2017, arXiv:1610.02391"


@method(
    label="Grad-CAM",
    family="activation map",
    signed=False,
    paper=SELVARAJU,
    needs=(gradients, feature_map),
)
def grad_cam(passes: PassBank, layer: Layer = "") -> Float[Tensor, "1 height width"]:
    """The layer's channels weighted by their mean gradient; only evidence for the class is kept.

    As coarse as the layer: a 7 × 7 map enlarged to the picture's size shows a region, not an outline. Averaging the
    gradient over the layer can light up places that the answer does not use.
    """
    found, activations, slopes = features(passes, layer)
    return upsampled(passes, (slopes.mean(dim=(1, 2), keepdim=True) * activations).sum(dim=0), found.extents)


@method(
    label="Grad-CAM++",
    family="activation map",
    signed=False,
    paper="Chattopadhay et al. 2018, arXiv:1710.11063",
    needs=(gradients, feature_map),
)
def grad_cam_plus_plus(passes: PassBank, layer: Layer = "") -> Float[Tensor, "1 height width"]:
    """Grad-CAM with weights that count only the places where a channel supports the class.

    Designed for pictures that show the class more than once. Its formula takes the exponential of the score and assumes
    that no activation is negative. It hides evidence against the class, so maps of two classes look more alike than
    with Grad-CAM.
    """
    found, activations, slopes = features(passes, layer)
    if activations.min() < 0:
        passes.note("Some activations of this layer are negative; the formula of Grad-CAM++ assumes that none are.")
    # Derivatives of exp(score) are powers of the slope times exp(score), and that factor goes with the maximum.
    curvature = 2 + slopes * activations.sum(dim=(1, 2), keepdim=True)
    if uniform(slopes) and (curvature - 2).abs().max() < UNFELT:
        passes.note(
            "Identical to LayerCAM here: the slopes are so small that the formula weights all channels equally."
        )
    shares = torch.where((slopes == 0) | (curvature == 0), 0, 1 / curvature)
    weights = (shares * slopes.relu()).sum(dim=(1, 2), keepdim=True)
    return upsampled(passes, (weights * activations).sum(dim=0), found.extents)


@method(
    label="HiResCAM",
    family="activation map",
    signed=False,
    paper="Draelos and Carin 2020, arXiv:2011.08891",
    needs=(gradients, feature_map),
)
def hires_cam(passes: PassBank, layer: Layer = "") -> Float[Tensor, "1 height width"]:
    """Activation times gradient at each place, without averaging the gradient over the layer.

    Exact, and identical to Grad-CAM, where the network continues with pooling and one linear layer. Elsewhere it holds
    for small changes only. It is as coarse as the layer.
    """
    found, activations, slopes = features(passes, layer)
    if uniform(slopes):
        passes.note("Identical to Grad-CAM here: each channel has the same gradient everywhere.")
    return upsampled(passes, (slopes * activations).sum(dim=0), found.extents)


@method(
    label="LayerCAM",
    family="activation map",
    signed=False,
    paper="Jiang et al. 2021, doi:10.1109/TIP.2021.3089943",
    needs=(gradients, feature_map),
)
def layer_cam(passes: PassBank, layer: Layer = "") -> Float[Tensor, "1 height width"]:
    """Activation times gradient at each place where the gradient is positive.

    Designed for earlier layers too, whose maps are finer. It drops negative gradients and so hides evidence against the
    class, and a fine map shows edges whether or not they matter.
    """
    found, activations, slopes = features(passes, layer)
    return upsampled(passes, (slopes.relu() * activations).sum(dim=0), found.extents)


@method(
    label="Score-CAM",
    family="activation map",
    signed=False,
    paper="Wang et al. 2020, arXiv:1910.01279",
    needs=(gradients, feature_map),
)
def score_cam(
    passes: PassBank, layer: Layer = "", channels: Annotated[int, Range(1, 4096)] = 4096
) -> Float[Tensor, "1 height width"]:
    """The layer's channels weighted by the score that remains when the picture is masked by each of them.

    Each channel, enlarged and scaled to 0 … 1, masks the picture; a softmax over the scores gives the weights, as in
    the paper. Here hidden pixels are black, the most active channels come first, and constant channels are left out.
    The softmax often gives nearly all weight to a few channels, and softly masked pictures are unlike the training
    data.

    Parameters
    ----------
    channels
        Maximum number of channels tried.
    """
    found = chosen_layer(passes, layer)
    tried = strongest_first(passes.feature_gradients(found.layer)[0])[:channels]
    if not len(tried):
        raise Unfit("Every channel of this layer is constant here, so there is no mask to try.")

    def pictures(places: Sequence[int]) -> Tensor:
        return passes.pixels * masks(tried[list(places)], passes.size, found.extents)

    scores = passes.outputs(("score-cam", found.layer), len(tried), pictures)
    weights = torch.stack([*scores.values()]).to(tried.dtype).softmax(dim=0)
    return upsampled(passes, torch.einsum("k,khw->hw", weights, tried[[*scores]]), found.extents)


def strongest_first(activations: Float[Tensor, "channels rows columns"]) -> Float[Tensor, "varying rows columns"]:
    """The channels that vary from place to place, the most active first."""
    flat = activations.flatten(1)
    varying = activations[flat.amax(dim=1) > flat.amin(dim=1)]
    return varying[varying.mean(dim=(1, 2)).argsort(descending=True, stable=True)]


def masks(
    channels: Float[Tensor, "n rows columns"], size: tuple[int, int], extents: tuple[Extent, Extent]
) -> Float[Tensor, "n 1 height width"]:
    """Each channel at the picture's size, scaled to the range from 0 to 1."""
    wide = enlarged(channels, size, extents)
    low, high = wide.amin(dim=(2, 3), keepdim=True), wide.amax(dim=(2, 3), keepdim=True)
    return (wide - low) / (high - low)


@method(
    label="Guided Grad-CAM",
    family="activation map",
    signed=True,
    reduction="abs_sum",
    paper=SELVARAJU,
    needs=(gradients, rectifiers, feature_map),
)
def guided_grad_cam(passes: PassBank, layer: Layer = "") -> Float[Tensor, "3 height width"]:
    """Guided backprop multiplied by Grad-CAM: fine lines within the region that supports the class.

    The lines come from guided backprop, which is close to an edge detector; only the region depends on the class.
    """
    note_other_activations(passes)
    region = grad_cam(passes, layer)
    return passes.gradient("guided") * region


def uniform(slopes: Float[Tensor, "channels rows columns"]) -> bool:
    """Whether each channel has the same gradient everywhere, as under global average pooling."""
    mean = slopes.mean(dim=(1, 2), keepdim=True)
    return torch.allclose(slopes, mean.expand_as(slopes), rtol=1e-3, atol=1e-6 * float(slopes.abs().max()))


def features(passes: PassBank, layer: str) -> tuple[FeatureMap, Tensor, Tensor]:
    """The chosen layer, its activations ``(channels, rows, columns)``, and the gradient of the score there."""
    found = chosen_layer(passes, layer)
    activations, slopes = passes.feature_gradients(found.layer)
    if not slopes.any():
        passes.note("The gradient is zero all over this layer: at this picture the score does not change with it.")
    return found, activations, slopes


def chosen_layer(passes: PassBank, layer: str) -> FeatureMap:
    """The named layer, or the last one with a spatial feature map.

    Raises
    ------
    Unfit
        Where the named layer has no spatial feature map, or the answer does not depend on it.
    """
    anatomy = passes.classifier.anatomy
    found = anatomy.feature_map(layer) if layer else anatomy.last_feature_map(len(passes.classifier.labels))
    if found is None:
        known = ", ".join(entry.layer for entry in anatomy.feature_maps[-4:])
        problem = "not a layer with a spatial feature map"
        if layer in anatomy.unused:
            problem = "a layer that the answer does not depend on, or through a class token only"
        raise Unfit(f"{layer!r} is {problem}; the last ones to read are {known}.")
    passes.note(f"Layer {found.layer}: a {found.height} × {found.width} map, enlarged{lying(found, passes.size)}.")
    if found.runs > 1:
        passes.note(
            f"A pass runs this layer {found.runs} times, on what may be other views of the picture; the map shows its "
            "last run alone."
        )
    return found


def lying(found: FeatureMap, size: tuple[int, int]) -> str:
    """Where a layer lies that does not cover the picture, or more than the picture."""
    if found.extents == (WHOLE, WHOLE):
        return ""
    (top, bottom), (left, right) = (
        (round(begin * length), round(end * length)) for (begin, end), length in zip(found.extents, size, strict=True)
    )
    return f" and laid over rows {top} to {bottom} and columns {left} to {right} of the picture"
