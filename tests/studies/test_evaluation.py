"""A study over pictures: what is scored, what is refused, and that nothing depends on how it was split."""

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torchvision.transforms.v2.functional import pil_to_tensor

import core
from core.methods.heatmap import MethodRefused
from core.metrics.leak import LeakReady
from core.metrics.statistics import Tally
from core.models.batching import BatchSize
from core.pictures.collecting import collect_pictures
from core.pictures.datasets import fashion_mnist
from core.pictures.rendering import to_picture
from core.studies.evaluation import PictureScored, SummaryReady, record
from core.studies.over_pictures import PictureRefused
from core.studies.study import TruthRefused
from core.studies.table import Table

CONTROLS = {"random", "blurred_random", "sobel", "centre", "negated"}
QUICK = {"methods": ["gradient", "input_x_gradient"], "metrics": ["fidelity", "mrg", "lrg", "deletion"], "steps": 4}


@pytest.fixture(scope="module")
def fashion():
    return core.load_classifier("fashion_cnn", device="cpu")


@pytest.fixture(scope="module")
def table(fashion):
    return core.evaluate(fashion, "fashion_mnist", **QUICK, limit=6)


def test_the_frame_has_a_row_for_each_picture_method_and_metric_and_controls_run_along(table):
    frame = table.frame
    assert list(frame.columns) == ["picture", "method", "metric", "score"]
    assert set(frame["method"]) == CONTROLS | {"gradient", "input_x_gradient"}
    assert len(frame) == 6 * 7 * 4
    assert frame["picture"].nunique() == 6
    assert frame["score"].notna().all()


def test_the_summary_is_the_mean_with_its_interval_and_the_paired_difference_to_random(table):
    summary = table.summary().set_index(["method", "metric"])
    by_picture = table.frame.pivot_table(index="picture", columns=["method", "metric"], values="score")
    for (method, metric), row in summary.iterrows():
        assert row["n"] == 6
        assert row["mean"] == pytest.approx(by_picture[method, metric].mean())
        assert row["low"] <= row["mean"] <= row["high"]
        difference = by_picture[method, metric] - by_picture["random", metric]
        assert row["difference"] == pytest.approx(difference.mean(), abs=1e-12)


def test_fidelity_is_the_sum_of_its_halves_on_every_picture(table):
    frame = table.frame.pivot_table(index=["picture", "method"], columns="metric", values="score")
    np.testing.assert_allclose(frame["fidelity"], frame["mrg"] + frame["lrg"], atol=1e-9)


def test_negating_a_map_negates_its_fidelity_on_every_picture(fashion):
    frame = core.evaluate(fashion, "fashion_mnist", ["gradient"], ["fidelity"], limit=4, reduction="abs_sum").frame
    scores = frame.pivot_table(index="picture", columns="method", values="score")
    np.testing.assert_allclose(scores["negated"], -scores["gradient"], atol=1e-5)


def test_a_score_is_the_one_that_the_engine_gives_for_that_picture_alone(fashion, table):
    pictures = core.pictures.collecting.collect_pictures("fashion_mnist", "fashion_mnist")
    pixels = fashion.prepare(pictures[0].open())
    target = core.predict(fashion, pixels)[0].index
    values = core.explain(fashion, pixels, ["gradient"])["gradient"].values
    curves = core.perturb(fashion, pixels, {"gradient": values}, target, steps=4, randoms=3)
    expected = curves["gradient", "lif"].area - curves["gradient", "mif"].area
    frame = table.frame.set_index(["picture", "method", "metric"])["score"]
    assert frame[pictures[0].name, "gradient", "fidelity"] == pytest.approx(expected, abs=1e-6)


def test_splitting_the_pictures_into_batches_changes_nothing(fashion):
    tallies = [Tally(), Tally()]
    events = list(core.stream_evaluation(fashion, "fashion_mnist", **QUICK, limit=5))
    scored = [event for event in events if isinstance(event, PictureScored)]
    for place, event in enumerate(reversed(scored)):
        tallies[place % 2].add(event.scores)
    tallies[1].merge(tallies[0])
    last = [event for event in events if isinstance(event, SummaryReady)][-1]
    for one, other in zip(tallies[1].summary(), last.summary, strict=True):
        assert (one.method, one.metric, one.n) == (other.method, other.metric, other.n)
        for name in ("mean", "low", "high", "difference", "difference_low", "difference_high"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-6, nan_ok=True)


def test_summaries_grow_with_the_pictures_and_the_last_has_all(fashion):
    events = list(core.stream_evaluation(fashion, "fashion_mnist", **QUICK, limit=3))
    counted = [event.pictures for event in events if isinstance(event, SummaryReady)]
    assert counted[0] == 1
    assert counted == sorted(set(counted))
    assert counted[-1] == 3
    scored = [event for event in events if isinstance(event, PictureScored)]
    assert [(event.done, event.total) for event in scored] == [(1, 3), (2, 3), (3, 3)]
    first = next(event for event in events if isinstance(event, SummaryReady))
    assert all(math.isnan(row.low) for row in first.summary)


def test_a_study_does_not_depend_on_its_other_methods_or_on_the_batch_size(fashion, monkeypatch):
    asked = {"metrics": ["fidelity", "mrg", "insertion", "average_drop", "shape_gain"], "steps": 4, "limit": 2}
    whole = core.evaluate(fashion, "fashion_mnist", ["smoothgrad", "gradient", "grad_cam"], **asked).frame
    kept = whole[whole["method"].isin(CONTROLS | {"smoothgrad"})].reset_index(drop=True)
    for size in (1, 7, 64):
        monkeypatch.setattr(fashion, "_batch_sizes", {"forward": BatchSize(size), "gradient": BatchSize(size)})
        alone = core.evaluate(fashion, "fashion_mnist", ["smoothgrad"], **asked).frame
        pd.testing.assert_frame_equal(alone, kept, check_exact=False, rtol=0, atol=1e-5)


def test_a_study_does_not_depend_on_the_order_of_its_pictures(fashion):
    pictures = [to_picture(pixels) for pixels in fashion_mnist("test").pixels[:3]]
    one, other = (
        core.evaluate(fashion, some, ["gradient"], ["fidelity"], steps=4).summary()
        for some in (pictures, pictures[::-1])
    )
    np.testing.assert_allclose(one["mean"], other["mean"], atol=1e-6)


def test_the_artifact_share_over_pictures_is_a_ratio_of_means(fashion):
    table = core.evaluate(fashion, "fashion_mnist", ["occlusion"], ["artifact_share"], limit=8, steps=4)
    means = table.summary().set_index(["metric", "method"])["mean"]
    assert means["artifact_share", "occlusion"] == pytest.approx(
        means["artifact_bound", "occlusion"] / means["total_drop", "occlusion"]
    )


def test_two_runs_are_bit_identical(fashion):
    asked = QUICK | {"metrics": ["fidelity", "insertion"], "imputer": "uniform_noise"}
    frames = [core.evaluate(fashion, "fashion_mnist", **asked, limit=2).frame for _ in range(2)]
    pd.testing.assert_frame_equal(*frames)


def test_one_bad_file_is_told_of_and_the_others_go_on(fashion, tmp_path):
    for number in range(2):
        Image.fromarray(np.full((28, 28), 40 * number, np.uint8)).save(tmp_path / f"{number}.png")
    (tmp_path / "1b.png").write_bytes(b"no picture")
    table = core.evaluate(fashion, tmp_path, ["gradient"], ["fidelity"])
    assert table.frame["picture"].nunique() == 2
    ((picture, reason),) = table.refused_pictures.items()
    assert "1b" in picture
    assert reason.endswith(".")


def test_a_single_picture_is_a_study_of_one_and_nothing_at_all_is_warned_of(fashion, tmp_path):
    picture = to_picture(fashion_mnist("test").pixels[0])
    assert core.evaluate(fashion, picture, ["gradient"], ["fidelity"], steps=2).frame["picture"].nunique() == 1
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.warns(UserWarning, match="No picture could be judged"):
        table = core.evaluate(fashion, tmp_path, ["gradient"], ["fidelity"])
    assert list(table.refused_pictures) == ["broken.png"]
    assert table.frame.empty


def test_a_picture_that_is_left_out_is_not_counted(fashion, tmp_path):
    for number in range(3):
        Image.fromarray(np.full((28, 28), 40 * number, np.uint8)).save(tmp_path / f"{number}.png")
    (tmp_path / "1b.png").write_bytes(b"no picture")
    events = list(core.stream_evaluation(fashion, tmp_path, ["gradient"], ["fidelity"], steps=2))
    last = [event for event in events if isinstance(event, SummaryReady)][-1]
    assert last.pictures == 3
    assert {row.n for row in last.summary} == {3}


def test_a_method_that_does_not_fit_is_told_of_once(fashion):
    events = list(core.stream_evaluation(fashion, "fashion_mnist", ["attention_rollout"], ["fidelity"], limit=3))
    (refused,) = [event for event in events if isinstance(event, MethodRefused)]
    assert refused.method == "attention_rollout"


def test_a_picture_that_a_relative_logit_cannot_be_told_of_is_refused_and_not_lost(classifier_of, linear):
    linear.weight.data = -linear.weight.data.abs()
    pictures = [to_picture(torch.rand(3, 6, 8, generator=torch.Generator().manual_seed(seed))) for seed in range(2)]
    classifier = classifier_of(linear)
    as_it_is = replace(classifier.preprocessing, geometry=lambda picture: pil_to_tensor(picture).double() / 255)
    classifier.preprocessing = as_it_is
    events = list(core.stream_evaluation(classifier, pictures, ["gradient"], ["fidelity"], y="relative_logit"))
    assert sum(isinstance(event, PictureRefused) for event in events) == 2
    assert "a positive one" in next(event for event in events if isinstance(event, PictureRefused)).reason


def test_pointing_scores_need_something_to_point_at(fashion):
    with pytest.raises(ValueError, match="needs masks or boxes"):
        core.evaluate(fashion, "fashion_mnist", ["gradient"], ["pointing_game"], limit=1)


def test_pictures_without_a_mask_are_skipped_and_n_says_so(fashion, tmp_path):
    for number in range(3):
        Image.fromarray(np.full((28, 28), 90, np.uint8)).save(tmp_path / f"{number}.png")
    Image.fromarray(np.eye(28, dtype=np.uint8) * 255).save(tmp_path / "1_mask.png")
    summary = core.evaluate(fashion, tmp_path, ["gradient"], ["pointing_game", "fidelity"]).summary()
    counted = summary[summary["method"] == "centre"].set_index("metric")["n"]
    assert counted["pointing_game"] == 1
    assert counted["fidelity"] == 3


@pytest.fixture
def one_without_sound_marks(tmp_path):
    """Two pictures with labels, of which the first can't be read."""
    for number in range(2):
        path = tmp_path / "images" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        to_picture(fashion_mnist("test").pixels[number]).save(path)
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "0.txt").write_text("a photo of a cat")
    (tmp_path / "labels" / "1.txt").write_text("0 0.5 0.5 0.5 0.5")
    return tmp_path


def test_a_picture_whose_marks_cannot_be_read_is_scored_without_them_and_that_is_told(fashion, one_without_sound_marks):
    asked = {"methods": ["gradient"], "metrics": ["pointing_game", "fidelity"], "steps": 4}
    events = list(core.stream_evaluation(fashion, one_without_sound_marks, **asked))
    (told,) = [event for event in events if isinstance(event, TruthRefused)]
    assert told.picture == "images/0.png"
    assert "0.txt, line 1" in told.reason
    assert not any(isinstance(event, PictureRefused) for event in events)
    table = core.evaluate(fashion, one_without_sound_marks, **asked)
    assert (table.refused_pictures, table.refused_truths) == ({}, {told.picture: told.reason})
    scores = table.frame.set_index(["picture", "metric", "method"])["score"]
    assert scores[:, "fidelity", "gradient"].notna().all()
    assert scores[:, "pointing_game", "centre"].isna().to_dict() == {"images/0.png": True, "images/1.png": False}
    assert table.as_json()["refused_truths"] == table.refused_truths


def test_marks_are_not_drawn_where_no_score_asks_for_them(fashion, one_without_sound_marks):
    asked = {"methods": ["gradient"], "steps": 4}
    without = core.evaluate(fashion, one_without_sound_marks, metrics=["fidelity"], **asked)
    assert (without.refused_pictures, without.refused_truths) == ({}, {})
    pd.testing.assert_frame_equal(
        without.frame,
        core.evaluate(fashion, one_without_sound_marks, metrics=["fidelity", "auroc"], **asked)
        .frame.query("metric == 'fidelity' and method != 'oracle'")
        .reset_index(drop=True),
    )


def test_a_caption_beside_a_picture_is_no_truth(fashion, tmp_path):
    to_picture(fashion_mnist("test").pixels[0]).save(tmp_path / "cat.png")
    (tmp_path / "cat.txt").write_text("a photo of a cat")
    table = core.evaluate(fashion, tmp_path, ["gradient"], steps=4)
    assert (table.refused_pictures, table.refused_truths) == ({}, {})
    assert "pointing_game" not in set(table.frame["metric"])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"metrics": ["fidelty"]}, "Did you mean fidelity"),
        ({"metrics": []}, "at least one"),
        ({"methods": ["gradeint"]}, "Did you mean gradient"),
        ({"settings": {"gradient": {"samples": 1}}}, "gradient has no setting"),
        ({"output": "logits"}, "must be one of logit"),
        ({"imputer": "gray"}, "Did you mean grey"),
        ({"limit": 0}, "at least 1 picture"),
        ({"steps": 0}, "at least 1 step"),
        ({"methods": "gradient"}, r"methods must be a list of names; write \['gradient'\]"),
        ({"metrics": "fidelity"}, "metrics must be a list of names"),
        ({"unit": "patch"}, "unit must be one of pixel, region"),
        ({"y": "loss"}, "y must be one of probability"),
        ({"source": "no/such/folder"}, "no/such/folder"),
    ],
)
def test_what_can_come_to_nothing_is_refused_before_any_work(fashion, asked, message):
    complete = {"source": "fashion_mnist", "methods": ["gradient"], **asked}
    with pytest.raises(ValueError, match=message):
        core.stream_evaluation(fashion, **complete)


def test_methods_and_metrics_of_any_collection_are_lists_in_what_the_files_say(fashion):
    methods, metrics = {"gradient": "of another script"}, {"deletion": 0.5}
    table = core.evaluate(fashion, "fashion_mnist", methods.keys(), metrics.keys(), limit=1, steps=2)
    asked = table.as_json()["asked"]
    assert (asked["methods"], asked["metrics"]) == (["gradient"], ["deletion"])
    assert core.evaluate(fashion, "fashion_mnist", ["gradient"], limit=1, steps=2).as_json()["asked"]["metrics"] is None


def test_a_study_tells_how_much_of_its_ceiling_each_method_reaches(fashion):
    table = core.evaluate(fashion, "fashion_mnist", ["gradient"], ["ceiling_share"], steps=4, limit=2)
    scores = table.frame.pivot_table(index="picture", columns=["metric", "method"], values="score")
    methods = scores["ceiling_share"].columns
    assert set(methods) == CONTROLS | {"gradient"}
    for method in methods:
        assert (scores["ceiling", method] >= scores["fidelity", method] - 1e-9).all()
    summary = table.summary().set_index(["method", "metric"])
    means = scores.mean()
    assert summary.loc[("gradient", "ceiling_share"), "mean"] == pytest.approx(
        means["fidelity", "gradient"] / means["ceiling", "gradient"]
    )


def test_a_ceiling_of_other_units_is_refused_before_the_first_picture(fashion):
    with pytest.raises(ValueError, match="removal unit region"):
        core.stream_evaluation(fashion, "fashion_mnist", ["gradient"], ["ceiling_share"], unit="region")


LEAK = {"methods": ["gradient"], "metrics": ["fidelity", "leak"], "steps": 2, "limit": 80}


@pytest.fixture(scope="module")
def leaking(fashion):
    return list(core.stream_evaluation(fashion, "fashion_mnist", **LEAK))


def test_the_leak_comes_with_the_last_means_and_random_masks_are_at_chance(leaking):
    (place,) = [place for place, event in enumerate(leaking) if isinstance(event, LeakReady)]
    assert [type(event) for event in leaking[place + 1 :]] == [SummaryReady]
    leaks = {each.method: each for each in leaking[place].leaks}
    assert set(leaks) == CONTROLS | {"gradient"}
    assert leaks["gradient"].above_chance
    assert leaks["sobel"].above_chance
    assert leaks["random"].named.low <= leaks["random"].chance
    rows = {row.method: row for row in leaking[-1].summary if row.metric == "leak"}
    for method, leak in leaks.items():
        assert (rows[method].mean, rows[method].low, rows[method].high, rows[method].n) == leak.named
        assert leak.named.mean == pytest.approx(np.mean(leak.by_share))
        assert rows[method].chance == leak.chance
    assert all(np.isnan(row.chance) for row in leaking[-1].summary if row.metric != "leak")
    assert not [
        row
        for event in leaking[:place]
        if isinstance(event, SummaryReady)
        for row in event.summary
        if row.metric == "leak"
    ]


def test_the_leak_asks_the_network_nothing(fashion, monkeypatch):
    passes = []
    ask = type(fashion.answering).ask
    monkeypatch.setattr(
        type(fashion.answering), "ask", lambda self, network, x: (passes.append(len(x)), ask(self, network, x))[1]
    )
    counted = []
    for metrics in (["fidelity"], ["fidelity", "leak"]):
        passes.clear()
        core.evaluate(fashion, "fashion_mnist", **LEAK | {"metrics": metrics, "limit": 2})
        counted.append(sum(passes))
    assert counted[0] == counted[1] > 0


def test_the_leak_is_in_the_tables_and_files(leaking, tmp_path):
    table = Table({}, 0)
    for event in leaking:
        record(event, table)
    told_of = table.leak.pictures
    assert (table.frame["metric"] == "leak").sum() == told_of * (len(CONTROLS) + 1)
    assert set(table.summary().query("metric == 'leak'")["method"]) == CONTROLS | {"gradient"}
    table.write(tmp_path)
    rows = pd.read_csv(tmp_path / "summary.csv")
    assert dict(rows.query("metric == 'leak'")[["method", "chance"]].to_numpy()) == pytest.approx(
        {each.method: each.chance for each in table.leak.leaks}
    )
    assert rows.query("metric != 'leak'")["chance"].isna().all()
    told = json.loads((tmp_path / "study.json").read_text())["leak"]
    assert told["words"].startswith("Leak: the masks of 1 of 1 method predict the class better")
    assert 0.05 < told["leaks"][0]["chance"] < 0.2


def test_the_class_is_the_label_where_there_are_labels_and_no_other_picture_counts(fashion):
    names = [each.name for each in collect_pictures("fashion_mnist")[:50]]
    labels = {name: fashion.labels[place % 2] for place, name in enumerate(names[:48])}
    asked = LEAK | {"labels": labels}
    leak = [
        event for event in core.stream_evaluation(fashion, "fashion_mnist", **asked) if isinstance(event, LeakReady)
    ]
    assert (leak[0].pictures, leak[0].classes, leak[0].leaks[0].chance) == (48, 2, 0.5)


def test_too_few_pictures_have_no_leak_and_all_other_scores(fashion):
    table = core.evaluate(fashion, "fashion_mnist", **LEAK | {"limit": 3})
    assert set(table.frame["metric"]) == {"fidelity"}
    assert "at least 40 pictures" in table.as_json()["leak"]["words"]


def test_the_leak_alone_is_a_study_too(fashion):
    table = core.evaluate(fashion, "fashion_mnist", **LEAK | {"metrics": ["leak"], "limit": 80})
    assert set(table.frame["metric"]) == {"leak"}
