"""A person walks the Explain page."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

import core  # noqa: E402

SHORT = "?methods=gradient,grad_cam&steps=10"
LONG = "?methods=smoothgrad,integrated_gradients&steps=40&smoothgrad.samples=200&integrated_gradients.steps=500"
SHORT_CARDS = 2 + sum(method.control for method in core.list_methods())
SLACK = 2.0
COUNT_MESSAGES = """() => {
  const send = WebSocket.prototype.send;
  window.sent = 0;
  WebSocket.prototype.send = function (...given) { window.sent++; return send.apply(this, given); };
}"""
Open = Callable[..., Any]


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def explain(page: Any) -> None:
    button(page, "Explain").click()
    expect(button(page, "Cancel")).to_be_visible()


def begun(page: Any) -> None:
    """The first heatmap of the run is there, so what is seen is no longer what was shown before."""
    expect(page.get_by_text(re.compile(r"[1-9]\d* of \d+ heatmaps|of [\d,]+ times")).first).to_be_visible()


def finish(page: Any) -> None:
    expect(button(page, "Explain")).to_be_enabled(timeout=120_000)


def cards(page: Any, state: str = "final") -> Any:
    return page.locator(f'.card[data-state="{state}"]')


def curve_points(page: Any) -> int:
    return page.locator("svg.plot").evaluate(
        "svg => [...svg.querySelectorAll('.line')].reduce((sum, line) => sum + line.points.length, 0)"
    )


def png(path: Path, colour: str) -> Path:
    from PIL import Image

    Image.new("RGB", (64, 48), colour).save(path)
    return path


def test_first_paint_is_a_finished_sample(open_page: Open) -> None:
    page = open_page()
    expect(cards(page)).to_have_count(len(core.list_methods()))
    expect(page.get_by_text("A precomputed sample")).to_be_visible()
    expect(page.locator(".scores tbody tr")).to_have_count(len(core.list_methods()))


def test_another_picture_dims_what_belongs_to_the_old_one(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("radio", name="Cat").click()
    expect(page.get_by_text("tiger cat is explained")).to_be_visible()
    expect(page.get_by_text("the picture changed since")).to_be_visible()
    expect(page.locator(".root.stale .grid")).to_have_count(1)
    page.wait_for_url("**picture=chelsea**")


def test_a_run_fills_cards_and_grows_curves_without_remounting(open_page: Open) -> None:
    page = open_page(f"{SHORT}&picture=chelsea")
    page.locator("svg.plot").evaluate("svg => { svg.marked = true }")
    page.locator(".grid").evaluate("grid => { grid.marked = true }")
    place = button(page, "Explain").bounding_box()
    explain(page)
    assert button(page, "Cancel").bounding_box() == place
    begun(page)
    growth = []
    while not button(page, "Explain").is_visible() and len(growth) < 600:
        growth.append(curve_points(page))
        page.wait_for_timeout(50)
    finish(page)
    assert len(set(growth)) > 2
    assert growth == sorted(growth)
    assert curve_points(page) == SHORT_CARDS * 2 * 11
    expect(cards(page)).to_have_count(SHORT_CARDS)
    expect(page.locator(".scores tbody tr")).to_have_count(SHORT_CARDS)
    assert page.locator("svg.plot").evaluate("svg => svg.marked")
    assert page.locator(".grid").evaluate("grid => grid.marked")
    page.wait_for_url("**job=**")


def test_the_bar_is_answered_without_the_server(open_page: Open) -> None:
    page = open_page()
    expect(cards(page)).to_have_count(len(core.list_methods()))
    before = canvas(page)
    page.evaluate(COUNT_MESSAGES)
    page.get_by_label("Colours", exact=True).select_option("viridis")
    wait_until(lambda: canvas(page) != before)
    coloured = canvas(page)
    page.get_by_label("Show the top share of pixels").fill("0.2")
    wait_until(lambda: canvas(page) != coloured)
    page.get_by_label("Opacity", exact=True).fill("0.3")
    assert page.locator(".grid canvas").first.evaluate("canvas => canvas.style.opacity") == "0.3"
    page.get_by_role("button", name="by F").click()
    best = page.locator(".scores tbody tr").first.get_attribute("data-method")
    assert page.locator(".card").first.get_attribute("data-method") == best
    assert page.evaluate("window.sent") == 0


def canvas(page: Any) -> str:
    return page.locator('.card[data-method="sobel"] canvas').evaluate("canvas => canvas.toDataURL()")


def wait_until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_enlarge_compare_and_back(open_page: Open) -> None:
    page = open_page()
    expect(cards(page)).to_have_count(len(core.list_methods()))
    enlarge = page.get_by_role("button", name="Enlarge Grad-CAM")
    enlarge.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Grad-CAM")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Compare with").select_option(label="Sobel")
    expect(dialog.locator("canvas")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(enlarge).to_be_focused()


def test_the_slider_shows_the_perturbed_picture(open_page: Open) -> None:
    page = open_page()
    slider = page.get_by_label("Share of the pixels removed")
    with page.expect_response("**/perturbed?*fraction=0.6*") as answer:
        slider.fill("60")
    assert answer.value.headers["content-type"] == "image/png"
    expect(page.get_by_text("What the model sees with 60 % removed")).to_be_visible()
    expect(page.locator(".removed .top li")).not_to_have_count(0)
    expect(page.locator('.removed .frame[data-state="shown"]')).to_be_visible()


def test_cancel_is_answered_at_once_and_keeps_what_was_computed(open_page: Open) -> None:
    page = open_page(LONG)
    explain(page)
    begun(page)
    clicked = time.monotonic()
    button(page, "Cancel").click()
    expect(button(page, "Explain")).to_be_enabled(timeout=10_000)
    assert time.monotonic() - clicked < SLACK
    expect(page.get_by_text("Cancelled; what was computed stays.").first).to_be_visible()
    assert cards(page).count() > 0


def test_reload_finds_the_running_job(open_page: Open, rest: Callable[[Any], None]) -> None:
    page = open_page(LONG)
    explain(page)
    begun(page)
    page.reload()
    rest(page)
    begun(page)
    expect(button(page, "Cancel")).to_be_visible()
    button(page, "Cancel").click()
    finish(page)


def test_a_link_restores_the_view(open_page: Open) -> None:
    page = open_page(f"{SHORT}&picture=rocket&class=space+shuttle&imputer=Black&seed=3&model=SqueezeNet+1.1")
    explain(page)
    finish(page)
    again = open_page("?" + page.url.split("?", 1)[1])
    expect(again.get_by_text("space shuttle is explained")).to_be_visible()
    expect(again.get_by_role("radio", name="Rocket")).to_be_checked()
    expect(cards(again)).to_have_count(SHORT_CARDS)
    expect(again.locator(".root.stale")).to_have_count(0)
    assert again.get_by_role("spinbutton", name="Seed").input_value() == "3"


def test_the_keyboard_is_enough(open_page: Open) -> None:
    page = open_page(SHORT)
    tab_to(page, "radio", "Coffee")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("tiger cat is explained")).to_be_visible()
    expect(page.get_by_role("radio", name="Cat")).to_be_focused()
    tab_to(page, "button", "Explain")
    page.keyboard.press("Enter")
    expect(button(page, "Cancel")).to_be_focused()
    finish(page)
    expect(button(page, "Explain")).to_be_focused()
    tab_to(page, "button", "Enlarge Gradient")
    page.keyboard.press("ArrowRight")
    expect(page.locator('.card[data-method="gradient"] .probe')).to_be_visible()


def tab_to(page: Any, role: str, name: str, most: int = 80) -> None:
    wanted = page.get_by_role(role, name=name, exact=True)
    for _ in range(most):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element.getRootNode().activeElement === element"):
            return
    pytest.fail(f"{most} times Tab did not lead to {name}")


def test_two_people_progress_side_by_side_and_see_only_their_own(open_page: Open, tmp_path: Path) -> None:
    one, other = open_page(SHORT), open_page(SHORT)
    upload(one, png(tmp_path / "mine.png", "teal"))
    expect(one.get_by_role("radio", name="mine.png")).to_be_checked()
    explain(one)
    explain(other)
    finish(one)
    finish(other)
    for page in (one, other):
        expect(cards(page)).to_have_count(SHORT_CARDS)
    expect(other.get_by_role("radio", name="mine.png")).to_have_count(0)
    assert one.url.split("job=")[1] != other.url.split("job=")[1]


def upload(page: Any, *files: Path) -> None:
    button(page, "Upload").click()
    page.locator('input[type="file"]').set_input_files(list(files))


def test_a_bad_file_is_explained_and_the_good_one_stays(open_page: Open, tmp_path: Path) -> None:
    bad = tmp_path / "broken.png"
    bad.write_bytes(b"not a picture at all")
    page = open_page(SHORT)
    upload(page, png(tmp_path / "good.png", "olive"), bad)
    expect(page.get_by_text("broken.png: This is not a")).to_be_visible()
    expect(page.get_by_role("radio", name="good.png")).to_be_checked()
    page.keyboard.press("Escape")
    explain(page)
    finish(page)
    expect(cards(page)).to_have_count(SHORT_CARDS)


def test_a_run_that_is_gone_says_so(open_page: Open) -> None:
    page = open_page("?job=gone&picture=coffee")
    expect(page.get_by_text("That run is no longer kept here.")).to_be_visible()
    expect(button(page, "Explain")).to_be_enabled()


def test_an_upload_that_is_gone_says_so(open_page: Open) -> None:
    page = open_page("?picture=0123456789abcdef")
    expect(page.get_by_text("This uploaded picture is no longer kept here.")).to_be_visible()
    page.get_by_role("radio", name="Coffee").click()
    expect(page.get_by_text("espresso is explained")).to_be_visible()


def test_a_narrow_screen_does_not_scroll_sideways(open_page: Open) -> None:
    page = open_page(width=390)
    expect(cards(page)).to_have_count(len(core.list_methods()))
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page: Open, scheme: str) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright").Axe()
    page = open_page(scheme=scheme)
    expect(cards(page)).to_have_count(len(core.list_methods()))
    page.get_by_role("button", name="Settings of the trial").or_(
        page.get_by_text("Settings of the trial")
    ).first.click()
    found = axe.run(
        page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    )
    assert [summary(violation) for violation in found["violations"]] == []


def summary(violation: dict[str, Any]) -> str:
    return f"{violation['id']}: {[node['html'][:160] for node in violation['nodes'][:4]]}"


TOLD = (
    '{"sequence":0,"kind":"refused","method":"deconvnet","reason":"This network has no ReLU."},'
    '{"sequence":1,"kind":"heatmap","method":"occlusion","final":false,"height":1,"width":2,"target":"cat",'
    '"reduction":"sum","seconds":0.1,"forward":10,"backward":0,"notes":["Half of the windows."]}'
)


def test_cards_say_what_was_refused_and_what_is_rough(open_page: Open) -> None:
    page = open_page("?picture=coffee")
    stream = 'id: 2\ndata: {"job":{"state":"running","seconds":1,"error":null},"events":[' + TOLD + "]}\n\n"
    page.route("**/api/jobs/sample/events", lambda route: route.fulfill(body=stream, content_type="text/event-stream"))
    page.route("**/api/jobs/sample/maps/1", lambda route: route.fulfill(body=b"\0\0\x80\x3f\0\0\0\xbf"))
    page.reload()
    expect(cards(page, "refused")).to_have_text(re.compile("This network has no ReLU."))
    rough = cards(page, "rough")
    expect(rough.locator(".tag")).to_have_text("rough")
    expect(rough).to_contain_text("Half of the windows.")
    expect(rough.get_by_role("img")).to_have_attribute("aria-label", re.compile("strongest at row 1 of 1, column 1"))
