"""Activation maps: where a late layer is active, weighted by what it does for the class.

Each is made at the layer's own size, freed of what speaks against the class, divided by its maximum and scaled up.
All that read gradients read the same ones, so the whole family costs one pass.
"""

from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from core.methods.coarse import enlarged, upsampled
from core.methods.fitness import feature_map, gradients, rectifiers, tell_of_other_activations
from core.methods.passes import PassBank
from core.methods.registry import LayerName, Range, Unfit, method

Layer = Annotated[str, LayerName(), "The layer that is read; empty for the last one that keeps the picture's plane."]
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
    """The layer's channels weighted by their mean gradient; only what speaks for the class is kept.

    As coarse as the layer: a 7 × 7 map blown up to the picture's size tells a region, not an outline. The mean over
    the layer can light up places that the answer does not use.
    """
    activations, slopes = features(passes, layer)
    return upsampled(passes, (slopes.mean(dim=(1, 2), keepdim=True) * activations).sum(dim=0))


@method(
    label="Grad-CAM++",
    family="activation map",
    signed=False,
    paper="Chattopadhay et al. 2018, arXiv:1710.11063",
    needs=(gradients, feature_map),
)
def grad_cam_plus_plus(passes: PassBank, layer: Layer = "") -> Float[Tensor, "1 height width"]:
    """Grad-CAM whose weights count only the places where a channel speaks for the class.

    Made for pictures that show the class more than once. Its formula takes the score through an exponential and
    supposes that no activation is negative. It hides what speaks against the class, so maps of two classes look more
    alike than with Grad-CAM.
    """
    activations, slopes = features(passes, layer)
    if activations.min() < 0:
        passes.note("Some activations of this layer are negative, which the formula of Grad-CAM++ supposes not to be.")
    # Derivatives of exp(score) are powers of the slope times exp(score), and that factor goes with the maximum.
    curvature = 2 + slopes * activations.sum(dim=(1, 2), keepdim=True)
    if alike_everywhere(slopes) and (curvature - 2).abs().max() < UNFELT:
        passes.note("The same as LayerCAM here: the slopes are so small that the formula weighs all channels alike.")
    shares = torch.where((slopes == 0) | (curvature == 0), 0, 1 / curvature)
    weights = (shares * slopes.relu()).sum(dim=(1, 2), keepdim=True)
    return upsampled(passes, (weights * activations).sum(dim=0))


@method(
    label="HiResCAM",
    family="activation map",
    signed=False,
    paper="Draelos and Carin 2020, arXiv:2011.08891",
    needs=(gradients, feature_map),
)
def hires_cam(passes: PassBank, layer: Layer = "") -> Float[Tensor, "1 height width"]:
    """Activation times gradient, place by place: no mean over the layer comes between.

    Where the network goes on with pooling and one linear layer it is exact, and the same as Grad-CAM. Elsewhere it
    holds for small changes only. It is as coarse as the layer.
    """
    activations, slopes = features(passes, layer)
    if alike_everywhere(slopes):
        passes.note("The same as Grad-CAM here: each channel has one gradient for all places.")
    return upsampled(passes, (slopes * activations).sum(dim=0))


@method(
    label="LayerCAM",
    family="activation map",
    signed=False,
    paper="Jiang et al. 2021, doi:10.1109/TIP.2021.3089943",
    needs=(gradients, feature_map),
)
def layer_cam(passes: PassBank, layer: Layer = "") -> Float[Tensor, "1 height width"]:
    """Activation times gradient, place by place, where the gradient is positive.

    Made for earlier layers too, whose maps are finer. By leaving out negative gradients it hides what speaks against
    the class, and a fine map shows edges whether or not they matter.
    """
    activations, slopes = features(passes, layer)
    return upsampled(passes, (slopes.relu() * activations).sum(dim=0))


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
    """The layer's channels weighted by the score that is left when only what the channel sees is shown.

    Each channel, scaled up and stretched to 0 … 1, is laid over the picture as a mask; a softmax over the scores gives
    the weights. So far the paper; here black is what is hidden, the most active channels are tried first, and channels
    that are the same everywhere are left out. The softmax often gives nearly all weight to a few channels, and pictures
    under soft masks are unlike those that the network has learnt from.

    Parameters
    ----------
    channels
        Channels that are tried, at most.
    """
    chosen = chosen_layer(passes, layer)
    tried = strongest_first(passes.feature_gradients(chosen)[0])[:channels]
    if not len(tried):
        raise Unfit("Every channel of this layer is the same everywhere here, so there is no mask to try.")

    def pictures(places: Sequence[int]) -> Tensor:
        return passes.pixels * masks(tried[list(places)], passes.size)

    scores = passes.outputs(("score-cam", chosen), len(tried), pictures)
    weights = torch.stack([*scores.values()]).to(tried.dtype).softmax(dim=0)
    return upsampled(passes, torch.einsum("k,khw->hw", weights, tried[[*scores]]))


def strongest_first(activations: Float[Tensor, "channels rows columns"]) -> Float[Tensor, "varying rows columns"]:
    """The channels that differ from place to place, the most active ones first."""
    flat = activations.flatten(1)
    varying = activations[flat.amax(dim=1) > flat.amin(dim=1)]
    return varying[varying.mean(dim=(1, 2)).argsort(descending=True, stable=True)]


def masks(channels: Float[Tensor, "n rows columns"], size: tuple[int, int]) -> Float[Tensor, "n 1 height width"]:
    """Each channel at the picture's size, stretched to the range from 0 to 1."""
    wide = enlarged(channels, size)
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
    """Guided backprop, kept where Grad-CAM is bright: fine lines in the region that speaks for the class.

    The lines come from guided backprop, which is close to an edge detector; only the region depends on the class.
    """
    tell_of_other_activations(passes)
    region = grad_cam(passes, layer)
    return passes.gradient("guided") * region


def alike_everywhere(slopes: Float[Tensor, "channels rows columns"]) -> bool:
    """Whether each channel has one gradient for all places, as under global average pooling."""
    mean = slopes.mean(dim=(1, 2), keepdim=True)
    return torch.allclose(slopes, mean.expand_as(slopes), rtol=1e-3, atol=1e-6 * float(slopes.abs().max()))


def features(passes: PassBank, layer: str) -> Float[Tensor, "2 channels rows columns"]:
    """The chosen layer's activations, and the gradient of the score with respect to them."""
    return passes.feature_gradients(chosen_layer(passes, layer))


def chosen_layer(passes: PassBank, layer: str) -> str:
    """The named layer, or the last one that keeps the picture's plane.

    Raises
    ------
    Unfit
        Where the named layer is not one of the network's feature maps.
    """
    anatomy = passes.classifier.anatomy
    found = anatomy.feature_map(layer) if layer else anatomy.last_feature_map(len(passes.classifier.labels))
    if found is None:
        known = [entry.layer for entry in anatomy.feature_maps]
        raise Unfit(
            f"{layer!r} is not a layer that keeps the picture's plane; the last ones are {', '.join(known[-4:])}."
        )
    passes.note(f"Layer {found.layer}: a map of {found.height} × {found.width}, scaled up.")
    return found.layer
