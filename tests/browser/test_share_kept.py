"""A person sees over many pictures which methods mark what the class depends on, each beside its controls."""

import re
from collections.abc import Callable
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

Open = Callable[..., Any]
TAB = "tab=share_kept&model=fashion_cnn"
FEW = f"{TAB}&limit=3&share_kept.methods=gradient&share_kept.shares=0.5&share_kept.shares=0.9"
REGIONS = ["salient", "random", "inverted", "unfilled"]
MEASURES = ("Share kept", "Confidence", "Energy score")


def test_the_sample_shows_every_measure_by_method_and_each_method_beside_its_controls(open_page: Open) -> None:
    page = open_page(f"reconstruct?{TAB}")
    expect(page.get_by_text("A precomputed sample")).to_be_visible()
    expect(page.locator("p.verdict")).to_have_text(re.compile("regions that matter more than random ones.$"))
    expect(
        page.get_by_text(re.compile("^Over 20 pictures, 16 variations of each region. Filled by: Donors."))
    ).to_be_visible()
    for measure in MEASURES:
        chart = page.get_by_role("img", name=re.compile(f"^{measure} of the hidden region, by share hidden. "))
        expect(chart.locator("polyline")).to_have_count(4)
        expect(chart.locator("polygon.band")).to_have_count(4)
    small = page.get_by_role("img", name=re.compile("^Grad-CAM: share kept, by share hidden. "))
    lines = small.locator("polyline")
    expect(lines).to_have_count(4)
    assert lines.evaluate_all("(lines) => lines.map(({ dataset }) => dataset.line)") == REGIONS
    page.get_by_role("button", name="Energy score", exact=True).click()
    energy = page.get_by_role("img", name=re.compile("^Grad-CAM: energy score, by share hidden. "))
    expect(energy.locator("polyline")).to_have_count(3)
    assert energy.locator("polyline").evaluate_all("(lines) => lines.map(({ dataset }) => dataset.line)") == REGIONS[:3]
    expect(page.get_by_role("list", name="Regions").get_by_role("listitem")).to_have_count(3)


def test_all_methods_are_drawn_on_one_scale(open_page: Open) -> None:
    page = open_page(f"reconstruct?{TAB}")
    page.get_by_role("button", name="Energy score", exact=True).click()
    charts = page.get_by_role("img", name=re.compile(": energy score, by share hidden. "))
    expect(charts).to_have_count(4)
    places = "[...chart.querySelectorAll('.rule')].map(({ y1 }) => y1.baseVal.value).join()"
    levels = charts.evaluate_all(f"(charts) => charts.map((chart) => {places})")
    assert len(set(levels)) == 1
    assert levels[0]


def test_a_method_is_turned_off_and_on_by_its_name(open_page: Open) -> None:
    page = open_page(f"reconstruct?{TAB}")
    line = page.get_by_role("img", name=re.compile("^Share kept of the hidden region")).locator(
        'polyline[data-line="gradient"]'
    )
    expect(line).to_have_class("line")
    button = page.get_by_role("button", name="Gradient", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    expect(line).to_have_class("line quiet")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(button).to_be_focused()


def test_curves_fill_in_place_survive_a_reload_and_are_stale_beside_another_prior(
    open_page: Open, rest: Callable[[Any], None], ended: Callable[..., None]
) -> None:
    page = open_page(f"reconstruct?{FEW}")
    expect(page.locator(".root.stale p.verdict")).to_have_count(1)
    page.locator(".root figure").first.evaluate("(figure) => { figure.marked = true }")
    page.get_by_role("button", name="Run", exact=True).click()
    ended(page, "Run")
    expect(page.locator("p.verdict")).to_have_text("Unclear: a verdict needs at least 5 pictures.")
    expect(page.get_by_text(re.compile("^Over 3 pictures, 16 variations"))).to_be_visible()
    assert page.locator(".root figure").first.evaluate("(figure) => figure.marked")
    rows = page.get_by_role("table", name="Share kept over 3 pictures").locator("tbody tr")
    expect(rows).to_have_count(1)
    told = rows.inner_text()
    page.reload()
    rest(page)
    expect(rows).to_have_text(re.compile("needs five pictures"))
    assert rows.inner_text() == told
    page.get_by_text("Curves as numbers", exact=True).first.click()
    expect(page.get_by_role("table", name="Share kept", exact=True).locator("tbody tr")).to_have_count(4)
    expect(page.get_by_role("table", name="Energy score", exact=True).locator("tbody tr")).to_have_count(3)
    page.get_by_text("90 %", exact=True).first.click()
    expect(page.get_by_text("These curves used other sizes of the region. Press Run to update them.")).to_be_visible()
    expect(page.locator(".root.stale p.verdict")).to_have_count(1)


def test_a_run_is_cancelled_and_keeps_what_it_has(open_page: Open, cancel: Callable[[Any], float]) -> None:
    page = open_page(f"reconstruct?{FEW}&limit=400")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text(re.compile("^Over [1-9]"))).to_be_visible(timeout=60_000)
    expect(page.locator("p.verdict")).to_have_text(re.compile("^So far: "))
    cancel(page)
    expect(page.get_by_text("Cancelled. Results so far are kept.").first).to_be_visible()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()


def test_axe_finds_nothing_and_a_narrow_screen_does_not_scroll_sideways(
    open_page: Open, check_accessible: Callable[[Any], None]
) -> None:
    page = open_page(f"reconstruct?{TAB}")
    page.get_by_text("Curves as numbers", exact=True).first.click()
    expect(page.get_by_role("table", name="Confidence", exact=True)).to_be_visible()
    check_accessible(page)
    narrow = open_page(f"reconstruct?{TAB}", width=390, height=844)
    expect(narrow.locator("p.verdict")).to_be_visible()
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 390
