"""Reconstruction as a metric: whether the class survives when what a map marks is replaced by what might be there."""

from core.metrics.evidence import Evidence
from core.metrics.registry import metric

THAKUR = "after Thakur and Fischmeister 2020, arXiv:2006.09504"
SHARE = 0.5
"""Of the pixels, the most salient ones: they are hidden."""
VARIATIONS = 16


@metric(
    label="Share kept", group="faithfulness", direction="lower", low=0.0, high=1.0, unit="share of variations",
    random="that of single pixels, often near 1", paper=THAKUR, needs=("variations",),
)  # fmt: skip
def share_kept(evidence: Evidence) -> float | None:
    """Share of 16 fills of the most salient half of the picture for which the model keeps the class.

    Where it is low, what the map marks decides the class: other content that fits the rest of the picture changes it.
    The fills come from the best prior for such pictures (see Reconstruct): donors refined by a flow for clothes and
    small patches of photos, exemplars for photos. A prior that guesses well keeps the class whatever is hidden, and a
    scattered map, as that of the random control, leaves so much in between that its fill is nearly the picture itself.
    So compare maps that are equally compact, and see the same shape elsewhere on the page Reconstruct. The paper
    reports the share without a direction; that lower is better is our reading.
    """
    return evidence.share_kept
