"""A study run into its folder: the scores of an evaluation, nothing computed twice, and whole after any kill."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from safetensors.torch import load_file

import core
from core.methods.registry import list_controls
from core.studies.evaluation import PictureScored, SummaryReady
from core.studies.over_pictures import PictureRefused
from core.studies.running import PartBegan, StudyReady

SPEC = core.StudySpec(
    models=("fashion_cnn",),
    data="fashion_mnist",
    limit=3,
    methods=("gradient", "grad_cam"),
    metrics=("fidelity", "average_drop", "gini"),
    steps=4,
)
TABLES = ("scores.parquet", "curves.parquet")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HEATCHECK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def fed(monkeypatch):
    """How many pictures each network has been given, from here on."""
    counts = [0]
    ask = core.Classifier.answer

    def counted(self, normalised):
        counts[0] += len(normalised)
        return ask(self, normalised)

    monkeypatch.setattr(core.Classifier, "answer", counted)
    return counts


def run(spec: core.StudySpec, folder: Path) -> list[object]:
    return list(core.stream_study(spec, folder, "cpu"))


def scores(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "scores.parquet")


def tables(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in TABLES]


def test_its_scores_and_means_are_those_of_an_evaluation(tmp_path):
    spec = replace(SPEC, metrics=(*SPEC.metrics, "ceiling_share"), limit=2)
    events = run(spec, tmp_path / "study")
    classifier = core.load_classifier("fashion_cnn", device="cpu")
    table = core.evaluate(classifier, "fashion_mnist", [*spec.methods], [*spec.metrics], limit=2, steps=4)
    own = scores(tmp_path / "study").sort_values(["picture", "method", "metric"], ignore_index=True)
    pd.testing.assert_frame_equal(own[["picture", "method", "metric", "score"]], table.frame, check_exact=True)
    last = [event for event in events if isinstance(event, SummaryReady)][-1]
    assert repr(last.summary) == repr(table.tally.summary(0))
    assert isinstance(events[-1], StudyReady)


def test_its_curves_have_the_areas_that_fidelity_is_made_of(tmp_path):
    run(SPEC, tmp_path / "study")
    curves = pd.read_parquet(tmp_path / "study" / "curves.parquet").set_index(["picture", "method", "order"])
    areas = {
        key: sum((b - a) * (u + v) / 2 for a, b, u, v in zip(x, x[1:], y, y[1:], strict=False))
        for key, x, y in zip(curves.index, curves["fraction"], curves["value"], strict=True)
    }
    own = scores(tmp_path / "study").query("metric == 'fidelity'")
    assert len(own) == 3 * (2 + len(list_controls(truth_known=False)))
    for row in own.itertuples():
        found = areas[row.picture, row.method, "lif"] - areas[row.picture, row.method, "mif"]
        assert row.score == pytest.approx(found, abs=1e-6)


def test_another_study_of_the_same_makes_no_pass(tmp_path, fed):
    run(SPEC, tmp_path / "one")
    fed[0] = 0
    core.load_classifier("fashion_cnn", device="cpu")
    loading, fed[0] = fed[0], 0
    run(SPEC, tmp_path / "two")
    assert fed[0] == loading
    assert tables(tmp_path / "one") == tables(tmp_path / "two")


def test_one_metric_or_method_more_computes_only_what_is_missing(tmp_path, monkeypatch):
    from core.studies import unit as judging

    asked = []
    own = judging.stream_scores

    def noted(subject, heatmaps, metrics, perturbation, known):
        asked.append((set(heatmaps), tuple(metrics), {name: set(traced) for name, traced in known.items()}))
        return own(subject, heatmaps, metrics, perturbation, known)

    monkeypatch.setattr(judging, "stream_scores", noted)
    spec = replace(SPEC, limit=1)
    run(spec, tmp_path / "one")
    everything = asked.pop()[0]
    run(replace(spec, methods=(*spec.methods, "input_x_gradient")), tmp_path / "two")
    assert [(maps, metrics) for maps, metrics, _ in asked] == [({"input_x_gradient"}, spec.metrics)]
    asked.clear()
    run(replace(spec, metrics=(*spec.metrics, "mrg")), tmp_path / "three")
    ((maps, metrics, known),) = asked
    assert (maps, metrics) == (everything, ("mrg",))
    assert all(known.values()), "the curves are known"
    asked.clear()
    run(replace(spec, settings={"grad_cam": {}}, seeds=(0, 1)), tmp_path / "four")
    assert [maps for maps, _, _ in asked] == [everything], "another seed is another subject"


def test_a_share_of_what_all_maps_reach_is_known_for_the_same_maps_only(tmp_path):
    spec = replace(SPEC, metrics=("ceiling_share",), limit=1)
    run(spec, tmp_path / "one")
    more = replace(spec, methods=(*spec.methods, "input_x_gradient"))
    run(more, tmp_path / "two")
    classifier = core.load_classifier("fashion_cnn", device="cpu")
    alone = core.evaluate(classifier, "fashion_mnist", [*more.methods], ["ceiling_share"], limit=1, steps=4).frame
    found = scores(tmp_path / "two").set_index(["method", "metric"])["score"]
    expected = alone.set_index(["method", "metric"])["score"]
    pd.testing.assert_series_equal(found.sort_index(), expected.sort_index(), check_exact=False, rtol=0, atol=1e-5)


def test_a_kill_loses_the_unit_in_hand_and_the_resumed_tables_are_those_of_an_unbroken_run(tmp_path, monkeypatch):
    spec = replace(SPEC, limit=40)
    (tmp_path / "study.toml").write_text(spec.to_toml())
    code = (
        "import sys, core\n"
        "spec = core.StudySpec.from_toml(open(sys.argv[1]).read())\n"
        "for event in core.stream_study(spec, sys.argv[2], 'cpu'):\n"
        "    pass\n"
    )
    units = tmp_path / "broken" / "units"
    command = [sys.executable, "-c", code, str(tmp_path / "study.toml"), str(tmp_path / "broken")]
    for at_least in (3, 11):
        killed = subprocess.Popen(command)
        until = time.monotonic() + 120
        while len(list(units.glob("*.json"))) < at_least and time.monotonic() < until and killed.poll() is None:
            time.sleep(0.01)
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
        done = len(list(units.glob("*.json")))
        assert at_least <= done < spec.limit
        assert all(json.loads(file.read_text())["scores"] for file in units.glob("*.json")), "each is whole"
    events = run(spec, tmp_path / "broken")
    (began,) = (event for event in events if isinstance(event, PartBegan))
    assert began.known == done
    assert sum(isinstance(event, PictureScored) for event in events) == spec.limit - done
    monkeypatch.setenv("HEATCHECK_HOME", str(tmp_path / "another home"))  # nothing is known there
    run(spec, tmp_path / "whole")
    assert tables(tmp_path / "broken") == tables(tmp_path / "whole")
    told = json.loads((tmp_path / "broken" / "manifest.json").read_text())
    assert len(told["runs"]) == 3


def test_models_and_seeds_are_judged_each_by_itself(tmp_path):
    spec = replace(SPEC, seeds=(0, 5), limit=2, metrics=("average_drop",))
    events = run(spec, tmp_path / "study")
    assert [event.seed for event in events if isinstance(event, PartBegan)] == [0, 5]
    assert [event.done for event in events if isinstance(event, PictureScored)] == [1, 2, 3, 4]
    own = scores(tmp_path / "study").query("method == 'random'").set_index(["picture", "seed"])["score"].unstack()
    assert (own[0] != own[5]).all()


def test_maps_are_kept_where_they_are_asked_for(tmp_path):
    run(replace(SPEC, limit=1), tmp_path / "without")
    run(replace(SPEC, limit=1, maps=True), tmp_path / "with")
    assert not (tmp_path / "without" / "maps").exists()
    (file,) = (tmp_path / "with" / "maps").iterdir()
    classifier = core.load_classifier("fashion_cnn", device="cpu")
    pixels = classifier.prepare(core.pictures.collecting.open_bundled(0))
    values = core.explain(classifier, pixels, ["gradient"])["gradient"].values
    assert load_file(file)["gradient"].numpy() == pytest.approx(values.numpy(), abs=1e-6)
    (seen,) = (tmp_path / "with" / "pictures").iterdir()
    np.testing.assert_array_equal(
        np.asarray(Image.open(seen)), np.asarray(core.pictures.rendering.to_picture(pixels[0]))
    )


def test_a_picture_that_cannot_be_opened_is_kept_as_refused(tmp_path):
    (tmp_path / "photos").mkdir()
    core.pictures.collecting.open_bundled(0).save(tmp_path / "photos" / "a.png")
    (tmp_path / "photos" / "b.png").write_bytes(b"no picture")
    spec = replace(SPEC, data=str(tmp_path / "photos"), limit=None)
    events = run(spec, tmp_path / "study")
    assert [event.picture for event in events if isinstance(event, PictureRefused)] == ["b.png"]
    assert events[-1] == StudyReady(2, 1)
    assert {*scores(tmp_path / "study")["picture"]} == {"a.png"}


def test_a_folder_holds_one_study_of_the_same_pictures(tmp_path):
    (tmp_path / "photos").mkdir()
    core.pictures.collecting.open_bundled(0).save(tmp_path / "photos" / "a.png")
    spec = replace(SPEC, data=str(tmp_path / "photos"), limit=None, metrics=("average_drop",))
    run(spec, tmp_path / "study")
    with pytest.raises(ValueError, match="holds another study"):
        core.stream_study(replace(spec, steps=5), tmp_path / "study", "cpu")
    core.pictures.collecting.open_bundled(1).save(tmp_path / "photos" / "b.png")
    with pytest.raises(ValueError, match="has changed: model fashion_cnn"):
        run(spec, tmp_path / "study")
