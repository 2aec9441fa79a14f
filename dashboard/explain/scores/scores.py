"""The scores of one explanation, or of several in one table, mounted once and fed by their events."""

from collections.abc import Sequence

from core.metrics.ceiling import OF_THIS_RUN
from dashboard.components.columns import ALWAYS, grouped
from dashboard.components.component import declare
from dashboard.components.methods import described
from dashboard.explain.one_picture.job import Explanation
from dashboard.library.models import models

OF_CEILING = "ceiling_share"
"""The score that a run has once its ceiling is known."""
_COMPONENT = declare("explain/scores/scores")


def scores(explanations: Sequence[Explanation], stale: bool, ceilings: Sequence[str | None]) -> None:
    """A row a method; the metrics of each model stand together.

    Parameters
    ----------
    ceilings
        The jobs that have the ceiling of each explanation, where they were asked for: F then stands as a share of it.
    """
    runs = [
        {
            "run": each.id,
            "title": models.title(each.request.model),
            "methods": list(described(each.request)),
            "ceiling": ceiling,
        }
        for each, ceiling in zip(explanations, ceilings, strict=True)
    ]
    share = [OF_CEILING] if any(ceilings) else []
    groups = grouped([*ALWAYS, *share, *explanations[0].request.metrics])
    of_this_run = OF_THIS_RUN if share else ""
    _COMPONENT(data={"runs": runs, "groups": groups, "of_this_run": of_this_run, "stale": stale}, key="scores")
