"""Verdicts and similarities under randomisation, mounted once and fed by a job's events."""

from core.metrics.similarity import JUDGED
from core.sanity.verdict import CRITERION, HALF, LIMITS
from dashboard.components.component import declare
from dashboard.components.methods import described
from dashboard.components.subject import subject_in_words
from dashboard.sanity.randomisation.job import StagesRequest
from dashboard.sanity.reasoning import explain_verdicts

_COMPONENT = declare("sanity/randomisation/curves/curves")


def sanity_curves(run: str, request: StagesRequest, stale: bool, many: bool = False, place: str = "") -> None:
    """A line a verdict, the curves that they follow from, and on demand how a verdict is reached.

    Parameters
    ----------
    many
        Whether the job has means over pictures; otherwise the draws of random weights on one picture.
    place
        Tells several on one page apart.
    """
    data = {
        "run": run,
        "methods": list(described(request)),
        "judged": JUDGED,
        "half": HALF,
        "many": many,
        "stale": stale,
        "about": subject_in_words(request),
    }
    _COMPONENT(data=data, key=f"sanity curves {place}")
    explain_verdicts(CRITERION, LIMITS)
