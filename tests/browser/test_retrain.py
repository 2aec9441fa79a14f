"""A person sees in seconds why a model must be retrained before a removed feature says anything."""

import re
from collections.abc import Callable
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

RANKINGS = ("worst_first", "random", "best_first")
Open = Callable[..., Any]


def test_the_toy_s_curves_fill_in_place_say_when_they_are_stale_and_pass_axe(
    open_page: Open, check_accessible: Callable[[Any], None]
) -> None:
    page = open_page("retrain?tab=Toy&toy.seeds=1000")
    verdict, basis = page.locator("p.verdict"), page.get_by_text(re.compile("^Means over"))
    expect(verdict).to_have_text(re.compile(r"^Removing uninformative features costs \d+ points of accuracy, "))
    expect(page.get_by_text("These curves used another number of seeds. Press Run to update them.")).to_be_visible()
    expect(page.locator(".root.stale p.verdict")).to_have_count(1)
    for chart in ("without", "with"):
        drawing = page.get_by_role("img", name=re.compile(f"^Accuracy {chart} retraining by number"))
        lines = drawing.locator("polyline")
        assert lines.evaluate_all("(lines) => lines.map(({ dataset }) => dataset.ranking)") == [*RANKINGS]
    page.locator(".root figure").first.evaluate("(figure) => { figure.marked = true }")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(verdict).to_have_text(re.compile("^So far: "))
    expect(basis).to_have_text("Means over 1,000 seeds; the bands are 95 % intervals.", timeout=60_000)
    expect(verdict).to_have_text(re.compile("^Removing uninformative"))
    expect(page.locator(".root.stale p.verdict")).to_have_count(0)
    assert page.locator(".root figure").first.evaluate("(figure) => figure.marked")
    page.get_by_text("Accuracies as numbers", exact=True).first.click()
    expect(page.get_by_role("table", name="Accuracies as numbers").get_by_role("row")).to_have_count(19)
    check_accessible(page)
