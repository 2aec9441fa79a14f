"""``heatcheck sanity``: which methods notice that the network forgot, and that its labels were shuffled."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from core import cli


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("HEATCHECK_HOME", str(tmp_path / "home"))
    return lambda *arguments: CliRunner().invoke(cli.app, ["sanity", *map(str, arguments)])


def test_similarities_and_verdicts_are_written_and_shown(run, tmp_path):
    asked = ("fashion_mnist", "--model", "fashion_cnn", "--methods", "gradient", "--device", "cpu")
    result = run("randomise", *asked, "--limit", 5, "--draws", 1, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    points = pd.read_csv(tmp_path / "out" / "similarities.csv")
    assert points["picture"].nunique() == 5
    assert points.groupby(["picture", "method"])["share_randomised"].max().eq(1).all()
    assert points["stage"].min() == 1
    verdicts = pd.read_csv(tmp_path / "out" / "verdicts.csv").set_index("method")
    assert verdicts.loc["sobel", "standing"] == "fails"
    assert verdicts.loc["random", "standing"] == "passes"
    assert (verdicts["n"] == 5).all()
    own = points[points["method"] == "gradient"].groupby("picture")["spearman_abs"].mean().mean()
    assert verdicts.loc["gradient", "mean"] == pytest.approx(own)
    assert "Fails: it stays alike, 1.00" in " ".join(result.stdout.split())
    assert "5 pictures" in result.stderr


@pytest.mark.slow
def test_networks_of_true_and_shuffled_labels_are_compared(run):
    result = run("labels", "--methods", "gradient", "--pictures", 5, "--device", "cpu")
    assert result.exit_code == 0, result.stderr
    assert "Sobel (control)" in result.stdout


def test_what_does_not_exist_is_told_in_one_sentence(run, tmp_path):
    for arguments, sentence in (
        (("randomise", "gallery", "--mode", "sideways"), "--mode is one of"),
        (("randomise", "gallery", "--methods", "gradeint"), "gradient"),
        (("randomise", str(tmp_path / "none")), "none"),
        (("labels", "--methods", ""), "at least one method"),
    ):
        result = run(*arguments, *(("--out", tmp_path / "out") if arguments[0] == "randomise" else ()))
        assert result.exit_code == 2
        assert sentence in result.stderr
        assert "Traceback" not in result.stderr
