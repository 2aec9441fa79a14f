"""Events as the browser reads them."""

import json

import pytest
import torch

from core.methods.heatmap import Heatmap, Passes
from core.metrics.statistics import Score, Tally
from core.sanity.checks import CheckReady
from core.sanity.randomisation import StageReady, StagesFound
from core.sanity.stages import Stage
from core.sanity.study import PictureChecked, SanitySummary, SimilarityRow
from core.sanity.verdict import Alike, VerdictReady
from core.studies.evaluation import SummaryReady, TruthRefused
from core.studies.imputer_rankings import ImputerRanked
from core.studies.matched import MatchedReady
from core.studies.scoring import ScoresReady
from dashboard.jobs import collect
from dashboard.messages import to_message

NAN = float("nan")


def test_each_event_becomes_plain_json(finished_run):
    following, messages = finished_run.since(0)
    assert json.loads(json.dumps(messages)) == messages
    assert [message["kind"] for message in messages] == ["progress", "heatmap", "refused", "curve", "fidelity"]
    assert [message["sequence"] for message in messages] == [0, 1, 2, 3, 4]
    assert following == 5


def test_classes_are_told_by_name(finished_run):
    _, (_, heatmap, _, curve, _) = finished_run.since(0)
    assert heatmap["target"] == "dog"
    assert curve["top"] == [["dog", 0.5], ["cat", 0.25], ["cup", 0.125]]


def test_a_heatmap_tells_its_cost_and_its_notes(finished_run):
    heatmap = finished_run.since(1)[1][0]
    assert (heatmap["height"], heatmap["width"]) == (2, 3)
    assert (heatmap["forward"], heatmap["backward"], heatmap["notes"]) == (1, 1, ["A note."])


def test_what_is_no_event_is_refused():
    with pytest.raises(TypeError, match="str has no message"):
        to_message("a string", ())


def test_a_study_tells_its_pictures_its_refusals_and_its_means(finished_study):
    _, messages = finished_study.since(0)
    assert json.loads(json.dumps(messages, allow_nan=False)) == messages
    assert [message["kind"] for message in messages] == ["picture", "picture", "picture_refused", "summary"]
    assert [(message["done"], message["total"]) for message in messages[:2]] == [(1, 3), (2, 3)]
    assert messages[2]["reason"] == "This is not a picture."
    rows = {row["method"]: row for row in messages[3]["rows"]}
    assert (rows["gradient"]["mean"], rows["gradient"]["n"], rows["gradient"]["difference"]) == (0.625, 2, 0.5)
    assert (rows["sobel"]["n"], rows["sobel"]["low"]) == (1, None)
    assert rows["random"]["verdict"] == "control"


def test_what_is_asked_beside_a_run_is_told_as_it_is():
    scores = to_message(ScoresReady("gradient", {"deletion": 0.25, "insertion": None, "gini": float("nan")}), ())
    assert scores == {"kind": "scores", "method": "gradient",
                      "scores": {"deletion": 0.25, "insertion": None, "gini": None}}  # fmt: skip
    ranked = to_message(ImputerRanked("blur", {"gradient": 0.5, "sobel": -0.25}), ())
    assert ranked == {"kind": "imputer", "imputer": "blur", "scores": {"gradient": 0.5, "sobel": -0.25}}
    matched = to_message(MatchedReady(0.5, (0.25, 0.75), 2, final=False), ())
    assert matched == {"kind": "matched", "value": 0.5, "by_chance": [0.25, 0.75], "rank": 2, "final": False}


def test_a_study_tells_its_best_bound_over_all_methods_whose_drop_is_known(finished_study):
    assert list(collect(finished_study, "summary"))[-1]["best_bound"] is None
    tally = Tally()
    for method, bound, fidelity in (("gradient", 0.25, 0.5), ("sobel", 0.125, 0.0), ("random", 0.5, -0.25)):
        for picture, more in (("a.png", -0.0625), ("b.png", 0.0625)):
            tally.add([Score(picture, method, "artifact_bound", bound + more)])
            tally.add([Score(picture, method, "fidelity", fidelity + more)])
    bound = to_message(SummaryReady(tally.summary(), 2), ())["best_bound"]
    assert (bound["method"], bound["mean"], bound["n"]) == ("sobel", 0.125, 2)
    assert bound["low"] < 0.125 < bound["high"]


def test_marks_that_cannot_be_read_are_not_told_as_a_picture_that_is_left_out():
    message = to_message(TruthRefused("a.png", "a.txt is no text."), ())
    assert message == {"kind": "truth_refused", "picture": "a.png", "reason": "a.txt is no text."}


def test_stages_are_told_with_what_they_randomise():
    stages = (Stage(1, "classifier", (1,), 0.25), Stage(2, "features", (0, 1), 1.0))
    message = to_message(StagesFound("cascading", stages, 3), ())
    assert (message["mode"], message["draws"]) == ("cascading", 3)
    assert message["stages"] == [
        {"number": 1, "title": "classifier", "share": 0.25},
        {"number": 2, "title": "features", "share": 1.0},
    ]


def test_a_stage_tells_of_its_map_and_how_near_it_is_to_the_trained_networks():
    values = torch.zeros(2, 3)
    heatmap = Heatmap(values, values[None], "gradient", 1, "sum", 0.25, Passes(1, 1), ("A note.",))
    event = StageReady("gradient", 2, "features", 1.0, 0, heatmap, spearman=-0.5, spearman_abs=0.25, ssim=0.125)
    message = to_message(event, ("cat", "dog"))
    assert json.loads(json.dumps(message, allow_nan=False)) == message
    assert (message["kind"], message["stage"], message["share"], message["draw"]) == ("stage", 2, 1.0, 0)
    similar = [message[name] for name in ("spearman", "spearman_abs", "ssim", "hog")]
    assert similar == [-0.5, 0.25, 0.125, None]
    assert (message["map"], message["height"], message["width"]) == (True, 2, 3)
    assert (message["target"], message["notes"]) == ("dog", ["A note."])


def test_a_stage_without_a_map_says_why():
    message = to_message(StageReady("lime", 1, "classifier", 0.5, 0, None, "No segment matters."), ("cat",))
    assert (message["map"], message["reason"], message["spearman"]) == (False, "No segment matters.", None)


@pytest.mark.parametrize("chance", [None, (-0.25, 0.5)])
def test_a_verdict_is_told_with_its_doubt(chance):
    alike, nothing = Alike(0.5, 0.25, 0.75), Alike()
    verdict = VerdictReady("gradient", "unclear", alike, nothing, chance, 3, 2, "Not to be told.", final=False)
    message = to_message(verdict, ())
    assert json.loads(json.dumps(message, allow_nan=False)) == message
    assert (message["standing"], message["n"], message["blank"]) == ("unclear", 3, 2)
    assert message["mean"] == {"value": 0.5, "low": 0.25, "high": 0.75}
    assert message["last"] == {"value": None, "low": None, "high": None}
    assert message["chance"] == (chance and [-0.25, 0.5])
    assert (message["final"], message["sentence"]) == (False, "Not to be told.")


def test_a_quick_check_is_told_as_it_is():
    event = CheckReady("gradient", "input_shift", 0.5, NAN, 1.0, None, "So far.", final=False)
    assert to_message(event, ()) == {
        "kind": "check", "method": "gradient", "check": "input_shift", "value": 0.5, "low": None, "high": 1.0,
        "standing": None, "sentence": "So far.", "final": False,
    }  # fmt: skip


def test_similarities_over_pictures_are_told_as_one_curve_a_method():
    rows = (
        SimilarityRow("gradient", 1, "ssim", 0.5, 0.25, 0.75, 4),
        SimilarityRow("gradient", 2, "ssim", 1 / 3, NAN, NAN, 1),
        SimilarityRow("sobel", 1, "hog", NAN, NAN, NAN, 0),
    )
    assert to_message(SanitySummary(rows, 4), ()) == {
        "kind": "similarities",
        "pictures": 4,
        "curves": {
            "ssim": {"gradient": [[1, 0.5, 0.25, 0.75, 4], [2, 0.3333, None, None, 1]]},
            "hog": {"sobel": [[1, None, None, None, 0]]},
        },
    }


def test_a_checked_picture_counts_as_one_that_is_done():
    message = to_message(PictureChecked("a.png", (), 0.5, 2, 3), ())
    assert message == {"kind": "picture", "picture": "a.png", "done": 2, "total": 3}
