"""A method describes itself: its name, its requirements, its parameters with their ranges, its paper."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import docstring_parser
from jaxtyping import Float
from torch import Tensor

from core.lookup import find
from core.models.classifier import Classifier

Family = Literal[
    "gradient", "path", "ensemble", "propagation", "activation map", "perturbation", "attention", "control"
]
Reduction = Literal["sum", "abs_sum", "max_abs"]
Settings = Mapping[str, object]
REDUCTIONS: Mapping[Reduction, str] = {
    "sum": "sum over channels",
    "abs_sum": "sum of absolute channels",
    "max_abs": "largest absolute channel",
}
"""What a person reads of each."""
NOTHING_MARKED = "The oracle shows the ground truth, so it runs only where a region is marked."


class Unfit(Exception):
    """A method does not apply to this classifier or picture; the message gives the reason."""


@dataclass(frozen=True)
class Range:
    """Smallest and largest value of a parameter."""

    low: float
    high: float


@dataclass(frozen=True)
class LayerName:
    """Marks a parameter that names a layer of the network; ``""`` means the one found by probing."""


@dataclass(frozen=True)
class MethodName:
    """Marks a parameter that names one of the methods registered before, except controls."""


@dataclass(frozen=True)
class Parameter:
    """One setting of a method, as a person sees it."""

    name: str
    label: str
    help: str
    kind: Literal["integer", "number", "choice", "layer", "method"]
    default: Any
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    def accept(self, value: Any, method: str) -> Any:
        """The value, if this parameter accepts it.

        Raises
        ------
        ValueError
            With the range or the choices that are accepted.
        """
        if self.kind in ("choice", "method") and value not in self.choices:
            raise ValueError(f"{method}: {self.name} must be one of {', '.join(self.choices)}, not {value!r}.")
        if self.kind in ("integer", "number"):
            whole = isinstance(value, int) and not isinstance(value, bool)
            right_type = whole if self.kind == "integer" else whole or isinstance(value, float)
            if not right_type or not (self.low or 0) <= value <= (self.high or 0):
                raise ValueError(
                    f"{method}: {self.name} must be {'a whole' if self.kind == 'integer' else 'a'} number "
                    f"from {self.low:g} to {self.high:g}, not {value!r}."
                )
        return value


@dataclass(frozen=True)
class Method:
    """What is known of a method before it runs.

    Parameters
    ----------
    signed
        Whether its attribution distinguishes evidence for the class from evidence against it.
    needs
        Checks of a classifier, each giving the reason why the method does not apply, or None.
    needs_truth
        Whether it applies only where the ground truth is known.
    drawn
        Whether its map is partly random, so that another seed gives another map.
    """

    name: str
    label: str
    family: Family
    signed: bool
    reduction: Reduction
    paper: str
    summary: str
    explanation: str
    parameters: tuple[Parameter, ...]
    needs: tuple[Callable[[Classifier], str | None], ...]
    needs_truth: bool
    drawn: bool
    attribute: Callable[..., Float[Tensor, "channels height width"]]

    @property
    def control(self) -> bool:
        return self.family == "control"

    @property
    def blind(self) -> bool:
        """Whether it ignores the model and the ground truth; a control that negates another method's map does not."""
        looks = any(parameter.kind == "method" for parameter in self.parameters)
        return self.control and not looks and not self.needs_truth

    def complete(self, settings: Settings) -> dict[str, Any]:
        """The settings, checked and completed with the defaults."""
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in settings:
            if name not in known:
                listed = ", ".join(known) or "none"
                raise ValueError(f"{self.name} has no setting {name!r}; its settings: {listed}.")
        return {name: known[name].accept(settings.get(name, known[name].default), self.name) for name in known}


_METHODS: dict[str, Method] = {}


def method(
    *,
    label: str,
    family: Family,
    signed: bool,
    paper: str,
    reduction: Reduction | None = None,
    needs: tuple[Callable[[Classifier], str | None], ...] = (),
    needs_truth: bool = False,
    drawn: bool = False,
) -> Callable[[Callable[..., Tensor]], Callable[..., Tensor]]:
    """Registers a function under its own name; its signature and docstring become the metadata."""

    def register(attribute: Callable[..., Tensor]) -> Callable[..., Tensor]:
        document = docstring_parser.parse(inspect.getdoc(attribute) or "")
        _METHODS[attribute.__name__] = Method(
            name=attribute.__name__,
            label=label,
            family=family,
            signed=signed,
            reduction=reduction or ("sum" if signed else "abs_sum"),
            paper=paper,
            summary=document.short_description or "",
            explanation=document.long_description or "",
            parameters=tuple(read_parameters(attribute, document)),
            needs=needs,
            needs_truth=needs_truth,
            drawn=drawn,
            attribute=attribute,
        )
        return attribute

    return register


def read_parameters(attribute: Callable[..., Tensor], document: docstring_parser.Docstring) -> list[Parameter]:
    """The parameters after the pass bank, described by the docstring or by the annotations."""
    hints = get_type_hints(attribute, include_extras=True)
    helps = {parameter.arg_name: parameter.description or "" for parameter in document.params}
    settings = list(inspect.signature(attribute).parameters.values())[1:]
    return [
        read_parameter(setting.name, hints[setting.name], setting.default, helps.get(setting.name, ""))
        for setting in settings
    ]


def read_parameter(name: str, hint: Any, default: Any, help_text: str) -> Parameter:
    label = name.replace("_", " ").capitalize()
    base, *marks = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    help_text = help_text or " ".join(mark for mark in marks if isinstance(mark, str))
    mark = marks[0] if marks else None
    if get_origin(base) is Literal:
        return Parameter(name, label, help_text, "choice", default, choices=get_args(base))
    if isinstance(mark, Range):
        kind: Literal["integer", "number"] = "integer" if base is int else "number"
        return Parameter(name, label, help_text, kind, default, low=mark.low, high=mark.high)
    if isinstance(mark, LayerName):
        return Parameter(name, label, help_text, "layer", default)
    if isinstance(mark, MethodName):
        others = tuple(entry.name for entry in list_methods() if not entry.control)
        return Parameter(name, label, help_text, "method", default, choices=others)
    raise TypeError(f"{name}: annotate the parameter with a Range, a LayerName, a MethodName or a Literal.")


def list_methods() -> tuple[Method, ...]:
    """Every method, controls last, in the order of their families."""
    families = get_args(Family)
    return tuple(sorted(_METHODS.values(), key=lambda entry: families.index(entry.family)))


def list_controls(truth_known: bool) -> tuple[Method, ...]:
    """The controls that are always included; the oracle among them where the ground truth is known."""
    return tuple(entry for entry in list_methods() if entry.control and (truth_known or not entry.needs_truth))


def find_method(name: str) -> Method:
    """The method of that name.

    Raises
    ------
    ValueError
        With the nearest names.
    """
    return find(_METHODS, name, "method")


def capability(classifier: Classifier) -> dict[str, str | None]:
    """For every method None where it fits this classifier, or the reason why it does not."""
    return {
        entry.name: NOTHING_MARKED if entry.needs_truth else first_reason(entry, classifier) for entry in list_methods()
    }


def first_reason(entry: Method, classifier: Classifier) -> str | None:
    return next((reason for need in entry.needs if (reason := need(classifier))), None)
