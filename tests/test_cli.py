"""The command line: what it writes, what it prints, and how it refuses."""

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

import core
from core import cli, commands, doctor
from core.methods.registry import list_controls
from core.metrics.statistics import Score
from core.studies.evaluation import PictureScored, SummaryReady

CHELSEA = str(next(picture.path for picture in core.gallery() if picture.name == "chelsea"))
CONTROLS = {entry.name for entry in list_controls(truth_known=False)}


@pytest.fixture
def heatcheck(squeezenet, monkeypatch):
    """Runs a command line; SqueezeNet is loaded once for all tests."""
    loaded = core.load_classifier

    def load_once(name, device="auto", progress=None):
        return squeezenet if name == "squeezenet1_1" and device == "cpu" else loaded(name, device, progress=progress)

    monkeypatch.setattr(core, "load_classifier", load_once)
    return lambda *arguments: CliRunner().invoke(cli.app, list(map(str, arguments)))


def explain(heatcheck, out: Path, *arguments: object):
    return heatcheck("explain", CHELSEA, "--out", out, "--model", "squeezenet1_1", "--device", "cpu", *arguments)


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def once(squeezenet, tmp_path_factory):
    """One trial of two methods: its folder and what was printed."""
    out = tmp_path_factory.mktemp("trial")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(core, "load_classifier", lambda *_, **__: squeezenet)
        result = CliRunner().invoke(
            cli.app, ["explain", CHELSEA, "--out", str(out), "--methods", "grad_cam,gradient", "--steps", "4"]
        )
    assert result.exit_code == 0, result.output
    return out, result


def test_every_method_and_every_control_has_a_picture_of_the_models_size(once):
    out, _ = once
    shown = {file.stem for file in out.glob("*.png")}
    assert shown == {"grad_cam", "gradient"} | CONTROLS
    assert all(Image.open(out / f"{name}.png").size == (224, 224) for name in shown)


def test_scores_are_sorted_and_controls_are_marked(once):
    scores = rows(once[0] / "scores.csv")
    values = [float(row["F"]) for row in scores]
    assert values == sorted(values, reverse=True)
    assert {row["method"] for row in scores if row["control"] == "1"} == CONTROLS
    assert all(float(row["F"]) == pytest.approx(float(row["mrg"]) + float(row["lrg"]), abs=1e-9) for row in scores)


def test_curves_have_both_ends_and_a_band_for_random_orders_only(once):
    points = [row for row in rows(once[0] / "curves.csv") if row["method"] == "gradient"]
    assert [(row["order"], float(row["fraction"])) for row in points] == [
        (order, step / 4) for order in ("lif", "mif", "random") for step in range(5)
    ]
    assert {bool(row["low"]) for row in points if row["order"] == "random"} == {True}
    assert {bool(row["low"]) for row in points if row["order"] != "random"} == {False}


def test_the_table_names_directions_random_values_and_controls(once):
    table = once[1].stdout
    assert "F ↑" in table
    assert "Artifact share" in table
    assert "P / T" not in table
    assert table.count("random 0") == 3
    assert table.count("random 1") == 1
    assert table.count("control") >= len(CONTROLS)
    assert "Egyptian cat" in once[1].stderr


def test_a_class_is_named_by_number_or_label(squeezenet, chelsea_for_squeezenet):
    def chosen(target):
        return cli.chosen_class(squeezenet, chelsea_for_squeezenet, target)

    assert chosen("282") == chosen("Tiger Cat") == 282
    assert chosen("") == core.predict(squeezenet, chelsea_for_squeezenet, top=1)[0].index
    with pytest.raises(ValueError, match="tiger cat"):
        chosen("tiger-cat")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--methods", "grad_kam"], "grad_cam"),
        (["--methods", ","], "at least one method"),
        (["--model", "squeezenet"], "squeezenet1_1"),
        (["--target", "tigger"], "tiger"),
        (["--target", "1000"], "0 to 999"),
        (["--imputer", "white"], "no imputer"),
        (["--device", "tpu"], "tpu"),
        (["--out", CHELSEA], "--out"),
    ],
)
def test_a_mistake_is_one_sentence_on_stderr(heatcheck, tmp_path, arguments, said):
    result = explain(heatcheck, tmp_path, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not result.stdout
    assert not list(tmp_path.iterdir())


def test_a_bad_picture_is_one_sentence_on_stderr(heatcheck, tmp_path):
    broken = tmp_path / "notes.png"
    broken.write_text("no picture")
    result = heatcheck("explain", broken)
    assert result.exit_code == 2
    assert "not a PNG" in result.stderr


def test_a_method_that_does_not_fit_is_left_out_with_its_reason(heatcheck, tmp_path, monkeypatch):
    def refusing(*_, **__):
        yield core.MethodRefused("gradient", "Because.")

    monkeypatch.setattr(core, "stream_trial", refusing)
    result = explain(heatcheck, tmp_path, "--methods", "gradient")
    assert result.exit_code == 1
    assert "Gradient was left out: Because." in result.stdout


def test_an_interrupt_leaves_what_there_is_and_says_so(heatcheck, tmp_path, monkeypatch):
    closed, stream_trial = [], core.stream_trial

    def interrupted(*arguments, **options):
        try:
            for event in stream_trial(*arguments, **options):
                yield event
                if isinstance(event, core.FidelityReady):
                    raise KeyboardInterrupt
        finally:
            closed.append(True)

    monkeypatch.setattr(core, "stream_trial", interrupted)
    result = explain(heatcheck, tmp_path, "--methods", "gradient", "--steps", "8")
    assert result.exit_code == 130
    assert "Stopped. The heatmaps, scores.csv and curves.csv are in" in result.stderr
    assert closed
    assert (tmp_path / "gradient.png").exists()
    assert len(rows(tmp_path / "scores.csv")) == 1
    assert len(rows(tmp_path / "curves.csv")) > 20


def test_methods_and_models_are_listed(heatcheck):
    listed = heatcheck("methods").stdout
    assert all(entry.name in listed for entry in core.list_methods())
    found = heatcheck("models", "SqueezeNet").stdout
    assert "squeezenet1_1" in found
    assert "torchvision/squeezenet1_0" in found
    assert "resnet" not in found
    assert heatcheck("models", "no such thing").exit_code == 1


def test_metrics_are_listed_with_their_direction(heatcheck):
    listed = heatcheck("metrics").stdout
    assert all(entry.name in listed for entry in core.list_metrics())
    assert {"↑", "↓"} <= set(listed)


def evaluate(heatcheck, out: Path, source: object, *arguments: object):
    return heatcheck("evaluate", source, "--out", out, "--model", "fashion_cnn", "--device", "cpu", *arguments)


QUICK = ("--methods", "gradient", "--metrics", "fidelity,deletion,average_drop", "--steps", 4)


def test_a_study_writes_its_tables_and_shows_means_with_intervals_and_directions(heatcheck, tmp_path):
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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
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


def test_all_metrics_are_those_that_can_be_told():
    everything = {entry.name for entry in core.list_metrics()}
    need_truth = {entry.name for entry in core.list_metrics() if entry.needs_truth}
    everything -= {entry.name for entry in core.list_metrics() if entry.needs_stamp}
    assert set(commands.chosen_metrics("all", marked=True)) == everything
    assert set(commands.chosen_metrics("all", marked=False)) == everything - need_truth
    assert commands.chosen_metrics(" mrg, deletion,", marked=False) == ["mrg", "deletion"]
    assert "fidelity" in commands.chosen_metrics("", marked=False)


def scored(number: int) -> PictureScored:
    name = f"{number}.png"
    scores = tuple(Score(name, method, "fidelity", 0.1 * number) for method in ("gradient", "random"))
    return PictureScored(name, scores, 1.5, number, 9)


def test_an_interrupted_study_leaves_the_scores_that_it_has(heatcheck, tmp_path, monkeypatch):
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


def test_a_long_study_is_written_now_and_then(heatcheck, tmp_path, monkeypatch):
    found = []

    def slow(*_, **__):
        for number in (1, 2, 3):
            yield scored(number)
            yield SummaryReady((), number)
            found.append(len(rows(tmp_path / "scores.csv")) if (tmp_path / "scores.csv").exists() else 0)

    monkeypatch.setattr(core, "stream_evaluation", slow)
    monkeypatch.setattr(commands, "SECONDS_BETWEEN_WRITES", 0.0)
    evaluate(heatcheck, tmp_path, "fashion_mnist")
    monkeypatch.setattr(commands, "SECONDS_BETWEEN_WRITES", 1e9)
    (tmp_path / "scores.csv").unlink()
    evaluate(heatcheck, tmp_path, "fashion_mnist")
    assert found == [2, 4, 6, 0, 0, 0]


def test_without_a_command_the_dashboard_is_started_in_a_process_that_keeps_its_memory(heatcheck, monkeypatch):
    started = []
    monkeypatch.setattr(cli.os, "execve", lambda *arguments: started.append(arguments))
    heatcheck("--port", "8600", "--host", "::1", "--no-browser")
    (python, arguments, environment) = started[0]
    assert arguments == [python, *["-P", "-m", "dashboard.server", "--host", "::1", "--port", "8600", "--no-browser"]]
    assert environment["MALLOC_MMAP_MAX_"] == "0"


def test_doctor_finds_everything_the_product_needs(heatcheck, monkeypatch):
    monkeypatch.setattr(doctor, "speed", lambda: iter(()))
    result = heatcheck("doctor")
    assert result.exit_code == 0, result.output
    assert "MISS" not in result.stdout
    assert "digest as published" in result.stdout


def test_doctor_notices_weights_that_were_changed(monkeypatch, tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "SHA256SUMS").write_text(f"{'0' * 64}  changed.safetensors\n{'0' * 64}  gone.safetensors\n")
    (tmp_path / "weights" / "changed.safetensors").write_bytes(b"other")
    monkeypatch.setattr(doctor, "ASSETS", tmp_path)
    assert [(finding.state, finding.sound) for finding in doctor.weights()] == [
        ("not those that were published", False),
        ("missing", False),
    ]


@pytest.mark.slow
def test_help_needs_no_torch_and_an_early_interrupt_leaves_no_traceback():
    loads_torch = "import sys, core.cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loads_torch], check=False).returncode == 0
    command = [sys.executable, "-m", "core.cli", "explain", CHELSEA]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(1.0)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode in (-signal.SIGINT, 130)
    assert "Traceback" not in said


@pytest.mark.slow
def test_control_c_at_a_running_study_keeps_every_picture_that_was_told(tmp_path):
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
