"""Curves, scores and RISE, each with the forward passes that it needs; and curves against Quantus."""

import copy
from collections.abc import Callable

import torch
from interleaved import seconds_of
from torch import Tensor, nn

import core
from core.methods.heatmap import Heatmap, Passes
from core.metrics.curve_plan import Perturbation, Plan
from core.metrics.registry import find_metric
from core.studies.evaluation import DEFAULT_METRICS
from core.studies.scoring import Subject, stream_scores

MAPS = 5
STUDY_MAPS = 12
STEPS = 20
FLIPPING_STEPS = 21  # Quantus takes only step sizes that divide 3 x 224 x 224
FLIPPING_ROUNDS = 2
FLIPPING_MAPS = 8
RISE_SAMPLES = 600


def random_maps(classifier: core.Classifier, count: int) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(0)
    return {f"map {number}": torch.rand(classifier.size, generator=draw) for number in range(count)}


def curves(classifier: core.Classifier, pixels: Tensor, target: int) -> tuple[int, Callable[[], object]]:
    """Perturbation curves of some random maps: how many forward passes, and the run."""
    maps = random_maps(classifier, MAPS)
    forwards = (2 * MAPS + 10) * (STEPS - 1) + 2
    return forwards, lambda: core.perturb(classifier, pixels, maps, target, steps=STEPS)


def scores(classifier: core.Classifier, pixels: Tensor, target: int) -> tuple[int, Callable[[], object]]:
    """The scores that a study of many pictures has by itself, of heatmaps that are there; all but ROAD's, whose
    imputer is timed apart.
    """
    maps = random_maps(classifier, STUDY_MAPS)
    heatmaps = {name: Heatmap(each, each[None], name, target, "sum", 0.0, Passes()) for name, each in maps.items()}
    metrics = [name for name in DEFAULT_METRICS if not name.startswith("road")]
    traces = dict.fromkeys(trace for name in metrics for trace in find_metric(name).reads)
    perturbation = Perturbation()
    visits = Plan(classifier, pixels, maps, list(traces), perturbation, seed=0).visits()
    subject = Subject(classifier, pixels, target)

    def score() -> None:
        for _ in stream_scores(subject, heatmaps, metrics, perturbation):
            pass

    return len(visits) + len(maps), score


def rise(classifier: core.Classifier, pixels: Tensor, target: int) -> tuple[int, Callable[[], object]]:
    """RISE's masks, made, sent through the network and added up."""
    settings = {"rise": {"samples": RISE_SAMPLES}}
    return RISE_SAMPLES, lambda: core.explain(classifier, pixels, ["rise"], target, settings=settings)


class AsModule(nn.Module):
    """The same network as peers' users have it: a module of its own, its weights laid out as they were loaded."""

    def __init__(self, classifier: core.Classifier) -> None:
        super().__init__()
        self.network = copy.deepcopy(classifier.network).to(memory_format=torch.contiguous_format)
        self.register_buffer("mean", torch.tensor(classifier.preprocessing.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(classifier.preprocessing.std).view(1, 3, 1, 1))

    def forward(self, pixels: Tensor) -> Tensor:
        return self.network(((pixels - self.mean) / self.std).contiguous())


def flipping_calls(
    classifier: core.Classifier, pixels: Tensor, target: int, batch: int
) -> Callable[[int, int], object]:
    """Quantus' PixelFlipping on some of the random maps of one picture."""
    import quantus

    flipping = quantus.PixelFlipping(
        features_in_step=pixels.numel() // FLIPPING_STEPS, normalise=False, disable_warnings=True
    )
    module = AsModule(classifier).eval()
    pictures = pixels.expand(FLIPPING_MAPS, -1, -1, -1).contiguous().numpy()
    attributions = torch.stack(list(random_maps(classifier, FLIPPING_MAPS).values()))[:, None].numpy()
    labels = torch.full((FLIPPING_MAPS,), target).numpy()

    def flip(first: int, last: int) -> object:
        some = slice(first, last)
        return flipping(
            model=module,
            x_batch=pictures[some],
            y_batch=labels[some],
            a_batch=attributions[some],
            device="cpu",
            batch_size=batch,
        )

    return flip


def against_quantus(
    classifier: core.Classifier, pixels: Tensor, target: int
) -> tuple[dict[str, float], dict[str, str]]:
    """Seconds of the MIF curves of one picture's maps: ours, Quantus a call for each map, Quantus in our batches."""
    size = classifier.batch_size("forward").size
    maps = random_maps(classifier, FLIPPING_MAPS)
    flip = flipping_calls(classifier, pixels, target, size)

    def ours() -> None:
        core.perturb(classifier, pixels, maps, target, orders=("mif",), steps=FLIPPING_STEPS, imputer="black")

    took = seconds_of(
        {
            "ours": ours,
            "one by one": lambda: [flip(number, number + 1) for number in range(FLIPPING_MAPS)],
            "batched": lambda: flip(0, FLIPPING_MAPS),
        },
        FLIPPING_ROUNDS,
    )
    mine = f"{FLIPPING_MAPS} maps of {FLIPPING_STEPS} steps in {took['ours']:.1f} s; Quantus"
    told = {
        "one by one": f"{mine} {took['one by one']:.1f} s, a call for each map",
        "batched": f"{mine} {took['batched']:.1f} s, maps in batches of {size}",
    }
    return took, told
