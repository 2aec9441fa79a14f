"""``heatcheck retrain``: a study from a file, its tables, and what a mistake says."""

import re
import subprocess
import sys

import pytest

SPEC = """
data = "shades"
methods = ["gradient"]
fractions = [0.5]
seeds = 1
picture_side = 8
epochs = 1
"""


@pytest.fixture
def spec(shades, tmp_path):
    """The file of a study of two shades of noise."""
    file = tmp_path / f"{shades.name}.toml"
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
    before = " ".join(result.stderr.split())
    assert re.search(r"\d+ networks of (about|under) .* each, 240 heatmaps: about .* on 1 core\.", before), before
    assert (
        "68 training and 12 test pictures of 8 × 8 pixels. Heatmaps, kept without loss: under 1 MB of disk." in before
    )
    assert re.search(r"\d+ networks trained; all runs of this study took \d.*\.", result.stdout)
    again = heatcheck(*arguments)
    assert again.stdout == result.stdout, "also what it took when it was computed"
    assert re.match(r"All \d+ networks are kept\.", again.stderr)


def test_probes_stand_below_their_method_and_in_a_table_of_their_own(heatcheck, rows, spec, tmp_path):
    spec.write_text(f'{SPEC}probes = ["blur", "dilate"]\nfill = "noisy_linear"\nforms = ["roar"]\n')
    result = heatcheck("retrain", spec, "--out", tmp_path / "out", "--device", "cpu", "--processes", 1)
    assert result.exit_code == 0, result.output
    told = [
        (row["method"], row["probe"]) for row in rows(tmp_path / "out" / "accuracies.csv") if row["fraction"] == "0.5"
    ]
    assert set(told) == {("gradient", ""), ("gradient", "blur"), ("gradient", "dilate"), ("random", ""), ("sobel", "")}
    found = rows(tmp_path / "out" / "probes.csv")
    assert [(row["method"], row["probe"], row["form"]) for row in found] == [
        ("gradient", "blur", "roar"), ("gradient", "dilate", "roar"),
    ]  # fmt: skip
    for row in found:
        assert float(row["low"]) <= float(row["change"]) <= float(row["high"])
    gradient, blurred, dilated = (result.stdout.index(word) for word in ("Gradient", "  blurred", "  dilated"))
    assert gradient < blurred < dilated
    assert "Gradient (ROAR): Blurring the map changes the area by " in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sedes = 3", "has no 'sedes'"),
        ("seeds = ", "not valid TOML"),
        ('fill = "grey"', "The fill must be one of mean, noisy_linear"),
        ('probes = ["sharpen"]', "The probes are among blur and dilate"),
        ("[settings]\nsmoothgrad = 3", "settings must be a table for each method"),
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


@pytest.mark.parametrize(
    ("content", "said"), [(b"seeds = [", "not valid TOML"), (bytes(range(128, 256)), "is no text")]
)
def test_a_file_that_is_no_toml_is_refused_before_torch_is_imported(tmp_path, content, said):
    file = tmp_path / "study.toml"
    file.write_bytes(content)
    refused = (
        "import sys; from typer.testing import CliRunner; from core.cli.app import app; "
        f"result = CliRunner().invoke(app, ['retrain', {str(file)!r}]); "
        "print('torch' in sys.modules, result.exit_code, ' '.join(result.output.split()))"
    )
    told = subprocess.run([sys.executable, "-c", refused], capture_output=True, text=True, check=True).stdout
    assert told.startswith("False 2 ")
    assert said in told
