"""A person asks how good heatmaps are: over many pictures, under other imputers, against a marked truth."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from core.metrics.ceiling import OF_THIS_RUN

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

FASHION = "model=Small+CNN+%28Fashion-MNIST%29&methods=gradient,smoothgrad"
MANY = f"?tab=Many+pictures&{FASHION}"
SIDE = 390  # of the crop that is marked on, in pixels of the screen
SLACK = 2.0
Cancel = Callable[[Any], float]
Open = Callable[..., Any]
Check = Callable[[Any], None]
Ended = Callable[..., None]


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def is_over(page: Any, name: str) -> None:
    expect(button(page, name)).to_be_enabled(timeout=60_000)


def means(page: Any) -> Any:
    return page.locator("table.means tbody tr")


def test_many_pictures_show_a_sample_at_once(open_page: Open) -> None:
    page = open_page("?tab=Many+pictures")
    expect(page.get_by_text("A precomputed sample")).to_be_visible()
    expect(means(page).first).to_be_visible()
    expect(page.locator("table.means tbody .judgement").first).to_be_in_viewport()
    page.get_by_text("Ranking by one score").click()
    expect(page.locator(".diagram .mark").first).to_be_visible()
    groups = page.locator("table.means th.group").all_text_contents()
    assert [group.split(":")[0] for group in groups] == [
        each for each in ("Faithfulness", "Robustness", "Complexity") if any(group.startswith(each) for group in groups)
    ]


@pytest.mark.alone
def test_a_study_fills_in_place_and_is_cancelled_at_once(open_page: Open, cancel: Cancel) -> None:
    page = open_page(f"{MANY}&limit=1000")
    place = button(page, "Run").bounding_box()
    button(page, "Run").click()
    assert button(page, "Cancel").bounding_box() == place
    expect(page.get_by_text(re.compile(r"\d+ of 1,000 pictures"))).to_be_visible()
    region = page.get_by_role("region", name="Means over pictures")
    region.evaluate("region => { region.marked = true }")
    seen, until = set(), time.monotonic() + 60
    while len(seen) < 3:
        assert time.monotonic() < until
        seen.add(page.get_by_text(re.compile(r"Means over \d+ picture")).text_content())
        page.wait_for_timeout(50)
    clicked = cancel(page)
    expect(button(page, "Run")).to_be_enabled(timeout=2_000)
    assert time.monotonic() - clicked < SLACK
    expect(page.get_by_text("Cancelled. Results so far are kept.").first).to_be_visible()
    assert means(page).count() > 2
    assert region.evaluate("region => region.marked")


def test_another_model_s_run_clears_the_old_table_and_does_not_bring_it_back_when_cancelled(
    open_page: Open, cancel: Cancel
) -> None:
    page = open_page("?tab=Many+pictures&model=SqueezeNet+1.1&methods=smoothgrad&smoothgrad.samples=200")
    expect(means(page).first).to_be_visible()
    expect(page.locator(".root.stale .means")).to_have_count(1)
    button(page, "Run").click()
    expect(page.get_by_role("heading", name="SqueezeNet 1.1")).to_be_visible()
    expect(means(page)).to_have_count(0)
    cancel(page)
    is_over(page, "Run")
    expect(means(page)).to_have_count(0)
    expect(page.locator(".ranked")).to_be_hidden()
    expect(page.get_by_text("There are no scores: no picture was finished.")).to_be_visible()
    expect(page.get_by_role("button", name="Export")).to_have_count(0)


def answer_of_rows(page: Any, score: str) -> str:
    """What the rows say, in a sentence."""
    verdicts = page.locator("table.means tbody tr").evaluate_all("rows => rows.map(({ dataset }) => dataset.verdict)")
    better, methods = verdicts.count("better"), len(verdicts) - verdicts.count("control")
    how_many = f"{better} of {methods} methods {'is' if better == 1 else 'are'}" if better else "no method is"
    return f"By {score}, {how_many} better than every control."


def test_a_study_is_sorted_by_click_and_keyboard_and_saved(open_page: Open) -> None:
    page = open_page(f"{MANY}&limit=8")
    button(page, "Run").click()
    expect(page.get_by_text("Means over 8 pictures.")).to_be_visible(timeout=60_000)
    is_over(page, "Run")
    expect(
        page.get_by_text(
            re.compile(r"At most an area of −?\d\.\d\d \(.*\) may be lost to .* \(tightest bound in this run, by \w")
        )
    ).to_be_visible()
    head = page.locator("th[aria-sort]")
    expect(head).to_have_attribute("aria-sort", "descending")
    assert page.locator(".answer:visible").all_text_contents() == [answer_of_rows(page, "F")]
    column = page.get_by_role("button", name="Deletion")
    column.click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert page.locator(".answer:visible").all_text_contents() == [answer_of_rows(page, "Deletion")]
    place = page.locator("button.sort").all_text_contents().index(column.text_content())
    shown = [float(text.replace("−", "-")) for text in page.locator(
        f"table.means tbody td:nth-of-type({place + 2}) .mean"
    ).evaluate_all("cells => cells.map((cell) => cell.childNodes[1].textContent)")]  # fmt: skip
    assert shown == sorted(shown)
    column.press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(column).to_be_focused()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Scores as CSV").click()
    assert saved.value.suggested_filename == "heatcheck-scores.csv"
    lines = saved.value.path().read_text().splitlines()
    assert lines[0] == "picture,method,metric,score"
    assert len({line.split(",")[0] for line in lines[1:]}) == 8
    again = open_page("?" + page.url.split("?", 1)[1])
    expect(again.get_by_text("Means over 8 pictures.")).to_be_visible()
    expect(again.locator(".root.stale")).to_have_count(0)


def open_marker(page: Any) -> Any:
    page.get_by_role("tab", name="Mark the object").click()
    canvas = page.get_by_role("application")
    canvas.scroll_into_view_if_needed()
    return canvas


def truth_in(url: str) -> str:
    found = re.search(r"truth=(\w+)", url)
    return found[1] if found else ""


def test_a_box_is_drawn_by_mouse_moved_by_keys_and_taken_back(open_page: Open, rest: Callable[[Any], None]) -> None:
    page = open_page("?picture=chelsea")
    canvas = open_marker(page)
    said = page.get_by_text(re.compile("of the picture is marked"))
    box = canvas.bounding_box()

    def at(share: float) -> tuple[float, float]:
        return box["x"] + share * box["width"], box["y"] + share * box["height"]

    page.mouse.move(*at(0.25))
    page.mouse.down()
    page.mouse.move(*at(0.5), steps=3)
    page.mouse.up()
    page.wait_for_url("**truth=**")
    first = truth_in(page.url)
    expect(said).to_contain_text("The box: left 56, top 56, 57 wide, 57 high.")
    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    expect(said).to_contain_text("The box: left 60, top 56, 57 wide, 61 high.")
    page.wait_for_url(lambda url: truth_in(url) not in ("", first))
    rest(page)
    button(page, "Undo").click()
    button(page, "Undo").click()
    page.wait_for_url(lambda url: truth_in(url) == first)
    button(page, "Clear").click()
    page.wait_for_url(lambda url: not truth_in(url))
    canvas.press("ArrowRight")
    page.wait_for_url("**truth=**")
    again = open_page("?" + page.url.split("?", 1)[1])
    open_marker(again)
    expect(again.get_by_text(re.compile("12 % of the picture is marked"))).to_be_visible()


def test_a_marked_truth_is_scored_apart_from_faithfulness(
    open_page: Open, rest: Callable[[Any], None], ended: Ended
) -> None:
    page = open_page(f"?{FASHION}&steps=10")
    open_marker(page).press("ArrowRight")
    page.wait_for_url("**truth=**")
    rest(page)  # the scores that a mark allows are chosen when the script has come to them
    button(page, "Explain").click()
    ended(page, "Explain")
    groups = page.locator("table.scores th.group")
    expect(groups).to_contain_text(["Faithfulness", "Plausibility"])
    row = page.locator('table.scores tbody tr[data-method="gradient"]')
    expect(row.get_by_text("…")).to_have_count(0)
    expect(row.locator("td.first").last).to_have_text(re.compile(r"\d"))
    oracle = page.locator('table.scores tbody tr[data-method="oracle"]')
    expect(oracle.locator("td.fidelity")).to_contain_text("a control")
    lit = page.locator('.names button[aria-pressed="true"]')
    expect(lit.first).to_be_visible()
    assert "oracle" not in [each.get_attribute("data-method") for each in lit.all()]


def test_other_imputers_rank_the_same_heatmaps_beside_the_run(open_page: Open, ended: Ended) -> None:
    page = open_page(f"?{FASHION}&steps=10")
    button(page, "Explain").click()
    ended(page, "Explain")
    run = re.search(r"explanation=(\w+)", page.url)[1]
    page.get_by_role("tab", name="Imputers").click()
    button(page, "Compare imputers").click()
    ranks = page.get_by_role("region", name="Ranks under every imputer")
    expect(ranks.locator("thead th")).to_have_count(9, timeout=60_000)
    expect(ranks.locator("th.chosen")).to_contain_text("Data set mean")
    expect(page.get_by_text(re.compile("of .* pairs of maps|No pair of maps"))).to_be_visible()
    page.get_by_role("tab", name="Location test").click()
    button(page, "Test the location").click()
    expect(page.get_by_text(re.compile("among the map and 19 copies of its shape"))).to_be_visible(timeout=60_000)
    assert f"explanation={run}" in page.url
    page.get_by_role("tab", name="Scores").click()
    expect(page.locator("table.scores tbody tr").first).to_be_visible()


def test_a_search_for_the_ceiling_climbs_and_f_then_reads_as_a_share(open_page: Open, ended: Ended) -> None:
    page = open_page(f"?{FASHION}&steps=10")
    button(page, "Explain").click()
    ended(page, "Explain")
    page.get_by_role("tab", name="Ceiling").click()
    expect(page.get_by_text(re.compile(r"1,500 passes, "))).to_be_visible()
    button(page, "Find the ceiling").click()
    expect(page.locator(".climb svg .line").first).to_be_visible(timeout=60_000)
    rows = page.get_by_role("region", name="F and its share of the ceiling").locator("tbody tr")
    expect(rows.first).to_be_visible(timeout=60_000)
    expect(rows).to_have_count(7)
    expect(rows.first.locator("td").last).to_have_text(re.compile(r"^(at most \d+ %|–)$"))
    expect(page.locator(".orders canvas").first).to_be_visible()
    expect(page.get_by_text(OF_THIS_RUN).locator("visible=true")).to_have_count(1)
    page.get_by_role("tab", name="Scores").click()
    heads = page.locator("table.scores thead th")
    expect(heads.filter(has_text="Share of the ceiling")).to_be_visible()
    expect(page.get_by_text(OF_THIS_RUN).locator("visible=true")).to_have_count(1)
    expect(page.locator("table.scores tbody").get_by_text("…")).to_have_count(0)


def test_imputers_are_shown_on_the_chosen_picture_and_chosen_by_click(open_page: Open) -> None:
    page = open_page("?picture=chelsea")
    page.get_by_text("Advanced", exact=True).click()
    page.get_by_test_id("stSidebar").get_by_text("Perturbation test", exact=True).click()
    strip = page.get_by_role("radiogroup", name="Imputer")
    pictures = strip.get_by_role("radio")
    expect(pictures).to_have_count(8)
    blur = strip.get_by_role("radio", name="Blur")
    expect(blur.locator("img")).to_have_js_property("naturalWidth", 224)
    blur.click()
    page.wait_for_url("**imputer=blur**")
    expect(blur).to_be_checked()


@pytest.mark.parametrize("tab", ["One picture", "Many pictures"])
def test_axe_finds_nothing_in_tables_charts_and_where_the_truth_is_marked(
    open_page: Open, check_accessible: Check, tab: str
) -> None:
    page = open_page(f"?tab={tab.replace(' ', '+')}")
    if tab == "One picture":
        expect(open_marker(page)).to_be_visible()
    else:
        expect(means(page).first).to_be_visible()
        page.get_by_text("Ranking by one score").click()
        expect(page.locator(".diagram .mark").first).to_be_visible()
    check_accessible(page)
