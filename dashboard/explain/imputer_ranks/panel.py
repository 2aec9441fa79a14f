"""What other imputers say of an explanation's heatmaps."""

import core
from dashboard.components.component import declare
from dashboard.components.methods import described_finished
from dashboard.controls.export_panel import result
from dashboard.controls.follow_up_panel import follow_up_panel
from dashboard.explain.imputer_ranks.job import IMPUTER_RANKS, ImputerRanksRequest
from dashboard.explain.one_picture.job import Explanation

WHAT = "Does the ranking of the methods depend on what replaces a removed pixel?"
_COMPONENT = declare("explain/imputer_ranks/imputer_ranks")


def imputer_ranks(explanation: Explanation, stale: bool) -> None:
    """The question with its button and, once asked, the ranks as they come."""
    ranked = follow_up_panel(IMPUTER_RANKS, explanation, ImputerRanksRequest(about=explanation.id), WHAT)
    if ranked:
        data = {
            "run": ranked.job.id,
            "imputers": [{"name": each.name, "label": each.label} for each in core.list_imputers()],
            "chosen": ranked.about.request.imputer,
            "methods": described_finished(ranked.about),
            "stale": stale or ranked.stale,
        }
        with result(IMPUTER_RANKS):
            _COMPONENT(data=data, key="imputer_ranks")
