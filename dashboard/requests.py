"""What a person asks for: two equal requests give equal results."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.methods.registry import Reduction
from core.models.randomising import GROUPS
from core.pictures.stamps import Placed
from core.sanity.randomisation import DRAWS
from core.sanity.stages import Mode
from core.stamping.task import Task

WORDS = {
    "model": "model",
    "picture": "picture",
    "source": "pictures",
    "limit": "number of pictures",
    "pictures": "number of pictures",
    "sizes": "sizes",
    "opacities": "opacities",
    "target": "explained class",
    "settings": "settings of the methods",
    "output": "number explained",
    "reduction": "reduction of the channels",
    "imputer": "imputer",
    "unit": "unit of removal",
    "side": "side of the regions",
    "y": "value of the curves",
    "steps": "steps",
    "truth": "marked truth",
    "mode": "order of randomisation",
    "draws": "draws of random weights",
    "groups": "number of stages",
    "smooth": "noisy copies",
    "training": "networks",
    "seed": "seed",
}


@dataclass(frozen=True, kw_only=True)
class Judging:
    """How heatmaps are made and judged, whatever they are made of."""

    model: str
    methods: tuple[str, ...]
    settings: Mapping[str, Mapping[str, Any]]
    output: str
    seed: int
    reduction: Reduction | None = None
    imputer: str = "dataset_mean"
    unit: str = "pixel"
    side: int = 9
    y: str = "probability"
    steps: int = 20
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Asked(Judging):
    """One picture; ``truth`` is the digest of what a person marked on it, if anything."""

    picture: str
    target: int | None
    truth: str = ""


@dataclass(frozen=True, kw_only=True)
class AskedOfStamp(Judging):
    """One picture with a stamp on it, and maybe a distractor under the stamp."""

    picture: str
    target: int | None
    stamp: Placed
    distractor: Placed | None = None


@dataclass(frozen=True, kw_only=True)
class AskedOfMany(Judging):
    """A gallery, a data set or an uploaded folder; at most ``limit`` pictures of it."""

    source: str
    limit: int


@dataclass(frozen=True, kw_only=True)
class AskedOfStamps(Judging):
    """So many stamped pictures, shown to a network that learned the stamp."""

    pictures: int


@dataclass(frozen=True, kw_only=True)
class AskedOfSweep(AskedOfStamps):
    """The same for each size and opacity of the stamp."""

    sizes: tuple[int, ...]
    opacities: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Randomising(Judging):
    """The same heatmaps of ever more random networks."""

    mode: Mode = "cascading"
    draws: int = DRAWS
    groups: int = GROUPS
    smooth: int = 1


@dataclass(frozen=True, kw_only=True)
class AskedOfSanity(Randomising):
    """One picture under randomisation."""

    picture: str
    target: int | None


@dataclass(frozen=True, kw_only=True)
class AskedOfManySanity(Randomising):
    """A gallery, a data set or an uploaded folder under randomisation; at most ``limit`` pictures of it."""

    source: str
    limit: int


@dataclass(frozen=True, kw_only=True)
class AskedOfChecks(Judging):
    """The quick checks of one picture, by name."""

    picture: str
    target: int | None
    checks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AskedOfLabels(Judging):
    """So many pictures, shown to networks that learned true and shuffled labels.

    Parameters
    ----------
    training
        The seed that the networks are trained from; None for the bundled ones.
    """

    pictures: int
    training: int | None


@dataclass(frozen=True, kw_only=True)
class AskedOfTraining:
    """A network that learns a task; ``title`` is what its person calls it."""

    task: Task
    network: str
    seed: int
    title: str


def restored(kind: type[Judging], told: Mapping[str, Any]) -> Any:
    """The request that was written as JSON."""
    sequences = {name: tuple(told[name]) for name in ("methods", "metrics", "checks") if name in told}
    return kind(**{**told, **sequences})


def otherwise(made: Judging, known: Mapping[str, Any]) -> set[str]:
    """What of a request is now otherwise than it was made."""
    before = asdict(made)
    return {name for name in known if known[name] != before[name]}


def in_words(names: Sequence[str] | set[str]) -> list[str]:
    """What changed, as a sentence calls it; other methods and metrics do not make results wrong, and have no words."""
    return [words for name, words in WORDS.items() if name in names]


def listed(words: list[str]) -> str:
    """The words as a sentence has them.

    >>> listed(["model", "picture", "seed"])
    'model, picture and seed'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
