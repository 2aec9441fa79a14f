"""The gate: the proof that a network sees stamps and nothing else, without which a stamp is no ground truth."""

from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, replace
from math import nan
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from core.jobs.events import Progress
from core.metrics.statistics import clopper_pearson
from core.models.batching import run_in_batches
from core.models.classifier import Classifier
from core.randomness import generator
from core.stamping.task import Example, Task, apart, draw_examples, labels_of, stamped

NEEDED = 0.99
FEWEST = 50


@dataclass(frozen=True)
class Gate:
    """A network's results on test pictures that it never saw.

    Parameters
    ----------
    accuracy
        Accuracy over all test pictures.
    flips
        Share of the regular ones that are predicted regular, and that a pasted stamp turns into the stamp's class.
    returns
        Share of the stamped ones that are predicted by their stamp, and that become regular once it is erased.
    n_test, n_stamped
        Number of test pictures, and how many of them are stamped.
    """

    accuracy: float
    flips: float
    returns: float
    n_test: int
    n_stamped: int

    @property
    def passed(self) -> bool:
        """Whether each is at least 99 %, over enough pictures."""
        return self.enough and all(share >= NEEDED for share in (self.accuracy, self.flips, self.returns))

    @property
    def enough(self) -> bool:
        """Whether there were at least 50 test pictures with a stamp and 50 without [ours]."""
        return min(self.n_stamped, self.n_test - self.n_stamped) >= FEWEST

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """95 % confidence intervals of accuracy, flips and returns.

        >>> low, high = Gate(1.0, 1.0, 1.0, 200, 100).intervals["flips"]
        >>> round(low, 3), high
        (0.964, 1.0)
        """
        counts = {"accuracy": self.n_test, "flips": self.n_test - self.n_stamped, "returns": self.n_stamped}
        return {name: clopper_pearson(getattr(self, name), count) for name, count in counts.items()}

    @property
    def sentence(self) -> str:
        """The result in words."""
        opening = "Gate passed" if self.passed else "Gate failed, so stamps are not ground truth for this model"
        low, high = self.intervals["accuracy"]
        return (
            f"{opening}: accuracy {percent(self.accuracy)} on {self.n_test:,} test pictures "
            f"({percent(low)} to {percent(high)}); a pasted stamp flips the answer in {percent(self.flips)}, "
            f"an erased stamp returns it in {percent(self.returns)}; each needs {NEEDED * 100:.0f} %."
            f"{'' if self.enough else f' The gate needs {FEWEST} test pictures with a stamp and {FEWEST} without.'}"
        )

    def as_json(self) -> dict[str, Any]:
        """The gate as JSON; ``Gate(**written)`` reads it."""
        return asdict(self)


@dataclass(frozen=True)
class GateReady:
    """A network's gate has been measured."""

    gate: Gate


def percent(share: float) -> str:
    """A share that is near 100 %.

    >>> percent(0.998)
    '99.8 %'
    """
    return f"{100 * share:.1f} %"


def measure_gate(
    classifier: Classifier, task: Task, bases: Float[Tensor, "n 3 height width"], seed: int = 0
) -> Generator[Progress, None, Gate]:
    """Shows a network every test picture twice: as it is, and with its stamp erased or a stamp pasted.

    What counts is the stamp, even for a task with random labels.

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
        yield Progress(sum(map(len, named)), len(asked), "Gate", "picture")
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
    """The share that is right; NaN where there are none, which passes no gate."""
    return float(right.double().mean()) if len(right) else nan
