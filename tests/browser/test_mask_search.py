"""A person watches mask search beside RISE and occlusion, on a picture whose stamp decides the class."""

import base64
import io
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

import pytest
from PIL import Image, ImageChops

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

from dashboard.components.component import digest  # noqa: E402

Open = Callable[..., Any]
TAB = "reconstruct?tab=mask_search"
ARRIVED = ".arm:not(.waiting)"


VERDICTS = """async (module) => {
  const { searchVerdict } = await import(module);
  const found = (fidelity, stamp_distance, agreement = 0.6) => ({ fidelity, stamp_distance, agreement, spread: 0.1 });
  const both = (search) => new Map([["win_stay", search], ["rise", found(0.3, 0.3)]]);
  const judged = (search, ...stops) => new Map(stops.map((stop) => [stop, both(search)]));
  const said = (truth, search, ...stops) => searchVerdict(null, judged(search, ...stops), truth, 0.5);
  return [
    searchVerdict({ hardly_moves: true }, new Map(), false, 0.5),
    said(false, found(0.5, null), 100), said(false, found(0.5, null), 100, 250),
    said(false, found(0.2, null), 100, 250),
    said(false, found(0.3, null), 100), said(false, found(0.5, null, 0.4), 100),
    said(true, found(0, 0.1), 100), said(true, found(0, 0.1, 0.4), 100),
    said(true, found(0, 0.5), 100, 250), said(true, found(0, 0.3), 100, 250),
  ];
}"""


def crop_beside(page: Any, address: str) -> str:
    """The address of the picture beside the model's answer, once it begins so."""
    crop = page.get_by_role("img", name=re.compile("^The crop of "))
    expect(crop).to_have_attribute("src", re.compile(f"^{address}"))
    return str(crop.get_attribute("src"))


def test_a_lead_is_one_of_this_seed_and_throughout_only_over_several_numbers_of_passes(open_page: Open) -> None:
    page = open_page(TAB)
    module = f"/api/browser/{digest()}/reconstruct/mask_search/search_verdict.js"
    assert page.evaluate(VERDICTS, module) == [
        "The probability hardly moves: win stay returns mostly chance.",
        "On this seed, mask search leads RISE.",
        "On this seed, mask search leads RISE throughout.",
        "On this seed, mask search trails RISE throughout.",
        "Neither mask search nor RISE leads.",
        "Most of mask search's map is chance: take more passes.",
        "On this seed, mask search beats RISE by stamp distance.",
        "Most of mask search's map is chance: take more passes.",
        "On this seed, RISE beats mask search by stamp distance.",
        "Neither mask search nor RISE is nearer the stamp throughout.",
    ]


def test_the_sample_shows_every_map_and_how_far_each_is_from_the_stamp(open_page: Open) -> None:
    page = open_page(TAB)
    expect(page.get_by_text("A precomputed sample")).to_be_visible()
    expect(page.locator(ARRIVED)).to_have_count(4)
    distances = page.get_by_role(
        "img", name=re.compile("^Stamp distance, lower is better, by passes. Mask search, win")
    )
    expect(distances).to_be_visible()
    expect(distances.locator("circle")).to_have_count(4 * 4)
    page.get_by_role("group", name="Methods drawn strongly").get_by_role("button", name="Occlusion").click()
    expect(distances.locator("circle")).to_have_count(3 * 4)
    page.get_by_role("button", name="100", exact=True).click()
    first = page.locator('[data-arm="win_stay"]')
    expect(first.locator("canvas")).to_have_attribute("aria-label", re.compile("map after 100 passes: strongest at "))


def test_doubt_is_shown_where_a_method_has_one_and_beside_its_map_when_large(open_page: Open) -> None:
    page = open_page(TAB)
    expect(page.locator(ARRIVED)).to_have_count(4)
    page.get_by_role("button", name="Doubt", exact=True).click()
    expect(page.locator(ARRIVED)).to_have_count(2)
    expect(page.get_by_text("This method has no doubt map.")).to_have_count(2)
    enlarge = page.get_by_role("button", name="Enlarge Mask search, win stay")
    enlarge.press("Enter")
    expect(page.get_by_role("dialog").locator("figcaption strong")).to_have_text(["Map", "Doubt: standard error"])
    page.keyboard.press("Escape")
    expect(enlarge).to_be_focused()


def test_the_page_fills_in_place_and_is_the_same_after_a_reload(
    open_page: Open, rest: Callable[[Any], None], ended: Callable[..., None]
) -> None:
    page = open_page(f"{TAB}&mask_search.most=250&seed=1")
    expect(page.get_by_text(re.compile("^These maps used another number of passes and another seed."))).to_be_visible()
    expect(page.locator(".root.stale p.verdict")).to_have_count(1)
    page.locator(".arms").evaluate("(arms) => { arms.marked = true }")
    page.get_by_role("button", name="Run", exact=True).click()
    ended(page, "Run")
    expect(page.get_by_role("group", name="Number of passes").get_by_role("button")).to_have_text(["100", "250"])
    expect(page.locator(".root.stale p.verdict")).to_have_count(0)
    assert page.locator(".arms").evaluate("(arms) => arms.marked")
    verdict, scores = page.locator("p.verdict").inner_text(), page.locator(".score").all_inner_texts()
    assert all(re.fullmatch(r"Stamp distance \d\.\d\d", score) for score in scores)
    page.reload()
    rest(page)
    expect(page.locator(".score")).to_have_text(scores)
    expect(page.locator("p.verdict")).to_have_text(verdict)


def test_a_search_goes_on_through_a_reload_and_keeps_its_maps_when_it_is_cancelled(
    open_page: Open, rest: Callable[[Any], None], cancel: Callable[[Any], float]
) -> None:
    page = open_page(f"{TAB}&mask_search.most=4000&seed=2")
    page.get_by_role("button", name="Run", exact=True).click()
    scores = page.locator(".root:not(.stale) .score", has_text="Stamp distance")
    expect(scores).to_have_count(4)
    page.reload()
    rest(page)
    expect(scores).to_have_count(4)
    expect(page.locator("p.verdict")).to_have_text(re.compile("^So far: |^The probability hardly moves"))
    clicked = cancel(page)
    expect(page.get_by_text("Cancelled. Results so far are kept.").first).to_be_visible()
    assert time.monotonic() - clicked < 5
    expect(scores).to_have_count(4)
    expect(page.locator("p.verdict")).not_to_have_text(re.compile("^So far: "))


def test_the_picture_beside_a_stamped_search_has_the_stamp_on_it(open_page: Open) -> None:
    page = open_page(TAB)
    shown = Image.open(io.BytesIO(base64.b64decode(crop_beside(page, "data:").partition("base64,")[2]))).convert("RGB")
    searched = page.locator(".arm img").first.get_attribute("src")
    answer = page.request.get(urljoin(page.url, searched)).body()
    assert ImageChops.difference(shown, Image.open(io.BytesIO(answer)).convert("RGB")).getbbox() is None
    page.get_by_text("Stamp on the picture", exact=True).click()
    expect(page.get_by_text(re.compile("^These maps used .*another stamp setting. Press Run"))).to_be_visible()
    plain = page.request.get(urljoin(page.url, crop_beside(page, "/api/pictures/"))).body()
    assert ImageChops.difference(shown, Image.open(io.BytesIO(plain)).convert("RGB")).getbbox() is not None


@pytest.mark.parametrize("shown", ["Maps", "Doubt"])
def test_axe_finds_nothing(open_page: Open, check_accessible: Callable[[Any], None], shown: str) -> None:
    page = open_page(TAB)
    page.get_by_role("button", name=shown, exact=True).click()
    expect(page.locator(ARRIVED)).to_have_count(4 if shown == "Maps" else 2)
    check_accessible(page)


def test_a_narrow_screen_does_not_scroll_sideways(open_page: Open) -> None:
    page = open_page(TAB, width=390, height=844)
    expect(page.locator(ARRIVED)).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
