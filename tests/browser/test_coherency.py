"""A person sees which metrics can be believed, and the pictures on which two of them disagree."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

Open = Callable[..., Any]
METHODS = "&".join(f"metric_study.methods={name}" for name in ("gradient", "input_x_gradient", "grad_cam"))
METRICS = "metric_study.faithfulness=fidelity&metric_study.faithfulness=deletion&metric_study.robustness="
TINY = f"model=fashion_cnn&limit=4&{METHODS}&{METRICS}&metric_study.checks="


def test_the_sample_gives_statuses_above_the_fold_and_a_cell_shows_two_pictures(
    open_page: Open, check_accessible: Callable[[Any], None]
) -> None:
    page = open_page("coherency", height=720)
    expect(page.get_by_text("A precomputed sample")).to_be_visible()
    expect(page.locator("p.verdict")).to_have_text(re.compile(r"metrics? (is|are) sound|No metric is sound"))
    status = page.get_by_role("row", name=re.compile("^F ↑ .*(sound|biased|undecided)"))
    expect(status).to_be_in_viewport()
    statuses = page.locator("table.statuses tbody tr")
    expect(statuses).to_have_count(10)
    order = statuses.evaluate_all("(rows) => rows.map(({ dataset }) => dataset.status)")
    assert order == sorted(order, key=["sound", "biased", "undecided"].index)
    cell = page.get_by_role("button", name=re.compile("^Insertion and Deletion: ρ "))
    cell.focus()
    page.keyboard.press("ArrowDown")
    below = page.get_by_role("button", name=re.compile("^ROAD MoRF and Deletion: ρ "))
    expect(below).to_be_focused()
    page.keyboard.press("Enter")
    expect(below).to_have_attribute("aria-pressed", "true")
    opposed = page.locator(".opposed figure")
    expect(opposed).to_have_count(2)
    names = opposed.evaluate_all("(figures) => figures.map(({ dataset }) => dataset.picture)")
    assert names[0] != names[1]
    expect(opposed.first.locator("canvas")).to_have_count(6)
    page.get_by_label("Method of the scatter").select_option("grad_cam")
    expect(opposed.first.locator("canvas")).to_have_count(1)
    expect(page.get_by_role("img", name=re.compile("^ROAD MoRF .*20 scores"))).to_be_visible()
    before = below.inner_text()
    page.get_by_role("button", name="Given difficulty", exact=True).click()
    expect(below).not_to_have_text(before)
    check_accessible(page)


def test_a_model_that_hardly_reacts_is_named(visitors: Any, server: str, rest: Callable[[Any], None]) -> None:
    """The sample's events, with every F near 0."""
    page = visitors.come("light", 1280, 720)

    def flattened(route: Any) -> None:
        told = json.loads(route.fetch().text().partition("data: ")[2])
        for event in told["events"]:
            for scores in event.get("scores", {}).values():
                scores[event["metrics"].index("fidelity")] = 0.004
        route.fulfill(body=f"data: {json.dumps(told)}\n\n", content_type="text/event-stream")

    page.route("**/api/jobs/sample-metric_study/events", flattened)
    page.goto(f"{server}/coherency")
    rest(page)
    expect(page.locator("p.warned")).to_have_text(re.compile("^Every F is near 0: .* The statuses say little.$"))
    visitors.leave(page)


def test_a_live_study_fills_the_matrix_and_fits_a_phone(open_page: Open, ended: Callable[..., None]) -> None:
    page = open_page(f"coherency?{TINY}", width=390, height=844)
    held: list[Any] = []
    page.route("**/api/jobs/*/events", lambda route: held.append(route))
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("p.verdict")).to_have_text("The first statuses come with the first picture.")
    expect(page.locator("table.statuses")).to_have_count(0)  # that of the sample would be taken for this one's
    for route in held:
        route.continue_()
    page.unroute_all()
    ended(page, "Run")
    expect(page.locator("table.statuses tbody tr")).to_have_count(2)
    expect(page.locator(".matrix button")).to_have_count(10)
    expect(page.locator(".matrix button").first).to_have_text(re.compile("^−?[01]\\.[0-9][0-9]"))
    expect(page.get_by_text("Not tested: this check was switched off.")).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
