"""A person walks the Explain page."""

import json
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

import core  # noqa: E402
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused, Passes  # noqa: E402
from core.metrics.curves import CurvePoint  # noqa: E402
from core.metrics.fidelity import CONTROL, Fidelity, FidelityReady, pass_verdict  # noqa: E402
from dashboard.components.component import digest  # noqa: E402
from dashboard.explain.one_picture.job import EXPLANATION  # noqa: E402
from dashboard.jobs.messages import to_message  # noqa: E402
from dashboard.jobs.session import sample_of  # noqa: E402

SHORT = "?methods=gradient,grad_cam&steps=10"
CNN = "?model=Small+CNN+%28Fashion-MNIST%29"
SMALL = f"{CNN}&methods=gradient,grad_cam&steps=10"
LONG = "?methods=smoothgrad,integrated_gradients&steps=40&smoothgrad.samples=200&integrated_gradients.steps=500"
CONTROLS = sum(method.control and not method.needs_truth for method in core.list_methods())
SHORT_CARDS = 2 + CONTROLS
SAMPLE_CARDS = len(sample_of(EXPLANATION).request.methods)
SLACK = 2.0
COUNT_MESSAGES = """() => {
  const send = WebSocket.prototype.send;
  window.sent = 0;
  WebSocket.prototype.send = function (...given) { window.sent++; return send.apply(this, given); };
}"""
Cancel = Callable[[Any], float]
Open = Callable[..., Any]
Check = Callable[[Any], None]
Ended = Callable[..., None]


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def explain(page: Any) -> None:
    button(page, "Explain").click()
    expect(button(page, "Cancel")).to_be_visible()


def begun(page: Any) -> None:
    """The first heatmap of the run is there, so what is seen is no longer what was shown before."""
    expect(page.get_by_text(re.compile(r"[1-9]\d* of [\d,]+ passes")).first).to_be_visible()


def finish(page: Any) -> None:
    expect(button(page, "Explain")).to_be_enabled(timeout=120_000)


def explained(page: Any, name: str) -> Any:
    """The choice of the explained class, where it is that one."""
    return page.get_by_label("Explaining", exact=True).filter(has=page.locator("option:checked", has_text=name))


def cards(page: Any, state: str = "final") -> Any:
    return page.locator(f'.card[data-state="{state}"]')


def unfold(page: Any) -> None:
    """Shows every card."""
    page.get_by_role("button", name=re.compile(r"\+ \d+ more")).click()


POINTS = "(lines) => [...lines].reduce((sum, line) => sum + line.points.length, 0)"
# How many points each drawing has, of those that have the run's number of lines: the sample has more.
WATCH_GROWTH = f"""(svg, lines) => {{
  const drawn = svg.getElementsByClassName("line");
  window.growth = [];
  const note = () => drawn.length === lines && window.growth.push(({POINTS})(drawn));
  new MutationObserver(note).observe(svg, {{ childList: true }});
}}"""


def curve_points(page: Any) -> int:
    return page.locator(".trial svg.plot .line").evaluate_all(POINTS)


def png(path: Path, colour: str) -> Path:
    from PIL import Image

    Image.new("RGB", (64, 48), colour).save(path)
    return path


def test_first_paint_is_a_finished_sample(open_page: Open) -> None:
    page = open_page()
    expect(cards(page)).to_have_count(SAMPLE_CARDS)
    expect(page.get_by_text("A precomputed sample")).to_be_visible()
    expect(page.locator(".scores tbody tr")).to_have_count(SAMPLE_CARDS)
    assert "±" not in page.locator(".scores").first.text_content(), "what chance reaches is no error of F"
    expect(page.locator(".scores .fidelity").first).to_contain_text("chance up to")


FOLDS = {
    "1440 x 900": (1440, 900, 7, 220),
    "1280 x 720": (1280, 720, 6, 170),
}


@pytest.mark.parametrize(("width", "height", "methods", "tall"), FOLDS.values(), ids=FOLDS)
def test_the_answer_stands_on_the_first_screen(
    open_page: Open, width: int, height: int, methods: int, tall: int
) -> None:
    page = open_page(width=width, height=height)
    expect(cards(page)).to_have_count(SAMPLE_CARDS)
    expect(page.locator('.removed .frame[data-state="shown"]')).to_be_visible()
    for answer in (".seen img", "p.verdict", ".counts", ".bar", ".trial .slide", ".removed .frame"):
        assert bottom(page.locator(answer).first) <= height, answer
    assert bottom(button(page, "Explain")) <= height
    shown = [card for card in cards(page).all() if card.is_visible()]
    assert all(bottom(card) < bottom(page.locator(".trial")) for card in shown)
    assert [card.get_attribute("data-control") for card in shown].count(None) >= methods
    words = re.compile("finds it|like a control|like chance|worse than chance|the best control|a control")
    assert all(words.search(card.locator(".score").text_content()) for card in shown)
    assert curve_points(page) > 2 * SAMPLE_CARDS
    best = [float(card.locator("strong").text_content().removeprefix("F ").replace("−", "-")) for card in shown[:-1]]
    assert best == sorted(best, reverse=True)
    assert page.locator(".trial svg.plot").bounding_box()["height"] + 30 >= tall
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight") <= 1900


def bottom(place: Any) -> float:
    box = place.bounding_box()
    return float(box["y"] + box["height"])


INK = """place => ["fillOpacity", "strokeOpacity", "opacity"].map((name) => Number(getComputedStyle(place)[name]))"""


def strengths(page: Any) -> list[float]:
    """How strongly the band, a quiet line and a loud one are drawn."""
    plot = page.locator(".trial svg.plot")
    parts = (plot.locator(each).first.evaluate(INK) for each in (".band", ".line.quiet", ".line.loud"))
    return [min(fill, stroke) * whole for fill, stroke, whole in parts]


def test_another_picture_dims_what_belongs_to_the_old_one(open_page: Open) -> None:
    page = open_page()
    expect(page.locator(".trial .line.loud").first).to_be_visible()
    fresh = strengths(page)
    expect(page.locator(".earlier")).to_have_text("")
    page.get_by_role("radio", name="Cat").click()
    expect(explained(page, "tiger cat")).to_be_visible()
    expect(page.get_by_text("used another picture")).to_be_visible()
    expect(page.locator(".root.stale .grid")).to_have_count(1)
    expect(page.locator(".earlier")).to_have_text("Earlier result: Komodo dragon, EfficientNet-Lite0")
    assert all(now < before for now, before in zip(strengths(page), fresh, strict=True))
    page.wait_for_url("**picture=chelsea**")


def test_a_run_fills_cards_and_grows_curves_without_remounting(open_page: Open) -> None:
    page = open_page(f"{SHORT}&picture=chelsea&model=SqueezeNet+1.1")
    page.locator(".trial svg.plot").evaluate(WATCH_GROWTH, 2 * SHORT_CARDS)
    page.locator(".trial svg.plot").evaluate("svg => { svg.marked = true }")
    page.locator(".grid").evaluate("grid => { grid.marked = true }")
    expect(button(page, "Explain")).to_be_enabled()  # a click that has to wait scrolls the page
    place = button(page, "Explain").bounding_box()
    explain(page)
    assert button(page, "Cancel").bounding_box() == place
    finish(page)
    growth = page.evaluate("window.growth")
    assert len(set(growth)) > 2
    assert growth == sorted(growth)
    assert curve_points(page) == SHORT_CARDS * 2 * 11
    expect(cards(page)).to_have_count(SHORT_CARDS)
    expect(page.locator(".scores tbody tr")).to_have_count(SHORT_CARDS)
    assert page.locator(".trial svg.plot").evaluate("svg => svg.marked")
    assert page.locator(".grid").evaluate("grid => grid.marked")
    page.wait_for_url("**explanation=**")


def test_the_bar_is_answered_without_the_server(open_page: Open) -> None:
    page = open_page()
    expect(cards(page)).to_have_count(SAMPLE_CARDS)
    before = canvas(page)
    page.evaluate(COUNT_MESSAGES)
    unfold(page)
    page.get_by_text("View options").click()
    page.get_by_label("Colours", exact=True).first.select_option("viridis")
    wait_until(lambda: canvas(page) != before)
    coloured = canvas(page)
    page.get_by_label("Show the top share of pixels").fill("0.2")
    wait_until(lambda: canvas(page) != coloured)
    page.get_by_role("button", name="shared", exact=True).click()
    shared = page.get_by_text(re.compile("^Shared scale: .*, set by "))
    expect(shared).to_be_visible()
    page.get_by_label("Opacity", exact=True).fill("0.3")
    assert page.locator(".grid canvas").first.evaluate("canvas => canvas.style.opacity") == "0.3"
    best = page.locator(".scores tbody tr").first.get_attribute("data-method")
    assert page.locator(".card").first.get_attribute("data-method") == best
    page.get_by_label("Order of the cards").select_option("selection")
    assert page.locator(".card").first.get_attribute("data-method") == "gradient"
    page.get_by_label("Share of the pixels removed").fill("60")
    page.wait_for_url("**view=colours-viridis_opacity-0.3_removed-0.6_scale-shared_share-0.2_sort-selection**")
    assert page.evaluate("window.sent") == 0
    page.get_by_role("radio", name="Cat").click()  # the script writes the address anew, and the view is still in it
    page.wait_for_url("**picture=chelsea**")
    page.wait_for_url("**view=colours-viridis_opacity-0.3_removed-0.6_scale-shared_share-0.2_sort-selection**")
    again = open_page("?" + page.url.split("?", 1)[1])
    expect(again.get_by_role("heading", name="60 % removed")).to_be_visible()
    assert again.get_by_label("Opacity", exact=True).input_value() == "0.3"
    assert again.get_by_label("Colours", exact=True).first.input_value() == "viridis"
    expect(again.get_by_text(shared.text_content())).to_be_visible()
    assert again.locator(".card").first.get_attribute("data-method") == "gradient"


def test_the_sign_buttons_stay_where_they_are_when_a_run_starts_and_ends(open_page: Open, ended: Ended) -> None:
    page = open_page(f"{CNN}&methods=input_x_gradient,smoothgrad&seed=16")
    bar, signs = (page.get_by_role("group", name=name) for name in ("How all heatmaps are shown", "Sign shown"))
    places: list[tuple[float, float]] = []

    def note_place() -> None:
        within = """(bar, signs) => {
          const [at, own] = [bar, signs].map((each) => each.getBoundingClientRect());
          return [own.left - at.left, own.top - at.top];
        }"""
        places.append(tuple(bar.evaluate(within, signs.element_handle())))
        assert signs.is_visible()

    page.get_by_text("View options", exact=True).click()
    expect(button(page, "Explain")).to_be_enabled()
    button(page, "Explain").evaluate("(button) => button.click()")  # the menu stays open

    def is_over() -> bool:
        note_place()
        return bool(page.locator('[role=progressbar][data-over="true"]').count())

    wait_until(is_over, seconds=60)
    ended(page, "Explain")
    expect(signs.get_by_role("button").first).to_be_enabled()
    note_place()
    assert all(max(along) - min(along) < 1 for along in zip(*places, strict=True))


def test_the_shared_scale_says_whose_it_is(open_page: Open) -> None:
    page = open_page()
    expect(cards(page)).to_have_count(SAMPLE_CARDS)
    page.get_by_text("View options").click()
    page.get_by_role("button", name="shared").click()
    said = page.get_by_text("Shared scale:")
    expect(said).to_have_text(re.compile("set by Deconvnet"))
    top = re.search(r"to (\S+), set", said.text_content())[1]
    highest = page.locator(".card .legend > :last-child").all_text_contents()
    assert {text.removeprefix("≥ ") for text in highest} == {top}
    page.get_by_role("button", name="own", exact=True).click()
    expect(said).to_have_count(0)


def canvas(page: Any) -> str:
    return page.locator('.card[data-method="sobel"] canvas').evaluate("canvas => canvas.toDataURL()")


def wait_until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_enlarge_compare_and_back(open_page: Open) -> None:
    page = open_page()
    expect(cards(page)).to_have_count(SAMPLE_CARDS)
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
    expect(page.get_by_role("heading", name="60 % removed")).to_be_visible()
    expect(page.locator(".removed .top li")).not_to_have_count(0)
    expect(page.locator('.removed .frame[data-state="shown"]')).to_be_visible()


@pytest.mark.alone
def test_cancel_is_answered_at_once_and_keeps_what_was_computed(open_page: Open, cancel: Cancel) -> None:
    page = open_page(LONG)
    explain(page)
    begun(page)
    clicked = cancel(page)
    expect(button(page, "Explain")).to_be_enabled(timeout=2_000)
    assert time.monotonic() - clicked < SLACK
    expect(page.get_by_text("Cancelled. Results so far are kept.").first).to_be_visible()
    assert cards(page).count() > 0


def test_reload_finds_the_running_job(open_page: Open, rest: Callable[[Any], None], cancel: Cancel) -> None:
    page = open_page(LONG)
    explain(page)
    begun(page)
    page.reload()
    rest(page)
    begun(page)
    expect(button(page, "Cancel")).to_be_visible()
    cancel(page)
    finish(page)


def test_pictures_beyond_the_edge_of_the_strip_are_pointed_at(open_page: Open) -> None:
    page = open_page()
    strip = page.locator(".strip").filter(has=page.get_by_role("radiogroup", name="Picture", exact=True))
    last, later = strip.get_by_role("radio").last, strip.locator(".further:not(.before)")
    expect(later).to_be_visible()
    for _ in range(strip.get_by_role("radio").count()):  # each leads on by more than one
        if later.is_hidden():
            break
        later.click()
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(later).to_be_hidden()
    expect(last).to_be_in_viewport()
    expect(strip.locator(".further.before")).to_be_visible()


def test_a_link_restores_the_view(open_page: Open) -> None:
    page = open_page(f"{SHORT}&picture=rocket&class=space+shuttle&imputer=Black&seed=3&model=SqueezeNet+1.1")
    explain(page)
    finish(page)
    again = open_page("?" + page.url.split("?", 1)[1])
    expect(explained(again, "space shuttle")).to_be_visible()
    expect(again.get_by_role("radio", name="Rocket")).to_be_checked()
    expect(cards(again)).to_have_count(SHORT_CARDS)
    expect(again.locator(".root.stale")).to_have_count(0)
    again.get_by_text("Advanced", exact=True).click()
    expect(again.get_by_role("spinbutton", name="Seed")).to_have_value("3")


def test_changed_settings_stand_on_the_card_and_a_link_restores_them(open_page: Open, ended: Ended) -> None:
    page = open_page(f"{CNN}&methods=smoothgrad&steps=10")
    page.get_by_text("Advanced", exact=True).click()
    page.get_by_text("Settings of the methods").click()
    samples = page.get_by_role("spinbutton", name="Samples")
    samples.fill("4")
    samples.press("Enter")
    page.wait_for_url("**smoothgrad.samples=4**")
    page.get_by_role("combobox", name=re.compile("Channel reduction")).click()
    page.get_by_role("option", name="largest absolute channel").click()
    page.wait_for_url("**reduction=max_abs**")
    button(page, "Explain").click()
    ended(page, "Explain")
    again = open_page("?" + page.url.split("?", 1)[1])
    for shown in (page, again):
        card = shown.locator('.card[data-method="smoothgrad"]')
        expect(card.locator(".settings")).to_have_text("samples 4")
        expect(card).to_contain_text("largest absolute channel")
        expect(card).to_contain_text("4 passes")
        expect(shown.locator(".root.stale")).to_have_count(0)
    again.get_by_text("Advanced", exact=True).click()
    again.get_by_text("Settings of the methods").click()
    expect(again.get_by_role("spinbutton", name="Samples")).to_have_value("4")


def test_the_keyboard_is_enough(open_page: Open, rest: Callable[[Any], None]) -> None:
    page = open_page(f"{SHORT}&seed=15&model=SqueezeNet+1.1")  # what another test asked for would be there at once
    expect(button(page, "Explain")).to_be_enabled()
    page.keyboard.press("Tab")  # the link past the header and the sidebar
    page.keyboard.press("Enter")
    expect(button(page, "Explain")).to_be_focused()
    page.reload()
    rest(page)
    expect(cards(page)).to_have_count(SAMPLE_CARDS)
    tab_to(page, "radio", "Komodo dragon")
    page.keyboard.press("ArrowRight")
    expect(explained(page, "espresso")).to_be_visible()
    expect(page.get_by_role("radio", name="Coffee")).to_be_focused()
    tab_to(page, "button", "Explain")
    page.keyboard.press("Enter")
    expect(button(page, "Cancel")).to_be_focused()
    finish(page)
    expect(button(page, "Explain")).to_be_focused()
    tab_to(page, "button", "Enlarge Gradient")
    page.keyboard.press("ArrowRight")
    expect(page.locator('.card[data-method="gradient"] .probe')).to_be_visible()


def tab_to(page: Any, role: str, name: str, most: int = 80) -> None:
    wanted = page.get_by_role(role, name=name, exact=True).element_handle()  # to look for it anew takes far longer
    for _ in range(most):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element.getRootNode().activeElement === element"):
            return
    pytest.fail(f"{most} times Tab did not lead to {name}")


def test_two_people_see_only_their_own_runs_and_pictures(open_page: Open, ended: Ended, tmp_path: Path) -> None:
    one, other = open_page(SMALL), open_page(SMALL)
    upload(one, png(tmp_path / "mine.png", "teal"))
    expect(one.get_by_role("radio", name="mine.png")).to_be_checked()
    button(one, "Explain").click()
    button(other, "Explain").click()
    for page in (one, other):
        ended(page, "Explain")
        expect(cards(page)).to_have_count(SHORT_CARDS)
    expect(other.get_by_role("radio", name="mine.png")).to_have_count(0)
    assert one.url.split("explanation=")[1] != other.url.split("explanation=")[1]


VIT = "Tiny+ViT+%28Fashion-MNIST%29"
THREE = f"{SMALL}&picture=coffee&compare=true&with=SqueezeNet+1.1&with={VIT}"
SIDES = ["28", "224", "28"]


def test_three_models_side_by_side_keep_their_own_crops(open_page: Open) -> None:
    page = open_page(THREE)
    predictions = page.locator(".seen img")
    expect(predictions).to_have_count(3, timeout=60_000)
    crops = [image.get_attribute("src") for image in predictions.all()]
    assert [crop.split("model=")[1] for crop in crops] == ["fashion_cnn", "squeezenet1_1", "fashion_vit"]
    explain(page)
    finish(page)
    jobs = page.url.split("explanation=")[1].split("&")[0].split("%2C")
    assert len(set(jobs)) == 3
    again = open_page("?" + page.url.split("?", 1)[1])
    for shown in (page, again):
        expect(cards(shown)).to_have_count(3 * SHORT_CARDS)
        columns = shown.locator(".columns > div").all()
        for column, job, side in zip(columns, jobs, SIDES, strict=True):
            sources = {image.get_attribute("src") for image in column.locator(".frame img").all()}
            assert sources == {f"/api/jobs/{job}/crop"}
            assert {canvas.get_attribute("width") for canvas in column.locator("canvas").all()} == {side}
        expect(shown.locator(".columns .model")).to_have_text(
            ["Small CNN (Fashion-MNIST)", "SqueezeNet 1.1", "Tiny ViT (Fashion-MNIST)"]
        )
        expect(shown.locator(".root.stale")).to_have_count(0)
        expect(shown.locator("table.models tbody tr")).to_have_count(3)
        expect(shown.locator(".notes ~ div table.models")).to_have_count(1)  # before the F that they warn of
        expect(shown.locator("p.verdict")).to_have_text(
            re.compile(r"^In (\d of 3 models, a heatmap finds|no model is a heatmap) ")
        )
        groups = shown.locator("table.scores th.group")
        expect(groups).to_have_text(["Small CNN (Fashion-MNIST)", "SqueezeNet 1.1", "Tiny ViT (Fashion-MNIST)"])


def test_compared_models_are_cancelled_together_and_tried_one_by_one(
    open_page: Open, cancel: Cancel, ended: Ended
) -> None:
    page = open_page(f"{LONG}&compare=true&with=SqueezeNet+1.1")
    explain(page)
    begun(page)
    cancel(page)
    expect(button(page, "Explain")).to_be_enabled(timeout=10_000)
    expect(page.locator("p", has_text="Cancelled. Results so far are kept.")).to_have_count(2)
    expect(cards(page, "waiting")).to_have_count(0)
    page.goto(f"{page.url.split('?')[0]}{SMALL}&compare=true&with={VIT}")
    button(page, "Explain").click()
    ended(page, "Explain", runs=2)
    shown = page.locator(".removed img")
    expect(shown).to_have_attribute("alt", re.compile("removed"))
    first = shown.get_attribute("src")
    page.get_by_role("radio", name="Tiny ViT (Fashion-MNIST)").click()
    expect(shown).not_to_have_attribute("src", first)
    page.wait_for_url("**trial=1**")
    expect(cards(page)).to_have_count(2 * SHORT_CARDS)
    enlarge = page.get_by_role("button", name="Enlarge Grad-CAM, Tiny ViT (Fashion-MNIST)")
    enlarge.click()
    dialog = page.get_by_role("dialog", name="Grad-CAM, Tiny ViT (Fashion-MNIST)")
    beside = dialog.get_by_label("Compare with").locator("option")
    expect(beside.nth(1)).to_have_text("Grad-CAM, Small CNN (Fashion-MNIST)")


@pytest.mark.alone
def test_a_model_for_28_pixels_walks_the_whole_page(open_page: Open) -> None:
    page = open_page(f"{CNN}&methods=all&steps=10")
    first = page.get_by_role("radiogroup", name="Picture").get_by_role("radio").first
    expect(first).to_be_checked()
    crop = page.locator(".seen img")
    expect(crop).to_have_js_property("naturalWidth", 28)
    expect(crop).to_have_css("image-rendering", "pixelated")
    explain(page)
    finish(page)
    expect(page.locator('.card:not([data-state="final"]):not([data-state="refused"])')).to_have_count(0)
    for reason in cards(page, "refused").locator(".reason").all_text_contents():
        assert reason.endswith(".")
    unfold(page)
    drawn = page.locator('.card[data-state="final"] canvas').first
    assert drawn.evaluate("canvas => [canvas.width, getComputedStyle(canvas).imageRendering]") == [28, "pixelated"]
    button(page, "Enlarge Gradient").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator('.card[data-method="gradient"] .probe')).to_contain_text("column")
    with page.expect_response(f"**/perturbed?*fraction={470 / 784}*") as answer:  # 60 % in whole pixels
        page.get_by_label("Share of the pixels removed").fill("60")
    assert answer.value.ok
    expect(page.locator(".scores tbody tr")).to_have_count(cards(page).count())


def upload(page: Any, *files: Path) -> None:
    button(page, "Upload").click()
    page.locator('input[type="file"]').set_input_files(list(files))


def test_a_bad_file_is_explained_and_the_good_one_stays(open_page: Open, ended: Ended, tmp_path: Path) -> None:
    bad = tmp_path / "broken.png"
    bad.write_bytes(b"not a picture at all")
    page = open_page(SMALL)
    upload(page, png(tmp_path / "good.png", "olive"), bad)
    expect(page.get_by_text("broken.png: This is not a")).to_be_visible()
    expect(page.get_by_role("radio", name="good.png")).to_be_checked()
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    button(page, "Dismiss").click()
    expect(page.get_by_text("broken.png")).to_have_count(0)
    button(page, "Explain").click()
    ended(page, "Explain")
    expect(cards(page)).to_have_count(SHORT_CARDS)
    button(page, "Remove").click()
    expect(page.get_by_role("radio", name="good.png")).to_have_count(0)


def test_a_run_that_is_gone_says_so(open_page: Open) -> None:
    page = open_page("?explanation=gone&picture=coffee")
    expect(page.get_by_text("That run is no longer kept here.")).to_be_visible()
    expect(button(page, "Explain")).to_be_enabled()


def test_an_upload_that_is_gone_says_so(open_page: Open) -> None:
    page = open_page("?picture=0123456789abcdef")
    expect(page.get_by_text("an upload that is no longer kept here.")).to_be_visible()
    page.get_by_role("radio", name="Coffee").click()
    expect(explained(page, "espresso")).to_be_visible()


def test_a_narrow_screen_does_not_scroll_sideways(open_page: Open) -> None:
    page = open_page(width=390)
    expect(cards(page)).to_have_count(SAMPLE_CARDS)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390


@pytest.mark.parametrize("query", ["", "?picture=chelsea&compare=true&with=SqueezeNet+1.1"], ids=["sample", "old"])
def test_axe_finds_nothing(open_page: Open, rest: Callable[[Any], None], check_accessible: Check, query: str) -> None:
    page = open_page(query)
    expect(cards(page)).to_have_count(SAMPLE_CARDS)
    expect(page.locator(".seen img")).to_have_count(2 if query else 1)
    for name in (r"\d+ of \d+ methods", "Gradient ·", "Not for", "^Advanced$", "^Perturbation test$"):
        page.get_by_test_id("stSidebar").get_by_text(re.compile(name)).click()
        rest(page)  # a click while the script runs may be undone by it
    check_accessible(page)


VALUES = torch.tensor([[1.0, -0.5]])
HALF_DONE = (
    CurvePoint("occlusion", "mif", 0.0, 0.004, None, None, ()),
    MethodRefused("deconvnet", "This network has no ReLU."),
    HeatmapReady(
        Heatmap(VALUES, VALUES[None], "occlusion", 0, "sum", 0.1, Passes(10), ("Half of the windows.",)), final=False
    ),
    FidelityReady(Fidelity("occlusion", 0.001, 0.0, 0, 0, None, 0, *pass_verdict(0.001, 0.0, {})), final=True),
)


def replay(page: Any, events: Sequence[object]) -> None:
    """The page again, whose sample has told these events and no others."""
    address = page.url
    page.goto("about:blank")  # what the sample's own maps are still fetched for would be drawn from these
    messages = [{"sequence": at, **to_message(event, ("cat",))} for at, event in enumerate(events)]
    told = {"job": {"state": "running", "seconds": 1, "error": None}, "events": messages}
    stream = f"id: 4\ndata: {json.dumps(told)}\n\n"
    sample = "**/api/jobs/sample-explanation"
    page.route(f"{sample}/events", lambda route: route.fulfill(body=stream, content_type="text/event-stream"))
    page.route(f"{sample}/maps/2", lambda route: route.fulfill(body=VALUES.numpy().tobytes()))
    page.goto(address)


def test_while_only_controls_are_judged_there_is_no_verdict(open_page: Open) -> None:
    page = open_page("?picture=coffee")
    replay(page, [FidelityReady(Fidelity("random", 0.001, None, 0, 0, None, 0, *CONTROL), final=True)])
    expect(page.locator("p.verdict").first).to_have_text("No verdict yet: the perturbation test is not finished.")
    expect(page.locator(".counts").first).to_be_empty()


def judged(method: str, value: float) -> FidelityReady:
    return FidelityReady(Fidelity(method, value, 0.1, 0, 0, None, 0, *pass_verdict(value, 0.1, {})), final=True)


def test_of_the_curves_that_are_lit_by_default_none_lies_under_another(open_page: Open) -> None:
    page = open_page("?picture=coffee")
    ends = {"smoothgrad": 0.1, "vargrad": 0.1, "gradient": 0.5, "sobel": 0.9}
    points = [
        CurvePoint(method, order, fraction, value, None, None, ())
        for method, end in ends.items()
        for order in ("mif", "lif")
        for fraction, value in ((0.0, 1.0), (1.0, end))
    ]
    control = FidelityReady(Fidelity("sobel", 0.9, None, 0, 0, None, 0, *CONTROL), final=True)
    replay(page, [*points, judged("smoothgrad", 0.5), judged("vargrad", 0.4), judged("gradient", 0.3), control])
    lit = page.locator(".trial svg.plot .line.loud")
    expect(lit).to_have_count(6)
    named = set(lit.evaluate_all("lines => lines.map((line) => line.dataset.method)"))
    assert named == {"smoothgrad", "gradient", "sobel"}
    words = page.locator(".trial svg.plot").get_attribute("aria-label")
    assert "Best: SmoothGrad, F 0.50" in words  # though a control scores higher


def test_cards_say_what_was_refused_and_what_is_rough(open_page: Open) -> None:
    page = open_page("?picture=coffee")
    replay(page, HALF_DONE)
    refused = cards(page, "refused")
    expect(refused.locator(".reason")).to_have_text("This network has no ReLU.")
    expect(refused.locator("canvas")).to_be_hidden()
    assert refused.evaluate("card => card.firstElementChild.textContent").startswith("Deconvnet")
    rough = cards(page, "rough")
    expect(rough.locator(".tag")).to_have_text("rough")
    expect(rough).to_contain_text("Half of the windows.")
    page.get_by_text("View options").click()
    page.get_by_role("button", name="up to the maximum").click()
    expect(rough.locator(".legend")).to_have_text("−0.501.0")
    expect(rough.locator(".score")).to_contain_text("undefined")
    expect(page.locator("p.verdict").first).to_have_text(re.compile("All orders of pixels give the same curve"))
    expect(rough.get_by_role("img")).to_have_attribute("aria-label", re.compile("strongest at row 1 of 1, column 1"))
    expect(page.get_by_role("group", name="Sign shown").locator("button:enabled")).to_have_count(3)


MODULE = """async ([module, name]) => {
  const { [name]: found, ...others } = await import(module);
"""
LIT = """
  const curves = found();
  const heights = { first: [1, 0.5], second: [1, 0.51], other: [1, 0.8], coming: [] };
  for (const [method, values] of Object.entries(heights))
    for (const order of ["mif", "lif"])
      values.forEach((value, fraction) => curves.add({ method, order, fraction, value }));
  return ["second", "other", "coming"].map((method) => curves.differ("first", method));
}"""
TORN = """
  const methods = [{ name: "grad_cam", label: "Grad-CAM" }, { name: "sobel", label: "Sobel", control: true }];
  const judged = (verdict) => new Map([["grad_cam", { method: "grad_cam", verdict, final: true }]]);
  const failed = (method) => [method, { method, standing: "fails", final: true }];
  const randomised = { data: {}, standings: new Map(["grad_cam", "sobel"].map(failed)) };
  const matched = { rank: 5, by_chance: Array(19).fill(0), final: true };
  const located = { data: { method: "grad_cam" }, matched, standings: new Map() };
  const run = { data: { methods }, fidelities: judged("finds") };
  const flat = { data: { methods }, fidelities: judged("flat") };
  const standings = new Map([["grad_cam", { method: "grad_cam", standing: "passes", final: true }]]);
  const passed = { data: {}, standings };
  const shown = [[run], [run, randomised], [run, located], [flat, passed]];
  return shown.flatMap(([own, ...tests]) => others.disagreements(found(own, tests)));
}"""
LEADERS = """
  const methods = ["first", "second", "third"].map((name) => ({ name, label: name }));
  const controls = [{ name: "sobel", control: true, rival: true }, { name: "oracle", control: true }];
  const imputers = ["black", "blur", "mean"].map((name) => ({ name, label: name }));
  const data = { methods: [...methods, ...controls], imputers, chosen: "black" };
  const told = (...runs) => found(data, new Map(runs.map(([first, second, sobel], at) =>
    [imputers[at].name, { scores: { first, second, third: -1, sobel, oracle: 9 } }])));
  const one = [0.3, 0.2, 0.1], other = [0.2, 0.3, 0.1], beaten = [0.2, 0.3, 0.4], even = [0.2, 0.2, 0.2];
  return [told(one), told(one, one, one), told(one, one), told(one, other, one), told(one, beaten, one),
    told(beaten, beaten), told(even, even, even)].map(([answer]) => answer);
}"""
SEVERAL = """
  const methods = ["first", "second"].map((name) => ({ name, label: name }));
  const score = (state) => (verdict, at) =>
    [methods[at].name, { method: methods[at].name, value: 0.5 - at, verdict, final: state === "done" }];
  const run = (state, ...verdicts) =>
    ({ job: { state }, data: { methods }, fidelities: new Map(verdicts.map(score(state))) });
  const good = run("done", "finds", "random"), poor = run("done", "edge", "worse"), flat = run("done", "flat");
  const late = run("running"), cut = run("cancelled"), unlikely = { ...good, target: "cat" };
  unlikely.data = { methods, probability: 0.009 };
  const several = [[good, poor], [poor, poor], [good, late], [good, cut], [late, cut], [flat, flat], [good, unlikely]];
  return [...several, [{ ...late, job: null }]].map(found);
}"""
ONE = """
  const methods = [{ name: "grad_cam", label: "Grad-CAM" }];
  const run = (verdict, final, probability = 0.9) => ({
    job: {}, target: "cat", data: { methods, probability },
    fidelities: new Map([["grad_cam", { method: "grad_cam", verdict, final }]]),
  });
  const runs = [["finds", true], ["finds", false], ["edge", false], ["flat", false], ["finds", true, 0.0099]];
  return runs.map((judged) => found(run(...judged)));
}"""
STANDINGS = """
  const maps = { fail: "stay", fails: "stays", pass: "change", passes: "changes" };
  const line = (...standings) => {
    const methods = standings.map((_, name) => ({ name })), judged = standings.map((each) => each.split(" "));
    const verdicts = new Map(judged.map(([standing, open], name) => [name, { standing, final: !open }]));
    return found(methods, verdicts, false, maps);
  };
  return [line("fails", "passes"), line("fails", "fails"), line("passes"), line("passes open", "passes"),
    line("passes", "unclear"), line("unclear", "unclear"), line("unclear"), line("unclear open")];
}"""
RIVALS = """
  const methods = [{ name: "grad_cam", label: "Grad-CAM" }, { name: "oracle", control: true },
    { name: "negated", control: true }, { name: "sobel", control: true, rival: true }];
  const fidelity = (method, value) => [method, { method, value, spread: null }];
  const told = (sobel) => found({ data: { methods }, fidelities: new Map([fidelity("grad_cam", 0.5),
    fidelity("oracle", 0.9), fidelity("negated", 0.8), fidelity("sobel", sobel)]) });
  return [told(0.4), told(0.6)];
}"""
NUMBERS = """
  const methods = ["first", "second", "oracle"].map((name) => ({ name, label: name, control: name === "oracle" }));
  const fidelities = new Map([["first", { value: 0.1 }], ["second", { value: 0.2 }], ["oracle", { value: 0.9 }]]);
  const { makeCurves } = await import(module.replace("curve_numbers/best_ends", "live_curve/curve_data"));
  const curves = makeCurves(), told = () => found({ data: { methods }, curves, fidelities });
  const before = told();
  for (const { name } of methods)
    for (const fraction of [0, 0.25, 1])
      for (const [order, value] of [["mif", 0.12], ["lif", 0.88]]) curves.add({ method: name, order, fraction, value });
  return [before, told()];
}"""
MEANS = """
  const methods = new Map([["first", {}], ["second", {}], ["oracle", { control: true }], ["sobel", { control: true }]]);
  const row = (method, verdict, mean = 0.2) => ({ method, metric: "fidelity", verdict, mean });
  const controls = [row("oracle", "better"), row("sobel", "control")];
  const told = (symbol, verdicts, pictures = 5, direction = "higher", mean = 0.2) => found({
    methods, sort: { metric: "fidelity" }, data: { groups: [{ metrics: [{ name: "fidelity", symbol, direction }] }] },
    summary: { pictures, rows: [row("first", verdicts[0], mean), row("second", verdicts[1], mean), ...controls] },
  });
  const [good, poor] = [["better", "edge"], ["edge", "worse"]];
  return [told("F", good), told("F", poor), told("Energy pointing game", good), told("F", good, 4),
    told("F", good, 5, "none"), told("F", poor, 4, "higher", -0.009)];
}"""
FAINT = """
  return [0.0099, 0.01, null].map((probability) => found({ data: { title: "Net", probability }, target: "cat" }));
}"""
BEST = """
  const judged = [{ method: "Highest", verdict: "edge" }, { method: "Surest", verdict: "finds" }];
  return [judged, judged.slice(0, 1)].map((fidelities) => found(fidelities, (method) => method));
}"""


def test_what_the_scripts_say_of_curves_tests_imputers_and_models_follows_from_the_scores(open_page: Open) -> None:
    page = open_page("?picture=coffee")
    curves, tests, verdicts, imputers, verdict, standings, scores, numbers, means = (
        f"/api/browser/{digest()}/{name}.js"
        for name in (
            "explain/live_curve/curve_data",
            "explain/verdict/tests",
            "components/heatmap_cards/fidelity_verdict",
            "explain/imputer_ranks/first_place",
            "explain/verdict/sentence",
            "sanity/standings",
            "explain/scores/highest",
            "explain/curve_numbers/best_ends",
            "components/study_table/answer",
        )
    )
    assert page.evaluate(MODULE + LIT, [curves, "makeCurves"]) == [False, True, True]
    surest, none = page.evaluate(MODULE + BEST, [verdicts, "overall"])
    assert surest == "Surest finds what the model uses, better than controls."
    assert none == "No heatmap is clearly better than every control."
    assert len(surest.split()) - 1 + max(len(method.label.split()) for method in core.list_methods()) <= 12
    passing = "Passing one test is not passing all: Grad-CAM finds what the model uses, yet"
    assert page.evaluate(MODULE + TORN, [tests, "outcomes"]) == [
        f"{passing} fails randomisation.",
        f"{passing} is no better than its shifted copies.",
    ]
    led = page.evaluate(MODULE + LEADERS, [imputers, "howFar"])
    assert led == [
        "",
        "first is first under every imputer.",
        "first is first under the 2 imputers so far.",
        "First place depends on the imputer: first or second.",
        "first is first under 2 of 3 imputers.",
        "A control is first under the 2 imputers so far.",
        "First place depends on the imputer: first or second.",
    ]
    several = page.evaluate(MODULE + SEVERAL, [verdict, "sentenceOfSeveral"])
    assert several == [
        "In 1 of 2 models, a heatmap finds what the model uses.",
        "In no model is a heatmap clearly better than every control.",
        "So far: in 1 of 2 models, a heatmap finds what the model uses.",
        "So far: in 1 of 2 models, a heatmap finds what the model uses.",
        "No verdict yet: the perturbation test is not finished.",
        "All orders of pixels give the same curve, so F is undefined.",
        "In 1 of 2 models, a heatmap finds what the model uses.",
        "Loading.",
    ]
    assert page.evaluate(MODULE + ONE, [verdict, "sentence"]) == [
        "Grad-CAM finds what the model uses, better than controls.",
        "So far: Grad-CAM finds what the model uses, better than controls.",
        "So far: no heatmap is clearly better than every control.",
        "So far: all orders of pixels give the same curve, so F is undefined.",
        "No verdict: for this model the class is too unlikely.",
    ]
    assert page.evaluate(MODULE + STANDINGS, [standings, "standingsLine"]) == [
        "1 of 2 methods fails: its map stays.",
        "2 of 2 methods fail: their maps stay.",
        "The method passes: its map changes.",
        "So far: all 2 methods pass: their maps change.",
        "1 of 2 methods passes; the other is unclear.",
        "All 2 methods are unclear.",
        "The method is unclear.",
        "No verdict yet.",
    ]
    assert page.evaluate(MODULE + RIVALS, [scores, "highest"]) == [
        "Grad-CAM scores highest of the methods: F 0.50.",
        "Grad-CAM scores highest of the methods: F 0.50. 1 control scores higher.",
    ]
    assert page.evaluate(MODULE + NUMBERS, [numbers, "bestEnds"]) == [
        "",
        "second: at 25 % removed, MIF 0.12, LIF 0.88.",
    ]
    assert page.evaluate(MODULE + MEANS, [means, "answerOf"]) == [
        "By F, 1 of 2 methods is better than every control.",
        "By F, no method is better than every control.",
        "By this score, 1 of 2 methods is better than every control.",
        "",
        "",
        "Every F is near 0: the model hardly reacts to these classes.",
    ]
    assert page.evaluate(MODULE + FAINT, [verdict, "faint"]) == [
        ["Net gives cat less than 0.01: F says little about it."],
        [],
        [],
    ]
    assert max(len(words.removeprefix("So far: ").split()) for words in [*led, *several]) <= 12
