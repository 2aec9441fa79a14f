"""Export: one file that opens by itself without any network, and pictures of the panel as it is seen."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from dashboard.components.component import digest

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

MEGABYTES = 1e6
SCALE, MARGIN, CREDIT = 2, 16, 28
"""What ``capture.js`` makes of a pixel, leaves around the panel, and takes for the line that says what it is of."""
LARGEST_PAGES = 3
ALIKE = 0.8
"""Correlation, seen from afar: letters are drawn a little otherwise at twice the size."""
PAINTED = """() => [...document.querySelectorAll(".part")]
  .flatMap(({ shadowRoot }) => [...shadowRoot.querySelectorAll(".card canvas")])
  .map((canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data)
  .filter((pixels) => new Set(pixels).size > 9).length"""
WHOLE = """() => {
  const { sections } = JSON.parse(document.getElementById("file").textContent);
  const mounted = sections.flatMap(({ parts }) => parts).filter(({ script }) => script);
  return document.querySelectorAll(".part").length === mounted.length;
}"""
SHADE = "() => getComputedStyle(document.body).backgroundColor"
SHEET = {"width": 710, "height": 1040}
"""What the margins leave of A4, in pixels."""
ROOM = 3.5 * MEGABYTES
"""What is left to all maps in a file, beside pictures, scripts and scores."""
CONDENSED = """async ([script, maps, width, height]) => {
  const { coarseness, condense, expand, formFor } = await import(script);
  const length = width * height;
  const noise = { width, values: Float32Array.from({ length }, (_, at) => Math.sin(at * at)) };
  const wave = (at) => Math.sin((at % width) / 40) * Math.cos(Math.floor(at / width) / 25);
  const waves = { width, values: noise.values.map((_, at) => wave(at)) };
  const form = formFor(Array(maps).fill(noise));
  const back = await expand(await condense(waves, form));
  const worst = waves.values.reduce((most, value, at) => Math.max(most, Math.abs(value - back[at])), 0);
  const { bytes } = await condense(noise, form);
  return { bytes: maps * bytes.length, worst, side: form.side, length: back.length, said: coarseness(form) };
}"""
"""What becomes of that many maps: their size where they are noise, which nothing packs; smooth values once read."""
Open = Callable[..., Any]


def saved(page: Any, form: str, folder: Path) -> Path:
    """What is downloaded when that form is chosen from the page's own Export."""
    button = page.get_by_role("button", name=form)
    if not button.is_visible():
        page.get_by_role("button", name="Export").first.click()
    with page.expect_download(timeout=60_000) as downloading:
        button.click()
    file = folder / downloading.value.suggested_filename
    downloading.value.save_as(file)
    return file


def put_away(page: Any) -> None:
    """Close Export, which would lie upon the panel and be seen in its place."""
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="PNG picture")).to_be_hidden()


@contextmanager
def opened(chromium: Any, file: Path, scheme: str = "light") -> Iterator[Any]:
    """The file in a browser that has no network; it asks for nothing, and the console stays empty."""
    context = chromium.new_context(color_scheme=scheme, offline=True)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if not request.url.startswith("data:") else None)
    page.goto(file.as_uri())
    page.wait_for_function(WHOLE)  # before its first part is there, none is empty
    expect(page.locator(".root:empty")).to_have_count(0)
    yield page
    assert said == [file.as_uri()]
    context.close()


def pages(alone: Any) -> int:
    """Sheets of A4 that it prints on."""
    return len(re.findall(rb"/Type\s*/Page[^s]", alone.pdf(prefer_css_page_size=True)))


def drawn_as_seen(png: Image.Image, panel: Any, *parts: Any) -> bool:
    """Whether a picture of that panel is it at twice the size, with a margin and one more line; and so is each part."""
    corner = panel.bounding_box()
    boxes = [each.bounding_box() for some in parts for each in some.filter(visible=True).all()]
    assert bool(boxes) == bool(parts)
    seen = Image.open(io.BytesIO(panel.screenshot())).convert("RGB")
    assert abs(png.width - SCALE * (seen.width + 2 * MARGIN)) <= 2 * SCALE
    assert abs(png.height - SCALE * (seen.height + 2 * MARGIN + CREDIT)) <= 2 * SCALE
    inner = (
        png.convert("RGB")
        .resize((png.width // SCALE, png.height // SCALE))
        .crop((MARGIN, MARGIN, MARGIN + seen.width, MARGIN + seen.height))
    )
    places = [(0, 0, *seen.size)]
    for box in boxes:
        left, top = box["x"] - corner["x"], box["y"] - corner["y"]
        places.append((round(left), round(top), round(left + box["width"]), round(top + box["height"])))
    return all(alike(inner.crop(place), seen.crop(place)) for place in places)


def alike(one: Image.Image, other: Image.Image) -> bool:
    afar = [np.asarray(each.convert("L").reduce(8), float).ravel() for each in (one, other)]
    return float(np.corrcoef(*afar)[0, 1]) > ALIKE


def test_a_file_of_an_explanation_opens_alone_and_draws_what_the_page_drew(
    open_page: Open, chromium: Any, tmp_path: Path
) -> None:
    page = open_page("?view=opacity-0.5_removed-0.5")
    verdict = page.locator(".verdict", has_text="finds what the model uses").first.text_content()
    page.reload(wait_until="commit")
    file = saved(page, "Web page", tmp_path)  # asked for while the page is still being built
    png = Image.open(saved(page, "PNG picture", tmp_path))
    put_away(page)
    assert drawn_as_seen(png, page.locator(".st-key-result-explanation"), page.locator(".card canvas"))
    text = file.read_text()
    assert file.stat().st_size < 5 * MEGABYTES
    assert not re.search(r"""(src|href)=["']?(https?:|/)""", text)
    with opened(chromium, file) as alone:
        expect(alone.locator(".verdict").first).to_have_text(verdict)
        cards = alone.locator(".card")
        expect(cards.first.locator("canvas")).to_have_css("opacity", "0.5")
        alone.wait_for_timeout(500)
        assert alone.evaluate(PAINTED) == cards.count() > 10
        expect(alone.get_by_role("slider", name="Share of the pixels removed")).to_have_value("50")
        removed = alone.locator(".removed img")
        shown = removed.get_attribute("src")
        alone.get_by_role("slider", name="Share of the pixels removed").press("ArrowRight")
        expect(removed).not_to_have_attribute("src", shown)
        alone.get_by_role("button", name=re.compile("^Enlarge")).first.click()
        expect(alone.get_by_role("dialog")).to_be_visible()
        alone.keyboard.press("Escape")
        for words in ("Model", "Seed", "Versions"):
            expect(alone.locator("dt", has_text=words).first).to_be_visible()
        assert alone.evaluate(SHADE) == "rgb(255, 255, 255)"
        assert 1 <= pages(alone) <= LARGEST_PAGES
    with opened(chromium, file, "dark") as alone:
        assert alone.evaluate(SHADE) == "rgb(18, 20, 22)"


def test_all_maps_of_a_file_have_room_in_it(open_page: Open) -> None:
    """Fine while they are few, in coarser steps while they are not, then one value for a block of pixels."""
    page = open_page("?methods=gradient")
    script = f"/api/browser/{digest()}/components/export/condensing.js"
    for maps, width, height, side, apart, said in (
        (8, 28, 28, 1, 1e-3, ""),
        (12, 224, 224, 1, 1e-3, ""),
        (36, 301, 290, 1, 0.02, "31 levels. All"),
        (3 * 36, 385, 382, 3, 0.1, "1023 levels for blocks of 3 × 3 pixels. All"),
        (3 * 36, 640, 641, 4, 0.15, "63 levels for blocks of 4 × 4 pixels. All"),
    ):
        made = page.evaluate(CONDENSED, [script, maps, width, height])
        assert made["bytes"] < ROOM
        assert (made["side"], made["length"]) == (side, width * height)
        assert made["worst"] <= apart
        assert said in made["said"]
        assert bool(said) == bool(made["said"])


def test_a_picture_of_a_panel_is_what_is_seen(open_page: Open, chromium: Any, tmp_path: Path) -> None:
    """And below it stands what it is of, which the page says elsewhere."""
    page = open_page("?tab=Many+pictures", scheme="dark")
    expect(page.locator("table.means")).to_be_visible()
    png = Image.open(saved(page, "PNG picture", tmp_path))
    drawing = saved(page, "SVG drawing", tmp_path)
    put_away(page)
    assert drawn_as_seen(png, page.locator(".st-key-result-study"))
    assert ElementTree.fromstring(drawing.read_text()).tag.endswith("svg")
    blank = chromium.new_page()
    blank.goto(drawing.as_uri())
    assert blank.evaluate("document.documentElement.localName") == "svg"
    assert re.search(r"Many pictures: .*EfficientNet-Lite0 · .* · HeatCheck \d", drawing.read_text())
    blank.close()


def test_a_file_of_a_study_ranks_without_the_server(open_page: Open, chromium: Any, tmp_path: Path) -> None:
    page = open_page("?tab=Many+pictures")
    expect(page.locator("table.means")).to_be_visible()
    file = saved(page, "Web page", tmp_path)
    assert file.stat().st_size < MEGABYTES
    with opened(chromium, file) as alone:
        expect(alone.locator("table.means tbody tr").first).to_be_visible()
        assert 1 <= pages(alone) <= LARGEST_PAGES
        assert alone.locator("table.means tbody tr").count() == page.locator("table.means tbody tr").count() > 10
        assert "sample-" not in alone.locator("main").text_content()


def test_a_table_wider_than_a_sheet_is_printed_in_parts_that_have_all_columns(
    open_page: Open, chromium: Any, tmp_path: Path
) -> None:
    page = open_page("stamp?tab=Benchmark")
    expect(page.locator("table.means")).to_be_visible()
    file = saved(page, "Web page", tmp_path)
    assert file.stat().st_size < MEGABYTES
    with opened(chromium, file) as alone:
        expect(alone.locator("table.means tbody tr").first).to_be_visible()
        assert 1 <= pages(alone) <= LARGEST_PAGES
        heads = alone.locator("table.means:visible button.sort")
        every = heads.all_text_contents()
        alone.evaluate("dispatchEvent(new Event('beforeprint'))")
        alone.emulate_media(media="print")
        alone.set_viewport_size(SHEET)
        tables = alone.locator("table.means:visible")
        assert tables.count() > 1
        assert heads.all_text_contents() == every
        for table in tables.all():
            assert table.locator("tbody tr").first.locator("th").inner_text()
            assert table.bounding_box()["width"] <= SHEET["width"]
        alone.evaluate("dispatchEvent(new Event('afterprint'))")
        assert tables.count() == 1


def test_a_file_of_a_stale_result_shows_what_its_run_was_of(open_page: Open, chromium: Any, tmp_path: Path) -> None:
    """Of the picture, its classes and the heatmaps, none is of what has been chosen since."""
    page = open_page("sanity?model=squeezenet1_1&picture=chelsea")
    expect(page.get_by_text("These maps used another picture.")).to_be_visible()
    expect(page.locator("li.explained")).to_contain_text("cat")
    file = saved(page, "Web page", tmp_path)
    assert file.stat().st_size < 5 * MEGABYTES
    with opened(chromium, file) as alone:
        assert 1 <= pages(alone) <= LARGEST_PAGES
        expect(alone.get_by_role("heading", level=1)).to_contain_text("Komodo dragon")
        expect(alone.locator("li.explained")).to_contain_text("Komodo dragon")
        expect(alone.locator(".seen img")).to_have_attribute("alt", re.compile("Komodo dragon"))
        assert "cat" not in alone.locator(".answers").inner_text()


def test_what_a_person_called_a_picture_is_text_in_the_file(
    open_page: Open, chromium: Any, tmp_path: Path, rest: Callable[[Any], None], ended: Callable[..., None]
) -> None:
    """And neither the name that opens the upload here nor that of the run goes along."""
    page = open_page("?methods=gradient&steps=10")
    picture = tmp_path / "a<script>alert(1)<-script>&.png"
    Image.effect_noise((64, 64), 64).convert("RGB").save(picture)
    page.get_by_role("button", name="Upload").click()
    page.locator("input[type=file]").first.set_input_files(picture)
    page.wait_for_url(re.compile("picture="))
    page.keyboard.press("Escape")
    rest(page)
    page.get_by_role("button", name="Explain", exact=True).click()
    ended(page, "Explain")
    rest(page)
    names = dict(re.findall(r"(picture|explanation)=([^&]+)", page.url))
    file = saved(page, "Web page", tmp_path)
    assert names["picture"] not in file.read_text()
    assert names["explanation"] not in file.read_text()
    with opened(chromium, file) as alone:
        expect(alone.get_by_role("heading", level=1)).to_contain_text("<script>")
