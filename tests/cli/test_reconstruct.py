"""``heatcheck reconstruct``: its tables and sheets, a person's own function, and what a mistake says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import core
from core.generation.reconstruction import ReconstructionReady
from core.pictures.datasets import fashion_mnist
from core.pictures.rendering import to_picture

ASKED = ("--model", "fashion_cnn", "--methods", "gradient", "--device", "cpu")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def garment(tmp_path):
    to_picture(fashion_mnist("test").pixels[0]).save(tmp_path / "garment.png")
    return tmp_path / "garment.png"


def test_one_picture_gives_a_row_and_a_sheet_for_every_region(heatcheck, rows, tmp_path, garment):
    out = tmp_path / "out"
    result = heatcheck("reconstruct", garment, *ASKED, "--shares", "0.3,0.5", "--prior", "donors", "--out", out)
    assert result.exit_code == 0, result.output
    found = rows(out / "results.csv")
    assert {(row["share"], row["region"]) for row in found} == {
        (share, region) for share in ("0.3", "0.5") for region in ("salient", "random", "inverted", "unfilled")
    }
    assert all(0 <= float(row["low"]) <= float(row["kept"]) <= float(row["high"]) <= 1 for row in found)
    assert {row["prior"] for row in found} == {"Donors", ""}
    for row in found:
        with Image.open(out / f"gradient_{row['region']}_{float(row['share']):g}.png") as sheet:
            shown = 2 if row["region"] == "unfilled" else 9
            assert sheet.size == (shown * 4 * 32, 2 * 4 * 32), "each pixel is a square of four by four"
    assert "Gradient" in result.stdout


def test_a_mask_is_the_hole(heatcheck, rows, tmp_path, garment):
    mask = Image.new("L", (28, 28))
    mask.paste(255, (0, 0, 14, 28))
    mask.save(tmp_path / "mask.png")
    out = tmp_path / "out"
    result = heatcheck("reconstruct", garment, *ASKED, "--mask", tmp_path / "mask.png", "--out", out)
    assert result.exit_code == 0, result.output
    assert {(row["method"], row["hidden"]) for row in rows(out / "results.csv")} == {("marked", "0.5")}
    assert {file.name for file in out.glob("*.png")} == {
        f"marked_{region}_50_percent.png" for region in ("salient", "random", "inverted", "unfilled")
    }


@pytest.mark.parametrize(
    ("size", "shade", "said"),
    [
        ((56, 28), 255, "The mask has 56 × 28 pixels and the picture 28 × 28"),
        ((28, 28), 0, "marks nothing in the part of the picture that the model sees"),
    ],
)
def test_a_mask_of_another_size_or_without_a_mark_is_refused(heatcheck, tmp_path, garment, size, shade, said):
    Image.new("L", size, shade).save(tmp_path / "mask.png")
    result = heatcheck("reconstruct", garment, *ASKED, "--mask", tmp_path / "mask.png", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not [*(tmp_path / "out").iterdir()]


def test_the_seed_is_that_of_the_maps_too(heatcheck, tmp_path, garment, monkeypatch):
    seeds, stream_heatmaps = [], core.stream_heatmaps

    def heard(*given, seed=0, **named):
        seeds.append(seed)
        return stream_heatmaps(*given, seed=seed, **named)

    monkeypatch.setattr(core, "stream_heatmaps", heard)
    result = heatcheck("reconstruct", garment, *ASKED, "--seed", 5, "--variations", 1, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert seeds == [5]


def test_what_was_hidden_is_printed_where_the_map_is_cut_by_threshold(heatcheck, rows, tmp_path, garment):
    out = tmp_path / "out"
    asked = ("--by", "threshold", "--shares", 0.9, "--variations", 1, "--out", out)
    result = heatcheck("reconstruct", garment, *ASKED, *asked)
    assert result.exit_code == 0, result.output
    [hidden] = [float(row["hidden"]) for row in rows(out / "results.csv") if row["region"] == "salient"]
    assert hidden < 0.8, "the map is no even one, or the two shares could not be distinguished"
    assert re.search(r"Gradient +([\d.]+) %", result.stdout)[1] == f"{100 * hidden:.3g}"


def test_shares_that_differ_little_have_sheets_of_their_own(heatcheck, tmp_path, garment):
    out = tmp_path / "out"
    result = heatcheck("reconstruct", garment, *ASKED, "--shares", "0.501,0.504", "--variations", 1, "--out", out)
    assert result.exit_code == 0, result.output
    assert {"gradient_salient_0.501.png", "gradient_salient_0.504.png"} <= {file.name for file in out.iterdir()}


@pytest.mark.parametrize("after", [0, 1])
def test_an_interrupt_leaves_the_sheets_of_the_regions_that_were_filled(
    heatcheck, rows, tmp_path, garment, monkeypatch, after
):
    stream_reconstruct, out = core.stream_reconstruct, tmp_path / "out"

    def interrupted(*given, **named):
        ready = 0
        for event in stream_reconstruct(*given, **named):
            if ready == after:
                raise KeyboardInterrupt
            yield event
            ready += isinstance(event, ReconstructionReady)

    monkeypatch.setattr(core, "stream_reconstruct", interrupted)
    result = heatcheck("reconstruct", garment, *ASKED, "--variations", 2, "--out", out)
    assert result.exit_code == 130
    if after:
        assert "Stopped. The sheets and results.csv are in" in result.stderr
        assert [row["region"] for row in rows(out / "results.csv")] == ["salient"]
        assert [file.name for file in out.glob("*.png")] == ["gradient_salient_0.5.png"]
    else:
        assert "Stopped. No region was filled, so nothing was written." in result.stderr
        assert not [*out.iterdir()]


def test_many_pictures_give_curves_with_intervals(heatcheck, rows, tmp_path):
    out = tmp_path / "out"
    asked = ("--limit", 3, "--shares", "0.5,0.9", "--variations", 4, "--out", out)
    result = heatcheck("reconstruct", "fashion_mnist", *ASKED, *asked)
    assert result.exit_code == 0, result.output
    found = rows(out / "curves.csv")
    assert len(found) == 2 * 4
    assert {row["pictures"] for row in found} == {"3"}
    assert all(float(row["kept_low"]) <= float(row["kept"]) <= float(row["kept_high"]) for row in found)


def test_a_function_of_a_person_s_own_fills(heatcheck, rows, tmp_path, garment, monkeypatch):
    (tmp_path / "my_fills.py").write_text(
        "def black(pixels, hole, count, seed):\n    return 0 * pixels.repeat(count, 1, 1, 1)\n"
    )
    monkeypatch.chdir(tmp_path)
    result = heatcheck("reconstruct", garment, *ASKED, "--prior", "my_fills:black", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert {row["prior"] for row in rows(tmp_path / "out" / "results.csv")} == {"black", ""}


def test_a_function_of_a_person_s_own_that_fails_is_one_sentence(heatcheck, tmp_path, garment, monkeypatch):
    (tmp_path / "broken_fills.py").write_text("def broken(pixels, hole, count, seed):\n    return pixels[9]\n")
    monkeypatch.chdir(tmp_path)
    result = heatcheck("reconstruct", garment, *ASKED, "--prior", "broken_fills:broken", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "broken failed with IndexError: " in result.stderr
    assert "Traceback" not in result.stderr


def test_a_bad_value_is_refused_before_torch_is_loaded():
    program = (
        "import sys\nfrom core.cli.app import app\n"
        "for wrong in (['--shares', '1.5'], ['--by', 'size'], ['--donors', 'nowhere']):\n"
        "    try:\n        app(['reconstruct', 'gallery', *wrong])\n"
        "    except SystemExit as end:\n        assert end.code == 2, wrong\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, capture_output=True)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--prior", "doners"), "Did you mean donors"),
        (("--prior", "nowhere:fill"), "no module 'nowhere'"),
        (("--shares", "half"), "numbers from 0 to 1"),
        (("--shares", "1.5"), "from 0 to 1, such as 0.3,0.5; got 1.5"),
        (("--shares", ","), "numbers from 0 to 1"),
        (("--by", "size"), "one of area, threshold, not 'size'"),
        (("--mask", "nowhere.png"), "no file or folder nowhere.png"),
        (("--methods", "gradeint"), "Did you mean gradient"),
        (("--donors", "nowhere"), "nowhere"),
    ],
)
def test_a_mistake_is_one_sentence_on_stderr(heatcheck, tmp_path, garment, wrong, said):
    result = heatcheck("reconstruct", garment, *ASKED, *wrong, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not result.stdout
