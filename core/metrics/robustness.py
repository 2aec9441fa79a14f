"""Whether a map holds: against patches taken away, on a picture hardly changed, with another seed, and in its sum."""

from collections.abc import Generator, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.methods.registry import Unfit
from core.methods.repeatability import correlation
from core.metrics.evidence import Evidence
from core.metrics.registry import metric
from core.models.batching import run_in_batches
from core.pictures.imputers import remove
from core.randomness import generator, picture_digest

YEH = "Yeh et al. 2019, arXiv:1901.09392"
SUNDARARAJAN = "Sundararajan et al. 2017, arXiv:1703.01365"
OURS = "ours"
PATCHES, PATCH_SIDE = 64, 1 / 8
NOISY_COPIES, RADIUS = 10, 0.02


class Removals(NamedTuple):
    """Patches of a picture, and by how much the explained logit falls without each."""

    patches: Bool[Tensor, "n height width"]
    falls: Float[Tensor, " n"]


def random_patches(size: tuple[int, int], draw: torch.Generator) -> Bool[Tensor, "n height width"]:
    """Squares at random places, in part outside the frame, so that every pixel is as often in one.

    The side is an eighth of the shorter side.
    """
    side = max(1, round(PATCH_SIDE * min(size)))
    along = []
    for length in size:
        starts = torch.randint(1 - side, length, (PATCHES, 1), generator=draw, device=draw.device)
        inward = torch.arange(length, device=draw.device) - starts
        along.append((inward >= 0) & (inward < side))
    rows, columns = along
    return rows[:, :, None] & columns[:, None]


def patch_removals(evidence: Evidence) -> Generator[None, None, Removals]:
    """What the model loses by patches that become the data set's mean, the same for every map; yields by batch."""
    pixels, classifier = evidence.pixels, evidence.classifier.outputs_only()
    draw = generator(evidence.seed, picture_digest(pixels), "patches", device=pixels.device)
    patches = random_patches(classifier.size, draw)
    mean = pixels.new_tensor(classifier.dataset_mean).view(1, 3, 1, 1)
    clean = classifier.logits(pixels)[0, evidence.target].double()
    falls = []

    def without(places: Sequence[int]) -> Float[Tensor, "n classes"]:
        return classifier.logits(remove(pixels, patches[list(places), None], mean))

    for _, answers in run_in_batches(range(PATCHES), without, classifier.batch_size("forward")):
        falls.append(clean - answers[:, evidence.target].double())
        yield
    return Removals(patches.cpu(), torch.cat(falls).cpu())


def unexplained(sums: Float[Tensor, " n"], falls: Float[Tensor, " n"]) -> float | None:
    """What share of the squared falls the sums leave over, at the scale that suits them best.

    The scale is never negative: a map that says the reverse explains nothing. None where there is nothing to scale, or
    nothing to explain.

    >>> sums = torch.tensor([1.0, 2.0])
    >>> unexplained(sums, 5 * sums), unexplained(sums, -sums)
    (0.0, 1.0)
    """
    if not sums.any() or not falls.any():
        return None
    scale = (sums @ falls).clamp(min=0) / sums.square().sum()
    return float((scale * sums - falls).square().sum() / falls.square().sum())


@metric(
    label="Infidelity", group="robustness", direction="lower", low=0.0, high=1.0, unit="share of the squared change",
    random="that of a constant map", paper=YEH,
)  # fmt: skip
def infidelity(evidence: Evidence) -> Generator[None, None, float | None]:
    """How badly the map's sum over a patch foretells what the model loses without that patch.

    0 foretells every change, 1 none; a constant map foretells what all patches lose alike. Patches of an eighth of the
    side become the data set's mean, as the paper does with pictures: under noise of 5 % on single pixels no method
    foretold more than a random map on photos (measured). The map is read as contributions and scaled as suits it best,
    though never turned round, since most maps have no unit; what is left is divided by the squared change, so that
    pictures compare. None for a map of zeros, or where the model does not react.
    """
    if "removals" not in evidence.shared:
        evidence.shared["removals"] = yield from patch_removals(evidence)
    patches, falls = evidence.shared["removals"]
    values = evidence.heatmap.values.double().cpu()
    return unexplained(patches.flatten(1).double() @ values.flatten(), falls)


@metric(
    label="Max-sensitivity", group="robustness", direction="lower", low=0.0, unit="share of the map's length",
    random="0.7 where each picture has its own, 0 where all share one", paper=YEH,
)  # fmt: skip
def max_sensitivity(evidence: Evidence) -> Generator[None, None, float | None]:
    """How far the map moves at most when the picture is changed by at most 2 % of the pixel range.

    The largest of 10 distances to the maps of noisy copies, which all methods share, over the map's own length. Low is
    stable and not therefore right: a map that ignores the model can be perfectly stable. A method that draws at random
    draws anew for each copy and is charged for it. None for a map of zeros, or where the method does not apply to a
    copy.
    """
    values = evidence.heatmap.values.double()
    if not values.any():
        return None
    distances = []
    for copy in range(NOISY_COPIES):
        yield
        try:
            moved = evidence.explain(noisy_copy(evidence, copy), evidence.seed).values
        except Unfit:
            return None
        distances.append(float((moved.double() - values).norm() / values.norm()))
    return max(distances)


def noisy_copy(evidence: Evidence, copy: int) -> Float[Tensor, "1 3 height width"]:
    """The picture with uniform noise on every channel of every pixel, not clipped."""
    pixels = evidence.pixels
    draw = generator(evidence.seed, picture_digest(pixels), "noisy copy", copy, device=pixels.device)
    noise = torch.rand(pixels.shape, generator=draw, device=pixels.device, dtype=pixels.dtype)
    return pixels + RADIUS * (2 * noise - 1)


@metric(
    label="Repeatability", group="robustness", direction="higher", low=-1.0, high=1.0, unit="correlation", random="0",
    paper=OURS,
)  # fmt: skip
def repeatability(evidence: Evidence) -> Generator[None, None, float | None]:
    """The correlation of the map with the one that the next seed gives.

    1 for methods that draw nothing; below, what is left to chance, and more samples would help. None where a map is
    constant.
    """
    yield
    again = evidence.explain(evidence.pixels, evidence.seed + 1)
    return correlation(evidence.heatmap.values, again.values)


@metric(
    label="Completeness delta", group="robustness", direction="lower", low=0.0, unit="share of the score's difference",
    random="none: it claims no sum", paper=SUNDARARAJAN,
)  # fmt: skip
def completeness_delta(evidence: Evidence) -> float | None:
    """How far the contributions are from adding up to what the picture scores above its baseline.

    Only of methods that claim that they do; None for all others, or where picture and baseline score almost the same.
    """
    return evidence.heatmap.missed
