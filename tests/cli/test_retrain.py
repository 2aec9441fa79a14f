"""``heatcheck retrain``: a study from a file, its tables, and what a mistake says."""

import numpy as np
import pytest
from PIL import Image

SPEC = """
data = "shades"
methods = ["gradient"]
fractions = [0.5]
seeds = 1
picture_side = 8
epochs = 1
"""


@pytest.fixture
def spec(tmp_path):
    """The file of a study of two shades of noise."""
    drawn = np.random.default_rng(0)
    for name, low in (("dark", 0), ("light", 100)):
        (tmp_path / "shades" / name).mkdir(parents=True)
        for number in range(40):
            pixels = drawn.integers(low, low + 100, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "shades" / name / f"{number}.png")
    file = tmp_path / "shades.toml"
    file.write_text(SPEC)
    return file


def test_a_study_writes_accuracies_with_their_leak_and_goes_on_where_it_stopped(heatcheck, rows, spec, tmp_path):
    arguments = ("retrain", spec, "--out", tmp_path / "out", "--device", "cpu", "--processes", 1)
    result = heatcheck(*arguments)
    assert result.exit_code == 0, result.output
    told = rows(tmp_path / "out" / "accuracies.csv")
    cells = {(row["method"], row["form"], row["fraction"]) for row in told}
    assert cells == {(name, form, "0.5") for name in ("gradient", "random", "sobel") for form in ("roar", "kar")} | {
        ("random", "roar", "0.0")
    }
    for row in told:
        assert float(row["low"]) <= float(row["accuracy"]) <= float(row["high"])
        assert (row["seeds"], row["pictures"]) == ("1", "12")
    assert {row["method"] for row in rows(tmp_path / "out" / "verdicts.csv")} == {"gradient", "random", "sobel"}
    assert "Share removed" in result.stdout
    assert "Share kept" in result.stdout
    assert "leak" in result.stdout
    again = heatcheck(*arguments)
    assert again.stdout == result.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sedes = 3", "has no 'sedes'"),
        ("seeds = ", "not valid TOML"),
        ('methods = ["gradeint"]', "Did you mean gradient"),
        ('data = "nowhere"', "nowhere"),
        ('network = "resnet"', "resnet18_32"),
    ],
)
def test_a_mistake_is_one_sentence_on_stderr(heatcheck, tmp_path, text, said):
    file = tmp_path / "spec.toml"
    file.write_text(text)
    result = heatcheck("retrain", file, "--out", tmp_path / "out", "--device", "cpu", "--processes", 1)
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not result.stdout
