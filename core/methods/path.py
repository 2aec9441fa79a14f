"""Path methods: the gradient accumulated along the path from a baseline to the picture."""

from collections.abc import Iterable
from statistics import fmean
from typing import Annotated, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from core.methods.completeness import ends_scores, note_completeness
from core.methods.passes import PassBank
from core.methods.paths import Quadrature, Steps, path_moments, path_points
from core.methods.registry import Range, Unfit, method
from core.methods.requirements import gradients
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
    """Each pixel's share of the score gained along the path from a baseline to the picture.

    The shares add up to the score difference between picture and baseline; the remaining error is shown. Pixels that
    look like the baseline get zero.

    Parameters
    ----------
    baseline
        The picture at which the path starts; several averages over black, grey, blur and uniform noise.
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
    samples: Annotated[int, Range(1, 1000), "Number of paths; the gradient is taken at one point on each."] = 100,
    baselines: Literal["pictures", "noise"] = "pictures",
) -> Float[Tensor, "3 height width"]:
    """Integrated gradients averaged over many baselines: other pictures instead of one arbitrary colour.

    No single colour counts as absence. The map shows what sets this picture apart from the baselines, so it depends on
    them.

    Parameters
    ----------
    baselines
        Pictures like the model's training data, as far as they are at hand, or uniform noise.
    """
    channels = passes.classifier.channels
    if baselines == "pictures" and channels not in (1, 3):
        raise Unfit(f"No bundled picture has {channels} channels. Set its baselines to noise.")
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
    return torch.rand(
        (NOISE_PICTURES, *passes.pixels.shape[1:]), generator=draw, device=draw.device, dtype=passes.pixels.dtype
    )


def note_shares(passes: PassBank, gathered: Tensor, scores: dict[int, Tensor], starts: Iterable[int]) -> None:
    """Notes how far the shares are from adding up to the score difference between picture and baselines."""
    start = fmean(float(scores[place]) for place in starts)
    note_completeness(passes, float(gathered.sum()), start, float(scores[max(scores)]))
