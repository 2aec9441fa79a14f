"""Gradients: what a small change of each pixel would do, and other ways back through the ReLUs.

A slope's sign says which way a pixel should change, not whether it spoke for the class, so slopes are ranked by their
size (``abs_sum``). Contributions, such as input x gradient, keep their sign.
"""

from jaxtyping import Float
from torch import Tensor

from core.methods.fitness import gradients, rectifiers, tell_of_other_activations
from core.methods.passes import PassBank
from core.methods.registry import method

SIMONYAN = "Simonyan et al. 2014, arXiv:1312.6034"


@method(label="Gradient", family="gradient", signed=True, reduction="abs_sum", paper=SIMONYAN, needs=(gradients,))
def gradient(passes: PassBank) -> Float[Tensor, "3 height width"]:
    """How the score would change with each pixel.

    The slope of the class's score at this very picture. It says what a tiny change would do, not what the pixels
    contributed, and it is noisy because the network's slope changes from pixel to pixel.
    """
    return passes.gradient()


@method(
    label="Input × gradient",
    family="gradient",
    signed=True,
    paper="Shrikumar et al. 2016, arXiv:1605.01713",
    needs=(gradients,),
)
def input_x_gradient(passes: PassBank) -> Float[Tensor, "3 height width"]:
    """The gradient times the pixel: what each pixel contributes if the network were linear.

    Dark pixels get nothing, whatever the network does with them, since black is zero.
    """
    return passes.pixels[0] * passes.gradient()


@method(
    label="Guided backprop",
    family="gradient",
    signed=True,
    reduction="abs_sum",
    paper="Springenberg et al. 2015, arXiv:1412.6806",
    needs=(gradients, rectifiers),
)
def guided_backprop(passes: PassBank) -> Float[Tensor, "3 height width"]:
    """The gradient with only positive paths let through: each ReLU drops what is negative on the way back.

    Sharp and pretty, and close to an edge detector: it changes little when the network's upper layers are randomised.
    """
    tell_of_other_activations(passes)
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
    """The gradient with ReLUs applied on the way back only, whether or not they were open on the way forward.

    Built to show what excites a neuron; it depends less on the picture than the gradient does.
    """
    tell_of_other_activations(passes)
    return passes.gradient("deconvnet")
