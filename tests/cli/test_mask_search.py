"""``heatcheck mask-search``: its table and maps are the stream's, and what a mistake says."""

import pytest
from PIL import Image

import core
from core.pictures.datasets import fashion_mnist
from core.pictures.rendering import to_picture
from core.studies.search_arms import ARMS
from core.studies.search_convergence import MapJudged

ASKED = ("--model", "fashion_cnn", "--device", "cpu", "--passes", "100,200", "--steps", 5)


@pytest.fixture
def garment(tmp_path):
    to_picture(fashion_mnist("test").pixels[0]).save(tmp_path / "garment.png")
    return tmp_path / "garment.png"


def test_every_method_has_a_row_and_a_map_at_every_number_of_passes(heatcheck, rows, tmp_path, garment):
    out = tmp_path / "out"
    mask = Image.new("L", (28, 28))
    mask.paste(255, (0, 0, 14, 28))
    mask.save(tmp_path / "mask.png")
    result = heatcheck("mask-search", garment, *ASKED, "--mask", tmp_path / "mask.png", "--out", out)
    assert result.exit_code == 0, result.output
    found = {(row["arm"], int(row["passes"])): row for row in rows(out / "quality.csv")}
    assert set(found) == {(arm, passes) for arm in ARMS for passes in (100, 200)}
    assert {file.name for file in out.glob("*.png")} == {f"{arm}_{passes}.png" for arm, passes in found}
    classifier = core.load_classifier("fashion_cnn", device="cpu")
    pixels = classifier.prepare(core.open_picture(garment))
    truth = classifier.prepare(core.open_picture(tmp_path / "mask.png"))[0, 0] >= 0.5
    for each in core.stream_mask_search(classifier, pixels, passes=(100, 200), steps=5, truth=truth):
        if isinstance(each, MapJudged):
            row = found[each.arm, each.passes]
            assert float(row["fidelity"]) == pytest.approx(each.fidelity, abs=1e-6)
            assert float(row["stamp_distance"]) == pytest.approx(each.stamp_distance, abs=1e-6)
            assert row["agreement"] == "" or float(row["agreement"]) == pytest.approx(each.agreement, abs=1e-6)
    assert "Mask search, win stay" in result.stdout
    assert "Distance" in result.stdout


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--passes", "many"), "whole numbers in ascending order"),
        (("--passes", "500,250"), "ascending numbers from"),
        (("--mask", "nowhere.png"), "no file or folder nowhere.png"),
        (("--imputer", "gray"), "gray"),
        (("--target", "yeti"), "yeti"),
    ],
)
def test_a_mistake_is_one_sentence_on_stderr(heatcheck, tmp_path, garment, wrong, said):
    result = heatcheck("mask-search", garment, *ASKED, *wrong, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not result.stdout
