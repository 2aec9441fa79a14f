"""``heatcheck sanity``: which methods notice that the network forgot, and that its labels were shuffled."""

import pandas as pd
import pytest
from typer.testing import CliRunner

import core
from core.cli.app import app
from core.cli.options import FAILED, INTERRUPTED
from core.sanity.labels import LabelsReady
from core.sanity.many_pictures import PictureChecked
from core.sanity.verdict import MeanSimilarity, VerdictReady, short
from core.studies.over_pictures import PictureRefused


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("HEATCHECK_HOME", str(tmp_path / "home"))
    return lambda *arguments: CliRunner().invoke(app, ["sanity", *map(str, arguments)])


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
    shown = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert shown[0] == "Method Verdict Mean over stages Fully randomised Pictures"
    assert "Sobel (control) fails 1.00 [1.00, 1.00] 1.00 [1.00, 1.00] 5" in shown
    assert "5 pictures" in result.stderr


def test_networks_of_true_and_shuffled_labels_are_compared_shown_and_written(run, tmp_path):
    result = run("labels", "--methods", "gradient", "--pictures", 5, "--device", "cpu", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    shown = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert shown[0] == "Method Verdict After retraining After shuffling the labels Pictures"
    assert "Sobel (control) fails 1.00 [1.00, 1.00] 1.00 [1.00, 1.00] 5" in shown
    table = pd.read_csv(tmp_path / "out" / "labels.csv").set_index("method")
    verdicts = {
        event.method: event
        for event in core.stream_label_check(["gradient"], pictures=5, device="cpu")
        if isinstance(event, LabelsReady)
    }
    assert list(table.index) == list(verdicts)
    assert len(table.columns) == 2 * 4 * 3 + 3
    for method, verdict in verdicts.items():
        row = table.loc[method]
        assert (row["standing"], row["n"], row["sentence"]) == (verdict.standing, verdict.n, verdict.sentence)
        for other, means in (("retrained", verdict.retrained), ("shuffled", verdict.shuffled)):
            for similarity, mean in means.items():
                told = [row[f"{other}_{similarity}{end}"] for end in ("", "_low", "_high")]
                assert told == pytest.approx(mean[:3], nan_ok=True)
    assert table.loc["sobel", "standing"] == "fails"
    assert table.loc["sobel", "shuffled_spearman_abs"] == pytest.approx(1)


def test_one_picture_is_too_few_for_a_verdict_and_still_tells_its_numbers(run, tmp_path):
    result = run("labels", "--methods", "gradient", "--pictures", 1, "--device", "cpu", "--out", tmp_path)
    assert result.exit_code == 0, result.stderr
    row = pd.read_csv(tmp_path / "labels.csv").set_index("method").loc["gradient"]
    anew, shuffled = (short(row[f"{other}_spearman_abs"]) for other in ("retrained", "shuffled"))
    told = (
        f"A verdict needs 5 pictures. Similarity on 1 so far: {anew} after retraining, "
        f"{shuffled} after shuffling the labels."
    )
    assert row["sentence"] == told
    shown = " ".join(result.stdout.split())
    assert f"Gradient unclear {anew} {shuffled} 1" in shown
    assert shown.count("five pictures or more") == 1
    assert ",nan" not in (tmp_path / "labels.csv").read_text()
    assert pd.isna(row["retrained_spearman_abs_low"])


def test_a_run_in_which_no_named_method_applies_has_failed(run, tmp_path):
    asked = ("--pictures", 1, "--device", "cpu", "--out", tmp_path)
    refused = run("labels", "--methods", "attention_rollout", *asked)
    assert refused.exit_code == FAILED
    assert "is left out: " in refused.stderr
    assert "sobel" in set(pd.read_csv(tmp_path / "labels.csv")["method"])
    assert run("labels", "--methods", "attention_rollout,gradient", *asked).exit_code == 0


def test_what_does_not_exist_is_told_in_one_sentence(run, tmp_path):
    for arguments, sentence in (
        (("randomise", "gallery", "--mode", "sideways"), "--mode must be one of"),
        (("randomise", "gallery", "--methods", "gradeint"), "gradient"),
        (("randomise", str(tmp_path / "none")), "none"),
        (("labels", "--methods", ""), "at least one method"),
    ):
        result = run(*arguments, "--out", tmp_path / "out")
        assert result.exit_code == 2
        assert sentence in result.stderr
        assert "Traceback" not in result.stderr


def test_a_run_that_comes_to_nothing_fails_and_leaves_earlier_tables_alone(run, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "verdicts.csv").write_text("earlier")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    asked = ("--model", "fashion_cnn", "--device", "cpu", "--draws", 1, "--out", tmp_path / "out")
    result = run("randomise", tmp_path / "broken.png", "--methods", "gradient", *asked)
    assert result.exit_code != 0
    assert (tmp_path / "out" / "verdicts.csv").read_text() == "earlier"
    result = run("randomise", "fashion_mnist", "--limit", 1, "--methods", "attention_rollout", *asked)
    assert result.exit_code == 1
    assert "attention" in result.stderr


def test_a_single_picture_that_is_refused_half_way_has_no_verdicts(run, tmp_path, monkeypatch):
    def refused(*_, **__):
        mean = MeanSimilarity(0.9, 0.8, 1.0)
        yield VerdictReady("gradient", "unclear", mean, mean, None, 1, 0, "Unclear so far.", final=False)
        yield PictureRefused("a.png", "It has no positive logit.")

    monkeypatch.setattr(core, "stream_sanity_study", refused)
    asked = ("--model", "fashion_cnn", "--methods", "gradient", "--device", "cpu", "--out", tmp_path / "out")
    result = run("randomise", "fashion_mnist", "--limit", 1, *asked)
    assert result.exit_code == FAILED
    assert "nothing was written" in result.stderr
    assert "Unclear so far" not in result.stdout


def test_one_picture_has_a_verdict_by_its_draws(run, tmp_path):
    asked = ("--model", "fashion_cnn", "--methods", "gradient", "--device", "cpu", "--out", tmp_path / "out")
    result = run("randomise", "fashion_mnist", "--limit", 1, *asked)
    assert result.exit_code == 0, result.stderr
    verdicts = pd.read_csv(tmp_path / "out" / "verdicts.csv").set_index("method")
    assert verdicts.loc["sobel", "standing"] == "fails"
    assert verdicts.loc["sobel", "n"] == 2
    assert "Fully randomised  Draws" in result.stdout


def test_an_interrupted_randomisation_leaves_the_pictures_that_it_has(run, tmp_path, monkeypatch):
    study = core.stream_sanity_study

    def interrupted(*arguments, **options):
        for event in study(*arguments, **options):
            if isinstance(event, PictureChecked) and event.done == 3:
                raise KeyboardInterrupt
            yield event

    monkeypatch.setattr(core, "stream_sanity_study", interrupted)
    asked = ("--model", "fashion_cnn", "--methods", "gradient", "--device", "cpu", "--draws", 1, "--out", tmp_path)
    result = run("randomise", "fashion_mnist", *asked)
    assert result.exit_code == INTERRUPTED
    assert "Stopped. The similarities of 2 pictures are in" in result.stderr
    assert pd.read_csv(tmp_path / "similarities.csv")["picture"].nunique() == 2
    assert "gradient" in set(pd.read_csv(tmp_path / "verdicts.csv")["method"])
