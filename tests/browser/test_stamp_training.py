"""A person trains a network on stamps, and asks which heatmaps find them."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

TAB = "stamp?tab=Benchmark"
CLOTHES = f"{TAB}&train=true&train.pictures=Fashion-MNIST"
FILTER = f"{TAB}&model=Matched+filter+for+a+cross%2C+with+known+weights&methods=gradient,input_x_gradient"
LONGEST = 200_000
SLACK = 2.0
Cancel = Callable[[Any], float]
Open = Callable[..., Any]
Check = Callable[[Any], None]


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def points(page: Any, line: str = "training") -> int:
    """How many epochs a line of the chart shows."""
    return page.locator(f'polyline[data-line="{line}"]').last.evaluate("line => line.points.length")


def kept(home: Path) -> list[str]:
    """The models of the person's own; studies of other tests may lie beside them."""
    return [file.name for file in (home / "trained").rglob("*") if file.is_file()]


@pytest.mark.alone
def test_a_training_is_cancelled_at_once_and_nothing_is_kept(open_page: Open, home: Path, cancel: Cancel) -> None:
    before = kept(home)
    page = open_page(f"{TAB}&train=true")
    expect(page.locator(".gate dd .value").first).to_be_visible()
    expect(page.get_by_text("Means over 60 pictures.")).to_be_visible()
    button(page, "Train").scroll_into_view_if_needed()
    place = button(page, "Train").bounding_box()
    button(page, "Train").click()
    assert button(page, "Cancel").bounding_box() == place
    expect(page.get_by_text(re.compile(r"Epoch \d+ of \d+ · [\d,]+ of [\d,]+ pictures"))).to_be_visible(timeout=LONGEST)
    clicked = cancel(page)
    expect(button(page, "Train")).to_be_enabled(timeout=2_000)
    assert time.monotonic() - clicked < SLACK
    expect(page.get_by_text("Cancelled; no model was kept.").first).to_be_visible()
    assert kept(home) == before
    expect(button(page, "Use this model")).to_have_count(0)


def test_one_gets_back_to_a_training_whose_expander_is_closed(open_page: Open, cancel: Cancel) -> None:
    page = open_page(f"{TAB}&train=true")
    button(page, "Train").click()
    expect(button(page, "Cancel")).to_be_visible()
    page.get_by_text("Train a stamp model here").click()
    expect(button(page, "Back to Training")).to_be_visible()
    expect(button(page, "Cancel")).to_have_count(0)
    page.get_by_role("tab", name="Place a stamp").click()
    expect(button(page, "Explain")).to_be_visible()
    button(page, "Back to Training").click()
    expect(button(page, "Back to Training")).to_have_count(0)
    cancel(page)
    expect(button(page, "Train")).to_be_enabled(timeout=10_000)


@pytest.mark.slow
def test_a_model_is_trained_in_sight_through_a_reload_and_used(
    open_page: Open, home: Path, rest: Callable[[Any], None]
) -> None:
    page = open_page(f"{CLOTHES}&train.title=Crosses+of+mine")
    button(page, "Train").click()
    expect(page.get_by_text(re.compile(r"Epoch \d+ of \d+: loss [\d.]+; accuracy [\d.]+"))).to_be_visible(
        timeout=LONGEST
    )
    chart = page.locator("svg.plot").filter(visible=True).first
    chart.evaluate("svg => { svg.marked = true }")
    before = points(page)
    while (now := points(page)) == before:
        page.wait_for_timeout(100)
    assert now > before
    assert chart.evaluate("svg => svg.marked")
    page.reload()
    rest(page)
    expect(button(page, "Cancel")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Epoch \d+ of \d+: loss"))).to_be_visible()
    assert points(page) >= now  # those from before the reload are there too
    expect(button(page, "Use this model")).to_be_visible(timeout=LONGEST)
    expect(page.locator(".gate").last).to_contain_text("Pasting the stamp flips")
    page.get_by_text("Epochs as numbers").filter(visible=True).click()
    expect(page.get_by_role("region", name="Epochs as numbers").locator("tbody tr")).to_have_count(points(page))
    assert points(page) == points(page, "held out") > now
    [name] = kept(home)
    assert re.fullmatch(r"crosses-of-mine-[0-9a-f]{16}\.safetensors", name)
    button(page, "Use this model").click()
    page.wait_for_url(re.compile(r"[?&]model=[^&]*crosses-of-mine-[0-9a-f]{16}"))
    expect(page.get_by_text("Crosses of mine. Learned to tell stamped pictures from regular ones")).to_be_visible()
    button(page, "Remove").click()
    expect(button(page, "Remove")).to_have_count(0)
    assert kept(home) == []


@pytest.mark.alone
def test_a_score_table_is_there_at_once_and_another_fills_in_place(open_page: Open, cancel: Cancel) -> None:
    page = open_page(f"{FILTER}&stamped=300")
    expect(page.get_by_text("used another model. Press Run to update them.")).to_be_visible()
    expect(page.get_by_text("Means over 60 pictures.")).to_be_visible()
    expect(page.get_by_text(re.compile(r"by chance \d[\d.]* %")).first).to_be_visible()
    expect(page.locator(".root.stale table.means")).to_have_count(1)
    button(page, "Run").click()
    expect(page.get_by_text("Means over 60 pictures.")).to_have_count(0)  # another model's
    expect(page.get_by_text(re.compile(r"\d+ of 300 pictures"))).to_be_visible(timeout=LONGEST)
    region = page.get_by_role("region", name="Means over pictures")
    region.evaluate("region => { region.marked = true }")
    first = page.locator("table.means tbody tr").first
    best = re.compile("oracle|input_x_gradient")  # on the first few pictures others are as near
    expect(first).to_have_attribute("data-method", best, timeout=LONGEST)
    clicked = cancel(page)
    expect(button(page, "Run")).to_be_enabled(timeout=2_000)
    assert time.monotonic() - clicked < SLACK
    assert region.evaluate("region => region.marked")
    page.get_by_role("button", name="Export").first.click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Scores as CSV").click()
    assert saved.value.path().read_text().startswith("picture,method,metric,score\n")


def test_a_gate_stands_only_under_the_model_that_it_is_of(open_page: Open) -> None:
    page = open_page(TAB)
    figures = page.locator(".gate dd .value")
    erased = figures.nth(2)
    expect(erased).to_have_text(re.compile("^99"))
    page.get_by_role("combobox", name=re.compile("Model")).click()
    page.get_by_role("option", name="Cross on clothes (Fashion-MNIST)").click()
    expect(erased).to_have_text(re.compile("^100"))
    expect(page.get_by_text("These scores used another model.")).to_be_visible()


def test_a_sweep_scores_what_passes_the_gate_and_says_why_the_rest_has_no_truth(
    open_page: Open, rest: Callable[[Any], None]
) -> None:
    page = open_page(
        f"{FILTER}&sweeping=true&sweep.pictures=2&sweep.opacities.1.0=0.1&sweep.opacities.1.0=1&sweep.sizes.6=6"
    )
    button(page, "Sweep").click()
    expect(page.get_by_text(re.compile("^2 of 2 cells. Gradient 0"))).to_be_visible(timeout=LONGEST)
    table = page.get_by_role("region", name="Stamp distance of Gradient")
    expect(table.locator("td .mean")).to_have_count(1)
    expect(table.locator("td.closed")).to_have_text("gate failed")
    expect(button(page, "Sweep")).to_be_enabled()  # while the run ends the page moves, and the click with it
    rest(page)
    page.get_by_text("No score · 1").click()
    expect(page.get_by_text(re.compile("6 px, opacity 10 %: Gate failed"))).to_be_visible()
    again = open_page(re.sub(r"^.*?//[^/]*/", "", page.url))
    expect(again.get_by_text(re.compile("^2 of 2 cells. Gradient 0"))).to_be_visible()
    expect(again.get_by_text("This sweep used")).to_have_count(0)


def test_axe_finds_nothing_in_the_benchmark(
    open_page: Open, check_accessible: Check, cancel: Cancel, ended: Callable[..., None]
) -> None:
    page = open_page(f"{CLOTHES}&sweeping=true&sweep.pictures=2&sweep.opacities=1&methods=gradient")
    button(page, "Train").click()
    expect(page.get_by_text(re.compile(r"Epoch \d+ of \d+: loss"))).to_be_visible(timeout=LONGEST)
    cancel(page)
    expect(button(page, "Train")).to_be_enabled(timeout=10_000)
    button(page, "Sweep").click()
    ended(page, "Sweep", runs=2)
    expect(page.locator("td.closed, td .mean").last).to_be_visible()
    check_accessible(page)
