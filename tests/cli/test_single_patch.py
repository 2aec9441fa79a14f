"""``heatcheck single-patch``: its tables, and what a mistake says."""

import re

import pytest

from core.models.small import batch_norm_cnn
from core.retraining.networks import NETWORKS


def test_scores_and_differences_are_written_and_shown(heatcheck, rows, shades, tmp_path, monkeypatch):
    monkeypatch.setitem(NETWORKS, "twin", batch_norm_cnn)
    asked = (
        "--networks",
        "batch_norm_cnn,twin",
        "--methods",
        "gradient",
        "--pictures",
        10,
        "--copies",
        1,
        "--data",
        shades,
    )
    result = heatcheck("single-patch", *asked, "--out", tmp_path / "out", "--device", "cpu")
    assert result.exit_code == 0, result.output
    scores, gaps = (rows(tmp_path / "out" / f"{name}.csv") for name in ("scores", "differences"))
    assert {row["network"] for row in scores} == {"batch_norm_cnn", "twin"}
    assert {row["method"] for row in scores} == {row["method"] for row in gaps} >= {"gradient", "random"}
    assert all(float(row["low"]) <= float(row["score"]) <= float(row["high"]) for row in scores)
    assert {(row["difference"], row["pictures"]) for row in gaps} == {("0.0", "10")}
    told = " ".join(result.stderr.split())
    assert re.search(r"2 networks trained, 2 copies fine-tuned, \d+ heatmaps: (about|under) ", told), told
    assert re.search(r"differences.csv are in .*out\. It took \d+(\.\d)? s\.", told), told
    assert "twin minus batch_norm_cnn" in result.stdout


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--networks", "resnet"), "resnet18_32"),
        (("--networks", ","), "at least one network"),
        (("--methods", "gradeint"), "Did you mean gradient"),
        (("--across", 40), "patches a side"),
        (("--data", "nowhere"), "nowhere"),
    ],
)
def test_a_mistake_is_one_sentence_on_stderr(heatcheck, tmp_path, wrong, said):
    result = heatcheck("single-patch", *wrong, "--out", tmp_path / "out", "--device", "cpu")
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not result.stdout
