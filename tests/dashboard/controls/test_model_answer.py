"""The answer of a model for a picture, as it is now and as a run recorded it."""

import json

import torch

from core.models.classifier import Prediction
from dashboard.controls.model_answer import recorded_answer
from dashboard.explain.one_picture.job import EXPLANATION, MarkedSubject
from dashboard.library.pictures import title_of_picture
from dashboard.library.predictions import SHOWN, Look
from dashboard.server import find_features

find_features()


def test_a_run_records_its_own_picture_and_the_likeliest_classes_with_the_one_it_explains(
    finished_run, ended, classifier_of_names
):
    answers = tuple(Prediction(index, f"class {index}", 0.5**index, -index) for index in (3, 0, 2, 5, 4, 1))
    pixels = torch.rand(1, 3, 2, 3)
    subject = MarkedSubject(classifier_of_names, pixels, Look(pixels, answers))
    run = ended(EXPLANATION, finished_run.request, subject)
    found = recorded_answer(run)
    assert found["crop"] == f"/api/jobs/{run.id}/crop"
    assert found["title"] == title_of_picture(run.request.picture)
    assert [index for index, *_ in found["top"]] == [3, 0, 2, 5, 4, 1]
    assert len(found["top"]) == SHOWN + 1
    assert found["explained"] == "class 1"


def test_beside_a_stale_sample_the_page_keeps_what_the_sample_was_of(page):
    shown = page("sanity", model="squeezenet1_1", picture="chelsea")
    told = [json.loads(each.proto.json) for each in shown.get("bidi_component") if each.proto.json]
    [answer] = [data for data in told if "recorded" in data]
    assert answer["recorded"]["crop"] == "/api/jobs/sample-randomisation/crop"
    assert answer["recorded"]["explained"] == "Komodo dragon"
