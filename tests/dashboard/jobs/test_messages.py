"""Events as the browser reads them."""

import builtins
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin

import pytest
import torch

from core.coherency import coherency
from core.coherency.events import AnchorsReady, PictureShown
from core.generation.reconstruction import ReconstructionReady
from core.methods import explaining
from core.methods.heatmap import Heatmap, HeatmapReady, Passes
from core.metrics.ceiling import Ceiling, CeilingReady, OrderImproved
from core.metrics.curves import CurvePoint
from core.metrics.fidelity import VERDICTS, Fidelity, FidelityReady
from core.metrics.statistics import Estimate, Score, Tally
from core.models.training import EpochDone
from core.retraining import fine_tune, retraining, single_patch
from core.retraining.toy import ToyReady
from core.sanity import checks, labels, many_pictures, randomisation
from core.sanity.many_pictures import PictureChecked, SanitySummary, SimilarityRow
from core.sanity.randomisation import StageReady, StagesFound
from core.sanity.stages import Stage
from core.sanity.verdict import MeanSimilarity, VerdictReady
from core.stamping import agreement, benchmark
from core.stamping.benchmark import SweepPoint
from core.stamping.gate import Gate, GateReady
from core.stamping.training import ModelTrained
from core.studies import evaluation, reconstructions, search_convergence, trial
from core.studies.evaluation import PictureScored, SummaryReady
from core.studies.imputer_rankings import ImputerRanked
from core.studies.shifted_copies import MatchedReady
from dashboard.coherency.metric_study.job import PictureJudged
from dashboard.jobs.messages import NOT_SENT, to_message
from dashboard.reconstruct.variations.job import VariationsShown

NAN = float("nan")
LABELS = ("cat", "dog", "cup")
SAMPLES = sorted((Path(__file__).resolve().parents[3] / "assets" / "sample").glob("**/messages.json"))
STREAMS = (
    explaining,
    trial,
    evaluation,
    randomisation,
    many_pictures,
    labels,
    checks,
    agreement,
    benchmark,
    fine_tune,
    retraining,
    single_patch,
    reconstructions,
    search_convergence,
    coherency,
)
EVENTS = {event for stream in STREAMS for event in get_args(stream.Event)} | {
    CeilingReady, ImputerRanked, MatchedReady, EpochDone, ModelTrained, OrderImproved, ReconstructionReady, SweepPoint,
    AnchorsReady, PictureJudged, ToyReady, VariationsShown,
}  # fmt: skip
"""Every class that a stream yields: as its module names them, and those of streams with few."""


@dataclass(frozen=True)
class Inner:
    ratio: float
    of: str


class Pair(NamedTuple):
    value: float
    n: int


@dataclass(frozen=True)
class Known:
    """An event that the encoder has never heard of."""

    name: str
    inner: Inner | None
    pair: Pair
    scores: Mapping[str, float | None]
    rows: tuple[Inner, ...]
    flag: bool


@dataclass(frozen=True)
class Holding:
    what: object


def test_a_new_event_needs_no_line_here():
    event = Known("a", Inner(NAN, "b"), Pair(0.5, 2), {"c": float("inf"), "d": None}, (Inner(1.0, "e"),), flag=False)
    assert to_message(event, ()) == {
        "kind": "Known",
        "name": "a",
        "inner": {"ratio": None, "of": "b"},
        "pair": {"value": 0.5, "n": 2},
        "scores": {"c": None, "d": None},
        "rows": [{"ratio": 1.0, "of": "e"}],
        "flag": False,
    }


@pytest.mark.parametrize("what", [torch.zeros(2), b"bytes", object(), {1, 2}, [torch.zeros(1)]])
def test_what_json_has_no_word_for_is_refused(what):
    with pytest.raises(TypeError, match="has no message"):
        to_message(Holding(what), ())


def test_what_is_no_event_is_refused():
    with pytest.raises(TypeError, match="str has no message"):
        to_message("a string", ())


# Every event that a stream can yield, made from the types of its fields


PLAIN = {float: NAN, int: 1, str: "a", bool: True, type(None): None}
BY_HAND = {
    Heatmap: Heatmap(torch.full((2, 3), NAN), torch.zeros(1, 2, 3), "gradient", 1, "sum", NAN, Passes(1, 2), ("A.",)),
    Ceiling: Ceiling(0.5, torch.zeros(2, 3), "search", 0.5, {"gradient": 0.25}, NAN, 1500),
    Gate: Gate(0.9, 1.0, NAN, 100, 0),
    PictureShown: PictureShown("a", torch.zeros(3, 2, 2), {"gradient": torch.zeros(2, 2)}),
}


def example(kind: Any) -> Any:
    """Some value of a type; of numbers those that JSON has not."""
    if kind in PLAIN or kind in BY_HAND:
        return (PLAIN | BY_HAND)[kind]
    inner = get_args(kind)
    if not inner:
        return kind(*map(example, kind.__annotations__.values()))
    match get_origin(kind):
        case typing.Union | types.UnionType:
            return example(inner[0])
        case typing.Literal:
            return inner[0]
        case builtins.tuple:
            return tuple(example(each) for each in inner if each is not Ellipsis)
    return {example(inner[0]): example(inner[1])}


@pytest.mark.parametrize("event", sorted(EVENTS, key=lambda event: event.__name__))
def test_every_event_of_a_stream_is_plain_json(event):
    message = to_message(example(event), LABELS)
    assert json.loads(json.dumps(message, allow_nan=False)) == message
    assert message["kind"] == event.__name__


def test_no_two_events_share_a_kind():
    assert len({event.__name__ for event in EVENTS}) == len(EVENTS)


def test_what_is_not_sent_is_a_field():
    for event, names in NOT_SENT.items():
        assert set(names) <= {field.name for field in fields(event)}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.parent.name)
def test_samples_hold_what_the_events_of_today_would_tell(sample):
    whole = {event.__name__: to_message(example(event), LABELS) for event in EVENTS}
    for message in json.loads(sample.read_text())["messages"]:
        assert nested(message) - {("sequence",)} <= nested(whole[message["kind"]])


def nested(message: Mapping[str, Any]) -> set[tuple[str, ...]]:
    """Names of all fields, with those of the map in it."""
    inner = message.get("heatmap") or {}
    return {(name,) for name in message} | {("heatmap", name) for name in inner}


# What reads otherwise than its event


def test_each_event_of_a_run_is_told_in_its_turn(finished_run):
    following, messages = finished_run.since(0)
    kinds = [message["kind"] for message in messages]
    assert kinds == ["Progress", "HeatmapReady", "MethodRefused", "CurvePoint", "FidelityReady"]
    assert [message["sequence"] for message in messages] == [0, 1, 2, 3, 4]
    assert following == 5


def test_a_heatmap_tells_its_class_its_cost_and_its_notes_and_none_of_its_values():
    heatmap = Heatmap(
        torch.zeros(2, 3), torch.zeros(1, 2, 3), "gradient", 1, "sum", 0.12345, Passes(1, 2), ("A note.",)
    )
    assert to_message(HeatmapReady(heatmap, final=True), LABELS) == {
        "kind": "HeatmapReady",
        "heatmap": {
            "method": "gradient", "target": "dog", "reduction": "sum over channels", "seconds": 0.123,
            "passes": {"forward": 1, "backward": 2}, "notes": ["A note."], "height": 2, "width": 3,
        },
        "final": True,
    }  # fmt: skip


def test_a_point_of_a_curve_tells_its_classes_by_name_and_keeps_its_draws():
    point = CurvePoint("gradient", "random", 0.5, 0.25, 0.125, NAN, ((1, 0.5), (0, 0.25)), (0.25, 0.25))
    assert to_message(point, LABELS) == {
        "kind": "CurvePoint", "method": "gradient", "order": "random", "fraction": 0.5, "value": 0.25, "low": 0.125,
        "high": None, "top": [["dog", 0.5], ["cat", 0.25]],
    }  # fmt: skip


def test_a_fidelity_is_told_flat():
    fidelity = Fidelity("gradient", 0.4, 0.05, 0.3, 0.1, None, 0.0, "finds", "Finds it.")
    message = to_message(FidelityReady(fidelity, final=False), ())
    assert (message["value"], message["artifact_share"], message["final"]) == (0.4, None, False)
    assert message["words"] == VERDICTS["finds"]


def test_a_study_tells_its_pictures_its_refusals_and_its_means(finished_study):
    _, messages = finished_study.since(0)
    assert json.loads(json.dumps(messages, allow_nan=False)) == messages
    kinds = [message["kind"] for message in messages]
    assert kinds == ["PictureScored", "PictureScored", "PictureRefused", "SummaryReady"]
    assert [(message["done"], message["total"]) for message in messages[:2]] == [(1, 3), (2, 3)]
    assert messages[2]["reason"] == "This is not a picture."
    rows = {row["method"]: row for row in messages[3]["rows"]}
    assert (rows["gradient"]["mean"], rows["gradient"]["n"], rows["gradient"]["difference"]) == (0.625, 2, 0.5)
    assert (rows["sobel"]["n"], rows["sobel"]["low"]) == (1, None)
    assert rows["random"]["verdict"] == "control"


def test_a_study_tells_its_best_bound_over_all_methods_whose_drop_is_known(finished_study):
    assert finished_study.messages(SummaryReady)[-1]["best_bound"] is None
    tally = Tally()
    for method, bound, fidelity in (("gradient", 0.25, 0.5), ("sobel", 0.125, 0.0), ("random", 0.5, -0.25)):
        for picture, more in (("a.png", -0.0625), ("b.png", 0.0625)):
            tally.add([Score(picture, method, "artifact_bound", bound + more)])
            tally.add([Score(picture, method, "fidelity", fidelity + more)])
    bound = to_message(SummaryReady(tally.summary(), 2), ())["best_bound"]
    assert (bound["method"], bound["mean"], bound["n"]) == ("sobel", 0.125, 2)
    assert bound["low"] < 0.125 < bound["high"]


def test_large_tables_stay_behind():
    scored = PictureScored("a.png", (Score("a.png", "gradient", "fidelity", 0.5),), 0.5, 2, 3)
    checked = PictureChecked("a.png", (StageReady("gradient", 1, "all", 1.0, 0, None),), 0.5, 2, 3)
    shared = {"picture": "a.png", "seconds": 0.5, "done": 2, "total": 3}
    assert to_message(scored, ()) == {"kind": "PictureScored", **shared}
    assert to_message(checked, ()) == {"kind": "PictureChecked", **shared}


def test_stages_are_told_with_what_they_randomise():
    stages = (Stage(1, "classifier", (1,), 0.25), Stage(2, "features", (0, 1), 1.0))
    assert to_message(StagesFound("cascading", stages, 3), ()) == {
        "kind": "StagesFound",
        "mode": "cascading",
        "stages": [
            {"number": 1, "title": "classifier", "share": 0.25},
            {"number": 2, "title": "features", "share": 1.0},
        ],
        "draws": 3,
    }


def test_a_stage_tells_of_its_map_and_how_near_it_is_to_the_trained_networks():
    values = torch.zeros(2, 3)
    heatmap = Heatmap(values, values[None], "gradient", 1, "sum", 0.25, Passes(1, 1), ("A note.",))
    event = StageReady("gradient", 2, "features", 1.0, 0, heatmap, spearman=-0.5, spearman_abs=0.25, ssim=0.125)
    message = to_message(event, LABELS)
    assert (message["stage"], message["share_randomised"], message["draw"]) == (2, 1.0, 0)
    similar = [message[name] for name in ("spearman", "spearman_abs", "ssim", "hog")]
    assert similar == [-0.5, 0.25, 0.125, None]
    assert (message["heatmap"]["width"], message["heatmap"]["target"]) == (3, "dog")


def test_a_stage_without_a_map_says_why():
    message = to_message(StageReady("lime", 1, "classifier", 0.5, 0, None, "No segment matters."), LABELS)
    assert (message["heatmap"], message["reason"], message["spearman"]) == (None, "No segment matters.", None)


@pytest.mark.parametrize("chance", [None, (-0.25, 0.5)])
def test_a_verdict_is_told_with_its_doubt(chance):
    alike, nothing = MeanSimilarity(0.5, 0.25, 0.75), MeanSimilarity()
    verdict = VerdictReady("gradient", "unclear", alike, nothing, chance, 3, 2, "Not to be told.", final=False)
    message = to_message(verdict, ())
    assert message["mean"] == {"value": 0.5, "low": 0.25, "high": 0.75}
    assert message["last"] == {"value": None, "low": None, "high": None}
    assert message["chance"] == (chance and [-0.25, 0.5])


def test_similarities_over_pictures_are_told_as_one_curve_a_method():
    rows = (
        SimilarityRow("gradient", 1, "ssim", 0.5, 0.25, 0.75, 4),
        SimilarityRow("gradient", 2, "ssim", 1 / 3, NAN, NAN, 1),
        SimilarityRow("sobel", 1, "hog", NAN, NAN, NAN, 0),
    )
    assert to_message(SanitySummary(rows, 4), ()) == {
        "kind": "SanitySummary",
        "pictures": 4,
        "curves": {
            "ssim": {"gradient": [[1, 0.5, 0.25, 0.75, 4], [2, 0.3333, None, None, 1]]},
            "hog": {"sobel": [[1, None, None, None, 0]]},
        },
    }


def test_a_gate_is_told_in_words_wherever_it_stands():
    gate = Gate(0.9, 1.0, NAN, 100, 0)
    message = to_message(GateReady(gate), ())["gate"]
    assert (message["passed"], message["least"]) == (False, 0.99)
    assert [(each["value"], each["n"]) for each in message["figures"]] == [(0.9, 100), (1.0, 100), (None, 0)]
    assert "90.0" in message["sentence"]
    point = to_message(SweepPoint(3, 0.5, gate, {"gradient": Estimate(1.5, NAN, NAN, 1)}, 1, 4), ())
    assert point["gate"] == message
    assert point["distances"] == {"gradient": {"mean": 1.5, "low": None, "high": None, "n": 1}}
    assert to_message(ModelTrained("trained/mine", "Mine", gate), ())["gate"] == message


def test_a_gate_tells_three_shares_of_their_own_pictures_with_exact_intervals():
    accuracy, flips, returns = to_message(GateReady(Gate(1.0, 0.5, 1.0, 30, 10)), ())["gate"]["figures"]
    assert [figure["n"] for figure in (accuracy, flips, returns)] == [30, 20, 10]
    assert [figure["value"] for figure in (accuracy, flips, returns)] == [1.0, 0.5, 1.0]
    for figure in (accuracy, returns):  # all of n right: the lower end is the n-th root of half of 5 %
        assert figure["low"] == pytest.approx(0.025 ** (1 / figure["n"]), abs=1e-12)
        assert figure["high"] == 1.0
    assert flips["low"] == pytest.approx(1 - flips["high"], abs=1e-12)
