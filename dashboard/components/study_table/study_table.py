"""The scores of a study, mounted once and fed by its events."""

from collections.abc import Sequence
from typing import Any

from core.metrics.ceiling import OF_THIS_RUN
from dashboard.components.columns import grouped
from dashboard.components.component import declare
from dashboard.components.methods import described
from dashboard.jobs.views import JobView

_COMPONENT = declare("components/study_table/study_table")


def study_table(study: JobView[Any, Any], stale: bool, groups: Sequence[dict[str, Any]] | None = None) -> None:
    """Methods by metrics: means whose intervals shrink as pictures arrive, and the ranking by one of them.

    Parameters
    ----------
    groups
        The columns, where they are not simply those of the metrics; see :func:`dashboard.components.columns.grouped`.
    """
    data = {
        "run": study.id,
        "methods": list(described(study.request)),
        "groups": grouped(study.request.metrics) if groups is None else list(groups),
        "of_this_run": OF_THIS_RUN if "ceiling_share" in study.request.metrics else "",
        "stale": stale,
    }
    _COMPONENT(data=data, key="study_table")
