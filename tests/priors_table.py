"""What each prior is worth: rectangles of test pictures filled 16 times; energy, class kept, diversity and seconds.

``python tests/priors_table.py clothes --limit 100``
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from math import inf, sqrt
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

import core
from core.environment import restart_unless_set
from core.generation.energy import energy_score
from core.generation.flow_training import rectangle
from core.generation.pools import CLOTHES, PATCHES, bundled_pool
from core.generation.priors import Filler, Scene, list_priors, whole
from core.metrics.statistics import estimates, within
from core.models.outputs import predicts
from core.pictures.bases import collect_bases
from core.pictures.datasets import fashion_mnist
from core.pictures.interpolation import interpolate
from core.randomness import generator

SHARES = (0.25, 0.5)
VARIATIONS = 16
MODELS = {"clothes": "fashion_cnn", "patches": "trained/stamp_patches"}


class Scores(NamedTuple):
    """What the fills of one hole are worth; seconds are the processor's."""

    energy: float
    kept: float
    diversity: float
    seconds: float


Found = dict[tuple[str, float], list[Scores]]


def scenes(data: str, limit: int) -> list[Scene]:
    """Test pictures, each with the training pictures that may fill its hole."""
    if data == "clothes":
        pool = bundled_pool(CLOTHES, 28, 28)
        return [Scene(each[None], pool) for each in fashion_mnist("test").pixels[:limit, :1]]
    bases, pool = collect_bases(PATCHES, 48), bundled_pool(PATCHES, 48, 48)
    own = zip(bases.test[:limit], bases.test_origins, strict=False)
    return [Scene(each[None], pool, origin) for each, origin in own]


def fillers(scene: Scene) -> Iterator[tuple[str, Filler]]:
    """Every prior that applies, and two that give the same fill each time."""
    grey, linear = partial(filled_grey, scene.pixels), partial(filled_linearly, scene.pixels)
    yield from {"grey": grey, "noisy linear": linear}.items()
    for prior in list_priors():
        try:
            yield prior.label, prior.prepare(scene)
        except ValueError:
            continue


def filled_grey(pixels: Tensor, _: Bool[Tensor, "height width"], numbers: range, __: torch.Generator) -> Tensor:
    return torch.full((len(numbers), *pixels.shape[1:]), 0.5)


def filled_linearly(
    pixels: Tensor, hole: Bool[Tensor, "height width"], numbers: range, _: torch.Generator
) -> Float[Tensor, "n channels height width"]:
    return interpolate(pixels, hole[None, None]).fill.expand(len(numbers), -1, -1, -1)


def score(classifier: core.Classifier, scene: Scene, share: float, number: int, found: Found) -> None:
    """Adds the scores of every prior for one picture, all with the same hole."""
    pixels = scene.pixels
    target = int(classifier.logits(pixels).argmax())
    hole = rectangle(share, classifier.size, generator(number, "rectangle", share))
    for label, fill in fillers(scene):
        began = time.process_time()
        fills = whole(fill(hole, range(VARIATIONS), partial(generator, number, label)))
        seconds = time.process_time() - began
        pictures = torch.where(hole, fills, pixels)
        kept = predicts(classifier.logits(pictures), target, classifier.reading).double().mean()
        energy = energy_score(pictures, pixels[0], hole)
        assert energy is not None
        found[label, share].append(Scores(energy, float(kept), diversity(pictures, hole), seconds))


def diversity(pictures: Float[Tensor, "n channels height width"], hole: Bool[Tensor, "height width"]) -> float:
    """The mean distance between two variations in the hole, in the units of the energy score."""
    fills = 2 * pictures[:, :, hole].flatten(1).double()
    return float(torch.pdist(fills).mean()) / sqrt(fills.shape[1])


def table(found: Found) -> str:
    """A row a prior and a share that is hidden: the means over pictures, and the median second."""
    lines = ["| Hidden | Prior | Energy | Class kept | Diversity | Seconds |", "|--:|---|--:|--:|--:|--:|"]
    for (label, share), scores in sorted(found.items(), key=lambda each: each[0][1]):
        each = Scores(*np.transpose(scores))
        means = mean_of(each.energy), mean_of(each.kept, most=1.0), f"{np.mean(each.diversity):.2f}"
        lines.append(f"| {share:.0%} | {label} | {' | '.join(means)} | {np.median(each.seconds):.2f} |")
    return "\n".join(lines)


def mean_of(values: object, most: float = inf) -> str:
    mean, low, high, _ = within(estimates(np.asarray(values, dtype=float)[:, None], seed=0)[0], 0.0, most)
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", choices=MODELS)
    parser.add_argument("--limit", type=int, default=100)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    classifier = core.load_classifier(MODELS[asked.data], device="cpu")
    found: Found = defaultdict(list)
    for number, scene in enumerate(scenes(asked.data, asked.limit)):
        for share in SHARES:
            score(classifier, scene, share, number, found)
        if not (number + 1) % 10:
            print(f"\n{asked.data}, {number + 1} pictures\n{table(found)}", flush=True)


if __name__ == "__main__":
    restart_unless_set()
    main()
