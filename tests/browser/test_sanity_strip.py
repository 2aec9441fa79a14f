"""A person asks below a trial whether its maps depend on the model."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

TAB = "?below=Randomisation"
FASHION = f"{TAB}&model=Small+CNN+%28Fashion-MNIST%29&methods=gradient,smoothgrad,guided_backprop&steps=10"
ASK = "Randomise the network"
SLACK = 2.0
COUNT_RUNS = """app => {
  window.runs = 0;
  new MutationObserver(() => { window.runs++ }).observe(app, { attributeFilter: ["data-test-script-state"] });
}"""
Cancel = Callable[[Any], float]
Open = Callable[..., Any]
Check = Callable[[Any], None]


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def explained(open_page: Open, **how: str) -> Any:
    page = open_page(FASHION, **how)
    button(page, "Explain").click()
    page.wait_for_url("**explanation=**")
    expect(button(page, "Explain")).to_be_enabled(timeout=60_000)
    expect(grid(page)).to_have_count(0)
    expect(button(page, ASK)).to_be_visible()
    return page


def randomised(page: Any) -> Any:
    """Asks, and waits for the end."""
    button(page, ASK).click()
    expect(verdicts(page)).to_contain_text(re.compile("^[^S].*3 methods"), timeout=60_000)
    expect(button(page, ASK)).to_be_visible(timeout=60_000)
    return page


def verdicts(page: Any) -> Any:
    return page.locator(".judgement .verdict")


def grid(page: Any) -> Any:
    return page.get_by_role("grid", name=re.compile("^Heatmaps by method and stage"))


def test_maps_verdicts_and_curves_come_below_the_trial(open_page: Open) -> None:
    page = randomised(explained(open_page))
    run = re.search(r"explanation=(\w+)", page.url)[1]
    rows = grid(page).locator("tbody tr").filter(visible=True)
    assert rows.evaluate_all("rows => rows.map((row) => row.dataset.method)") == [
        "gradient", "guided_backprop", "smoothgrad", "random", "sobel"
    ]  # fmt: skip
    expect(rows.first.locator("td[data-painted]")).to_have_count(rows.first.locator("td").count())
    expect(grid(page).locator("thead th").last).to_contain_text("fully randomised")
    table = page.get_by_role("region", name="Verdicts")
    assert {"sobel", "centre", "random", "gradient"} <= set(
        table.locator("tbody tr").evaluate_all("rows => rows.map((row) => row.dataset.method)")
    )
    expect(table.locator('[data-method="sobel"]')).to_have_attribute("data-standing", "fails")
    expect(table.locator('[data-method="random"]')).to_have_attribute("data-standing", "passes")
    expect(page.locator("svg.plot polygon.band").last).to_be_visible()
    assert f"explanation={run}" in page.url
    again = open_page("?" + page.url.split("?", 1)[1])
    expect(verdicts(again)).to_have_text(verdicts(page).text_content())


def test_similarity_and_methods_are_chosen_in_the_browser_alone(open_page: Open, rest: Callable[[Any], None]) -> None:
    page = randomised(explained(open_page))
    rest(page)  # the button is there before the script that brings it has run
    page.get_by_test_id("stApp").evaluate(COUNT_RUNS)
    lines = page.locator("svg.plot", has_text="with the trained network's map")
    before = lines.locator('polyline[data-method="gradient"]').get_attribute("points")
    button(page, "HOG").click()
    expect(lines).to_contain_text("HOG with the trained network's map")
    assert lines.locator('polyline[data-method="gradient"]').get_attribute("points") != before
    name = page.get_by_role("group", name="Methods drawn strongly").last.get_by_role("button", name="SmoothGrad")
    expect(name).to_have_attribute("aria-pressed", "true")
    name.press("Enter")
    expect(name).to_have_attribute("aria-pressed", "false")
    expect(name).to_be_focused()
    expect(lines.locator('polyline.loud[data-method="smoothgrad"]')).to_have_count(0)
    page.get_by_text("Similarities as numbers").click()
    numbers = page.get_by_role("region", name="Similarities as numbers")
    expect(numbers.locator("tbody tr")).to_have_count(grid(page).locator("thead th").count() - 2)
    assert page.evaluate("window.runs") == 0


@pytest.mark.alone
def test_a_strip_is_cancelled_at_once_and_what_was_computed_stays(open_page: Open, cancel: Cancel) -> None:
    page = open_page(TAB)
    button(page, ASK).click()
    page.wait_for_url(re.compile("strip="))
    expect(button(page, "Cancel")).to_be_visible()
    expect(grid(page).locator('td[data-state="waiting"]')).not_to_have_count(0)  # the sample has none
    expect(grid(page).locator("td[data-painted]").nth(12)).to_be_visible(timeout=60_000)
    clicked = cancel(page)
    expect(button(page, ASK)).to_be_visible(timeout=2_000)
    assert time.monotonic() - clicked < SLACK
    expect(page.get_by_text("Cancelled. Results so far are kept.").first).to_be_visible()
    assert grid(page).locator("td[data-painted]").count() > 12


def test_axe_finds_nothing_in_the_strip(open_page: Open, check_accessible: Check) -> None:
    page = randomised(explained(open_page))
    check_accessible(page)
