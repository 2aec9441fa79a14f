"""The gate: the proof that a network sees stamps and nothing else, without which a stamp is no ground truth."""

from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, replace
from math import nan
from typing import Any

import torch
from jaxtyping import Float
from scipy.stats import binomtest
from torch import Tensor

from core.jobs.events import Progress
from core.models.batching import run_in_batches
from core.models.classifier import Classifier
from core.randomness import generator
from core.stamping.task import Example, Task, apart, draw_examples, labels_of, stamped

NEEDED = 0.99
FEWEST = 50
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Gate:
    """What a network made of test pictures that it never saw.

    Parameters
    ----------
    accuracy
        Share of all test pictures whose class it names.
    flips
        Share of the regular ones that it calls regular, and that a stamp put on them turns into the stamp's class.
    returns
        Share of the stamped ones that it calls by their stamp, and that are regular once the stamp is erased.
    n_test, n_stamped
        Test pictures, and those of them that are stamped.
    """

    accuracy: float
    flips: float
    returns: float
    n_test: int
    n_stamped: int

    @property
    def passed(self) -> bool:
        """Whether each is at least 99 %, of enough pictures to say so."""
        return self.enough and all(share >= NEEDED for share in (self.accuracy, self.flips, self.returns))

    @property
    def enough(self) -> bool:
        """Whether there were at least 50 test pictures with a stamp and 50 without [ours]."""
        return min(self.n_stamped, self.n_test - self.n_stamped) >= FEWEST

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """Where accuracy, flips and returns lie over all pictures of their kind with 95 % confidence.

        >>> low, high = Gate(1.0, 1.0, 1.0, 200, 100).intervals["flips"]
        >>> round(low, 3), high
        (0.964, 1.0)
        """
        counts = {"accuracy": self.n_test, "flips": self.n_test - self.n_stamped, "returns": self.n_stamped}
        return {name: clopper_pearson(getattr(self, name), count) for name, count in counts.items()}

    @property
    def sentence(self) -> str:
        """What it came to, in words."""
        told = "Gate passed" if self.passed else "Gate not passed, so stamps are no ground truth for this model yet"
        low, high = self.intervals["accuracy"]
        return (
            f"{told}: {self.accuracy:.1%} of {self.n_test:,} test pictures right ({low:.1%} to {high:.1%}); "
            f"a stamp put on a regular picture is seen in {self.flips:.1%}, "
            f"a stamp erased is gone in {self.returns:.1%}; each needs {NEEDED:.0%}."
            f"{'' if self.enough else f' It takes {FEWEST} test pictures with a stamp and {FEWEST} without.'}"
        )

    def told(self) -> dict[str, Any]:
        """The gate as JSON has it; ``Gate(**told)`` reads it."""
        return asdict(self)


@dataclass(frozen=True)
class GateReady:
    """A network's gate is known."""

    gate: Gate


def clopper_pearson(share: float, count: int) -> tuple[float, float]:
    """The exact interval of a share of so many."""
    if not count:
        return 0.0, 1.0
    interval = binomtest(round(share * count), count).proportion_ci(CONFIDENCE, method="exact")
    return float(interval.low), float(interval.high)


def measure_gate(
    classifier: Classifier, task: Task, bases: Float[Tensor, "n 3 height width"], seed: int = 0
) -> Generator[Progress, None, Gate]:
    """Shows a network every test picture twice: as it is, and with its stamp erased or a stamp put on it.

    What counts is the stamp, also for a task whose labels were tossed.

    Parameters
    ----------
    bases
        Pictures that it has not learned from.
    """
    task = replace(task, labelled=True)
    before = draw_examples(task, len(bases), classifier.size, seed, "gate")
    after = turned(before, task, classifier.size, seed)
    asked, named = [*before, *after], []
    size = classifier.batch_size("forward")
    for _, answers in run_in_batches(asked, lambda part: classes_named(classifier, part, bases), size):
        named.append(answers)
        yield Progress(sum(map(len, named)), len(asked), "Gate")
    right = torch.cat(named) == labels_of(asked)
    was_right, both_right = right[: len(before)], right[: len(before)] & right[len(before) :]
    with_stamp = labels_of(before) > 0
    return Gate(
        share(was_right),
        share(both_right[~with_stamp]),
        share(both_right[with_stamp]),
        len(bases),
        int(with_stamp.sum()),
    )


def turned(examples: Sequence[Example], task: Task, size: tuple[int, int], seed: int) -> list[Example]:
    """Each stamped example without its stamp, and each regular one with a stamp; stamps take turns."""
    draw = generator(seed, "stamping", "gate", "turned")
    after = []
    for place, example in enumerate(examples):
        kind = place % len(task.stamps)
        placed = apart(task.varied(task.stamps[kind], draw), size, example.distractor, draw)
        after.append(example.erased() if example.stamp else replace(example, stamp=placed, label=kind + 1))
    return after


def classes_named(
    classifier: Classifier, examples: Sequence[Example], bases: Float[Tensor, "n 3 height width"]
) -> Tensor:
    with torch.inference_mode():
        return classifier(stamped(examples, bases).to(classifier.device)).argmax(dim=1).cpu()


def share(right: Tensor) -> float:
    """How many of them; NaN where there are none, which passes no gate."""
    return float(right.double().mean()) if len(right) else nan
