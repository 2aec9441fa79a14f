"""A person hides a region, by a heatmap or by brush, and sees what else the model would accept there."""

import re
from collections.abc import Callable
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

from core.metrics.statistics import clopper_pearson  # noqa: E402
from dashboard.components.component import digest  # noqa: E402

Open = Callable[..., Any]
GARMENT = "tab=variations&model=fashion_cnn&picture=fashion_dress"


VERDICTS = """async (module) => {
  const { variationsVerdict } = await import(module);
  const regions = new Map([["salient", { result: { hidden: 0.5, low: 0, high: 0.2 } }]]);
  return [variationsVerdict(regions, false), variationsVerdict(regions, true)];
}"""
VERDICT_ON = """async ([module, salient, elsewhere]) => {
  const { variationsVerdict } = await import(module);
  const regions = new Map([["salient", { result: salient }], ["random", { result: elsewhere }]]);
  return variationsVerdict(regions, true);
}"""
MODULE = f"/api/browser/{digest()}/reconstruct/variations/variations_verdict.js"


def hole_in(url: str) -> str:
    found = re.search(r"hole=(\w+)", url)
    return found[1] if found else ""


def test_the_sample_shows_a_region_that_decides_the_class_beside_its_controls(open_page: Open) -> None:
    page = open_page(f"reconstruct?{GARMENT}")
    expect(page.get_by_text("A precomputed sample")).to_be_visible()
    expect(page.locator("p.verdict")).to_have_text("The class depends on this region more than on one elsewhere.")
    tiles = page.locator(".gallery li")
    expect(tiles).to_have_count(16)
    confidences = page.locator(".gallery li.kept .told").all_inner_texts()
    assert confidences == sorted(confidences, reverse=True)
    expect(page.locator('[data-region="salient"] .share')).to_have_text(f"{round(100 * len(confidences) / 16)} % kept")
    expect(
        page.get_by_text(re.compile(r"^Filled by: Donors refined by the flow. Energy score 0\.\d\d: "))
    ).to_be_visible()
    page.locator('[data-region="random"]').click()
    expect(page.get_by_role("heading", name="Same shape elsewhere: variations by confidence")).to_be_visible()
    expect(page.locator(".gallery li.kept")).to_have_count(16)
    page.locator('[data-region="unfilled"]').click()
    expect(tiles).to_have_count(1)


def test_a_run_that_ended_early_promises_no_more(open_page: Open) -> None:
    page = open_page(f"reconstruct?{GARMENT}")
    assert page.evaluate(VERDICTS, MODULE) == [
        "No verdict yet: the same shape elsewhere is to come.",
        "No verdict: the run ended before the same shape elsewhere was filled.",
    ]


@pytest.mark.parametrize(
    ("kept", "elsewhere", "hidden", "said"),
    [
        (9, 16, 0.7, "The class depends on this region more than on one elsewhere."),  # Fisher's exact p is .007
        (16, 9, 0.7, "The class depends on this region less than on one elsewhere."),
        (12, 16, 0.7, "No clear difference between this region and one elsewhere."),  # p is .10
        (0, 16, 1.0, "No verdict: the region is the whole picture."),
    ],
)
def test_two_shares_differ_where_the_interval_of_their_difference_leaves_zero_out(
    open_page: Open, kept: int, elsewhere: int, hidden: float, said: str
) -> None:
    page = open_page(f"reconstruct?{GARMENT}")
    one, other = (
        {"hidden": hidden, "kept": n / 16, **dict(zip(("low", "high"), clopper_pearson(n / 16, 16), strict=True))}
        for n in (kept, elsewhere)
    )
    assert page.evaluate(VERDICT_ON, [MODULE, one, other]) == said


def test_a_variation_keeps_the_keyboards_focus_when_the_page_is_drawn_anew(open_page: Open) -> None:
    page = open_page(f"reconstruct?{GARMENT}")
    first = page.locator(".gallery li button").first
    first.focus()
    page.get_by_role("button", name="Difference", exact=True).evaluate("(button) => button.click()")
    expect(page.locator('.gallery[data-showing="difference"]')).to_have_count(1)
    expect(first).to_be_focused()


def test_the_difference_is_seen_on_hover_in_all_and_large(open_page: Open) -> None:
    page = open_page(f"reconstruct?{GARMENT}")
    first = page.locator(".gallery li").first
    original = first.locator("img.original")
    expect(original).to_have_css("visibility", "hidden")
    first.locator("button").hover()
    expect(original).to_have_css("visibility", "visible")
    expect(original).to_have_css("mix-blend-mode", "difference")
    page.mouse.move(0, 0)
    page.get_by_role("button", name="Difference", exact=True).click()
    expect(page.locator(".gallery li").last.locator("img.original")).to_have_css("visibility", "visible")
    first.locator("button").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("figcaption strong")).to_have_text(["Original", "Variation", "Difference"])
    page.keyboard.press("Escape")
    expect(first.locator("button")).to_be_focused()


def test_a_hole_is_brushed_by_mouse_and_keys_filled_and_found_again_after_a_reload(
    open_page: Open, rest: Callable[[Any], None], ended: Callable[..., None]
) -> None:
    page = open_page(f"reconstruct?{GARMENT}&variations.region=hand")
    run = page.get_by_role("button", name="Run", exact=True)
    expect(run).to_be_disabled()
    canvas = page.get_by_role("application", name="Paint the hole on the crop of Dress")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    for share in (0.3, 0.6):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + share * box["height"], steps=4)
        page.mouse.down() if share == 0.3 else page.mouse.up()
    page.wait_for_url("**hole=**")
    brushed = hole_in(page.url)
    said = page.get_by_text(re.compile(r"^\d+ % of the picture is marked"))
    before = said.inner_text()
    canvas.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowLeft", " "):
        page.keyboard.press(key)
    page.wait_for_url(lambda url: hole_in(url) not in ("", brushed))
    page.get_by_role("button", name="Undo", exact=True).click()
    page.wait_for_url(lambda url: hole_in(url) == brushed)
    expect(said).to_have_text(before)
    rest(page)
    run.click()
    ended(page, "Run")
    expect(page.locator("p.basis")).to_contain_text("Hidden: the region painted by hand, ")
    expect(page.locator(".gallery li")).to_have_count(16)
    confidences = page.locator(".gallery .told").all_inner_texts()
    page.reload()
    rest(page)
    expect(page.locator(".gallery .told")).to_have_text(confidences)
    expect(said).to_have_text(before)
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.get_by_text("Paint a hole, then press Run.")).to_be_visible()


def test_another_prior_is_run_in_place_and_stale_before(open_page: Open, ended: Callable[..., None]) -> None:
    page = open_page(f"reconstruct?{GARMENT}&variations.prior=donors&variations.method=gradient&variations.share=50")
    words = (
        "These variations used another heatmap, another size of the region and another prior. Press Run to update them."
    )
    expect(page.get_by_text(words)).to_be_visible()
    expect(page.locator(".root.stale p.verdict")).to_have_count(1)
    page.locator(".regions").evaluate("(regions) => { regions.marked = true }")
    page.get_by_role("button", name="Run", exact=True).click()
    ended(page, "Run")
    expect(page.locator(".root.stale p.verdict")).to_have_count(0)
    expect(page.get_by_text(re.compile("^Filled by: Donors. Energy score "))).to_be_visible()
    assert page.locator(".regions").evaluate("(regions) => regions.marked")


@pytest.mark.parametrize("region", ["map", "hand"])
def test_axe_finds_nothing(open_page: Open, check_accessible: Callable[[Any], None], region: str) -> None:
    page = open_page(f"reconstruct?{GARMENT}&variations.region={region}")
    expect(page.locator(".gallery li")).to_have_count(16)
    check_accessible(page)


def test_a_narrow_screen_does_not_scroll_sideways(open_page: Open) -> None:
    page = open_page(f"reconstruct?{GARMENT}", width=390, height=844)
    expect(page.locator(".gallery li")).to_have_count(16)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
