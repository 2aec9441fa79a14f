"""Fewer operations for the same answer: batch norms and uneven paddings folded into the adjacent convolutions.

Only for passes that need outputs and nothing else; gradients, hooks and layer names stay with the network itself.
"""

import copy
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_weights

from core.models.answering import rows_of

TOLERANCE = 1e-4


@dataclass(frozen=True)
class Foldable:
    """The parts of a network that can be folded, by the names of its modules.

    Parameters
    ----------
    norms
        Each convolution with the batch norm that reads it.
    paddings
        Each convolution that pads its own input as TensorFlow does, with the height and width of that input.
    """

    norms: tuple[tuple[str, str], ...] = ()
    paddings: tuple[tuple[str, tuple[int, int]], ...] = ()


def folded(network: nn.Module, foldable: Foldable) -> nn.Module:
    """A copy that gives the same answers with less work, or the network itself where nothing can be folded."""
    if foldable == Foldable():
        return network
    twin = copy.deepcopy(network)
    for convolution_name, norm_name in foldable.norms:
        convolution, norm = twin.get_submodule(convolution_name), twin.get_submodule(norm_name)
        assert isinstance(convolution, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        fold(convolution, norm)
        twin.set_submodule(norm_name, getattr(norm, "act", nn.Identity()))
    for name, size in foldable.paddings:
        padded = twin.get_submodule(name)
        assert isinstance(padded, nn.Conv2d)
        twin.set_submodule(name, evenly_padded(padded, size))
    return twin.to(memory_format=torch.channels_last)


def fold(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    """Merges the norm's scale and shift into the convolution."""
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None
    assert variance is not None
    convolution.weight, convolution.bias = fuse_conv_bn_weights(
        convolution.weight, convolution.bias, mean, variance, norm.eps, norm.weight, norm.bias
    )


def pads_by_itself(module: nn.Module) -> bool:
    """Whether it is timm's convolution that pads as TensorFlow does."""
    return isinstance(module, nn.Conv2d) and type(module).__name__ == "Conv2dSame"


def evenly_padded(convolution: nn.Conv2d, size: tuple[int, int]) -> nn.Conv2d:
    """The same convolution with equal padding on both sides: the excess meets zeros in the kernel.

    Separate padding copies the whole activation, which costs more than a slightly larger kernel.

    Parameters
    ----------
    size
        Height and width of its input.
    """
    sides = zip(size, convolution.kernel_size, convolution.stride, strict=True)
    paddings = [max((-(-length // stride) - 1) * stride + kernel - length, 0) for length, kernel, stride in sides]
    below, right = (padding - padding // 2 for padding in paddings)
    above, left = (padding % 2 for padding in paddings)
    kernel = F.pad(convolution.weight, (left, 0, above, 0))
    even = nn.Conv2d(
        convolution.in_channels,
        convolution.out_channels,
        (kernel.shape[2], kernel.shape[3]),
        stride=(convolution.stride[0], convolution.stride[1]),
        padding=(below, right),
        groups=convolution.groups,
        bias=False,
        device="meta",
    )
    even.weight, even.bias = nn.Parameter(kernel, requires_grad=False), convolution.bias
    return even.train(convolution.training)


def find_foldable(network: nn.Module, example: Float[Tensor, "n 3 height width"]) -> Foldable:
    """What can be folded; nothing where the copy's answers would differ.

    Parameters
    ----------
    example
        Input used for the comparison; the copy's logits must agree to four digits of the largest.
    """
    if not any(isinstance(module, nn.BatchNorm2d) for module in network.modules()):
        return Foldable()
    with torch.inference_mode():
        foldable, expected = watched(network, example)
        answers = rows_of(folded(network, foldable)(example), len(example))
    same = torch.allclose(answers, expected, rtol=0, atol=TOLERANCE * float(expected.abs().max()))
    return foldable if same else Foldable()


def watched(network: nn.Module, example: Tensor) -> tuple[Foldable, Tensor]:
    """Which module reads which output during one forward pass, and the answer."""
    given: dict[Tensor, str] = {}
    norms: list[tuple[str, str]] = []
    paddings: dict[str, tuple[int, int]] = {}

    def convolved(name: str, module: nn.Module, received: Tensor, output: Tensor) -> None:
        given[output] = name
        if pads_by_itself(module) and module.dilation == (1, 1):
            paddings[name] = (received.shape[2], received.shape[3])

    def normed(name: str, received: Tensor) -> None:
        if received in given:
            norms.append((given[received], name))

    handles = []
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            handles.append(
                module.register_forward_hook(
                    lambda module, inputs, output, name=name: convolved(name, module, inputs[0], output)
                )
            )
        elif isinstance(module, nn.BatchNorm2d) and module.track_running_stats:
            handles.append(module.register_forward_pre_hook(lambda _, inputs, name=name: normed(name, inputs[0])))
    try:
        answers = rows_of(network(example), len(example))
    finally:
        for handle in handles:
            handle.remove()
    return Foldable(tuple(norms), tuple(paddings.items())), answers
