"""The scores of a study, mounted once and fed by its events."""

from dashboard.parts.columns import grouped
from dashboard.parts.component import declare
from dashboard.parts.heatmap_cards import described
from dashboard.studies import Study

_COMPONENT = declare("study_table", "dom", "stream", "table", "ranking")


def study_table(study: Study, stale: bool) -> None:
    """Methods by metrics: means whose intervals shrink as pictures arrive, and the ranking by one of them."""
    told = {
        "run": study.id,
        "methods": list(described(study.asked)),
        "groups": grouped(study.asked.metrics),
        "stale": stale,
    }
    _COMPONENT(data=told, key="study_table")
