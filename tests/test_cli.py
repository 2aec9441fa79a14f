"""The command line: what it writes, what it prints, and how it refuses."""

import csv
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

import core
from core import cli, doctor

CHELSEA = str(next(picture.path for picture in core.gallery() if picture.name == "chelsea"))
CONTROLS = {entry.name for entry in core.list_methods() if entry.control}


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
    assert "random 0" in table
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


def test_an_interrupt_leaves_what_was_written_and_says_so(heatcheck, tmp_path, monkeypatch):
    closed = []

    def interrupted(*_, **__):
        try:
            yield core.MethodRefused("gradient", "Because.")
            raise KeyboardInterrupt
        finally:
            closed.append(True)

    monkeypatch.setattr(core, "stream_trial", interrupted)
    result = explain(heatcheck, tmp_path, "--methods", "gradient")
    assert result.exit_code == 130
    assert "Stopped." in result.stderr
    assert closed


def test_methods_and_models_are_listed(heatcheck):
    listed = heatcheck("methods").stdout
    assert all(entry.name in listed for entry in core.list_methods())
    found = heatcheck("models", "SqueezeNet").stdout
    assert "squeezenet1_1" in found
    assert "torchvision/squeezenet1_0" in found
    assert "resnet" not in found
    assert heatcheck("models", "no such thing").exit_code == 1


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
