"""Whether mask search converges faster than RISE: F, insertion and agreement at equal passes, over a folder of photos.

``python tests/search_table.py FOLDER --model efficientnet_lite0 --limit 20``
"""

import argparse
from collections import defaultdict
from collections.abc import Generator
from typing import Any

import numpy as np
from torch import Tensor

import core
from core.environment import restart_unless_set
from core.jobs.events import Returning
from core.methods.passes import PassBank
from core.methods.readings import Question
from core.metrics.answers import Answers
from core.metrics.curve_plan import Perturbation, trace_curves
from core.metrics.curves import area_between
from core.metrics.evidence import LIF, MIF
from core.metrics.perturbation import INSERTED
from core.metrics.statistics import estimates
from core.models.classifier import checked_target
from core.pictures.collecting import collect_pictures
from core.studies.search_arms import ARMS, Arm, Arms, probing

PASSES = (250, 1000, 4000)
SEARCHES: tuple[Arm, ...] = ("win_stay", "total_variation")
COMPARED: tuple[Arm, ...] = (*SEARCHES, "rise")
SCORES = ("F", "Insertion", "Halves agree")
Found = dict[tuple[str, Arm, int], list[float]]


def score(classifier: core.Classifier, pixels: Tensor, steps: int, found: Found) -> None:
    """Adds the scores of one photo at every number of passes; the predicted class is explained."""
    target = checked_target(classifier, pixels, None)
    bank = PassBank(classifier, pixels, Question(target, reading=classifier.reading))
    answers = Answers(classifier, pixels, target, "probability")
    finished(probing(bank))
    arms = Arms(bank, PASSES)
    for passes in PASSES:
        maps = {str(arm): finished(arms.map_after(arm, passes)).values for arm in COMPARED}
        curves = finished(
            trace_curves(classifier, pixels, maps, (MIF, LIF, INSERTED), answers, Perturbation(steps=steps))
        )
        for arm in COMPARED:
            traced = curves[arm]
            known = (area_between(traced[LIF], traced[MIF]), traced[INSERTED].area, arms.agreement(arm))
            for name, value in zip(SCORES, known, strict=True):
                found[name, arm, passes].append(float("nan") if value is None else value)


def finished(stream: Generator[Any, None, Any]) -> Any:
    """What a stream returns at its end."""
    running = Returning(stream)
    for _ in running:
        pass
    return running.result


def table(found: Found) -> str:
    """A row a score, a method and a number of passes: the mean, and the paired difference to RISE at equal passes."""
    lines = ["| Score | Method | Passes | Mean | Minus RISE |", "|---|---|--:|--:|--:|"]
    for (name, arm, passes), values in sorted(found.items(), key=lambda each: order(*each[0])):
        gap = np.subtract(values, found[name, "rise", passes]) if arm != "rise" else None
        cells = [name, ARMS[arm], f"{passes:,}", mean_of(values), "" if gap is None else mean_of(gap)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def order(name: str, arm: Arm, passes: int) -> tuple[int, int, int]:
    return SCORES.index(name), passes, COMPARED.index(arm)


def mean_of(values: Any) -> str:
    mean, low, high, _ = estimates(np.asarray(values, dtype=float)[:, None], seed=0)[0]
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]".replace("-", "−")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--model", default="efficientnet_lite0")
    parser.add_argument("--limit", type=int, default=20)
    parser.add_argument("--steps", type=int, default=10)
    asked = parser.parse_args()
    classifier = core.load_classifier(asked.model, device="cpu")
    pictures = collect_pictures(asked.folder)
    found: Found = defaultdict(list)
    for number, picture in enumerate(pictures[:: max(1, len(pictures) // asked.limit)][: asked.limit], 1):
        score(classifier, classifier.prepare(picture.open()), asked.steps, found)
        print(f"\n{asked.model}, {number} photos\n{table(found)}", flush=True)


if __name__ == "__main__":
    restart_unless_set()
    main()
