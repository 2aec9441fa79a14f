"""What ships to be looked at first argues for the product: some methods hold, others look as convincing and do not."""

from collections.abc import Mapping
from typing import Any

import core
from core.metrics.ceiling import SEARCH, CeilingReady
from core.metrics.fidelity import FidelityReady
from core.sanity.verdict import VerdictReady
from core.studies.evaluation import PictureScored, SummaryReady
from dashboard.explain.ceiling.job import CEILING
from dashboard.explain.many_pictures.job import STUDY
from dashboard.explain.one_picture.job import EXPLANATION
from dashboard.jobs.session import sample_of
from dashboard.sanity.randomisation.job import RANDOMISATION

CONTROLS = {method.name for method in core.list_methods() if method.control}
ENOUGH_PICTURES = 30
SURE = 0.8


def scores_of_the_picture() -> Mapping[str, Mapping[str, Any]]:
    """By method, of the explanation that ships."""
    return {each["method"]: each for each in sample_of(EXPLANATION).messages(FidelityReady) if each["final"]}


def test_the_picture_shows_a_method_that_beats_every_control_and_one_that_does_not() -> None:
    scores = scores_of_the_picture()
    assert set(scores) >= CONTROLS - {"oracle"}
    best_control = max(scores[name]["value"] for name in CONTROLS & scores.keys())
    finds = [each for name, each in scores.items() if name not in CONTROLS and each["verdict"] == "finds"]
    assert finds
    assert all(each["value"] > max(best_control, each["spread"]) for each in finds)
    verdicts = {each["verdict"] for name, each in scores.items() if name not in CONTROLS}
    assert {"finds", "edge", "random"} <= verdicts


def test_grad_cam_looks_convincing_and_does_no_better_than_its_own_copies_elsewhere() -> None:
    grad_cam = scores_of_the_picture()["grad_cam"]
    assert grad_cam["verdict"] == "random"
    assert grad_cam["value"] < grad_cam["spread"]


def test_the_ceiling_is_that_of_the_picture_and_above_every_map_of_it() -> None:
    (found,) = (message["ceiling"] for message in sample_of(CEILING).messages(CeilingReady))
    scores = scores_of_the_picture()
    assert found["fidelities"] == {name: each["value"] for name, each in scores.items()}
    assert found["found_by"] == SEARCH
    assert found["value"] > max(found["fidelities"].values())
    assert max(found["shares"].values()) < 1


def test_the_model_is_sure_of_the_picture_and_right() -> None:
    sample = sample_of(EXPLANATION)
    (best, *_) = sample.answers
    assert (best.index, best.label) == (sample.request.target, "Komodo dragon")
    assert best.probability > SURE


def test_the_study_is_of_thirty_pictures_of_which_each_is_scored_and_ships() -> None:
    sample = sample_of(STUDY)
    scored = {message["picture"] for message in sample.messages(PictureScored)}
    assert len(scored) >= ENOUGH_PICTURES
    assert scored <= {picture.name for picture in core.gallery()}
    (summary,) = [message for message in sample.messages(SummaryReady) if message["pictures"] == len(scored)]
    assert {row["n"] for row in summary["rows"] if row["metric"] == "fidelity"} == {len(scored)}


def test_the_study_tells_methods_that_beat_the_random_order_from_some_that_do_not() -> None:
    summary = sample_of(STUDY).messages(SummaryReady)[-1]
    above = {row["method"]: row["difference_low"] > 0 for row in summary["rows"] if row["metric"] == "fidelity"}
    assert len({above[name] for name in above.keys() - CONTROLS}) == 2


def test_some_methods_pass_randomisation_and_others_fail() -> None:
    final = [message for message in sample_of(RANDOMISATION).messages(VerdictReady) if message["final"]]
    standings = {message["method"]: message["standing"] for message in final if message["method"] not in CONTROLS}
    assert {"passes", "fails"} <= set(standings.values())
