"""A copy of a network in which every step is a module of its own, used once and out of place.

Rules that are hooked onto modules, such as DeepLIFT's and LRP's, are silently skipped where a network calls a function,
and fail where it uses one module twice or overwrites its input. The copy shares the network's weights, except where a
batch norm is folded into the convolution before it; the network itself is never touched.
"""

import copy
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, fx, nn
from torch.nn import functional as F

from core.models.anatomy import rectifier_ceiling
from core.models.folding import fold, pads_by_itself

Doing = nn.Module | Callable[..., Any]
SHAPE_QUERIES = {"size", "dim", "numel", "shape", "ndim", "device", "dtype"}
ADDITIONS = {operator.add, torch.add, Tensor.add}
POOLING = ("kernel_size", "stride", "padding")
MODULES: dict[Callable[..., Any], tuple[type[nn.Module], tuple[str, ...]]] = {
    F.max_pool2d: (nn.MaxPool2d, (*POOLING, "dilation", "ceil_mode", "return_indices")),
    torch.max_pool2d: (nn.MaxPool2d, (*POOLING, "dilation", "ceil_mode")),
    F.avg_pool2d: (nn.AvgPool2d, (*POOLING, "ceil_mode", "count_include_pad", "divisor_override")),
    F.adaptive_avg_pool2d: (nn.AdaptiveAvgPool2d, ("output_size",)),
    F.adaptive_max_pool2d: (nn.AdaptiveMaxPool2d, ("output_size", "return_indices")),
    F.leaky_relu: (nn.LeakyReLU, ("negative_slope", "inplace")),
    F.elu: (nn.ELU, ("alpha", "inplace")),
    F.softplus: (nn.Softplus, ("beta", "threshold")),
    torch.sigmoid: (nn.Sigmoid, ()),
    Tensor.sigmoid: (nn.Sigmoid, ()),
    torch.tanh: (nn.Tanh, ()),
    Tensor.tanh: (nn.Tanh, ()),
}


class Untraceable(Exception):
    """A network whose steps cannot be traced; the message says why."""


@dataclass(frozen=True)
class Step:
    """One operation of a network on values that depend on the pixels.

    Parameters
    ----------
    layer
        The module that performs it, by the network's own name; empty for the network itself.
    does
        A module of the copy, or a function.
    settings
        The other arguments of a function.
    changing
        Positions of the arguments that depend on the pixels.
    """

    layer: str
    does: Doing
    settings: tuple[Any, ...]
    changing: tuple[int, ...]


class Mean(nn.Module):
    """A mean over some axes, for rules that are hooked onto modules."""

    def __init__(self, dim: int | tuple[int, ...], keepdim: bool = False) -> None:
        super().__init__()
        self.dim, self.keepdim = dim, keepdim

    def forward(self, values: Tensor) -> Tensor:
        return values.mean(dim=self.dim, keepdim=self.keepdim)


class Sum(nn.Module):
    """A sum over the last axis, for rules that are hooked onto modules."""

    def forward(self, values: Tensor) -> Tensor:
        return values.sum(dim=-1)


def side_by_side(left: Tensor, right: Tensor) -> Float[Tensor, "*shape 2"]:
    """Both terms of an addition as one tensor, so that their sum is a module with one input."""
    return torch.stack(torch.broadcast_tensors(left, right), dim=-1)  # type: ignore[no-untyped-call]


class Apart(nn.Module):
    """A network's steps, one after the other; its children are the modules among them, in order."""

    def __init__(self, graph: fx.Graph, parts: dict[str, nn.Module], constants: dict[str, Tensor]) -> None:
        super().__init__()
        self._graph = graph
        for name, part in parts.items():
            self.add_module(name, part)
        for name, constant in constants.items():
            self.register_buffer(name, constant, persistent=False)

    def forward(self, pictures: Float[Tensor, "n 3 height width"]) -> Float[Tensor, "n classes"]:
        logits: Tensor = fx.Interpreter(self, graph=self._graph).run(pictures)
        return logits

    def read_by(self, part: nn.Module, pictures: Float[Tensor, "n 3 height width"]) -> Tensor:
        """The input of one of the parts when the network sees these pictures."""
        running = fx.Interpreter(self, graph=self._graph)
        running.args_iter = iter((pictures,))
        for node in self._graph.nodes:
            if node.op == "call_module" and self.get_submodule(node.target) is part:
                break
            running.env[node] = running.run_node(node)
        given: Tensor = running.env[node.args[0]]
        return given

    def steps(self) -> Iterator[Step]:
        """The operations on values that depend on the pixels, in order."""
        changing = depending_on_pixels(self._graph)
        for node in self._graph.nodes:
            if node in changing and node.op.startswith("call"):
                does = self.get_submodule(node.target) if node.op == "call_module" else called(node)
                settings = (*node.args, *node.kwargs.values())
                read = [
                    place for place, setting in enumerate(settings) for each in nodes_in(setting) if each in changing
                ]
                yield Step(node.meta["layer"], does, settings, tuple(read))


def taken_apart(network: nn.Module, example: Float[Tensor, "1 3 height width"]) -> Apart:
    """A copy of the network in which every step is a module.

    Parameters
    ----------
    example
        A normalised picture. Where the network branches on shapes, the copy follows the branch taken here.

    Raises
    ------
    Untraceable
        Where the steps cannot be traced.
    """
    if is_torchscript(network):
        raise Untraceable("a TorchScript program hides its steps. Use the module that it was made from")
    try:
        return written_down(network, example)
    except Exception as error:  # a network may raise anything when it receives stand-ins for tensors
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise Untraceable(f"its steps cannot be traced ({reason})") from error


def is_torchscript(network: nn.Module) -> bool:
    """Whether the network, or a part of it, is a TorchScript program: it runs, but what happens inside is hidden."""
    return any(isinstance(module, torch.jit.ScriptModule) for module in network.modules())


def written_down(network: nn.Module, example: Float[Tensor, "1 3 height width"]) -> Apart:
    """The network's operations step by step, each a module where rules are hooked onto one."""
    twin = mirrored(network)
    graph = Recorder(twin, network, example).record()
    parts = parts_of_their_own(graph, network)
    write_out_of_place(graph, parts)
    split_batch_norms(graph, parts)
    for node in graph.nodes:
        if node.op in ("call_function", "call_method"):
            module = module_for(node)
            if module:
                become_module(node, module, parts)
    make_additions_modules(graph, parts)
    order = {node.target: parts[node.target] for node in graph.nodes if node.op == "call_module"}
    return Apart(graph, order, constants_of(graph, twin))


def mirrored(module: nn.Module) -> nn.Module:
    """A copy that shares the tensors, without any hooks attached to the original."""
    twin = copy.deepcopy(module, {id(tensor): tensor for tensor in chain(module.parameters(), module.buffers())})
    for part in twin.modules():
        part._forward_hooks.clear()
        part._forward_pre_hooks.clear()
    return twin


class Recorder(fx.Tracer):
    """Records the operations of a network.

    Not by ``Tracer.trace``, which replaces ``nn.Module.__call__`` for the whole process while it runs: other threads
    may be running networks. Here the modules of a twin report themselves.
    """

    def __init__(self, twin: nn.Module, network: nn.Module, example: Tensor) -> None:
        super().__init__()
        self.root = twin
        self.graph = fx.Graph()
        self.tensor_attrs = {}
        self.submodule_paths: dict[nn.Module, str] = {module: name for name, module in twin.named_modules()}
        self._rehearsal = fx.Interpreter(network, graph=self.graph)
        self._rehearsal.args_iter = iter((example,))

    def record(self) -> fx.Graph:
        for module, name in self.submodule_paths.items():
            if name:
                self._let_report(module)
        answer = self.root(self.create_proxy("placeholder", "pictures", (), {}))
        self.create_node("output", "output", (self.create_arg(answer),), {})
        return self.graph

    def _let_report(self, module: nn.Module) -> None:
        forward = module.forward
        module.forward = lambda *given, **named: self.call_module(module, forward, given, named)

    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        return (
            super().is_leaf_module(module, name) or isinstance(module, nn.BatchNorm2d | Sum) or pads_by_itself(module)
        )

    def to_bool(self, condition: fx.Proxy) -> bool:
        """Decides a branch as the example does, where it depends only on the shape."""
        if condition.node in depending_on_pixels(self.graph):
            raise Untraceable("it branches on the values of its input")
        values = self._rehearsal.env
        with torch.no_grad():
            for node in self.graph.nodes:
                if node not in values:
                    values[node] = (
                        constant(node, self.root) if node.op == "get_attr" else self._rehearsal.run_node(node)
                    )
        return bool(values[condition.node])


def depending_on_pixels(graph: fx.Graph) -> set[fx.Node]:
    """Every node whose value changes with the pixels; shapes do not."""
    changing: set[fx.Node] = set()
    for node in graph.nodes:
        query = node.target if node.op == "call_method" else node.args[1] if node.target is getattr else None
        follows = any(source in changing for source in node.all_input_nodes)
        if node.op == "placeholder" or (follows and query not in SHAPE_QUERIES):
            changing.add(node)
    return changing


def nodes_in(argument: Any) -> list[fx.Node]:
    """The nodes in an argument, each as often as it occurs."""
    if isinstance(argument, fx.Node):
        return [argument]
    if isinstance(argument, slice):
        argument = (argument.start, argument.stop, argument.step)
    return [node for item in argument for node in nodes_in(item)] if isinstance(argument, list | tuple) else []


def called(node: fx.Node) -> Callable[..., Any]:
    """The function that a node calls; methods are those of tensors."""
    if node.op == "call_method":
        method: Callable[..., Any] = getattr(Tensor, str(node.target))
        return method
    return node.target  # type: ignore[return-value]


def parts_of_their_own(graph: fx.Graph, network: nn.Module) -> dict[str, nn.Module]:
    """A copy of a module for each of its calls; every node is linked to its layer of the network."""
    parts: dict[str, nn.Module] = {}
    for node in graph.nodes:
        around = node.meta.get("nn_module_stack", {})
        node.meta["layer"] = next(reversed(around.values()))[0] if around else ""
        if node.op == "call_module":
            give_part(node, mirrored(network.get_submodule(node.target)), parts)
    return parts


def give_part(node: fx.Node, module: nn.Module, parts: dict[str, nn.Module]) -> None:
    node.target = f"step_{node.name}"
    parts[node.target] = module


def become_module(node: fx.Node, module: nn.Module, parts: dict[str, nn.Module]) -> None:
    """Makes the node call a module, with its previous first argument."""
    read = node.args[0] if node.args else node.kwargs["input"]
    node.op, node.args, node.kwargs = "call_module", (read,), {}
    give_part(node, module, parts)


def write_out_of_place(graph: fx.Graph, parts: dict[str, nn.Module]) -> None:
    """Turns in-place writes into values of their own, which later readers of that place then use."""
    passed: set[fx.Node] = set()
    for node in graph.nodes:
        if writes_in_place(node, parts):
            source = node.args[0] if node.args else node.kwargs["input"]
            for reader in [*source.users]:
                if reader is not node and reader not in passed:
                    reader.replace_input_with(source, node)
            stay_out_of_place(node, parts)
        passed.add(node)


def writes_in_place(node: fx.Node, parts: dict[str, nn.Module]) -> bool:
    if node.op == "call_module":
        part = parts[node.target]  # type: ignore[index]
        return bool(getattr(part, "inplace", False))
    if node.op in ("call_function", "call_method"):
        return called(node).__name__.rstrip("_") + "_" == called(node).__name__ or node.kwargs.get("inplace") is True
    return False


def stay_out_of_place(node: fx.Node, parts: dict[str, nn.Module]) -> None:
    if node.op == "call_module":
        parts[node.target].inplace = False  # type: ignore[index, assignment]
    elif "inplace" in node.kwargs:
        node.kwargs = {**node.kwargs, "inplace": False}
    else:
        home = Tensor if node.op == "call_method" else torch
        plain = called(node).__name__.rstrip("_")
        if hasattr(home, plain):
            node.target = plain if node.op == "call_method" else getattr(torch, plain)


def split_batch_norms(graph: fx.Graph, parts: dict[str, nn.Module]) -> None:
    """Folds a batch norm into the convolution whose only reader it is; the activation that some contain becomes
    separate.
    """
    for node in [*graph.nodes]:
        norm = parts.get(str(node.target))
        if not isinstance(norm, nn.BatchNorm2d):
            continue
        source = node.args[0]
        convolution = parts.get(str(source.target))
        activation = getattr(norm, "act", nn.Identity())
        if hasattr(activation, "inplace"):
            activation.inplace = False
        if isinstance(convolution, nn.Conv2d) and len(source.users) == 1 and norm.running_mean is not None:
            fold(convolution, norm)
            parts[node.target] = activation
        elif hasattr(norm, "act"):
            parts[node.target] = bare(norm)
            with graph.inserting_after(node):
                after = graph.call_module("")
            after.meta["layer"] = node.meta["layer"]
            give_part(after, activation, parts)
            node.replace_all_uses_with(after)
            after.args = (node,)


def bare(norm: nn.BatchNorm2d) -> nn.BatchNorm2d:
    """The norm without its built-in activation."""
    tracked = norm.running_mean is not None
    plain = nn.BatchNorm2d(norm.num_features, norm.eps, norm.momentum, norm.affine, tracked, device="meta")
    plain.load_state_dict(norm.state_dict(), strict=False, assign=True)
    return plain.requires_grad_(False).train(norm.training)


def module_for(node: fx.Node) -> nn.Module | None:
    """The module equivalent to this function call, where rules are hooked onto such a module."""
    function = called(node)
    if any(True for setting in (*node.args[1:], *node.kwargs.values()) for _ in nodes_in(setting)):
        return None  # a setting computed from shapes, which no module can hold
    ceiling = rectifier_ceiling(function, node.args, node.kwargs)
    if ceiling is not None:
        return nn.ReLU() if ceiling == float("inf") else nn.ReLU6() if ceiling == 6 else nn.Hardtanh(0.0, ceiling)
    if function is F.dropout and node.kwargs.get("training") is False:
        return nn.Identity()
    if function in (torch.mean, Tensor.mean):
        settings = settings_of(node, ("dim", "keepdim"))
        return Mean(**settings) if "dim" in settings else None
    if function not in MODULES:
        return None
    kind, names = MODULES[function]
    settings = {
        name: value for name, value in settings_of(node, names).items() if name not in ("inplace", "return_indices")
    }
    return kind(**settings)


def settings_of(node: fx.Node, names: tuple[str, ...]) -> dict[str, Any]:
    """The arguments of a call after the first, by name."""
    return {**dict(zip(names, node.args[1:], strict=False)), **{n: v for n, v in node.kwargs.items() if n != "input"}}


def make_additions_modules(graph: fx.Graph, parts: dict[str, nn.Module]) -> None:
    """Replaces each sum of two activations by a module that sums over the last axis of both side by side."""
    changing = depending_on_pixels(graph)
    for node in [*graph.nodes]:
        if node.op not in ("call_function", "call_method") or called(node) not in ADDITIONS or node.kwargs:
            continue
        if all(term in changing for term in node.args):
            with graph.inserting_before(node):
                both = graph.call_function(side_by_side, node.args)
            both.meta["layer"] = node.meta["layer"]
            node.args = (both,)
            become_module(node, Sum(), parts)


def constants_of(graph: fx.Graph, twin: nn.Module) -> dict[str, Tensor]:
    """The tensors that the steps read, by their new names."""
    constants: dict[str, Tensor] = {}
    for node in graph.nodes:
        if node.op == "get_attr":
            tensor = constant(node, twin)
            node.target = f"step_{node.name}"
            constants[node.target] = tensor
    return constants


def constant(node: fx.Node, twin: nn.Module) -> Tensor:
    tensor: Any = twin
    for name in str(node.target).split("."):
        tensor = getattr(tensor, name)
    assert isinstance(tensor, Tensor)
    return tensor
