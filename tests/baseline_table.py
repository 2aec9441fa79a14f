"""What the baseline and the channel reduction do to F, over a folder of photos: the table in the methods' README.

``python tests/baseline_table.py FOLDER --model efficientnet_lite0 --limit 100``
"""

import argparse
from collections import defaultdict

import numpy as np

import core
from core.environment import restart_unless_set
from core.methods.registry import find_method
from core.metrics.statistics import estimates
from core.pictures.collecting import collect_pictures
from core.studies.baselines import BaselineScored

METHODS = ("input_x_gradient", "integrated_gradients", "deeplift")
Key = tuple[str, str, str]


def scores_of(model: str, folder: str, limit: int, imputer: str, steps: int) -> dict[Key, list[float]]:
    """F of every photo, by method, baseline and reduction; the predicted class is explained."""
    classifier = core.load_classifier(model, device="cpu")
    found: defaultdict[Key, list[float]] = defaultdict(list)
    pictures = collect_pictures(folder)[:limit]
    for number, picture in enumerate(pictures, 1):
        pixels = classifier.prepare(picture.open())
        for event in core.stream_baselines(classifier, pixels, METHODS, imputer=imputer, steps=steps):
            if isinstance(event, BaselineScored):
                found[event.method, event.baseline, event.reduction].append(event.score)
        if not number % 10 or number == len(pictures):
            print(f"\n{model}, {number} photos\n{table(found)}", flush=True)
    return found


def table(found: dict[Key, list[float]]) -> str:
    """A row a method and baseline, a column a reduction: the mean with its 95 % interval."""
    rows = dict.fromkeys((method, baseline) for method, baseline, _ in found)
    lines = ["| Method | Baseline | Signed sum | Absolute sum |", "|---|---|---|---|"]
    for method, baseline in rows:
        cells = [mean_of(found[method, baseline, reduction]) for reduction in ("sum", "abs_sum")]
        lines.append(f"| {find_method(method).label} | {baseline.replace('_', ' ')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def mean_of(values: list[float]) -> str:
    mean, low, high, _ = estimates(np.array(values)[:, None], seed=0)[0]
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]".replace("-", "−")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--model", default="efficientnet_lite0")
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--imputer", default="dataset_mean")
    parser.add_argument("--steps", type=int, default=10)
    scores_of(**vars(parser.parse_args()))


if __name__ == "__main__":
    restart_unless_set()
    main()
