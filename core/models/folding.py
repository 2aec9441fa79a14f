"""Batch norms folded into the convolutions before them: fewer operations for the same answer.

Only for passes that ask for outputs and nothing else; gradients, hooks and layers' names stay with the network itself.
"""

import copy

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

TOLERANCE = 1e-4


def folded(network: nn.Module, example: Float[Tensor, "n 3 height width"]) -> nn.Module:
    """A copy that answers alike with less work, or the network itself where there is nothing to fold or it would not.

    Parameters
    ----------
    example
        What the network is tried on; the copy's logits have to agree to four digits.
    """
    pairs = norms_after_convolutions(network, example)
    if not pairs:
        return network
    twin = copy.deepcopy(network)
    for convolution_name, norm_name in pairs:
        convolution, norm = twin.get_submodule(convolution_name), twin.get_submodule(norm_name)
        fold(convolution, norm)  # type: ignore[arg-type]
        twin.set_submodule(norm_name, getattr(norm, "act", nn.Identity()))
    twin.to(memory_format=torch.channels_last)
    with torch.inference_mode():
        alike = torch.allclose(twin(example), network(example), rtol=TOLERANCE, atol=TOLERANCE)
    return twin if alike else network


def fold(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    """Gives the convolution the norm's scale and shift."""
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None
    assert variance is not None
    convolution.weight, convolution.bias = fuse_conv_bn_weights(
        convolution.weight, convolution.bias, mean, variance, norm.eps, norm.weight, norm.bias
    )


def norms_after_convolutions(network: nn.Module, example: Tensor) -> list[tuple[str, str]]:
    """Names of the batch norms that read just what a convolution gave, with that convolution's name."""
    norms = {name: module for name, module in network.named_modules() if isinstance(module, nn.BatchNorm2d)}
    if not norms:
        return []
    given: dict[int, str] = {}
    kept: list[Tensor] = []
    pairs: list[tuple[str, str]] = []

    def remember(name: str, output: Tensor) -> None:
        given[id(output)] = name
        kept.append(output)

    def pair(name: str, received: Tensor) -> None:
        if id(received) in given:
            pairs.append((given[id(received)], name))

    handles = [
        module.register_forward_hook(lambda _module, _inputs, output, name=name: remember(name, output))
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d)
    ]
    handles += [
        module.register_forward_pre_hook(lambda _module, inputs, name=name: pair(name, inputs[0]))
        for name, module in norms.items()
        if module.track_running_stats
    ]
    try:
        with torch.inference_mode():
            network(example)
    finally:
        for handle in handles:
            handle.remove()
    return pairs
