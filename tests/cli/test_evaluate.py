"""``heatcheck evaluate``: the tables of a study, and what is left of one that was interrupted."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

import core
from core.cli import scores as study_on_its_way
from core.methods.registry import list_controls
from core.metrics.ceiling import OF_THIS_RUN
from core.metrics.statistics import Score
from core.pictures.collecting import open_bundled
from core.studies.evaluation import PictureScored, SummaryReady

CHELSEA = str(next(picture.path for picture in core.gallery() if picture.name == "chelsea"))
CONTROLS = {entry.name for entry in list_controls(truth_known=False)}


def evaluate(heatcheck, out: Path, source: object, *arguments: object):
    return heatcheck("evaluate", source, "--out", out, "--model", "fashion_cnn", "--device", "cpu", *arguments)


QUICK = ("--methods", "gradient", "--metrics", "fidelity,deletion,average_drop", "--steps", 4)


def test_a_study_writes_its_tables_and_shows_means_with_intervals_and_directions(heatcheck, tmp_path, rows):
    result = evaluate(heatcheck, tmp_path, "fashion_mnist", "--limit", 3, *QUICK)
    assert result.exit_code == 0, result.output
    scores = rows(tmp_path / "scores.csv")
    assert {row["method"] for row in scores} == CONTROLS | {"gradient"}
    assert len({row["picture"] for row in scores}) == 3
    told = json.loads((tmp_path / "study.json").read_text(encoding="utf-8"))
    assert told["asked"]["metrics"] == ["fidelity", "deletion", "average_drop"]
    assert (told["asked"]["limit"], told["asked"]["steps"], told["asked"]["seed"]) == (3, 4, 0)
    summary = {(row["method"], row["metric"]): row for row in rows(tmp_path / "summary.csv")}
    row = summary["gradient", "fidelity"]
    shown = f"{float(row['mean']):z.2f} [{float(row['low']):z.2f}, {float(row['high']):z.2f}]"
    line = next(line for line in result.stdout.splitlines() if line.startswith("Gradient"))
    assert shown in line
    assert "F ↑" in result.stdout
    assert "Deletion ↓" in result.stdout
    assert "–" in next(line for line in result.stdout.splitlines() if line.startswith("Negated")), "no positive place"
    assert "3/3 fashion_mnist 002" in result.stderr
    assert "The scores of 3 pictures are in" in result.stderr


def test_the_share_of_the_ceiling_is_scored_where_it_is_asked_for(heatcheck, tmp_path, rows):
    result = evaluate(heatcheck, tmp_path, "fashion_mnist", "--limit", 1, *QUICK, "--ceiling")
    assert result.exit_code == 0, result.output
    scores = {row["metric"]: row["score"] for row in rows(tmp_path / "scores.csv") if row["method"] == "gradient"}
    assert float(scores["ceiling_share"]) == pytest.approx(float(scores["fidelity"]) / float(scores["ceiling"]))
    assert ("gradient", "ceiling_share") in {(row["method"], row["metric"]) for row in rows(tmp_path / "summary.csv")}
    assert "Share of the ceiling" in result.stdout
    assert OF_THIS_RUN in result.stdout


def test_pictures_that_cannot_be_judged_are_told_in_words_and_the_others_scored(heatcheck, tmp_path):
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    Image.open(CHELSEA).save(photos / "a.png")
    (photos / "b.png").write_text("no picture")
    result = evaluate(heatcheck, out, photos, *QUICK)
    assert result.exit_code == 0, result.output
    assert "b.png is left out: " in result.stderr
    assert "The scores of 1 picture are in" in result.stderr
    refused = json.loads((out / "study.json").read_text(encoding="utf-8"))["refused_pictures"]
    assert set(refused) == {"b.png"}
    (photos / "a.png").write_text("no picture")
    assert evaluate(heatcheck, out, photos, *QUICK).exit_code == 1


def test_a_study_of_labelled_pictures_says_the_accuracy_and_writes_it(heatcheck, tmp_path):
    photos, out = tmp_path / "photos", tmp_path / "out"
    for name, place in {"Sneaker/a.png": 9, "Sandal/b.png": 9, "spoon/c.png": 9}.items():
        (photos / name).parent.mkdir(parents=True)
        open_bundled(place).save(photos / name)
    result = evaluate(heatcheck, out, photos, *QUICK, "--labels", "folders", "--explained", "labelled")
    assert result.exit_code == 0, result.output
    told = json.loads((out / "study.json").read_text(encoding="utf-8"))
    correct = told["accuracy"]["correct"]
    assert f"{correct} of 2 labelled pictures predicted correctly: accuracy {50 * correct} %" in result.stdout
    assert "spoon/c.png is left out: fashion_cnn has no class 'spoon'" in result.stderr
    assert (told["asked"]["labels"], told["asked"]["explained"]) == ("folders", "labelled")


def test_a_study_may_ask_why_each_class_rather_than_another(heatcheck, tmp_path, rows):
    result = evaluate(heatcheck, tmp_path, "fashion_mnist", "--limit", 3, *QUICK, "--rather-than", "Sneaker")
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "study.json").read_text(encoding="utf-8"))["asked"]["rather_than"] == "Sneaker"
    classifier = core.load_classifier("fashion_cnn", device="cpu")
    asked = {"methods": ["gradient"], "metrics": ["fidelity"], "limit": 3, "steps": 4}
    frames = [
        core.evaluate(classifier, "fashion_mnist", **asked, **more).frame for more in ({"output": core.Contrast(7)}, {})
    ]
    contrasted, plain = (frame.query("method == 'gradient'").score.tolist() for frame in frames)
    written = [row for row in rows(tmp_path / "scores.csv") if row["metric"] == "fidelity"]
    assert [float(row["score"]) for row in written if row["method"] == "gradient"] == pytest.approx(contrasted)
    assert contrasted != pytest.approx(plain)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fashion_mnist", "--rather-than", "shoehorn"], "no class 'shoehorn'"),
        (["fashion_mnist", "--labels", "folders"], "None of the pictures has a label"),
        (["fashion_mnist", "--labels", "gone.csv"], "gone.csv cannot be read"),
        (["fashion_mnist", "--explained", "labelled"], "say where the labels are"),
        (["fashion_mnist", "--explained", "true"], "predicted, labelled"),
        (["fashion_mnist", "--methods", "grad_kam"], "grad_cam"),
        (["fashion_mnist", "--metrics", "fidelitty"], "fidelity"),
        (["fashion_mnist", "--unit", "square"], "pixel, region, superpixel, feature"),
        (["fashion_mnist", "--y", "loss"], "probability, relative_logit, accuracy"),
        (["fashion_mnist", "--imputer", "white"], "no imputer"),
        (["nowhere"], "nowhere"),
        (["fashion_mnist", "--out", CHELSEA], "--out"),
    ],
)
def test_a_mistake_in_a_study_is_one_sentence_on_stderr(heatcheck, tmp_path, arguments, said):
    result = evaluate(heatcheck, tmp_path, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not result.stdout
    assert not list(tmp_path.iterdir())


def scored(number: int) -> PictureScored:
    name = f"{number}.png"
    scores = tuple(Score(name, method, "fidelity", 0.1 * number) for method in ("gradient", "random"))
    return PictureScored(name, scores, 1.5, number, 9)


def test_an_interrupted_study_leaves_the_scores_that_it_has(heatcheck, tmp_path, monkeypatch, rows):
    closed = []

    def interrupted(*_, **__):
        try:
            for number in (1, 2):
                yield scored(number)
                yield SummaryReady((), number)
            yield core.MethodRefused("deeplift", "It needs ReLU.")
            raise KeyboardInterrupt
        finally:
            closed.append(True)

    monkeypatch.setattr(core, "stream_evaluation", interrupted)
    result = evaluate(heatcheck, tmp_path, "fashion_mnist")
    assert result.exit_code == 130
    assert "Stopped. The scores of 2 pictures are in" in result.stderr
    assert "DeepLIFT is left out: It needs ReLU." in result.stderr
    assert closed
    assert len(rows(tmp_path / "scores.csv")) == 4
    assert len(rows(tmp_path / "summary.csv")) == 2
    assert pd.read_parquet(tmp_path / "scores.parquet").attrs["refused_methods"] == {"deeplift": "It needs ReLU."}


def test_a_long_study_is_written_now_and_then(heatcheck, tmp_path, monkeypatch, rows):
    found = []

    def slow(*_, **__):
        for number in (1, 2, 3):
            yield scored(number)
            yield SummaryReady((), number)
            found.append(len(rows(tmp_path / "scores.csv")) if (tmp_path / "scores.csv").exists() else 0)

    monkeypatch.setattr(core, "stream_evaluation", slow)
    monkeypatch.setattr(study_on_its_way, "SECONDS_BETWEEN_WRITES", 0.0)
    evaluate(heatcheck, tmp_path, "fashion_mnist")
    monkeypatch.setattr(study_on_its_way, "SECONDS_BETWEEN_WRITES", 1e9)
    (tmp_path / "scores.csv").unlink()
    evaluate(heatcheck, tmp_path, "fashion_mnist")
    assert found == [2, 4, 6, 0, 0, 0]


@pytest.mark.slow
def test_control_c_at_a_running_study_keeps_every_picture_that_was_told(tmp_path, rows):
    command = [sys.executable, "-m", "core.cli", "evaluate", "fashion_mnist", "--model", "fashion_cnn"]
    options = ["--device", "cpu", "--methods", "gradient", "--metrics", "fidelity", "--out", str(tmp_path)]
    running = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    told = [running.stderr.readline() for _ in range(3)]
    assert told[2].startswith("3/1000 fashion_mnist 002, ")
    running.send_signal(signal.SIGINT)
    _, rest = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Stopped. The scores of" in rest
    assert "Traceback" not in rest
    frame = pd.read_parquet(tmp_path / "scores.parquet")
    assert len(rows(tmp_path / "scores.csv")) == len(frame)
    assert frame["picture"].nunique() >= 3
    assert frame.groupby("picture").size().nunique() == 1, "no picture is there in part"
