"""A person randomises a network under many pictures."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

MANY = "sanity?tab=Many+pictures&model=Small+CNN+%28Fashion-MNIST%29&methods=gradient,smoothgrad"
SLACK = 2.0
Cancel = Callable[[Any], float]
Open = Callable[..., Any]
Check = Callable[[Any], None]


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def verdicts(page: Any) -> Any:
    return page.get_by_role("region", name="Verdicts").locator("tbody tr")


def plot(page: Any) -> Any:
    return page.locator("svg.plot", has_text="with the trained network's map")


def test_intervals_come_with_the_pictures_and_verdicts_with_them(open_page: Open) -> None:
    page = open_page(f"{MANY}&limit=6")
    button(page, "Run").click()
    expect(page.get_by_text(re.compile(r"^over [1-6] pictures?$"))).to_be_visible(timeout=60_000)  # the sample has 10
    plot(page).evaluate("plot => { plot.marked = true }")
    expect(page.get_by_text("over 6 pictures", exact=True)).to_be_visible(timeout=60_000)
    expect(button(page, "Run")).to_be_enabled(timeout=60_000)
    assert plot(page).evaluate("plot => plot.marked")
    standing = dict(
        verdicts(page).evaluate_all("rows => rows.map((row) => [row.dataset.method, row.dataset.standing])")
    )
    assert (standing["sobel"], standing["centre"], standing["random"]) == ("fails", "fails", "passes")
    assert plot(page).locator("line.spread").count() > 0
    expect(plot(page).locator("polygon.band")).to_be_visible()
    again = open_page("sanity?" + page.url.split("?", 1)[1])
    expect(again.get_by_text("over 6 pictures", exact=True)).to_be_visible()
    expect(again.locator(".verdict")).to_have_text(re.compile("2 methods"))
    expect(again.locator(".root.stale")).to_have_count(0)


@pytest.mark.alone
def test_a_study_is_cancelled_at_once_and_saved_as_far_as_it_is(open_page: Open, cancel: Cancel) -> None:
    page = open_page(f"{MANY}&limit=900")
    button(page, "Run").click()
    several = re.compile(r"over ([2-9]|\d\d+) pictures")
    expect(page.locator(".root:not(.stale) .counts")).to_have_text(several, timeout=60_000)
    clicked = cancel(page)
    expect(button(page, "Run")).to_be_enabled(timeout=2_000)
    assert time.monotonic() - clicked < SLACK
    expect(page.get_by_text("Cancelled. Results so far are kept.").first).to_be_visible()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Similarities as CSV").click()
    assert saved.value.suggested_filename == "heatcheck-similarities.csv"
    lines = saved.value.path().read_text().splitlines()
    assert lines[0].startswith("picture,method,stage,title,share_randomised,draw,spearman,spearman_abs,ssim,hog")
    done = len({line.split(",")[0] for line in lines[1:]})
    judged = re.search(r"over (\d+) pictures", page.locator(".counts").text_content())
    assert 2 <= int(judged[1]) <= done  # verdicts are drawn from time to time, not after every picture


def test_axe_finds_nothing_among_verdicts_and_curves(open_page: Open, check_accessible: Check) -> None:
    page = open_page(f"{MANY}&limit=2")
    button(page, "Run").click()
    expect(page.get_by_text("over 2 pictures", exact=True)).to_be_visible(timeout=60_000)
    expect(button(page, "Run")).to_be_enabled(timeout=60_000)
    check_accessible(page)
