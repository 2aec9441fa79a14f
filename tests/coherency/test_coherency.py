"""The stream over pictures: every score as a study has it, and findings as pictures arrive."""

import pytest

import core
from core.coherency.coherency import DESCRIBED, METRICS, judged, plan_coherency
from core.coherency.events import AnchorsReady, DegradationsReady, FlipsReady, SizesFound, StatusesReady
from core.methods.heatmap_request import HeatmapRequest
from core.metrics.curve_plan import Perturbation
from core.metrics.statistics import Tally
from core.pictures.collecting import collect_pictures
from core.studies.evaluation import PictureScored
from core.studies.over_pictures import PictureRefused

METHODS = ["gradient", "input_x_gradient"]
QUICK = {"methods": METHODS, "metrics": ["fidelity", "deletion", "average_drop"], "steps": 4}


@pytest.fixture(scope="module")
def fashion():
    return core.load_classifier("fashion_cnn", device="cpu")


@pytest.fixture(scope="module")
def events(fashion):
    return list(core.stream_coherency(fashion, "fashion_mnist", **QUICK, limit=3, checks=1))


def scores_of(events):
    tally = Tally()
    for event in events:
        if isinstance(event, PictureScored):
            tally.add(event.scores)
    return {(each.picture, each.method, each.metric): each.score for each in tally.scores()}


def test_scores_are_those_of_an_evaluation(fashion, events):
    table = core.evaluate(fashion, "fashion_mnist", METHODS, [*QUICK["metrics"], *DESCRIBED], limit=3, steps=4)
    expected = {(each.picture, each.method, each.metric): each.score for each in table.tally.scores()}
    assert scores_of(events) == pytest.approx(expected, abs=1e-6, nan_ok=True)


def test_sizes_come_first_and_every_metric_that_judges_ends_with_a_status(events):
    kinds = [type(event) for event in events]
    assert kinds.index(SizesFound) < kinds.index(PictureScored)
    assert kinds[-1] is StatusesReady
    assert {row.metric for row in events[-1].rows} == {"average_drop", "deletion", "fidelity"}
    assert events[-1].pictures == 3
    assert {DegradationsReady, FlipsReady} <= set(kinds)


def test_pictures_that_are_only_scored_come_first(fashion, events):
    names = [event.picture for event in events if isinstance(event, PictureScored)]
    pictures = [each.name for each in collect_pictures("fashion_mnist", fashion.dataset)[:3]]
    assert names == [*pictures[1:], pictures[0]]
    assert [event.done for event in events if isinstance(event, PictureScored)] == [1, 2, 3]


def test_scores_do_not_depend_on_the_checks(fashion, events):
    plain = list(core.stream_coherency(fashion, "fashion_mnist", **QUICK, limit=3, checks=0))
    assert scores_of(plain) == pytest.approx(scores_of(events), abs=1e-6, nan_ok=True)
    assert not any(isinstance(event, SizesFound | DegradationsReady | FlipsReady) for event in plain)


def test_a_picture_that_cannot_be_opened_is_named_and_left_out(fashion, tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    core.open_picture(core.gallery()[0].path).resize((40, 30)).save(tmp_path / "b.png")
    found = list(core.stream_coherency(fashion, tmp_path, **QUICK, checks=2))
    assert [event.picture for event in found if isinstance(event, PictureRefused)] == ["a.png"]
    assert found[-1].pictures == 1


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"metrics": "fidelity"}, "write \\['fidelity'\\]"),
        ({"metrics": ["leak"]}, "one number over all pictures"),
        ({"metrics": []}, "at least one metric"),
        ({"metrics": ["pointing_game"]}, "needs masks or boxes"),
        ({"metrics": ["specificity"]}, "only for stamped pictures"),
        ({"metrics": ["ceiling_share"], "unit": "region"}, "for pixels only"),
        ({"checks": -1}, "0 or more"),
        ({"checking": ["colour"]}, "no check colour; the checks are degradation, changes, choices"),
        ({"limit": 0}, "at least 1 picture"),
        ({"imputer": "purple"}, "purple"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(fashion, asked, words):
    with pytest.raises(ValueError, match=words):
        core.stream_coherency(fashion, "fashion_mnist", **{**QUICK, **asked})


def test_the_usual_metrics_are_ten_with_the_maps_characteristics():
    assert len(METRICS) == 10
    assert judged(METRICS) == (*METRICS, *DESCRIBED)


def test_the_truth_anchor_knows_that_another_measure_of_the_truth_agrees_with_it():
    model = core.load_stamp_model("trained/matched_filter", device="cpu")
    asked = {"methods": ["gradient", "input_x_gradient", "smoothgrad", "occlusion"], "pictures": 3}
    found = list(core.stream_truth_anchor(model, **asked, metrics=["average_precision", "fidelity"], steps=4))
    (last,) = [event for event in found if isinstance(event, AnchorsReady)][-1:]
    rows = {row.metric: row for row in last.rows}
    assert set(rows) == {"average_precision", "fidelity"}
    assert rows["average_precision"].value > 0.5
    assert rows["average_precision"].methods == 4


@pytest.mark.parametrize("metric", ["leak", "causal_distance"])
def test_the_truth_anchor_refuses_what_has_no_score_for_a_stamped_picture(metric):
    model = core.load_stamp_model("trained/matched_filter", device="cpu")
    with pytest.raises(ValueError, match="leave it out"):
        core.stream_truth_anchor(model, ["gradient"], metrics=[metric])
    with pytest.raises(ValueError, match="at least 1 picture"):
        core.stream_truth_anchor(model, ["gradient"], pictures=0)


def test_the_plan_counts_the_checked_pictures_apart_and_no_check_that_is_left_out(fashion):
    request = HeatmapRequest(methods=tuple(METHODS)).with_controls(False)

    def passes(pictures, **asked):
        planned = plan_coherency(fashion, request, QUICK["metrics"], Perturbation(steps=4), pictures, **asked)
        return planned.passes

    assert passes(6, checks=0) == 2 * passes(3, checks=0) == passes(6, checking=())
    assert passes(3, checks=1) - passes(2, checks=1) == passes(1, checks=0)
    assert passes(3, checks=1) > passes(3, checks=1, checking=["choices"]) > passes(3, checks=0)
    assert passes(1, checks=8) == passes(1, checks=1)
