"""Quick checks of one picture: a row a method, a column a check."""

import streamlit as st

from core.sanity.alterations import Check
from core.sanity.checks import CHECKS
from dashboard.components.component import declare
from dashboard.components.methods import described
from dashboard.controls.export_panel import export_panel, result
from dashboard.controls.job_panel import Button, job_panel, named
from dashboard.controls.workload import show_workload
from dashboard.jobs.requests import PictureRequest, arguments
from dashboard.sanity.quick_checks.job import QUICK_CHECKS, QuickChecksRequest

WHAT = "A map should change with the class, and stay the same under changes that mean nothing to the model."
_COMPONENT = declare("sanity/quick_checks/quick_checks")


def quick_checks(of: PictureRequest | None) -> None:
    """An expander with the button and the table; open at first where the address names a check.

    Parameters
    ----------
    of
        The heatmaps that are checked: those of the randomisation that would be made now.
    """
    opened = bool(named(QUICK_CHECKS))
    panel = st.expander(
        "Quick checks: other class, shifted input, other seed, efficient randomisation",
        expanded=opened, key=QUICK_CHECKS.expander, bind="query-params",
    )  # fmt: skip
    if panel.open:
        with panel:
            show_checks(of)


def show_checks(of: PictureRequest | None) -> None:
    """The button, how far the checks are, and the table."""
    saying, acting = st.columns([3, 1.1], gap="large")
    request = checks_of(of) if of else None
    with saying:
        st.caption(WHAT)
        shown = job_panel(QUICK_CHECKS, request, acting, Button("secondary"))
    with acting:
        show_workload(QUICK_CHECKS, [request])
    if shown:
        columns = [described_check(check) for check in CHECKS if check.name in shown.job.request.checks]
        methods = list(described(shown.job.request))
        data = {"run": shown.job.id, "methods": methods, "checks": columns, "stale": shown.stale}
        export_panel([shown.job], where=acting)
        with result(QUICK_CHECKS):
            _COMPONENT(data=data, key="quick_checks")


def checks_of(request: PictureRequest) -> QuickChecksRequest:
    """All checks of the same heatmaps."""
    return QuickChecksRequest(**arguments(request, PictureRequest), checks=tuple(check.name for check in CHECKS))


def described_check(check: Check) -> dict[str, object]:
    """What the head of a column and the glossary say."""
    names = ("name", "label", "summary", "number", "criterion", "limits", "paper")
    return {name: getattr(check, name) for name in names}
