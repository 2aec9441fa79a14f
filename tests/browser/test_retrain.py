"""A person sees which heatmaps a fine-tuned network bears out, and in seconds why a model must be retrained at all."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

from dashboard.components.component import digest  # noqa: E402

RANKINGS = ("worst_first", "random", "best_first")
CHARTS = ("after", "before")
SAID = """async (module) => {
  const { studyTable } = await import(module);
  const area = { over_pictures: { mean: -0.1, low: -0.2, high: -0.05 }, by_seed: [0.5] };
  const cell = (method, fraction, known) => [`${method} roar ${fraction}`, {
    method, fraction, retrained: area, unadapted: area, leak: known ? area : null, leak_decides: known ? false : null,
  }];
  const verdict = (method, standing) => ({ method, standing, removal: area, leak_decides: false });
  const said = (leak, known) => {
    const verdicts = [verdict("gradient", "worse"), verdict("sobel", "control")];
    const methods = verdicts.map(({ method }) => ({ name: method, label: method, control: method === "sobel" }));
    const cells = methods.flatMap(({ name }) => [cell(name, 0.5, true), cell(name, 0.9, known)]);
    const state = { data: { methods, leak, seeds: 1, fractions: [0.5, 0.9] }, ready: { verdicts }, form: "roar",
      accuracies: new Map(cells), refused: new Map() };
    return [...studyTable(state).querySelectorAll("td.words")].map((each) => each.textContent);
  };
  return [said(true, false), said(true, true), said(false, false)];
}"""
WORDS = """async (module) => {
  const { basisOfStudy, meaningOfLeak } = await import(module);
  const whole = { retrained: { over_pictures: { mean: 0.9, n: 1000 } } };
  const of = (over_pictures) => ({ over_pictures });
  const between = (low, high, leak) => ({ retrained: of({ low, high }), leak: of({ low: leak }) });
  const basis = (precision) => basisOfStudy({ accuracies: new Map([["random roar 0", whole]]), data: { seeds: 3 },
    ready: { networks: 9, precision } });
  const meaning = (forms, leak, decided, compared = between(0.5, 0.6, 0.5)) => meaningOfLeak({
    data: { leak, forms }, ready: { verdicts: [] },
    accuracies: new Map([["gradient kar 0.5", { leak_decides: decided, ...compared }]]) });
  return { float: basis("float32"), brief: basis("bfloat16"),
    meanings: [meaning(["kar"], true, true), meaning(["kar"], true, false), meaning(["roar"], true, true)],
    higher: meaning(["kar"], true, true, between(0.1, 0.2, 0.4)), unmeasured: meaning(["kar"], false, null) };
}"""
Open = Callable[..., Any]


def test_the_sample_of_a_fine_tune_says_how_methods_stand_and_draws_those_that_are_chosen(open_page: Open) -> None:
    page = open_page("retrain")
    expect(page.get_by_text("A precomputed sample")).to_be_visible()
    expect(page.locator("p.verdict")).to_have_text(re.compile("clearly better than every control.$"))
    expect(page.get_by_text(re.compile("^The garments are centred: the Centre control"))).to_be_visible()
    expect(page.locator('tr[data-method="centre"]')).to_have_attribute("data-standing", "control")
    expect(page.locator('tr[data-method="occlusion"]')).to_contain_text("not clearly better than the Centre control")
    expect(page.locator('tr[data-method="gradient"]')).to_contain_text("worse than the Centre control")
    expect(page.locator("li[data-finding]")).to_have_count(4)
    after, before = (page.get_by_role("img", name=re.compile(f"^Accuracy {when} fine-tuning")) for when in CHARTS)
    expect(after.locator('polyline[data-method="gradient"]')).to_have_count(0)
    page.get_by_role("button", name="Gradient", exact=True).click()
    for chart in (after, before):
        drawn = chart.locator('polyline[data-method="gradient"]')
        expect(drawn).to_have_count(2)
        assert drawn.evaluate_all("(lines) => lines.map(({ dataset }) => dataset.order)") == ["mif", "lif"]
        greys = chart.locator("polyline.control")
        expect(greys).to_have_count(3)
        assert greys.evaluate_all("(lines) => lines.map(({ dataset }) => dataset.method)") == [
            "random",
            "sobel",
            "centre",
        ]
    expect(after).to_have_attribute("aria-label", re.compile("Gradient, most important first: "))


def test_a_fine_tune_fills_in_place_survives_a_reload_and_passes_axe(
    open_page: Open, rest: Callable[[Any], None], ended: Callable[..., None], check_accessible: Callable[[Any], None]
) -> None:
    page = open_page("retrain?methods=gradient,vargrad&seed=5&fine_tune.pictures=6&fine_tune.networks=1")
    page.get_by_role("button", name="Run", exact=True).click()
    verdict = page.locator("p.verdict")
    expect(verdict).to_have_text("Fine-tuning network 1 of 1 on random gaps.")
    page.reload()
    rest(page)
    page.locator(".root figure").first.evaluate("(figure) => { figure.marked = true }")
    ended(page, "Run")
    expect(verdict).to_have_text(re.compile("clearly better than every control.$"))
    expect(
        page.get_by_text(
            re.compile("^Over 6 pictures and 1 network. Accuracy on all 1,000 whole test pictures: 87.6 %")
        )
    ).to_be_visible()
    assert page.locator(".root figure").first.evaluate("(figure) => figure.marked")
    page.get_by_text("Accuracies as numbers", exact=True).first.click()
    rows = page.get_by_role("table", name="Accuracy after fine-tuning on random gaps").locator("tbody tr")
    expect(rows).to_have_count(2 * (2 + 5))
    check_accessible(page)
    page.get_by_role("spinbutton", name="Networks").fill("2")
    page.keyboard.press("Enter")
    expect(page.locator(".root.stale p.verdict")).to_have_count(1)
    expect(page.get_by_text("These curves used another number of networks. Press Run to update them.")).to_be_visible()


def test_a_folder_of_one_s_own_is_learned_from_and_its_pictures_are_told(
    open_page: Open, ended: Callable[..., None], check_accessible: Callable[[Any], None], tmp_path: Path
) -> None:
    for name, shade in (("dark", 40), ("light", 200)):
        (tmp_path / "shop" / name).mkdir(parents=True)
        for number in range(14):
            picture = Image.new("RGB", (12, 12), (shade, shade, shade + number))
            picture.save(tmp_path / "shop" / name / f"{number}.png")
    page = open_page("retrain?data=folder&data.side=8&methods=gradient&fine_tune.networks=1")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    page.locator('input[type="file"]').first.set_input_files(tmp_path / "shop")
    expect(page.get_by_text(re.compile("^24 training pictures and 4 test pictures of 2 classes"))).to_be_visible()
    expect(page.get_by_text(re.compile("1 network trained, 1 copy fine-tuned, 24 heatmaps: "))).to_be_visible(
        timeout=60_000
    )
    page.get_by_role("button", name="Run", exact=True).click()
    ended(page, "Run")
    expect(page.locator("p.verdict")).to_have_text("Unclear: a verdict needs at least 5 pictures.")
    expect(page.get_by_text(re.compile("^Shop: 24 training pictures .* right for 50 % of the test"))).to_be_visible()
    chart = page.get_by_role("img", name=re.compile("^Accuracy after fine-tuning"))
    expect(chart.get_by_text("chance")).to_have_count(1)
    check_accessible(page)


def test_the_toy_s_curves_fill_in_place_say_when_they_are_stale_and_pass_axe(
    open_page: Open, check_accessible: Callable[[Any], None]
) -> None:
    page = open_page("retrain?tab=Toy&toy.seeds=1000")
    verdict, basis = page.locator("p.verdict"), page.get_by_text(re.compile("^Means over"))
    expect(verdict).to_have_text(re.compile(r"^Removing uninformative features costs \d+ points of accuracy, "))
    expect(page.get_by_text("These curves used another number of seeds. Press Run to update them.")).to_be_visible()
    expect(page.locator(".root.stale p.verdict")).to_have_count(1)
    for chart in ("without", "with"):
        drawing = page.get_by_role("img", name=re.compile(f"^Accuracy {chart} retraining by number"))
        lines = drawing.locator("polyline")
        expect(lines).to_have_count(len(RANKINGS))
        assert lines.evaluate_all("(lines) => lines.map(({ dataset }) => dataset.ranking)") == [*RANKINGS]
    page.locator(".root figure").first.evaluate("(figure) => { figure.marked = true }")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(verdict).to_have_text(re.compile("^So far: "))
    expect(basis).to_have_text("Means over 1,000 seeds; the bands are 95 % intervals.", timeout=60_000)
    expect(verdict).to_have_text(re.compile("^Removing uninformative"))
    expect(page.locator(".root.stale p.verdict")).to_have_count(0)
    assert page.locator(".root figure").first.evaluate("(figure) => figure.marked")
    page.get_by_text("Accuracies as numbers", exact=True).first.click()
    expect(page.get_by_role("table", name="Accuracies as numbers").get_by_role("row")).to_have_count(19)
    check_accessible(page)


def test_a_toy_without_a_verdict_asserts_nothing_of_what_retraining_recovers(
    open_page: Open, ended: Callable[..., None]
) -> None:
    page = open_page("retrain?tab=Toy")
    lessons = page.locator("ul.lessons")
    expect(lessons).to_contain_text("The model needed them to cancel the disturbance")
    expect(lessons).to_contain_text("a retrained model finds it in those that are left")
    page.get_by_role("spinbutton", name="Seeds").fill("2")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Run", exact=True).click()
    ended(page, "Run")
    expect(page.locator("p.verdict")).to_have_text("Unclear: a verdict needs at least 5 seeds.")
    expect(lessons).not_to_contain_text("The model needed them")
    expect(lessons).not_to_contain_text("a retrained model finds it")


def test_single_deletions_score_heatmaps_in_place_and_pass_axe(
    open_page: Open, ended: Callable[..., None], check_accessible: Callable[[Any], None]
) -> None:
    page = open_page("retrain?tab=single_patch&methods=gradient&single_patch.pictures=6&single_patch.copies=1")
    verdict, chart = (
        page.locator("p.verdict"),
        page.get_by_role("img", name=re.compile("^Rank correlation by method. ")),
    )
    expect(verdict).to_have_text(re.compile("clearly beats? every control.$"))
    expect(chart.locator('circle[data-method="random"]')).to_have_count(1)
    page.locator(".root .wide").first.evaluate("(place) => { place.marked = true }")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(verdict).to_have_text("Copy 1 of 1 learns from pictures that lack a patch.", timeout=30_000)
    ended(page, "Run")
    expect(
        page.get_by_text(
            re.compile("^Small CNN: 1 copy, 6 pictures; accuracy on all 1,000 test pictures, each without a patch: ")
        )
    ).to_be_visible()
    assert page.locator(".root .wide").first.evaluate("(place) => place.marked")
    expect(chart.locator("circle")).to_have_count(1 + 5)
    rows = page.get_by_role("table", name="Rank correlations by method").locator("tr[data-method]")
    expect(rows).to_have_count(1 + 5)
    check_accessible(page)


def test_a_method_has_no_verdict_in_the_table_before_all_of_its_leak_is_known(open_page: Open) -> None:
    page = open_page("retrain")
    awaited, known, none_asked = page.evaluate(SAID, f"/api/browser/{digest()}/retrain/roar/roar_table.js")
    assert awaited == ["…", "control"]
    assert known == none_asked
    assert known[0].endswith("worse than random")


def test_a_study_tells_in_which_precision_it_learned_and_what_a_leak_means_where_there_is_only_kar(
    open_page: Open,
) -> None:
    page = open_page("retrain")
    said = page.evaluate(WORDS, f"/api/browser/{digest()}/retrain/roar/roar_words.js")
    assert said["brief"].startswith("Over 1,000 test pictures and 3 networks for each set of masks.")
    assert said["brief"] == f"{said['float']} They learned in bfloat16, the explained network in float32."
    decided, *otherwise = said["meanings"]
    assert decided.startswith("Networks that learned from the masks alone are not clearly less accurate")
    assert otherwise == ["", ""]
    assert said["higher"].startswith(decided)
    assert "Where the leak is higher" in said["higher"].removeprefix(decided)
    assert said["unmeasured"].startswith("The leak was not measured")


def test_a_study_of_retraining_grows_in_place_is_paused_and_goes_on_after_a_reload(
    open_page: Open, rest: Callable[[Any], None], check_accessible: Callable[[Any], None]
) -> None:
    asked = "roar.methods=gradient&roar.pictures=300&roar.forms=roar&roar.forms=kar&roar.fractions=0.9&roar.probes=blur"
    page = open_page(f"retrain?tab=roar&{asked}")
    verdict = page.locator("p.verdict")
    expect(verdict).to_have_text(re.compile("^The leak decides for "))
    expect(page.locator(".root.stale p.verdict")).to_have_count(1)
    expect(page.get_by_text(re.compile("networks of .* each, .* heatmaps: ")).first).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(verdict).to_have_text("Heatmaps of all pictures come first, then the networks.", timeout=60_000)
    chart = page.get_by_role("img", name=re.compile("^Accuracy of retrained networks, by share removed"))
    chart.wait_for(timeout=120_000)
    page.locator(".root figure").first.evaluate("(figure) => { figure.marked = true }")
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_text(re.compile("^Paused. Press Run to go on.")).first).to_be_visible(timeout=30_000)
    assert page.locator(".root figure").first.evaluate("(figure) => figure.marked")
    page.reload()
    rest(page)
    expect(page.get_by_text(re.compile(r"are left, \d+ are kept|^All \d+ networks are kept")).first).to_be_visible()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(verdict).to_have_text(re.compile("^(The leak decides|No heatmap|Gradient) "), timeout=180_000)
    for form in ("removed", "kept"):
        drawing = page.get_by_role("img", name=re.compile(f"^Accuracy of retrained networks, by share {form}"))
        expect(drawing.locator("[data-leak=gradient]")).to_have_count(1)
        expect(drawing.locator("polygon.faint")).to_have_count(1)
        expect(page.locator("tr[data-probe=blur]")).to_contain_text("blurred")
        expect(page.locator(".probes li")).to_have_text(re.compile("^Gradient: Blurring the map changes the area by "))
        expect(page.get_by_role("columnheader", name=f"90 % {form}")).to_have_count(1)
        page.get_by_role("combobox", name="Form").select_option("kar")
    check_accessible(page)
