"""Quick checks of one picture: a row a method, a column a check."""

import streamlit as st

from core.sanity.checks import CHECKS, Check
from dashboard.jobs import LiveJob, NotThere
from dashboard.parts.component import declare
from dashboard.parts.heatmap_cards import described
from dashboard.parts.older import tell_older
from dashboard.parts.progress import progress
from dashboard.parts.run_panel import action, launched, wished
from dashboard.quick_checks import KIND, Checks, SampleChecks, find_checks, sample, start
from dashboard.requests import AskedOfChecks, AskedOfSanity

ADDRESS = KIND
_COMPONENT = declare("quick_checks", "dom", "stream", "table", "standings")


def quick_checks(wished_for: AskedOfSanity | None) -> None:
    """What is checked, and what comes of it.

    Parameters
    ----------
    wished_for
        The randomisation that would be made now: its picture and methods are checked.
    """
    st.header("Quick checks", anchor=False)
    asked = asked_of(wished_for) if wished_for else None
    saying, acting = st.columns([3, 1.1], gap="large")
    if asked and wished(KIND):
        launched()
        st.query_params[ADDRESS] = start(asked)
    checks = shown_checks()
    with acting:
        action(
            KIND, "Check", asked is not None, [checks] if checks else [], follow, key="start checks",
            emphasis="secondary",
        )  # fmt: skip
    with saying:
        st.caption(
            "A map should change with the class, and should not with what is the same to the model, or by chance."
        )
        stale = tell_what_is_shown(checks, asked) if checks else False
    if checks:
        columns = [told_of(check) for check in CHECKS if check.name in checks.asked.checks]
        told = {"run": checks.id, "methods": list(described(checks.asked)), "checks": columns, "stale": stale}
        _COMPONENT(data=told, key="quick_checks")


def asked_of(sanity: AskedOfSanity) -> AskedOfChecks:
    """All checks, of what would be randomised."""
    kept = {name: value for name, value in vars(sanity).items() if name in AskedOfChecks.__dataclass_fields__}
    return AskedOfChecks(**kept, checks=tuple(check.name for check in CHECKS))


def told_of(check: Check) -> dict[str, object]:
    """What the head of a column and the words below the table say."""
    told = ("name", "label", "summary", "number", "criterion", "limits", "paper")
    return {name: getattr(check, name) for name in told}


def follow(_: int, checks: LiveJob) -> None:
    progress(KIND, checks.id, not checks.finished, counts="answers")


def shown_checks() -> Checks | None:
    """The checks that the address names, or the sample that ships with the app."""
    name = st.query_params.get(ADDRESS)
    if name is None:
        return sample()
    try:
        return find_checks(name)
    except NotThere:
        st.info("Those checks are no longer kept here. Press Check to make them again.")
        return None


def tell_what_is_shown(checks: Checks, asked: AskedOfChecks | None) -> bool:
    """A line that says whose results these are; whether they are older than what is chosen."""
    stale = tell_older(checks, asked, "These checks are", "Check")
    if isinstance(checks, SampleChecks) and not stale:
        st.caption("A precomputed sample. Press Check to make them here.")
    return stale
