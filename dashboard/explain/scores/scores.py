"""The scores of one explanation, or of several in one table, mounted once and fed by their events."""

from collections.abc import Sequence

from dashboard.components.columns import ALWAYS, grouped
from dashboard.components.component import declare
from dashboard.components.methods import described
from dashboard.explain.one_picture.job import Explanation
from dashboard.library.models import models

_COMPONENT = declare("explain/scores/scores")


def scores(explanations: Sequence[Explanation], stale: bool) -> None:
    """A row a method; the metrics of each model stand together."""
    runs = [
        {"run": each.id, "title": models.title(each.request.model), "methods": list(described(each.request))}
        for each in explanations
    ]
    groups = grouped([*ALWAYS, *explanations[0].request.metrics])
    _COMPONENT(data={"runs": runs, "groups": groups, "stale": stale}, key="scores")
