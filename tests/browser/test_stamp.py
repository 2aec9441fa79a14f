"""A person puts a stamp on a picture, and watches the model and its heatmaps."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

import core  # noqa: E402

CONTROLS = sum(method.control for method in core.list_methods())
FEW = "methods=gradient,grad_cam"
AT = f"stamp?{FEW}&left=10&top=10"
REST = 250  # milliseconds without a move after which a stamp rests
LONGEST_WAIT = 300  # milliseconds from a move to the answer that is of it
# The answers' list says which place its figures are of; a move's answer is the first one that comes after it.
WATCH = """canvas => {
  const bars = canvas.getRootNode().querySelector(".bars");
  Object.assign(window, { moves: [], answers: [] });
  const stale = () => document.querySelector(".st-key-stamp_results").dataset.stale;
  const note = ({ buttons }) => buttons && window.moves.push([performance.now(), location.href, stale()]);
  canvas.addEventListener("pointermove", note);
  new MutationObserver(() => window.answers.push(performance.now())).observe(bars, { attributeFilter: ["data-of"] });
}"""
LAGS = """() => window.moves.map(([move]) => window.answers.find((answer) => answer > move) - move)"""
TOUCH = """(canvas, [from, to]) => {
  const place = canvas.getBoundingClientRect();
  const finger = { pointerType: "touch", pointerId: 7, isPrimary: true, bubbles: true };
  const at = (kind, share) => canvas.dispatchEvent(new PointerEvent(kind,
    { ...finger, clientX: place.left + share * place.width, clientY: place.top + share * place.height }));
  canvas.setPointerCapture = () => {};
  at("pointerdown", from);
  at("pointermove", (from + to) / 2);
  at("pointermove", to);
  at("pointerup", to);
}"""
Open = Callable[..., Any]
Check = Callable[[Any], None]
Ended = Callable[..., None]


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def crop(page: Any) -> Any:
    canvas = page.get_by_role("application")
    canvas.scroll_into_view_if_needed()
    return canvas


def is_at(page: Any, left: int, top: int) -> None:
    expect(page.get_by_text(f"Stamp: left {left}, top {top}, ").first).to_be_visible()


def explain(page: Any, left: int, top: int, ended: Ended) -> None:
    """Asks for heatmaps of that place, and waits until they are all there."""
    button(page, "Explain").click()
    is_explained_at(page, left, top, ended)


def is_explained_at(page: Any, left: int, top: int, ended: Ended) -> None:
    """The heatmaps of that place are all there."""
    page.wait_for_url(lambda url: place_in(url) == (left, top) and "stamped_picture=" in url)
    expect(page.locator(".root.stale")).to_have_count(0, timeout=60_000)
    expect(page.locator('.card[data-state="final"]')).to_have_count(2 + CONTROLS, timeout=60_000)
    expect(distances(page)).to_have_count(2 + CONTROLS)
    ended(page, "Explain")


def place_in(url: str) -> tuple[int, int] | None:
    query = parse_qs(urlsplit(url).query)
    return (int(query["left"][0]), int(query["top"][0])) if "left" in query else None


def distances(page: Any) -> Any:
    return page.locator(".card strong").filter(has_text=re.compile(r"^d \d"))


def of_method(page: Any, method: str) -> str:
    return str(page.locator(f'.card[data-method="{method}"] strong').text_content())


def pixel(page: Any, left: int, top: int) -> tuple[float, float]:
    """Within a pixel of the crop, on the screen."""
    box = crop(page).bounding_box()
    return box["x"] + (left + 0.25) * box["width"] / 48, box["y"] + (top + 0.25) * box["height"] / 48


def test_a_sample_stands_beside_the_picture_and_only_the_model_answers_unasked(open_page: Open) -> None:
    page = open_page("stamp", width=1440)
    expect(page.get_by_text(re.compile(r"regular 1\.00 → stamped 1\.00"))).to_be_visible()
    expect(page.get_by_text("A precomputed sample")).to_be_visible()
    expect(page.locator('.card[data-method="oracle"] strong')).to_have_text("d 0.00")
    assert "stamped_picture" not in page.url
    picture, first = crop(page).bounding_box(), page.locator(".card").first.bounding_box()
    assert first["x"] > picture["x"] + picture["width"]
    assert first["y"] < picture["y"] + picture["height"]
    assert page.locator("[data-testid=stMain]").evaluate("main => main.scrollHeight") <= 1800
    verdict = page.locator(".verdict")
    expect(verdict).to_have_text(re.compile("methods? beats? every control that ignores the model"))
    assert verdict.bounding_box()["y"] < first["y"]
    expect(page.get_by_text("Passing one test is not passing all.")).to_be_visible()
    page.get_by_text("Which pixels of the stamp the model uses").click()
    expect(page.get_by_role("img", name=re.compile("The stamp's pixels; the model uses [1-9]"))).to_be_visible()
    rows = page.get_by_role("region", name="Agreement with the stamp").locator("tbody tr")
    shown = [float(text.split()[0]) for text in rows.locator("td:nth-of-type(1)").all_text_contents()]
    assert shown == sorted(shown)
    assert rows.first.get_attribute("data-method") == "oracle"
    expect(page.locator("tfoot tr")).to_contain_text(re.compile(r"A random map.*2.*0\.87 %"))


@pytest.mark.alone
def test_the_answer_follows_a_dragging_mouse_and_the_heatmaps_when_it_rests_if_they_are_to(
    open_page: Open, ended: Ended
) -> None:
    page = open_page(AT)
    explain(page, 10, 10, ended)
    page.get_by_text("Follow the stamp").click()
    before = of_method(page, "gradient")
    canvas = crop(page)
    canvas.evaluate(WATCH)
    path = [pixel(page, 12 + step, 12 + step) for step in range(25)]
    page.mouse.move(*path[0])
    page.mouse.down()
    for place in path[1:]:
        page.mouse.move(*place)
        page.wait_for_timeout(20)
    page.mouse.up()
    is_at(page, 34, 34)
    page.wait_for_function("() => window.answers.at(-1) > window.moves.at(-1)[0]")
    times, addresses, stale = zip(*page.evaluate("window.moves"), strict=True)
    assert set(stale) == {"true"}
    rested = (at for at, (before, now) in enumerate(pairwise(times), 1) if now - before >= REST)
    assert {place_in(address) for address in addresses[: next(rested, None)]} == {(10, 10)}
    lags = page.evaluate(LAGS)
    assert len(lags) >= 24
    assert max(lags) < LONGEST_WAIT, lags
    is_explained_at(page, 34, 34, ended)
    expect(page.locator('.st-key-stamp_results[data-stale="false"]')).to_have_count(1)
    for _ in range(50):  # an earlier score stays until its successor comes
        if of_method(page, "gradient") != before:
            break
        page.wait_for_timeout(100)
    assert of_method(page, "gradient") != before
    assert of_method(page, "oracle") == "d 0.00"


def test_a_click_puts_the_stamp_s_centre_there(open_page: Open, ended: Ended) -> None:
    page = open_page(AT)
    explain(page, 10, 10, ended)
    page.mouse.click(*pixel(page, 40, 20))
    is_at(page, 37, 17)
    expect(page.get_by_text("These maps used another stamp.")).to_be_visible()
    expect(page.locator(".root.stale .card").first).to_be_visible()
    assert page.url.count("stamped_picture=") == 1


def test_keys_move_it_by_a_pixel_and_with_shift_by_its_size_and_moves_are_taken_back(open_page: Open) -> None:
    page = open_page(AT)
    is_at(page, 10, 10)
    canvas = crop(page)
    canvas.focus()
    for pressed in ("ArrowRight", "ArrowDown", "Shift+ArrowDown", "Shift+ArrowLeft"):
        page.keyboard.press(pressed)
    is_at(page, 5, 17)
    page.keyboard.press("Shift+ArrowLeft")
    is_at(page, 0, 17)
    page.keyboard.press("Control+z")
    is_at(page, 5, 17)
    page.keyboard.press("Control+z")
    is_at(page, 11, 17)
    page.keyboard.press("Control+Shift+z")
    is_at(page, 5, 17)
    button(page, "Undo").click()
    is_at(page, 11, 17)
    button(page, "Redo").click()
    is_at(page, 5, 17)
    page.wait_for_url(lambda url: place_in(url) == (5, 17))
    said = page.locator(".hidden[aria-live]")
    expect(said).to_have_text(
        re.compile(
            r"Stamp: left 5, top 17, 6 pixels wide\. The model says stamped, \d\.\d\d; without the stamp regular"
        )
    )
    again = open_page(page.url.rpartition("/")[2])
    is_at(again, 5, 17)


def test_two_numbers_put_it_too_and_that_is_taken_back_as_well(open_page: Open) -> None:
    page = open_page(AT)
    is_at(page, 10, 10)
    page.get_by_text("Design, size, opacity and position").click()
    left = page.get_by_role("spinbutton", name="Stamp: left")
    expect(left).to_have_value("10")
    left.fill("31")
    page.get_by_role("spinbutton", name="Stamp: top").fill("7")
    button(page, "Set position").click()
    is_at(page, 31, 7)
    button(page, "Undo").click()
    is_at(page, 10, 10)
    expect(left).to_have_value("10")


def test_a_finger_drags_it(open_page: Open) -> None:
    page = open_page(AT)
    is_at(page, 10, 10)
    crop(page).evaluate(TOUCH, [12.5 / 48, 32.5 / 48])
    is_at(page, 30, 30)
    assert crop(page).evaluate("canvas => getComputedStyle(canvas).touchAction") == "none"


def test_taken_off_the_model_says_what_it_said_before(open_page: Open) -> None:
    page = open_page(AT)
    change = page.get_by_text(re.compile(r"regular \d\.\d\d →"))
    expect(change).to_have_text(re.compile(r"→ stamped 1\.00"))
    off = button(page, "Remove the stamp")
    off.click()
    expect(off).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".change")).to_have_text(re.compile(r"^regular 1\.00$"))
    expect(page.locator(".st-key-stamp_results")).to_have_attribute("data-stale", "true")
    expect(page.get_by_text("The heatmaps show the picture with it.").first).to_be_visible()
    assert crop(page).evaluate(
        "canvas => canvas.getContext('2d').getImageData(0, 0, 48, 48).data.every((level) => level === 0)"
    )
    off.click()
    expect(change).to_have_text(re.compile(r"→ stamped 1\.00"))
    expect(page.locator(".st-key-stamp_results")).to_have_attribute("data-stale", "false")


def test_undo_brings_a_stamp_back_that_was_taken_off_and_takes_no_move_back_with_it(open_page: Open) -> None:
    page = open_page(AT)
    is_at(page, 10, 10)
    crop(page).press("ArrowRight")
    is_at(page, 11, 10)
    button(page, "Remove the stamp").click()
    button(page, "Undo").click()
    is_at(page, 11, 10)
    button(page, "Undo").click()
    is_at(page, 10, 10)


def test_the_address_follows_a_slider_however_fast_it_is_moved(open_page: Open, rest: Callable[[Any], None]) -> None:
    page = open_page(AT)
    is_at(page, 10, 10)
    page.get_by_text("Design, size, opacity and position").click()
    opacity = page.get_by_test_id("stExpander").get_by_role("slider", name="Opacity")
    opacity.focus()
    for _ in range(14):
        opacity.press("ArrowLeft")
    rest(page)
    expect(opacity).to_have_value("0.3")
    page.wait_for_url(re.compile(r"opacity=0\.3(&|$)"))
    page.wait_for_timeout(1500)  # nothing that comes late turns it back
    rest(page)
    assert parse_qs(urlsplit(page.url).query)["opacity"] == ["0.3"]


def test_what_is_drawn_is_the_stamp_pixel_by_pixel(open_page: Open) -> None:
    page = open_page(f"{AT}&design=ring&size=5&opacity=0.5")
    is_at(page, 10, 10)
    alpha = crop(page).evaluate(
        "canvas => [...canvas.getContext('2d').getImageData(0, 0, 48, 48).data].filter((_, place) => place % 4 === 3)"
    )
    from core.pictures.stamps import Placed, Stamp

    covered = Placed(Stamp("ring", 5), 10, 10).mask((48, 48)).flatten().tolist()
    assert [level > 0 for level in alpha] == covered
    assert {level for level in alpha if level} == {128}


def test_a_distractor_is_moved_by_itself_and_does_not_change_the_answer(open_page: Open) -> None:
    page = open_page(f"{AT}&distractor=true&left2=30&top2=30")
    is_at(page, 10, 10)
    button(page, "Distractor").click()
    crop(page).press("ArrowRight")
    expect(page.get_by_text("Distractor: left 31, top 30").first).to_be_visible()
    is_at(page, 10, 10)
    page.wait_for_url("**left2=31**")
    button(page, "Explain").click()
    expect(page.get_by_role("columnheader", name=re.compile("Specificity"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"→ stamped 1\.00"))).to_be_visible()


def test_a_link_restores_the_view_and_finished_heatmaps_are_not_made_again(open_page: Open, ended: Ended) -> None:
    page = open_page(f"{AT}&size=4&opacity=0.75&seed=3")
    explain(page, 10, 10, ended)
    job = parse_qs(urlsplit(page.url).query)["stamped_picture"]
    before = [of_method(page, name) for name in ("gradient", "random")]
    again = open_page(page.url.rpartition("/")[2])
    is_explained_at(again, 10, 10, ended)
    assert parse_qs(urlsplit(again.url).query)["stamped_picture"] == job
    assert [of_method(again, name) for name in ("gradient", "random")] == before
    expect(again.get_by_text("Stamp: left 10, top 10, 4 pixels wide.").first).to_be_visible()


def test_on_a_photo_the_page_says_that_it_is_no_truth(open_page: Open) -> None:
    page = open_page(f"stamp?{FEW}&model=EfficientNet-Lite0&picture=coffee")
    expect(page.get_by_text("The stamp's location cannot serve as ground truth")).to_be_visible()
    expect(page.get_by_text(re.compile(r"espresso \d\.\d\d →"))).to_be_visible()
    expect(page.get_by_role("heading", name="Agreement with the stamp, not ground truth")).to_be_visible()


def test_the_page_is_reached_from_the_first_one_and_left_again(open_page: Open, rest: Callable[[Any], None]) -> None:
    page = open_page()
    page.get_by_role("link", name="Stamp").click()
    expect(page.get_by_text(re.compile(r"→ stamped 1\.00"))).to_be_visible()
    rest(page)
    page.get_by_role("link", name="Explain").click()
    expect(page.get_by_text("A precomputed sample")).to_be_visible()
    expect(page.get_by_role("combobox", name=re.compile("Model"))).to_be_visible()
    rest(page)


@pytest.mark.parametrize("query", ["&distractor=true", "&model=Small+CNN+%28Fashion-MNIST%29"])
def test_axe_finds_nothing_where_stamps_are_placed(
    open_page: Open, check_accessible: Check, ended: Ended, query: str
) -> None:
    page = open_page(f"stamp?{FEW}{query}")
    button(page, "Explain").click()
    ended(page, "Explain")
    expect(distances(page)).to_have_count(2 + CONTROLS)
    check_accessible(page)
