"""A person asks whether maps depend on the labels that a network learned."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

from core.sanity.label_networks import ROLES, Learned  # noqa: E402
from core.sanity.labels import NetworksReady  # noqa: E402
from dashboard.jobs.messages import to_message  # noqa: E402

TAB = "sanity?tab=Labels&methods=gradient,input_x_gradient"
LONGEST = 120_000
SLACK = 2.0
Cancel = Callable[[Any], float]
Open = Callable[..., Any]
Check = Callable[[Any], None]


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def row(page: Any, method: str) -> Any:
    return page.locator(f'.checked tr[data-method="{method}"]')


def drawn(page: Any, method: str, role: str) -> str:
    """What a cell's map looks like."""
    canvas = row(page, method).locator(f'[data-role="{role}"] canvas')
    expect(canvas).to_be_visible()
    return canvas.evaluate("canvas => canvas.toDataURL()")


def test_a_sample_is_there_at_once_and_answers_without_the_server(open_page: Open) -> None:
    page = open_page(TAB)
    expect(page.get_by_text("A precomputed sample")).to_be_visible()
    sobel = row(page, "sobel")
    expect(sobel).to_have_attribute("data-standing", "fails")
    expect(row(page, "random")).to_have_attribute("data-standing", "unclear")
    expect(sobel.locator('[data-role="shuffled"] .value')).to_have_text("1.00")
    before = drawn(page, "gradient", "shuffled")
    assert before != drawn(page, "gradient", "true")
    value = row(page, "gradient").locator('[data-role="shuffled"] .value').text_content()
    server = []
    page.on("websocket", lambda socket: server.append(socket))
    button(page, "Trouser").click()
    expect(button(page, "Trouser")).to_have_attribute("aria-pressed", "true")
    cell = row(page, "gradient").locator('[data-role="shuffled"] .value')
    expect(cell).not_to_have_text(value)
    assert drawn(page, "gradient", "shuffled") != before
    told = row(page, "gradient").locator("td.similar").last
    mean = told.text_content()
    page.get_by_role("combobox", name="Similarity").select_option("ssim")
    expect(told).not_to_have_text(mean)
    assert not server


def test_a_map_is_seen_large_beside_the_first_network_s_by_the_keyboard_alone(open_page: Open) -> None:
    page = open_page(TAB)
    drawn(page, "gradient", "shuffled")
    cell = page.get_by_role("button", name=re.compile("^Gradient, shuffled labels, T-shirt.top: Spearman "))
    cell.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Gradient")
    expect(dialog.locator("figure")).to_have_count(2)
    expect(dialog.get_by_text("the class that this network predicts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(cell).to_be_focused()


@pytest.mark.alone
def test_a_check_fills_in_place_survives_a_reload_and_is_cancelled_at_once(
    open_page: Open,
    rest: Callable[[Any], None],
    cancel: Cancel,
) -> None:
    page = open_page(f"{TAB}&labels.pictures=200")
    region = page.get_by_role("region", name="Maps and verdicts by method")
    region.evaluate("region => { region.marked = true }")
    button(page, "Run").click()
    said = page.get_by_text(re.compile("^(So far: |No verdict yet)"))
    expect(said).to_be_visible(timeout=LONGEST)
    assert drawn(page, "gradient", "retrained") != drawn(page, "gradient", "true")
    assert region.evaluate("region => region.marked")
    page.reload()
    rest(page)
    expect(said).to_be_visible()
    clicked = cancel(page)
    expect(button(page, "Run")).to_be_enabled(timeout=2_000)
    assert time.monotonic() - clicked < SLACK
    expect(page.get_by_text("Cancelled. Results so far are kept.").first).to_be_visible()
    expect(row(page, "sobel")).to_have_attribute("data-standing", "fails")


def test_networks_learn_in_sight(open_page: Open, cancel: Cancel) -> None:
    page = open_page(f"{TAB}&labels.networks=train")
    button(page, "Run").click()
    line = page.locator('.networks tr[data-role="true"] polyline')
    expect(line).to_be_visible(timeout=LONGEST)
    before = line.evaluate("line => line.points.length")
    while (now := line.evaluate("line => line.points.length")) == before:
        page.wait_for_timeout(100)
    assert now > before
    expect(page.get_by_text("The networks are being trained.")).to_be_visible()
    cancel(page)
    expect(button(page, "Run")).to_be_enabled(timeout=10_000)
    expect(page.get_by_text("The check ended before the networks were trained.")).to_be_visible()


def test_a_changed_choice_says_that_the_check_is_older(open_page: Open) -> None:
    page = open_page(f"{TAB}&labels.pictures=2")
    button(page, "Run").click()
    expect(page.get_by_text("All 2 methods are unclear.")).to_be_visible(timeout=LONGEST)
    page.get_by_text("Verdicts in words").click()
    expect(page.get_by_text(re.compile("^Gradient. .*5 pictures"))).to_be_visible()
    page.get_by_role("spinbutton", name="Test pictures").fill("3")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("used another number of pictures"))).to_be_visible()


def test_networks_that_did_not_learn_are_shown_with_their_accuracies_and_give_no_verdicts(open_page: Open) -> None:
    page = open_page(TAB)
    address = page.url
    page.goto("about:blank")
    ready = NetworksReady(tuple(Learned(role, 0.75, 0.5) for role in ROLES), False, "No verdicts.")
    told = {"job": {"state": "done", "seconds": 1, "error": None}, "events": [{"sequence": 0, **to_message(ready, ())}]}
    stream = f"id: 0\ndata: {json.dumps(told)}\n\n"
    sample = "**/api/jobs/sample-label_check/events"
    page.route(sample, lambda route: route.fulfill(body=stream, content_type="text/event-stream"))
    page.goto(address)
    expect(page.locator("p.verdict")).to_have_text("No verdicts: a network did not learn its labels.")
    expect(page.get_by_text("The check needs 95\u00a0% training accuracy. Use another seed.")).to_be_visible()
    expect(page.locator(".networks tr").last).to_contain_text("75.0 %")
    expect(page.locator(".networks").first).to_be_visible()


def test_axe_finds_nothing_on_the_labels_tab(open_page: Open, check_accessible: Check) -> None:
    page = open_page(TAB)
    drawn(page, "gradient", "shuffled")
    check_accessible(page)
