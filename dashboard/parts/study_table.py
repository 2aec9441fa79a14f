"""The scores of a study, mounted once and fed by its events."""

from collections.abc import Sequence
from typing import Any

from dashboard.parts.columns import grouped
from dashboard.parts.component import declare
from dashboard.parts.heatmap_cards import described
from dashboard.studies import Study

_COMPONENT = declare("study_table", "dom", "stream", "table", "interval", "ranking")


def study_table(study: Study, stale: bool, groups: Sequence[dict[str, Any]] | None = None) -> None:
    """Methods by metrics: means whose intervals shrink as pictures arrive, and the ranking by one of them.

    Parameters
    ----------
    groups
        The columns, where they are not simply those of the metrics; see :func:`dashboard.parts.columns.grouped`.
    """
    told = {
        "run": study.id,
        "methods": list(described(study.asked)),
        "groups": grouped(study.asked.metrics) if groups is None else list(groups),
        "stale": stale,
    }
    _COMPONENT(data=told, key="study_table")
