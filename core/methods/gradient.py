"""Gradients: what a small change of each pixel would do, and other ways back through the ReLUs.

A slope's sign shows which way a pixel should change, not whether it supported the class, so slopes are ranked by
magnitude (``abs_sum``). Contributions, such as input x gradient, keep their sign.
"""

from jaxtyping import Float
from torch import Tensor

from core.methods.passes import PassBank
from core.methods.paths import Baseline
from core.methods.registry import method
from core.methods.requirements import gradients, note_other_activations, rectifiers

SIMONYAN = "Simonyan et al. 2014, arXiv:1312.6034"


@method(label="Gradient", family="gradient", signed=True, reduction="abs_sum", paper=SIMONYAN, needs=(gradients,))
def gradient(passes: PassBank) -> Float[Tensor, "3 height width"]:
    """How much a small change of each pixel would change the score.

    The slope of the class score at this picture. It shows what a tiny change would do, not what the pixels contributed,
    and it is noisy because the slope changes from pixel to pixel.
    """
    return passes.gradient()


@method(
    label="Input × gradient",
    family="gradient",
    signed=True,
    paper="Shrikumar et al. 2016, arXiv:1605.01713",
    needs=(gradients,),
)
def input_x_gradient(passes: PassBank, baseline: Baseline = "black") -> Float[Tensor, "3 height width"]:
    """The gradient times the pixel: each pixel's contribution if the network were linear.

    Pixels that look like the baseline get zero, whatever the network does with them.

    Parameters
    ----------
    baseline
        The picture that pixels are measured from; the papers' own is black, so that the pixel itself is multiplied.
    """
    return (passes.pixels - passes.baseline(baseline))[0] * passes.gradient()


@method(
    label="Guided backprop",
    family="gradient",
    signed=True,
    reduction="abs_sum",
    paper="Springenberg et al. 2015, arXiv:1412.6806",
    needs=(gradients, rectifiers),
)
def guided_backprop(passes: PassBank) -> Float[Tensor, "3 height width"]:
    """The gradient with only positive signals passed back: each ReLU drops negative gradients.

    Sharp and pretty, but close to an edge detector: it changes little when the network's upper layers are randomised.
    """
    note_other_activations(passes)
    return passes.gradient("guided")


@method(
    label="Deconvnet",
    family="gradient",
    signed=True,
    reduction="abs_sum",
    paper="Zeiler and Fergus 2014, arXiv:1311.2901",
    needs=(gradients, rectifiers),
)
def deconvnet(passes: PassBank) -> Float[Tensor, "3 height width"]:
    """The gradient with ReLUs applied on the backward pass only, whether or not they were active on the forward pass.

    Designed to show what excites a neuron; it depends less on the picture than the gradient does.
    """
    note_other_activations(passes)
    return passes.gradient("deconvnet")
