"""What stands around every page: its header, the colour scheme, the way back, the keyboard's first stop, a phone."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

Cancel = Callable[[Any], float]
Open = Callable[..., Any]
Rest = Callable[[Any], None]
Check = Callable[[Any], None]
HEADER = 44
STAYING = """() => {
  const below = (root) => [...root.querySelectorAll("*")];
  const all = (root) => below(root).flatMap((each) => [each, ...(each.shadowRoot ? all(each.shadowRoot) : [])]);
  const stays = (each) => ["sticky", "fixed"].includes(getComputedStyle(each).position);
  const shown = (each) => each.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const large = ({ clientWidth, clientHeight }) => clientWidth * clientHeight > 0;
  const inSight = (each) => shown(each) && large(each) && each.getBoundingClientRect().bottom > 0;
  const inHeader = (each) => (each.getRootNode().host ?? each).closest(".st-key-header");
  return all(document.body).filter((each) => stays(each) && inSight(each) && !inHeader(each))
    .map(({ tagName, dataset }) => [tagName, dataset.testid].filter(Boolean).join(" "));
}"""
TABLE_HEADS = ("TH",)
"""They stay in view while their own table is scrolled."""


def page_link(page: Any, name: str) -> Any:
    return page.locator(".st-key-header").get_by_role("link", name=name, exact=True)


def scheme_of(page: Any) -> str:
    found: str = page.evaluate("getComputedStyle(document.querySelector('.stApp')).colorScheme")
    return found


def test_the_header_is_one_row_and_nothing_lies_over_it(open_page: Open) -> None:
    page = open_page(width=1440)
    header = page.locator(".st-key-header")
    assert header.bounding_box() == {"x": 0, "y": 0, "width": 1440, "height": HEADER}
    for part in (page_link(page, "Sanity"), header.get_by_role("button", name="Share")):
        box = part.bounding_box()
        middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
        assert header.evaluate("(own, at) => own.contains(document.elementFromPoint(...at))", middle)
    assert page.get_by_role("tab", name="One picture").bounding_box()["y"] < HEADER + 24
    assert page.get_by_test_id("stSidebar").bounding_box()["width"] <= 280


def test_nothing_else_stays_in_view_over_what_is_scrolled(open_page: Open) -> None:
    for query in ("", "stamp", "sanity", "retrain"):
        page = open_page(query)
        assert [each for each in page.evaluate(STAYING) if each not in (*TABLE_HEADS, "SECTION stSidebar")] == []


def test_the_scheme_is_switched_without_a_reload_and_is_remembered_on_every_page(open_page: Open, rest: Rest) -> None:
    page = open_page()
    page.evaluate("window.same = true")
    page.get_by_role("button", name="Use dark colours").click()
    expect(page.get_by_test_id("stApp")).to_have_css("color-scheme", "dark")
    text = page.locator(".st-key-header .root").evaluate("(root) => getComputedStyle(root).color")
    assert text == "rgb(236, 238, 237)"  # a component follows
    assert page.evaluate("window.same")
    page.goto(f"{page.url.split('?')[0]}stamp")
    rest(page)
    assert scheme_of(page) == "dark"
    page.get_by_role("button", name="Use light colours").click()
    expect(page.get_by_test_id("stApp")).to_have_css("color-scheme", "light")


def test_share_copies_the_link(open_page: Open) -> None:
    page = open_page("?model=squeezenet1_1")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_text("The link to this page is copied.")).to_be_attached()
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_back_leaves_the_page_in_one_press_whatever_was_changed_on_it(open_page: Open, rest: Rest) -> None:
    page = open_page()
    expect(page_link(page, "Explain")).to_have_attribute("aria-current", "page")
    page_link(page, "Sanity").click()
    page.wait_for_url("**/sanity**")
    rest(page)
    expect(page_link(page, "Sanity")).to_have_attribute("aria-current", "page")
    for tab, name in (("Labels", "label_check"), ("Many pictures", "sanity_study")):
        page.get_by_role("tab", name=tab).click()
        page.wait_for_url(f"**tab={name}**")
        rest(page)
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("HeatCheck Explain")
    rest(page)
    assert "/sanity" not in page.url


def test_an_address_without_a_page_is_said_in_plain_words(visitors: Any, server: str, rest: Rest) -> None:
    page = visitors.come("light", 1280, 900)  # not by `open_page`: the browser writes that there is no such page
    page.goto(f"{server}/nosuchpage")
    rest(page)
    told = page.get_by_role("dialog", name="Page not found")
    expect(told).to_contain_text("There is no page at this address. The Explain page is shown instead.")
    expect(told).not_to_contain_text("directory")
    expect(page.get_by_role("heading", level=1)).to_have_text("HeatCheck Explain")
    visitors.leave(page)


def test_one_tab_and_return_reach_the_main_action(open_page: Open) -> None:
    page = open_page()
    expect(page.get_by_role("button", name="Explain", exact=True)).to_be_enabled()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the main action")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Explain", exact=True)).to_be_focused()


def test_a_phone_shows_the_pages_above_the_content_and_the_settings_closed(open_page: Open, rest: Rest) -> None:
    page = open_page(width=390)
    for name in ("Explain", "Stamp", "Sanity", "Retrain"):
        box = page_link(page, name).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    assert page.get_by_test_id("stSidebar").get_attribute("data-collapsed") == "true"
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page_link(page, "Stamp").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("HeatCheck Stamp")
    rest(page)
    page.get_by_role("button", name="Expand sidebar").click()
    expect(page.get_by_role("combobox", name=re.compile("Model"))).to_be_visible()


def test_axe_finds_nothing_while_a_run_is_stale_goes_on_or_was_cancelled(
    open_page: Open,
    rest: Rest,
    check_accessible: Check,
    cancel: Cancel,
) -> None:
    page = open_page("?methods=all&seed=3")
    expect(page.get_by_text("Press Explain to update them").or_(page.get_by_text("another seed")).first).to_be_visible()
    check_accessible(page)
    page.get_by_role("button", name="Explain", exact=True).click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    check_accessible(page)
    enlarge = page.locator(".card button").filter(visible=True).first
    expect(enlarge).to_be_visible(timeout=60_000)
    cancel(page)
    expect(page.get_by_role("button", name="Explain", exact=True)).to_be_enabled(timeout=60_000)
    rest(page)
    enlarge.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    check_accessible(page)
