"""How what is chosen now differs from what a job was made with."""

import json
from dataclasses import asdict, replace

import pytest
from toy_job import CountRequest

from dashboard.explain.many_pictures.job import StudyRequest
from dashboard.explain.one_picture.job import ExplanationRequest
from dashboard.jobs.changes import additions, changed_fields, listed
from dashboard.jobs.requests import restored
from dashboard.sanity.quick_checks.job import QuickChecksRequest
from dashboard.stamp.sweep.job import SweepRequest

MADE = ExplanationRequest(model="m", picture="p", target=1, methods=("gradient", "sobel"), metrics=("deletion",))


def changed(**chosen):
    """What changed in words, in the order of the request."""
    return changed_fields(MADE, asdict(replace(MADE, **chosen)))


def test_what_is_equal_has_not_changed():
    assert changed() == []
    assert additions(MADE, asdict(MADE)) == []


def test_another_seed_makes_it_stale():
    assert changed(seed=3, imputer="black") == ["another imputer", "another seed"]


def test_another_pictures_class_is_no_change_of_its_own():
    assert changed(picture="q", target=2, truth="mark") == ["another picture"]
    assert changed(target=2) == ["another explained class"]


def test_a_first_mark_makes_nothing_wrong_and_another_mark_does():
    assert changed(truth="mark") == []
    assert changed_fields(replace(MADE, truth="mark"), asdict(replace(MADE, truth="other"))) == [
        "another marked object"
    ]


def test_what_is_not_known_yet_has_not_changed():
    assert changed_fields(MADE, {}) == []
    assert changed_fields(MADE, {"model": "other", "picture": "p"}) == ["another model"]


def test_other_methods_and_scores_are_additions_and_controls_are_nobodys_choice():
    assert changed(methods=("gradient", "lime"), metrics=()) == []
    chosen = asdict(replace(MADE, methods=("gradient", "lime", "random"), metrics=()))
    assert additions(MADE, chosen) == ["methods", "scores"]
    assert additions(MADE, asdict(replace(MADE, methods=("gradient", "random", "oracle")))) == []


def test_a_sample_is_not_stale_for_being_of_fewer_pictures():
    made = StudyRequest(model="m", methods=("gradient",), source="gallery", limit=10)
    chosen = asdict(replace(made, limit=500))
    assert changed_fields(made, chosen) == ["another number of pictures"]
    assert changed_fields(made, chosen, sample=True) == []
    assert changed_fields(made, chosen | {"source": "folder"}, sample=True) == ["other pictures"]


def test_changes_are_told_in_the_order_of_the_page():
    assert listed(changed(seed=1, model="n", imputer="black")) == "another model, another imputer and another seed"


def test_a_field_without_a_mark_is_called_by_its_name():
    made = CountRequest(largest_number=3)
    assert changed_fields(made, {"largest_number": 4}) == ["another largest number"]


@pytest.mark.parametrize(
    "request_",
    [
        MADE,
        StudyRequest(model="m", methods=("a",), source="gallery", limit=3, settings={"a": {"samples": 3}}),
        QuickChecksRequest(model="m", methods=("a",), picture="p", target=None, checks=("other_class",)),
        SweepRequest(model="m", methods=("a",), pictures=5, sizes=(3, 4), opacities=(0.5, 1.0)),
    ],
    ids=lambda request: type(request).__name__,
)
def test_a_request_comes_back_from_json(request_):
    assert restored(type(request_), json.loads(json.dumps(asdict(request_)))) == request_
