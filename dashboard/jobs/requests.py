"""The request of a job: two equal requests give equal results."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar, get_args, get_type_hints

from core.methods.heatmap_request import HeatmapRequest
from core.metrics.answers import Y
from core.metrics.removal import Unit
from core.pictures.imputers import find_imputer

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R")


@dataclass(frozen=True)
class Words:
    """What a sentence calls a field of a request that changed; a mark on its annotation.

    Parameters
    ----------
    plural
        Whether the words name several things.
    follows_picture
        Whether another picture has another one, so that it is no change of its own.
    may_be_added
        Whether a first one makes nothing wrong.
    sample_may_differ
        Whether a sample is no worse for having another one: it is of fewer pictures than a person would ask for.
    said
        How a value of it is said, where the value itself would tell nobody anything.
    """

    text: str
    plural: bool = False
    follows_picture: bool = False
    may_be_added: bool = False
    sample_may_differ: bool = False
    said: Callable[[Any], str] | None = None

    @property
    def changed(self) -> str:
        """As a sentence tells of the change.

        >>> Words("seed").changed, Words("method settings", plural=True).changed
        ('another seed', 'other method settings')
        """
        return f"{'other' if self.plural else 'another'} {self.text}"


@dataclass(frozen=True, kw_only=True)
class ModelRequest(HeatmapRequest):
    """Heatmaps by a model, named as the picker names it."""

    model: Annotated[str, Words("model")]

    def maps(self) -> dict[str, Any]:
        """What the engine's streams of heatmaps take alike."""
        return arguments(self, HeatmapRequest)


@dataclass(frozen=True, kw_only=True)
class PictureRequest(ModelRequest):
    """Heatmaps of one picture, named as its address names it.

    Parameters
    ----------
    target
        Index of the class to explain; None for the predicted one.
    """

    picture: Annotated[str, Words("picture")]
    target: Annotated[int | None, Words("explained class", follows_picture=True)]


@dataclass(frozen=True, kw_only=True)
class ScoredRequest(ModelRequest):
    """Heatmaps that are scored."""

    metrics: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PerturbationRequest(ScoredRequest):
    """Heatmaps that are scored by removing what they call important."""

    imputer: Annotated[str, Words("imputer", said=lambda name: find_imputer(name).label)] = "dataset_mean"
    unit: Annotated[Unit, Words("removal unit")] = "pixel"
    side: Annotated[int, Words("region size")] = 9
    y: Annotated[Y, Words("curve value")] = "probability"
    steps: Annotated[int, Words("number of steps")] = 20

    def removal(self) -> dict[str, Any]:
        """What the engine's perturbation tests take alike."""
        return {name: getattr(self, name) for name in ("imputer", "unit", "side", "y", "steps")}


def arguments(request: object, of: "type[DataclassInstance]") -> dict[str, Any]:
    """The part of a request that one of its bases defines, by name."""
    return {each.name: getattr(request, each.name) for each in fields(of)}


def restored(kind: type[R], written: Mapping[str, Any]) -> R:
    """The request that was written as JSON, with the records that it holds."""
    hints = get_type_hints(kind)
    return kind(**{name: revived(hints[name], value) for name, value in written.items()})


def revived(hint: Any, value: Any) -> Any:
    """A value of that type, from what JSON has for it: tuples are lists there, and records are mappings."""
    parts = get_args(hint)
    if isinstance(value, list):
        return tuple(revived(parts[0] if parts else Any, each) for each in value)
    record = next((each for each in (hint, *parts) if isinstance(each, type) and is_dataclass(each)), None)
    if record and isinstance(value, dict):
        return restored(record, value)
    return value


@dataclass(frozen=True, kw_only=True)
class FollowUpRequest:
    """A question about another job, by that job's name; where it names no model, it is of the other's, asked as that.

    ``varied`` are the fields of the other's request that it tries every value of.
    """

    varied: ClassVar[tuple[str, ...]] = ()
    about: str
