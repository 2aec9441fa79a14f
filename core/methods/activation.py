"""Activation maps: where a late layer is active, weighted by what it does for the class."""

from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from core.methods.fitness import feature_map
from core.methods.passes import PassBank
from core.methods.registry import LayerName, Unfit, method

Layer = Annotated[str, LayerName()]


@method(
    label="Grad-CAM",
    family="activation map",
    signed=False,
    paper="Selvaraju et al. 2017, arXiv:1610.02391",
    needs=(feature_map,),
)
def grad_cam(passes: PassBank, layer: Layer = "") -> Float[Tensor, "1 height width"]:
    """The layer's channels weighted by their mean gradient; only what speaks for the class is kept.

    As coarse as the layer: a 7 × 7 map blown up to the picture's size tells a region, not an outline.

    Parameters
    ----------
    layer
        The layer that is read; empty for the last one that keeps the picture's plane.
    """
    activations, gradients = passes.feature_gradients(chosen_layer(passes, layer))
    weights = gradients.mean(dim=(1, 2), keepdim=True)
    return upsampled(passes, (weights * activations).sum(dim=0).relu())


def chosen_layer(passes: PassBank, layer: str) -> str:
    """The named layer, or the last one that keeps the picture's plane.

    Raises
    ------
    Unfit
        Where the named layer is not one of the network's feature maps.
    """
    anatomy = passes.classifier.anatomy
    found = anatomy.last_feature_map(len(passes.classifier.labels))
    known = {entry.layer: entry for entry in anatomy.feature_maps}
    chosen = layer or (found.layer if found else "")
    if chosen not in known:
        raise Unfit(
            f"{chosen!r} is not a layer that keeps the picture's plane; the last ones are {', '.join([*known][-4:])}."
        )
    passes.note(f"Layer {chosen}: a map of {known[chosen].height} × {known[chosen].width}, scaled up.")
    return chosen


def upsampled(passes: PassBank, coarse: Float[Tensor, "rows columns"]) -> Float[Tensor, "1 height width"]:
    """The map at the picture's size, divided by its maximum."""
    top = coarse.max()
    if top <= 0:
        passes.note("Blank: no place of this layer speaks for the class.")
        return torch.zeros(1, *passes.size, device=coarse.device, dtype=coarse.dtype)
    return F.interpolate((coarse / top)[None, None], passes.size, mode="bilinear", align_corners=False)[0]
