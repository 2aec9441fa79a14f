"""A person watches maps change, or not, as the network forgets what it learned."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

SMALL = "model=Small+CNN+%28Fashion-MNIST%29"
FEW = f"sanity?{SMALL}&methods=gradient,guided_backprop,smoothgrad"
LONG = "sanity?randomisation=none&seed=3&methods=gradient,smoothgrad,integrated_gradients"
FOCUSED = """() => {
  let reached = document.activeElement;
  while (reached?.shadowRoot?.activeElement) reached = reached.shadowRoot.activeElement;
  return reached?.getAttribute("aria-label");
}"""
# The stages that have a map, as soon as there is one, and how many there will be; not of the sample, of another seed.
FIRST = """() => {
  const grid = [...document.querySelectorAll("*")]
    .map((each) => each.shadowRoot?.querySelector(".root:not(.stale) .maps"))
    .find(Boolean);
  const there = [...(grid?.querySelectorAll("td[data-painted]:not(.trained)") ?? [])];
  const stages = [...new Set(there.map((cell) => Number(cell.dataset.stage)))];
  return stages.length && [stages, grid.querySelectorAll("thead th").length - 2];
}"""
# Pieces between dots, underscores and blanks that lie in more than one line, or reach out of their column.
BROKEN = """all => all.flatMap((layer) => [...layer.childNodes].filter((node) => node.nodeType === 3).flatMap((node) =>
  [...node.textContent.matchAll(/[^ ]+/g)].filter(({ 0: word, index }) => {
    const range = document.createRange();
    range.setStart(node, index);
    range.setEnd(node, index + word.length);
    return range.getClientRects().length > 1 || range.getBoundingClientRect().width > layer.clientWidth + 1;
  }).map(([word]) => word)))"""
BACKGROUND = "standing => getComputedStyle(standing).backgroundColor"
Cancel = Callable[[Any], float]
Open = Callable[..., Any]
Check = Callable[[Any], None]
Ended = Callable[..., None]


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def cell(page: Any, method: str, stage: int) -> Any:
    return page.locator(f'.maps tr[data-method="{method}"] td[data-stage="{stage}"]')


def stages(page: Any) -> int:
    return int(page.locator('.maps tr[data-method="gradient"] td').count()) - 1


def randomise(page: Any, ended: Ended) -> None:
    """Starts, and waits until all is known: at once, where the same was asked before."""
    expect(page.locator(".root.stale .maps")).to_have_count(1)  # the sample's, which were made with other choices
    button(page, "Randomise").click()
    ended(page, "Randomise")
    expect(page.locator(".root:not(.stale) .maps td[data-stage]").first).to_be_attached()
    expect(page.locator('.maps td[data-state="waiting"]')).to_have_count(0)
    expect(page.locator(".standings tbody tr").first).to_be_visible()


def values(page: Any, method: str) -> Any:
    return page.locator(f'.maps tr[data-method="{method}"] td:not(.trained) .value')


def numbers(page: Any, method: str) -> list[str]:
    return list(values(page, method).all_text_contents())


def job_in(url: str) -> list[str]:
    return parse_qs(urlsplit(url).query)["randomisation"]


@pytest.fixture
def forgotten(open_page: Open, ended: Ended) -> Any:
    page = open_page(FEW)
    randomise(page, ended)
    return page


def test_the_verdict_stands_above_the_grid_and_what_fails_looks_unlike_what_passes(open_page: Open) -> None:
    page = open_page("sanity", width=1440)
    expect(page.get_by_text("A precomputed sample")).to_be_visible()
    grid = page.locator("table.maps")
    expect(grid.locator("td[data-painted]").nth(20)).to_be_visible()
    verdict = page.locator(".verdict")
    expect(verdict).to_be_in_viewport()
    assert len(verdict.text_content().split()) <= 12
    assert verdict.bounding_box()["y"] < grid.bounding_box()["y"]
    assert page.locator("[data-testid=stMain]").evaluate("main => main.scrollHeight") <= 2200
    fills = {
        standing: grid.locator(f'.standing[data-standing="{standing}"]:not(.of-control)').first.evaluate(BACKGROUND)
        for standing in ("fails", "passes")
    }
    assert fills["fails"] != fills["passes"] == "rgba(0, 0, 0, 0)"
    shown = grid.locator("tbody tr").filter(visible=True).count()
    button(page, "All controls").click()
    expect(grid.locator("tbody tr").filter(visible=True)).to_have_count(shown + 3)


def test_the_random_end_comes_before_all_between(open_page: Open, cancel: Cancel) -> None:
    page = open_page(LONG)
    expect(page.get_by_text("These maps used another seed.")).to_be_visible()  # so the sample's are not taken for new
    button(page, "Randomise").click()
    there, last = page.wait_for_function(FIRST, timeout=60_000).json_value()
    assert there == [last]
    cancel(page)
    expect(button(page, "Randomise")).to_be_visible(timeout=15_000)
    expect(page.get_by_text("Cancelled. Results so far are kept.").first).to_be_visible()
    expect(page.locator('.maps td[data-state="waiting"]')).to_have_count(0)


def test_every_cell_is_filled_and_the_last_share_is_all(forgotten: Any) -> None:
    last = stages(forgotten)
    assert last > 1
    shares = forgotten.locator(".maps thead th .muted").all_text_contents()
    assert shares[0] == "as it is"
    assert shares[-1] == "fully randomised"
    assert all(re.fullmatch(r"[<\s\d.]+\s% random", share) for share in shares[1:-1])
    for method in ("gradient", "guided_backprop", "smoothgrad", "random", "sobel"):
        expect(forgotten.locator(f'.maps tr[data-method="{method}"] td[data-painted]')).to_have_count(last + 1)


def test_an_edge_detector_stays_the_same_and_fails_and_noise_passes(forgotten: Any) -> None:
    assert set(numbers(forgotten, "sobel")) == {"1.00"}
    assert all(abs(float(value.replace("−", "-"))) < 0.2 for value in numbers(forgotten, "random"))
    expect(forgotten.locator('.standings tr[data-method="sobel"]')).to_have_attribute("data-standing", "fails")
    expect(forgotten.locator('.standings tr[data-method="random"]')).to_have_attribute("data-standing", "passes")
    expect(forgotten.locator('.maps tr[data-method="sobel"] .standing')).to_contain_text("fails")


def test_controls_stand_below_all_methods_each_by_likeness(forgotten: Any) -> None:
    rows = forgotten.locator(".standings tbody tr")
    controls = rows.evaluate_all("rows => rows.map((row) => Boolean(row.querySelector('.tag')))")
    assert controls == sorted(controls)
    means = rows.locator("td:nth-of-type(2) .similarity").evaluate_all(
        "all => all.map((each) => each.childNodes[1].data)"
    )
    alike = [float(each.replace("−", "-")) for each in means]
    methods = controls.index(True)
    assert alike == sorted(alike[:methods]) + sorted(alike[methods:])


def test_cells_are_of_one_size_and_no_word_of_a_heading_is_broken(open_page: Open, ended: Ended) -> None:
    page = open_page("sanity?model=Tiny+ViT+%28Fashion-MNIST%29&methods=gradient")
    randomise(page, ended)
    sides = page.locator(".maps tbody button:visible").evaluate_all(
        "all => all.map((each) => each.getBoundingClientRect())"
    )
    lengths = [side[name] for side in sides for name in ("width", "height")]
    assert max(lengths) - min(lengths) < 0.5
    assert page.locator(".maps .layer").evaluate_all(BROKEN) == []


def test_a_run_that_ended_early_leaves_no_verdict(open_page: Open, cancel: Cancel) -> None:
    page = open_page(LONG)
    expect(page.get_by_text("These maps used another seed.")).to_be_visible()  # so the sample's are not taken for new
    button(page, "Randomise").click()
    page.wait_for_function(FIRST, timeout=60_000)
    expect(page.get_by_text(re.compile(r"\d+ of \d+ networks · (about \d+|almost)"))).to_be_visible(timeout=30_000)
    cancel(page)
    expect(button(page, "Randomise")).to_be_visible(timeout=15_000)
    expect(page.locator(".verdict")).to_have_text(re.compile(r"No verdict: the run ended before"))
    for place in (".maps", ".standings"):
        assert page.locator(f'{place} [data-standing="passes"], {place} [data-standing="fails"]').count() == 0


def test_arrows_reach_every_map_and_the_line_below_says_what_it_is(forgotten: Any) -> None:
    first = cell(forgotten, "gradient", 0).get_by_role("button")
    first.focus()
    forgotten.keyboard.press("ArrowDown")
    forgotten.keyboard.press("End")
    last = stages(forgotten)
    words = cell(forgotten, "guided_backprop", last).get_by_role("button").get_attribute("aria-label")
    assert forgotten.evaluate(FOCUSED) == words
    assert re.search(r"^Guided backprop, .* randomised, 100\s% of the parameters: Spearman .* SSIM .* HOG", words)
    expect(forgotten.locator(".below")).to_have_text(f"{words}.")
    assert forgotten.locator('.maps button[tabindex="0"]').count() == 1


def test_a_map_is_seen_large_beside_the_trained_network_s(forgotten: Any) -> None:
    painted = forgotten.locator('.maps tr[data-method="gradient"] td[data-painted]')
    expect(painted).to_have_count(stages(forgotten) + 1)
    cell(forgotten, "gradient", 1).get_by_role("button").click()
    dialog = forgotten.get_by_role("dialog", name="Gradient")
    expect(dialog.locator("figure")).to_have_count(2)
    expect(dialog.locator("figcaption strong").first).to_have_text("The trained network")
    expect(dialog.locator(".legend:visible")).to_have_count(2)
    expect(button(dialog, "Earlier stage")).to_be_disabled()
    for _ in range(stages(forgotten) - 1):
        button(dialog, "Later stage").click()
    expect(button(dialog, "Later stage")).to_be_disabled()
    expect(dialog.locator("figcaption strong").last).to_contain_text("100\u00a0% of the parameters")
    forgotten.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(cell(forgotten, "gradient", stages(forgotten)).get_by_role("button")).to_be_focused()


def test_another_number_below_the_maps_needs_no_server(forgotten: Any, rest: Callable[[Any], None]) -> None:
    rest(forgotten)
    before = numbers(forgotten, "gradient")
    asked: list[str] = []
    forgotten.on("request", lambda request: asked.append(request.url))
    forgotten.get_by_label("Number below each map").select_option("SSIM")
    expect(values(forgotten, "gradient")).not_to_have_text(before)
    assert set(numbers(forgotten, "sobel")) == {"1.00"}
    forgotten.wait_for_timeout(200)  # what a change asks for may be asked after it is seen
    assert asked == []


def test_a_link_restores_what_was_computed(forgotten: Any, open_page: Open) -> None:
    again = open_page(forgotten.url.rpartition("/")[2])
    expect(again.locator('.maps td[data-state="ready"]')).to_have_count(
        forgotten.locator('.maps td[data-state="ready"]').count()
    )
    assert job_in(again.url) == job_in(forgotten.url)
    assert numbers(again, "gradient") == numbers(forgotten, "gradient")


def test_what_is_older_than_the_choices_is_dimmed(forgotten: Any, rest: Callable[[Any], None]) -> None:
    forgotten.get_by_text("Advanced", exact=True).click()
    forgotten.get_by_role("spinbutton", name="Seed").fill("5")
    forgotten.keyboard.press("Enter")
    rest(forgotten)
    expect(forgotten.get_by_text("These maps used another seed.")).to_be_visible()
    expect(forgotten.locator(".root.stale .maps")).to_have_count(1)


def test_the_quick_checks_come_beside_and_say_what_they_found(
    open_page: Open, rest: Callable[[Any], None], ended: Ended
) -> None:
    page = open_page(f"{FEW}&randomisation=none")
    expect(button(page, "Check")).to_have_count(0)
    page.get_by_text("Quick checks: other class").click()
    button(page, "Check").click()
    table = page.get_by_role("region", name="Quick checks")
    edges = table.locator('tr[data-method="sobel"] td[data-check="other_class"]')
    expect(edges).to_have_attribute("data-standing", "fails", timeout=90_000)
    ended(page, "Check")
    rest(page)
    page.get_by_text("Every check in words").press("Enter")  # the end may still move what stands below
    expect(page.get_by_text(re.compile("^Gradient, ")).first).to_be_visible()
    expect(page.get_by_text(re.compile(r"^\d of 3 methods fails? a check\."))).to_be_visible()
    page.get_by_text("What each check requires, and what it cannot show").click()
    expect(page.locator(".glossary dt")).to_have_count(4)


def test_axe_finds_nothing_where_networks_forget(open_page: Open, check_accessible: Check, ended: Ended) -> None:
    page = open_page(FEW)
    randomise(page, ended)
    check_accessible(page)
