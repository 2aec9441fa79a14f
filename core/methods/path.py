"""Path methods: the gradient gathered on the way from a baseline to the picture."""

from collections.abc import Iterable
from statistics import fmean
from typing import Annotated, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from core.methods.completeness import ends_scores, note_completeness
from core.methods.fitness import gradients
from core.methods.passes import PassBank
from core.methods.paths import Quadrature, Steps, path_moments, path_points
from core.methods.registry import Range, method
from core.pictures.imputers import Cover

SEVERAL = ("black", "grey", "blur", "uniform_noise")
NOISE_PICTURES = 15


@method(
    label="Integrated gradients",
    family="path",
    signed=True,
    paper="Sundararajan et al. 2017, arXiv:1703.01365",
    needs=(gradients,),
)
def integrated_gradients(
    passes: PassBank,
    steps: Steps = 50,
    baseline: Literal[Cover, "several"] = "black",
    quadrature: Quadrature = "gauss_legendre",
) -> Float[Tensor, "3 height width"]:
    """Each pixel's share of the score gained on the way from a baseline to the picture.

    The shares add up to the score's difference between picture and baseline; how far they miss it is shown. Pixels
    that look like the baseline get nothing.

    Parameters
    ----------
    baseline
        The picture that the way starts from; several is the mean over black, grey, blur and uniform noise.
    quadrature
        How the points are placed and weighted.
    """
    starts = [passes.baseline(name) for name in (SEVERAL if baseline == "several" else (baseline,))]
    scores = ends_scores(passes, baseline, torch.cat(starts))
    shares, weights = path_points(steps, quadrature)
    gathered = path_moments(
        passes,
        ("baseline", baseline, steps, quadrature),
        lambda path: (starts[path], passes.pixels),
        [shares] * len(starts),
        weights,
    ).mean
    note_shares(passes, gathered, scores, range(len(starts)))
    return gathered


@method(
    label="Expected gradients",
    family="path",
    signed=True,
    paper="Erion et al. 2021, arXiv:1906.10670",
    needs=(gradients,),
    drawn=True,
)
def expected_gradients(
    passes: PassBank,
    samples: Annotated[int, Range(1, 1000), "Paths, each with one point at which the gradient is taken."] = 100,
    baselines: Literal["pictures", "noise"] = "pictures",
) -> Float[Tensor, "3 height width"]:
    """Integrated gradients with many baselines: other pictures take the place of one colour that means nothing.

    No colour counts as absent any more. It tells what sets this picture apart from the others, so it depends on which
    these are.

    Parameters
    ----------
    baselines
        Pictures such as the model was trained on, as far as they are bundled, or uniform noise.
    """
    starts = passes.background if baselines == "pictures" else noise_pictures(passes)
    scores = ends_scores(passes, baselines, starts)
    draw = passes.generator("expected gradients", samples)
    chosen = torch.randint(len(starts), (samples,), generator=draw, device=draw.device).tolist()
    shares = torch.rand(samples, 1, generator=draw, device=draw.device).tolist()
    gathered = path_moments(
        passes,
        ("expected", baselines, samples),
        lambda path: (starts[chosen[path], None], passes.pixels),
        shares,
        [1.0],
    ).mean
    note_shares(passes, gathered, scores, chosen)
    return gathered


def noise_pictures(passes: PassBank) -> Float[Tensor, "n 3 height width"]:
    draw = passes.generator("noise baselines")
    return torch.rand((NOISE_PICTURES, 3, *passes.size), generator=draw, device=draw.device, dtype=passes.pixels.dtype)


def note_shares(passes: PassBank, gathered: Tensor, scores: dict[int, Tensor], starts: Iterable[int]) -> None:
    """Tells how far the shares are from adding up to what the picture scores above its baselines."""
    start = fmean(float(scores[place]) for place in starts)
    note_completeness(passes, float(gathered.sum()), start, float(scores[max(scores)]))
