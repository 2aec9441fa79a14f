"""The Retrain page: whether what a heatmap calls important is missed by a model that may learn anew without it."""

from collections.abc import Callable, Mapping
from typing import Any

from dashboard.controls.address import choose_tab
from dashboard.controls.page_state import kept_page
from dashboard.jobs.kinds import JobKind
from dashboard.retrain.toy.job import RETRAINING_TOY
from dashboard.retrain.toy.panel import retraining_toy

TABS: Mapping[JobKind[Any, Any], Callable[[], None]] = {
    RETRAINING_TOY: retraining_toy,
}
"""What each tab shows, by the kind of job that it is for."""


def page() -> None:
    tabs = choose_tab({kind.name: kind.tab for kind in TABS}, "tab")
    for tab, panel in zip(tabs, TABS.values(), strict=True):
        if tab.open:
            with tab:
                panel()


with kept_page("retrain"):
    page()
