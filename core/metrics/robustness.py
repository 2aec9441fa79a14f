"""Whether a map holds: against patches taken away, on a picture hardly changed, with another seed, and in its sum."""

from jaxtyping import Float
from torch import Tensor

from core.methods.repeatability import correlation
from core.metrics.evidence import Evidence
from core.metrics.registry import metric

YEH = "Yeh et al. 2019, arXiv:1901.09392"
SUNDARARAJAN = "Sundararajan et al. 2017, arXiv:1703.01365"
OURS = "ours"


def unexplained(sums: Float[Tensor, " n"], falls: Float[Tensor, " n"]) -> float | None:
    """What share of the squared falls the sums leave over, at the scale that suits them best.

    The scale is never negative: a map that says the reverse explains nothing. None where there is nothing to scale, or
    nothing to explain.

    >>> import torch
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
    random="that of a constant map", paper=f"our reading of {YEH}", needs=("removals",),
)  # fmt: skip
def infidelity(evidence: Evidence) -> float | None:
    """How badly the map's sum over a patch foretells what the model loses without that patch.

    0 foretells every change, 1 none; a constant map foretells what all patches lose alike. Patches of a quarter of the
    side become the data set's mean, as the paper does with pictures: under noise of 5 % on single pixels no method
    foretold more than a random map, and with patches of an eighth hardly one (tried on a few photos). It is read as
    contributions and scaled as suits it best, though never turned round, since most maps have no unit; what is left is
    divided by the squared change, so that pictures compare. None for a map of zeros, or where the model does not react.
    """
    if evidence.removals is None:
        return None
    patches, falls = evidence.removals
    values = evidence.heatmap.values.double().cpu()
    return unexplained(patches.flatten(1).double() @ values.flatten(), falls)


@metric(
    label="Max-sensitivity", group="robustness", direction="lower", low=0.0, unit="share of the map's length",
    random="0.7 where each picture has its own, 0 where all share one", paper=YEH, needs=("moved",),
)  # fmt: skip
def max_sensitivity(evidence: Evidence) -> float | None:
    """How far the map moves at most when the picture is changed by at most 2 % of the pixel range.

    The largest of 10 distances to the maps of noisy copies, which all methods share, over the map's own length. Low is
    stable and not therefore right: a map that ignores the model can be perfectly stable. A method that draws at random
    draws anew for each copy and is charged for it. None for a map of zeros, or where the method does not apply to a
    copy.
    """
    values = evidence.heatmap.values.double()
    if not values.any() or evidence.moved is None:
        return None
    return max(float((moved.double() - values).norm() / values.norm()) for moved in evidence.moved)


@metric(
    label="Repeatability", group="robustness", direction="higher", low=-1.0, high=1.0, unit="correlation", random="0",
    paper=OURS, needs=("repeated",),
)  # fmt: skip
def repeatability(evidence: Evidence) -> float | None:
    """The correlation of the map with the one that the next seed gives.

    1 for methods that draw nothing; below, what is left to chance, and more samples would help. None where a map is
    constant, or where the method does not apply with that seed.
    """
    return None if evidence.repeated is None else correlation(evidence.heatmap.values, evidence.repeated)


@metric(
    label="Completeness delta", group="robustness", direction="lower", low=0.0, unit="share of the score's difference",
    random="none: it claims no sum", paper=SUNDARARAJAN,
)  # fmt: skip
def completeness_delta(evidence: Evidence) -> float | None:
    """How far the contributions are from adding up to what the picture scores above its baseline.

    Only of methods that claim that they do; None for all others, or where picture and baseline score almost the same.
    """
    return evidence.heatmap.missed
