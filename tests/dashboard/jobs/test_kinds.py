"""Every kind of job is declared once, and its declaration is enough for the page."""

import importlib
from dataclasses import is_dataclass, replace
from pathlib import Path

import pytest

from dashboard.jobs.kinds import KINDS, declare

DASHBOARD = Path(__file__).resolve().parents[3] / "dashboard"
JOBS = sorted(path.relative_to(DASHBOARD.parent) for path in DASHBOARD.glob("*/**/job.py"))
MODULES = [importlib.import_module(".".join(path.with_suffix("").parts)) for path in JOBS]
PRODUCT = [kind for kind in KINDS.values() if kind.request.__module__.startswith("dashboard.")]


def test_there_is_a_kind_in_every_file_of_jobs():
    assert len(MODULES) > 10
    declared = [kind for module in MODULES for kind in vars(module).values() if kind in KINDS.values()]
    assert {kind.name for kind in declared} == {kind.name for kind in PRODUCT}


@pytest.mark.parametrize("kind", PRODUCT, ids=lambda kind: kind.name)
def test_a_kind_leads_to_a_page_and_says_what_to_do_where_its_job_is_gone(kind):
    assert (DASHBOARD / "views" / f"{kind.page}.py").is_file()
    assert "no longer kept here" in kind.gone
    assert not kind.results or kind.results.startswith(("These ", "This "))
    assert is_dataclass(kind.request)


def test_two_kinds_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two kinds of job by the name study"):
        declare(replace(KINDS["study"]))


def test_no_kind_has_the_former_name_of_another_on_its_page():
    for kind in PRODUCT:
        others = [other for other in PRODUCT if other is not kind and other.page == kind.page]
        assert kind.formerly not in {name for other in others for name in (other.name, other.formerly)} - {""}
