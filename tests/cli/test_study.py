"""``heatcheck study``: a file to begin with, a forecast, a run that can be stopped and resumed, and its status."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from core.studies.spec import StudySpec

SMALL = """
models = ["fashion_cnn"]
data = "fashion_mnist"
limit = 2
methods = ["gradient"]
metrics = ["fidelity", "average_drop"]
steps = 4
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HEATCHECK_HOME", str(tmp_path / "home"))


@pytest.fixture
def spec(tmp_path) -> Path:
    file = tmp_path / "study.toml"
    file.write_text(SMALL)
    return file


def test_a_new_file_asks_for_the_defaults_and_is_not_overwritten(heatcheck, tmp_path):
    file = tmp_path / "mine.toml"
    assert heatcheck("study", "new", file).exit_code == 0
    assert StudySpec.read(file) == StudySpec()
    again = heatcheck("study", "new", file)
    assert again.exit_code == 2
    assert "is there already" in again.stderr


def test_a_study_writes_its_tables_and_shows_means(heatcheck, tmp_path, spec):
    out = tmp_path / "out"
    result = heatcheck("study", "run", spec, "--out", out, "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert {*pd.read_parquet(out / "scores.parquet")["metric"]} == {"fidelity", "average_drop"}
    assert "fashion_cnn, seed 0: 0 of 2 pictures finished before." in result.stderr
    assert "2 of 2 units finished." in result.stderr
    assert "F ↑" in result.stdout
    again = heatcheck("study", "resume", out, "--device", "cpu")
    assert "2 of 2 pictures finished before." in again.stderr
    assert again.stdout == result.stdout
    told = json.loads((out / "manifest.json").read_text())
    assert told["model fashion_cnn"]["weights"]
    assert len(told["runs"]) == 2


def test_a_dry_run_says_what_it_takes_and_writes_nothing(heatcheck, tmp_path, spec):
    out = tmp_path / "out"
    result = heatcheck("study", "run", spec, "--out", out, "--dry", "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert not out.exists()
    assert not (tmp_path / "home").exists()
    part, together = result.stdout.splitlines()
    passes = re.fullmatch(r"fashion_cnn, seed 0: 2 units, ([\d,]+) passes, (about .*|under a second)\.", part)
    assert passes
    assert together.startswith(f"Together: 2 units, {passes[1]} passes")
    many = heatcheck("study", "run", spec, "--out", out, "--dry", "--device", "cpu", "--workers", 64)
    assert "On 64 workers of this pace: about 20\u00a0s, by simulation." in many.stdout
    alone = heatcheck("study", "run", spec, "--out", out, "--device", "cpu", "--workers", 2)
    assert "add --ray local" in alone.stderr
    heatcheck("study", "run", spec, "--out", out, "--device", "cpu")
    after = heatcheck("study", "run", spec, "--out", out, "--dry", "--device", "cpu")
    assert "fashion_cnn, seed 0: 0 units, 0 passes" in after.stdout


def test_a_mistake_in_the_file_names_its_line(heatcheck, tmp_path, spec):
    spec.write_text(f"{SMALL}seeds = 3\n")
    result = heatcheck("study", "run", spec, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "Line 8: seeds must be a list of whole numbers" in result.stderr


def without_torch(*arguments: object) -> str:
    """What a command says, in a process of its own which must not load torch."""
    code = (
        "import sys, webbrowser\n"
        "from typer.testing import CliRunner\n"
        "from core.cli.app import app\n"
        "webbrowser.open = lambda address: print('opened', address)\n"
        f"result = CliRunner().invoke(app, {list(map(str, arguments))!r})\n"
        "print(result.output)\n"
        "sys.exit(9 if 'torch' in sys.modules else result.exit_code)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    return told.stdout


def test_the_status_of_a_study_is_told_without_torch(heatcheck, tmp_path, spec):
    out = tmp_path / "out"
    heatcheck("study", "run", spec, "--out", out, "--device", "cpu")
    told = without_torch("study", "status", out)
    assert "2 of 2 units finished." in told
    assert "No run is working on it." in told
    assert "has no study.toml" in heatcheck("study", "status", tmp_path / "home").stderr


@pytest.mark.parametrize("command", [("view",), ("study", "view")])
def test_a_study_is_viewed_without_torch_and_without_writing_into_it(heatcheck, tmp_path, spec, command):
    out = tmp_path / "out"
    heatcheck("study", "run", spec, "--out", out, "--device", "cpu")
    before = {file: file.stat().st_mtime_ns for file in out.rglob("*")}
    file = re.search(r"opened file://(.*)", without_torch(*command, out))
    assert file
    assert "fashion_cnn, seed 0" in Path(file[1]).read_text()
    assert {file: file.stat().st_mtime_ns for file in out.rglob("*")} == before


def test_a_report_is_one_file(heatcheck, tmp_path, spec):
    out, page = tmp_path / "out", tmp_path / "report.html"
    assert "holds no study" in heatcheck("study", "report", out, "--out", page).stderr
    heatcheck("study", "run", spec, "--out", out, "--device", "cpu")
    result = heatcheck("study", "report", out, "--out", page)
    assert result.exit_code == 0, result.output
    assert f"{page} is written, 0." in result.stderr
    assert "a verdict needs 5 pictures" in page.read_text()


def test_an_interrupt_keeps_what_is_finished_and_says_how_to_go_on(heatcheck, tmp_path, spec):
    spec.write_text(SMALL.replace("limit = 2", "limit = 1000"))
    out = tmp_path / "out"
    command = [sys.executable, "-m", "core.cli", "study", "run", str(spec), "--out", str(out), "--device", "cpu"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 120
    while len(list(out.glob("units/*.json"))) < 3 and time.monotonic() < until and running.poll() is None:
        time.sleep(0.02)
    assert "A run is working on it." in heatcheck("study", "status", out).stdout
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in said
    done = len(list(out.glob("units/*.json")))
    assert f"Stopped. {done} of 1,000 units finished." in said
    assert f"To go on: heatcheck study resume {out}" in said
    assert pd.read_parquet(out / "scores.parquet")["picture"].nunique() == done
    assert f"{done} of 1,000 units finished." in heatcheck("study", "status", out).stdout
