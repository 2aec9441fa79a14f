"""A kind of job in one file lives as every other: it draws live, survives a reload and another page, and is saved."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
Cancel = Callable[[Any], float]
Open = Callable[..., Any]

pytestmark = pytest.mark.slow
AWAY = 40_000
"""Milliseconds: longer than a job that nobody looks at lives."""


def percent(page: Any) -> int:
    """Also where the bar is hidden, since the job is over and the page is about to say so."""
    return int(page.locator(".track").first.get_attribute("aria-valuenow"))


def start(page: Any, largest: int) -> None:
    field = page.get_by_role("spinbutton", name="Largest number")
    field.fill(str(largest))
    field.press("Enter")
    page.wait_for_url(f"**largest={largest}**")
    page.get_by_role("button", name="Count", exact=True).click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()


def test_progress_is_live_and_the_end_is_shown_without_a_click(open_page: Open, toy_server: str) -> None:
    page = open_page(at=toy_server)
    start(page, 25)
    seen = set()
    while page.get_by_role("button", name="Cancel").count():
        seen.add(percent(page))
        page.wait_for_timeout(50)
    assert len(seen) > 5
    expect(page.get_by_text("Counted to 25.")).to_be_visible()


@pytest.mark.alone
def test_cancel_ends_it_within_a_second(open_page: Open, toy_server: str, cancel: Cancel) -> None:
    page = open_page(at=toy_server)
    start(page, 5000)
    cancel(page)
    expect(page.get_by_text("Cancelled. Results so far are kept.").first).to_be_visible(timeout=1500)
    expect(page.get_by_role("button", name="Count", exact=True)).to_be_visible()


def test_a_reload_finds_it_going_on(open_page: Open, toy_server: str, rest: Callable[[Any], None]) -> None:
    page = open_page(at=toy_server)
    start(page, 300)
    page.wait_for_timeout(500)
    before = percent(page)
    page.reload()
    rest(page)
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    until = time.monotonic() + 15
    while percent(page) <= before:
        assert time.monotonic() < until
        page.wait_for_timeout(100)


def test_it_goes_on_while_another_page_is_open_for_40_seconds(
    open_page: Open, toy_server: str, rest: Callable[[Any], None]
) -> None:
    page = open_page(at=toy_server)
    start(page, 2000)
    page.get_by_role("link", name="Another page").click()
    expect(page.get_by_role("heading", name="Another page")).to_be_visible()
    rest(page)
    expect(page.get_by_text("Counting: ")).to_be_visible()
    before = percent(page)
    page.wait_for_timeout(AWAY)
    assert percent(page) > before
    page.get_by_role("button", name="Back to Counting").click()
    expect(page.get_by_role("heading", name="Toy")).to_be_visible()
    rest(page)
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    assert "counting=" in page.url
    expect(page.get_by_role("button", name="Back to Counting")).to_have_count(0)


def test_it_is_saved_while_it_runs(open_page: Open, toy_server: str) -> None:
    page = open_page(at=toy_server)
    start(page, 400)
    page.wait_for_timeout(1500)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Counts as CSV").click()
    table = pd.read_csv(Path(downloading.value.path()))
    assert (table["square"] == table["number"] ** 2).all()
    assert re.fullmatch(r"heatcheck-counts.csv", downloading.value.suggested_filename)
