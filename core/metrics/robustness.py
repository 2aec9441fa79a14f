"""Whether a map is robust: to removed patches, to a tiny change of the picture, to another seed, and in its sum."""

from jaxtyping import Float
from torch import Tensor

from core.methods.repeatability import correlation
from core.metrics.evidence import Evidence
from core.metrics.registry import metric

YEH = "Yeh et al. 2019, arXiv:1901.09392"
SUNDARARAJAN = "Sundararajan et al. 2017, arXiv:1703.01365"
OURS = "ours"


def unexplained(sums: Float[Tensor, " n"], falls: Float[Tensor, " n"]) -> float | None:
    """The share of the squared drops that the sums leave unexplained, at the best-fitting scale.

    The scale is never negative: an inverted map explains nothing. None where there is nothing to scale, or nothing to
    explain.

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
    """How poorly the map's sum over a patch predicts what the model loses without that patch.

    0 predicts every change, 1 none; a constant map predicts what all patches lose alike. Patches of a quarter of the
    side are replaced by the data set's mean, as the paper does for pictures: under 5 % noise on single pixels no method
    predicted more than a random map, and with patches of an eighth of the side hardly any did (tried on a few photos).
    The map is read as contributions and scaled to fit best, but never inverted, since most maps have no unit; the
    remainder is divided by the squared change, so that pictures are comparable. Undefined for an all-zero map, or where
    the model does not react.
    """
    if evidence.removals is None:
        return None
    patches, falls = evidence.removals
    values = evidence.heatmap.values.double().cpu()
    return unexplained(patches.flatten(1).double() @ values.flatten(), falls)


@metric(
    label="Max-sensitivity", group="robustness", direction="lower", low=0.0, unit="share of the map's norm",
    random="0.7 with new noise for each picture, 0 with shared noise", paper=YEH, needs=("moved",),
)  # fmt: skip
def max_sensitivity(evidence: Evidence) -> float | None:
    """The largest change of the map when the picture changes by at most 2 % of the pixel range.

    The largest of 10 distances to the maps of noisy copies, which all methods share, divided by the map's norm. Low
    means stable, not right: a map that ignores the model can be perfectly stable. A random method draws anew for each
    copy, and that counts. Undefined for an all-zero map, or where the method does not apply to a copy.
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
    """The correlation of the map with the map from the next seed.

    1 for deterministic methods; less where part of the map is chance, which more samples would reduce. Undefined where
    a map is constant, or where the method does not apply with that seed.
    """
    return None if evidence.repeated is None else correlation(evidence.heatmap.values, evidence.repeated)


@metric(
    label="Completeness delta", group="robustness", direction="lower", low=0.0, unit="share of the score difference",
    random="undefined", paper=SUNDARARAJAN,
)  # fmt: skip
def completeness_delta(evidence: Evidence) -> float | None:
    """How far the contributions are from adding up to the score difference between picture and baseline.

    Only for methods that claim completeness; undefined for all others, or where picture and baseline score almost the
    same.
    """
    return evidence.heatmap.missed
