"""``heatcheck stamp``: models are listed, trained, and asked which methods find what they see."""

import pandas as pd
import pytest
from typer.testing import CliRunner

import core
from core.cli.app import app


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("HEATCHECK_HOME", str(tmp_path / "home"))
    return lambda *arguments: CliRunner().invoke(app, ["stamp", *map(str, arguments)])


def test_models_are_listed_with_their_stamps_and_gate(run):
    listed = run("models").stdout
    for model in core.list_stamp_models():
        assert model.name in listed
        assert all(stamp.design in listed for stamp in model.task.stamps)


def test_a_network_that_was_trained_here_is_deleted_and_one_that_ships_is_not(run):
    trained = run("train", "patches", "--network", "matched_filter", "--distractor", "none", "--most", 90)
    assert "Saved as trained/" in trained.stderr
    assert len(core.list_stamp_models()) == 5
    name = core.list_stamp_models()[-1].name
    assert f"{name} has been deleted" in run("remove", name).stderr
    assert len(core.list_stamp_models()) == 4
    refused = run("remove", "trained/matched_filter")
    assert refused.exit_code == 2
    assert "ships with HeatCheck" in refused.stderr


def test_scores_are_written_behind_the_gate(run, tmp_path):
    asked = ("--model", "trained/matched_filter", "--methods", "input_x_gradient", "--device", "cpu")
    result = run("score", *asked, "--pictures", 5, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    assert "Gate passed" in result.stderr
    assert "Stamp distance" in result.stdout or " d " in result.stdout
    scores = pd.read_csv(tmp_path / "out" / "scores.csv").set_index(["metric", "method"])["score"]
    assert len(scores["stamp_distance", "oracle"]) == 5
    assert scores["stamp_distance", "input_x_gradient"].max() < 1e-4
    assert (tmp_path / "out" / "study.json").is_file()


def test_a_sweep_writes_a_row_for_each_method_and_says_where_the_gate_is_not_passed(run, tmp_path):
    asked = ("--model", "trained/matched_filter", "--methods", "gradient", "--device", "cpu", "--pictures", 2)
    result = run("sweep", *asked, "--sizes", "6", "--opacities", "1,0.1", "--out", tmp_path / "sweep.csv")
    assert result.exit_code == 0, result.stderr
    table = pd.read_csv(tmp_path / "sweep.csv")
    assert table.query("opacity == 1")["gate_passed"].all()
    assert set(table.query("opacity == 1")["method"]) >= {"gradient", "oracle", "random"}
    below = table.query("opacity == 0.1")
    assert len(below) == 1
    assert below["mean"].isna().all()
    assert "Gate failed" in result.stderr


def test_a_sweep_of_nothing_that_passes_fails(run, tmp_path):
    asked = ("--model", "trained/matched_filter", "--methods", "gradient", "--device", "cpu", "--pictures", 2)
    result = run("sweep", *asked, "--sizes", "6", "--opacities", "0.1", "--out", tmp_path / "sweep.csv")
    assert result.exit_code == 1
    assert "there is no ground truth" in result.stderr


def test_a_place_that_cannot_be_written_is_known_before_the_sweep(run, tmp_path):
    result = run("sweep", "--model", "trained/matched_filter", "--out", tmp_path)
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("score", "--model", "trained/none"), "trained/none"),
        (("score", "--model", "squeezenet1_1"), "not trained on stamps"),
        (("score", "--methods", "gradiant"), "Did you mean gradient"),
        (("sweep", "--sizes", "6,x"), "not a list of numbers"),
        (("sweep", "--sizes", "2"), "at least 3 pixels"),
        (("train", "patches", "--design", "cros"), "Did you mean cross"),
        (("train", "patches", "--distractor", "cross"), "distractor carries no label"),
        (("train", "patches", "--size", "20"), "3 to 6 pixels wide"),
        (("train", "patches", "--network", "resnet"), "no network 'resnet'"),
        (("train", "/nowhere"), "/nowhere"),
    ],
)
def test_what_cannot_be_is_one_sentence(run, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert not result.stdout


@pytest.mark.slow
def test_a_trained_model_is_kept_and_listed(run):
    result = run("train", "fashion_mnist", "--size", 3, "--most", 300, "--title", "Mine", "--device", "cpu")
    assert result.exit_code == 0, result.stderr
    assert "Epoch 2 of " in result.stderr
    own = [model for model in core.list_stamp_models() if not model.bundled]
    assert [model.title for model in own] == ["Mine"]
    assert f"Saved as {own[0].name}" in result.stderr
