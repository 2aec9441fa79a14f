"""Ensembles: one attribution under noise, and a statistic over the noisy copies.

Three statistics (mean, mean of squares, variance) of three attributions (gradient, guided backprop, integrated
gradients); the statistics of one attribution share one set of noisy passes.
"""

from typing import Annotated

from jaxtyping import Float
from torch import Tensor

from core.methods.passes import PassBank
from core.methods.paths import Baseline, Steps, path_moments, path_points
from core.methods.rectifiers import Rule
from core.methods.registry import Range, method
from core.methods.requests import Moments
from core.methods.requirements import gradients, note_other_activations, rectifiers

Samples = Annotated[int, Range(1, 200), "Number of noisy copies."]
NoiseLevel = Annotated[
    float,
    Range(0.0, 1.0),
    "Standard deviation of the noise as a share of the picture's range (max - min).",
]
SMILKOV = "Smilkov et al. 2017, arXiv:1706.03825"
HOOKER = "Hooker et al. 2019, arXiv:1806.10758"


@method(
    label="SmoothGrad",
    family="ensemble",
    signed=True,
    reduction="abs_sum",
    paper=SMILKOV,
    needs=(gradients,),
    drawn=True,
)
def smoothgrad(passes: PassBank, samples: Samples = 15, level: NoiseLevel = 0.15) -> Float[Tensor, "3 height width"]:
    """Mean gradient over noisy copies of the picture.

    Averages out local fluctuations of the gradient; what remains is what a whole neighbourhood of the picture agrees
    on.
    """
    return noisy_slopes(passes, samples, level).mean


@method(label="SmoothGrad²", family="ensemble", signed=False, paper=HOOKER, needs=(gradients,), drawn=True)
def smoothgrad_squared(
    passes: PassBank, samples: Samples = 15, level: NoiseLevel = 0.15
) -> Float[Tensor, "3 height width"]:
    """Mean squared gradient over noisy copies: its strength, whatever its sign."""
    return noisy_slopes(passes, samples, level).mean_square


@method(label="VarGrad", family="ensemble", signed=False, paper=HOOKER, needs=(gradients,), drawn=True)
def vargrad(passes: PassBank, samples: Samples = 15, level: NoiseLevel = 0.15) -> Float[Tensor, "3 height width"]:
    """Variance of the gradient over noisy copies: where it changes most under noise."""
    return noted_variance(passes, noisy_slopes(passes, samples, level))


@method(
    label="SmoothGrad of guided backprop",
    family="ensemble",
    signed=True,
    reduction="abs_sum",
    paper=HOOKER,
    needs=(gradients, rectifiers),
    drawn=True,
)
def smoothgrad_guided_backprop(
    passes: PassBank, samples: Samples = 15, level: NoiseLevel = 0.15
) -> Float[Tensor, "3 height width"]:
    """Mean guided backprop over noisy copies: smoother, but just as insensitive to the upper layers."""
    return noisy_slopes(passes, samples, level, "guided").mean


@method(
    label="SmoothGrad² of guided backprop",
    family="ensemble",
    signed=False,
    paper=HOOKER,
    needs=(gradients, rectifiers),
    drawn=True,
)
def smoothgrad_squared_guided_backprop(
    passes: PassBank, samples: Samples = 15, level: NoiseLevel = 0.15
) -> Float[Tensor, "3 height width"]:
    """Mean squared guided backprop over noisy copies."""
    return noisy_slopes(passes, samples, level, "guided").mean_square


@method(
    label="VarGrad of guided backprop",
    family="ensemble",
    signed=False,
    paper=HOOKER,
    needs=(gradients, rectifiers),
    drawn=True,
)
def vargrad_guided_backprop(
    passes: PassBank, samples: Samples = 15, level: NoiseLevel = 0.15
) -> Float[Tensor, "3 height width"]:
    """Variance of guided backprop over noisy copies."""
    return noted_variance(passes, noisy_slopes(passes, samples, level, "guided"))


@method(
    label="SmoothGrad of integrated gradients",
    family="ensemble",
    signed=True,
    paper=HOOKER,
    needs=(gradients,),
    drawn=True,
)
def smoothgrad_integrated_gradients(
    passes: PassBank,
    samples: Samples = 15,
    level: NoiseLevel = 0.15,
    steps: Steps = 50,
    baseline: Baseline = "black",
) -> Float[Tensor, "3 height width"]:
    """Mean integrated gradients of noisy copies.

    Dark pixels of a noisy copy are not quite black, so they get an attribution too.
    """
    return noisy_paths(passes, samples, level, steps, baseline).mean


@method(
    label="SmoothGrad² of integrated gradients",
    family="ensemble",
    signed=False,
    paper=HOOKER,
    needs=(gradients,),
    drawn=True,
)
def smoothgrad_squared_integrated_gradients(
    passes: PassBank,
    samples: Samples = 15,
    level: NoiseLevel = 0.15,
    steps: Steps = 50,
    baseline: Baseline = "black",
) -> Float[Tensor, "3 height width"]:
    """Mean squared integrated gradients of noisy copies: how much a pixel contributes, for or against the class."""
    return noisy_paths(passes, samples, level, steps, baseline).mean_square


@method(
    label="VarGrad of integrated gradients",
    family="ensemble",
    signed=False,
    paper=HOOKER,
    needs=(gradients,),
    drawn=True,
)
def vargrad_integrated_gradients(
    passes: PassBank,
    samples: Samples = 15,
    level: NoiseLevel = 0.15,
    steps: Steps = 50,
    baseline: Baseline = "black",
) -> Float[Tensor, "3 height width"]:
    """Variance of the integrated gradients of noisy copies."""
    return noted_variance(passes, noisy_paths(passes, samples, level, steps, baseline))


def noisy_slopes(passes: PassBank, samples: int, level: float, rule: Rule = "plain") -> Moments:
    """Moments of the gradient, or of guided backprop, over noisy copies."""
    if rule != "plain":
        note_other_activations(passes)
    note_missing_noise(passes, level)
    return passes.noisy_gradients(samples, level, rule)


def noisy_paths(passes: PassBank, samples: int, level: float, steps: int, baseline: str) -> Moments:
    """Moments of the integrated gradients of noisy copies, all with the picture's own baseline."""
    note_missing_noise(passes, level)
    shares, weights = path_points(steps, "gauss_legendre")
    start = passes.baseline(baseline)
    return path_moments(
        passes,
        ("noisy paths", samples, level, steps, baseline),
        lambda sample: (start, passes.noisy(sample, level)),
        [shares] * samples,
        weights,
    )


def note_missing_noise(passes: PassBank, level: float) -> None:
    if level == 0:
        passes.note("Without noise every copy equals the picture: nothing is smoothed, and nothing varies.")


def noted_variance(passes: PassBank, moments: Moments) -> Float[Tensor, "3 height width"]:
    if moments.count == 1 and not passes.rough:
        passes.note("A single sample has no variance; use two or more.")
    return moments.variance
