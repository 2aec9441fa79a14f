"""A study's report in a browser without a network: it sorts, switches and shows, and says nothing in the console."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

import core
from core.studies.folder import Folder
from core.studies.report.page import page_of

SPEC = core.StudySpec(
    models=("fashion_cnn",), data="fashion_mnist", limit=2, methods=("gradient", "grad_cam"),
    metrics=("fidelity", "average_drop"), seeds=(0, 1), steps=4, maps=True,
)  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    place = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEATCHECK_HOME", str(place / "home"))
        for _ in core.stream_study(replace(SPEC), place / "study", "cpu"):
            pass
    file = place / "report.html"
    file.write_text(page_of(Folder(place / "study")), encoding="utf-8")
    return file


def test_a_report_answers_without_a_network(chromium, report):
    context = chromium.new_context(offline=True)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(report.as_uri())
    part = page.locator(".part:visible")
    expect(part).to_have_count(1)
    means = part.locator("td:nth-child(3)")
    part.get_by_role("button", name="Average drop").click()
    shown = [
        float(each) for each in means.evaluate_all("(cells) => cells.map((cell) => cell.dataset.value).filter(Boolean)")
    ]
    assert shown == sorted(shown), "less is better"
    part.get_by_role("button", name="Average drop").click()
    turned = [
        float(each) for each in means.evaluate_all("(cells) => cells.map((cell) => cell.dataset.value).filter(Boolean)")
    ]
    assert turned == shown[::-1]
    expect(part.locator("article:visible h4")).to_have_text("fashion_mnist 000")
    part.get_by_label("Picture").select_option("1")
    expect(part.locator("article:visible h4")).to_have_text("fashion_mnist 001")
    before = part.locator("article:visible output").all_inner_texts()
    part.get_by_label("Score").select_option("average_drop")
    assert part.locator("article:visible output").all_inner_texts() != before
    page.get_by_role("button", name="fashion_cnn, seed 1").click()
    expect(page.locator(".part:visible h2")).to_have_text("fashion_cnn, seed 1")
    page.emulate_media(media="print")
    expect(page.locator("article:visible")).to_have_count(4)
    assert not said
    context.close()
