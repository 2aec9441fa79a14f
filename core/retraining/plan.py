"""Which networks a study trains, decided before any is trained."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any, Literal

from jaxtyping import Bool
from torch import Tensor

from core.metrics.statistics import BASELINE
from core.retraining.masks import Form, Ranking, digest_of
from core.retraining.probes import Probe, probes_of, ranked_as
from core.retraining.spec import RetrainingSpec

What = Literal["explained", "pictures", "masks"]
"""Which network is tested: the explained one, which learned from whole pictures; or one trained on pictures with
removed places, or on the masks alone, which hold nothing of the picture."""
MIDDLE = 0.5


@dataclass(frozen=True)
class Cell:
    """A place in the table: networks that differ in their seeds only."""

    method: str
    form: Form
    fraction: float
    what: What = "pictures"
    probe: Probe | None = None

    @property
    def ranked(self) -> str:
        """The name of the order of removal."""
        return ranked_as(self.method, self.probe)


WHOLE = Cell(BASELINE, "roar", 0.0)
"""Nothing is removed."""


@dataclass(frozen=True)
class Training:
    """A network to train.

    Parameters
    ----------
    key
        Made of the masks, of what fills them where pictures are learned, and of the seed: two cells that need the same
        network share it.
    cell
        The first cell that needs it.
    """

    key: str
    cell: Cell
    seed: int

    def told(self) -> dict[str, Any]:
        """The same for another process."""
        return {"task": "training", "key": self.key, "seed": self.seed, "cell": asdict(self.cell)}


@dataclass(frozen=True)
class Plan:
    """The trainings of a study in the order in which they help most, and the keys that each cell needs, by seed."""

    trainings: tuple[Training, ...]
    keys: dict[Cell, tuple[str, ...]]

    @property
    def networks(self) -> int:
        """How many networks are trained."""
        return sum(each.cell.what != "explained" for each in self.trainings)

    @property
    def shared(self) -> int:
        """How many are not, since their cell has the same masks as another."""
        return sum(len(keys) for cell, keys in self.keys.items() if cell.what != "explained") - self.networks


def plan_trainings(
    spec: RetrainingSpec, methods: Sequence[str], ranks: Callable[[str], tuple[Ranking, Ranking]]
) -> Plan:
    """The trainings of a study; masks that two cells share are trained on once.

    Keeping the top share of a map is removing the rest of the negated map, which is also a method's reverse order:
    where both are asked for, they cost once.

    Parameters
    ----------
    methods
        Those that have maps.
    ranks
        The order of removal of that name, for the training and for the test pictures.
    """
    digests: dict[tuple[str, Form, float], str] = {}
    trained = list(in_helpful_order(spec, methods))
    cells = [replace(cell, what="explained") for cell in trained if cell.what == "pictures"] + trained
    for name in dict.fromkeys(cell.ranked for cell in cells):
        own = ranks(name)
        for form, fraction in {(cell.form, cell.fraction) for cell in cells if cell.ranked == name}:
            digests[name, form, fraction] = digest_of(removed(own, form, fraction))
    keys = {
        cell: tuple(
            f"{cell.what}-{seed}-{made(cell, spec)}{digests[cell.ranked, cell.form, cell.fraction]}"
            for seed in seeds_of(cell, spec)
        )
        for cell in cells
    }
    first: dict[str, Training] = {}
    for seed, cell in product(range(spec.seeds), cells):
        if seed not in seeds_of(cell, spec):
            continue
        first.setdefault(keys[cell][seed], Training(keys[cell][seed], cell, seed))
    return Plan(tuple(first.values()), keys)


def made(cell: Cell, spec: RetrainingSpec) -> str:
    """The part of a key that says how pictures are made of the masks."""
    return filled(cell, spec) + drawn(cell, spec)


def filled(cell: Cell, spec: RetrainingSpec) -> str:
    """The part of a key that says what fills the gaps; nothing for the mean, and for masks alone."""
    return "" if spec.fill == "mean" or cell.what == "masks" else f"{spec.fill}.{spec.seed}-"


def drawn(cell: Cell, spec: RetrainingSpec) -> str:
    """The part of a key that says that the masks of training pictures are drawn anew; nothing where they are fixed."""
    return f"fresh.{spec.seed}-" if drawn_anew(cell, spec) else ""


def drawn_anew(cell: Cell, spec: RetrainingSpec) -> bool:
    """Whether the training pictures lose other places in each epoch: those of the random control, if asked."""
    return spec.fresh_random and cell.method == BASELINE and cell.what != "explained" and cell != WHOLE


def seeds_of(cell: Cell, spec: RetrainingSpec) -> range:
    """The seeds of a cell's networks; there is one explained network."""
    return range(1 if cell.what == "explained" else spec.seeds)


def in_helpful_order(spec: RetrainingSpec, methods: Sequence[str]) -> Iterator[Cell]:
    """Whole pictures, then half of the places, then the ends, random before the others: a coarse answer comes early.

    The leak follows, then the same for probed maps.
    """
    fractions = sorted(spec.fractions, key=lambda each: (each != nearest(spec.fractions, MIDDLE), -abs(each - MIDDLE)))
    named = sorted(methods, key=lambda each: each != BASELINE)
    yield WHOLE
    for probe in (None, *spec.probes):
        ranked = [method for method in named if probe in probes_of(method, spec.probes)]
        for fraction, method, form in product(fractions, ranked, spec.forms):
            yield Cell(method, form, fraction, "pictures", probe)
        if spec.leak:  # what is kept and what is removed have the same outline, so one network tells the leak of both
            for fraction, method in product(fractions, ranked):
                yield Cell(method, "roar", fraction, "masks", probe)


def nearest(values: Iterable[float], wanted: float) -> float:
    return min(values, key=lambda each: abs(each - wanted))


def removed(
    ranks: tuple[Ranking, Ranking], form: Form, fraction: float
) -> tuple[Bool[Tensor, "..."], Bool[Tensor, "..."]]:
    """The masks of the training and of the test pictures."""
    train, test = (each.removed(form, fraction) for each in ranks)
    return train, test
