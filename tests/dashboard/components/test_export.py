"""Export: what a file says of how its result was made, and how it looks."""

import re
from dataclasses import is_dataclass, replace
from types import SimpleNamespace
from typing import get_args, get_type_hints

import pytest
import torch
from torch import nn

import core
from core.models.answering import NO_LOGITS
from core.models.outputs import Contrast
from core.pictures.imputers import find_imputer
from core.pictures.stamps import Stamp
from core.stamping.task import Task
from dashboard.components.component import DASHBOARD, borrowed, scripts
from dashboard.components.export.export import style_of_file, tables_of
from dashboard.components.export.manifest import EACH, about
from dashboard.explain.finished_maps import FinishedMaps
from dashboard.explain.imputer_ranks.job import IMPUTER_RANKS, ImputerRanksRequest
from dashboard.explain.location_test.job import LOCATION_TEST, LocationTestRequest
from dashboard.explain.one_picture.job import EXPLANATION, MarkedSubject
from dashboard.jobs.changes import words_of
from dashboard.jobs.kinds import KINDS
from dashboard.jobs.session import find, sample_of
from dashboard.jobs.tables import Recorded
from dashboard.library.models import models
from dashboard.library.pictures import Upload, uploads
from dashboard.server import find_features
from dashboard.stamp.training.job import TRAINING, Lesson, TrainingRequest
from dashboard.stamp.wording import task_in_words

find_features()


def test_the_manifest_names_model_picture_class_settings_seed_and_versions():
    found = about(sample_of(EXPLANATION))
    rows = dict(found["rows"])
    request = sample_of(EXPLANATION).request
    assert found["title"].startswith("Heatmaps: ")
    assert rows["Model"] == models.title(request.model) != request.model
    assert rows["Seed"] == str(request.seed)
    assert len(rows["Methods"].split(" · ")) == len(request.methods)
    assert rows["Explained class"] in {
        message["heatmap"]["target"] for message in sample_of(EXPLANATION).messages() if message.get("heatmap")
    }
    assert re.search(r"HeatCheck \S+ · PyTorch \d", rows["Versions"])
    assert "sample" in rows["Run"]


def test_settings_that_differ_from_the_defaults_stand_beside_their_method(finished_run, ended):
    request = replace(finished_run.request, methods=("smoothgrad",), settings={"smoothgrad": {"samples": 40}})
    rows = dict(about(ended(EXPLANATION, request, finished_run.inputs()))["rows"])
    assert rows["Methods"] == "SmoothGrad (samples 40)"


def test_the_manifest_says_what_is_known_of_how_the_model_answers(finished_run, ended):
    """A network without logits changes what a heatmap explains, so nobody should read an export without knowing it."""
    probable = core.wrap(nn.Sequential(nn.Flatten(), nn.Linear(18, 3), nn.Softmax(1)), size=(2, 3), labels=list("abc"))
    job = ended(EXPLANATION, finished_run.request, MarkedSubject(probable, torch.rand(1, 3, 2, 3)))
    inputs = FinishedMaps(job.request, probable.labels, None, {})
    follow_up = ended(LOCATION_TEST, LocationTestRequest(about=job.id, method="gradient"), inputs)
    for each in (job, follow_up):
        assert NO_LOGITS in dict(about(each)["rows"])["Model output"]
    assert "Model output" not in dict(about(finished_run)["rows"])
    assert "Model output" not in dict(about(sample_of(EXPLANATION))["rows"])


def test_the_manifest_gives_an_upload_its_title_and_not_the_name_that_opens_it(finished_run, ended):
    name = uploads.add("somebody", Upload("<b>holiday</b>.png", finished_run.crop()))
    request = replace(finished_run.request, picture=name, truth="secret-mark")
    subject = MarkedSubject(
        SimpleNamespace(name="none", labels=("cat", "dog", "cup"), reading="softmax", notes=()), torch.rand(1, 3, 2, 3)
    )
    found = about(ended(EXPLANATION, request, subject))
    assert "<b>holiday</b>.png" in found["title"]
    assert name not in str(found)
    assert "secret-mark" not in str(found)


def test_a_follow_up_says_of_what_it_is_and_how_that_was_asked(finished_run, ended):
    """All but the methods where it is about one, and but the imputer where it tries every one."""
    inputs = FinishedMaps(finished_run.request, finished_run.inputs().labels, None, {})
    one = about(ended(LOCATION_TEST, LocationTestRequest(about=finished_run.id, method="gradient"), inputs))
    every = about(ended(IMPUTER_RANKS, ImputerRanksRequest(about=finished_run.id), inputs))
    assert one["title"] == about(finished_run)["title"].replace("Heatmaps", "Location test")
    first, shared = (
        dict(about(finished_run)["rows"]),
        {"Picture", "Model", "Explained class", "Number of steps", "Seed"},
    )
    for found in (one, every):
        assert {name: dict(found["rows"])[name] for name in shared} == {name: first[name] for name in shared}
    assert dict(one["rows"])["Heatmap"] == "Gradient"
    assert dict(one["rows"])["Imputer"] == first["Imputer"] == find_imputer("black").label
    assert dict(every["rows"])["Imputer"] == EACH
    assert "Methods" in dict(every["rows"]).keys() - dict(one["rows"]).keys()


def test_a_follow_up_whose_explanation_is_gone_still_has_a_manifest(finished_run, ended):
    inputs = FinishedMaps(finished_run.request, finished_run.inputs().labels, None, {})
    found = about(ended(IMPUTER_RANKS, ImputerRanksRequest(about="long gone"), inputs))
    assert found["title"] == "Imputers"


def test_a_training_is_told_in_words_and_not_in_fields(ended):
    request = TrainingRequest(
        task=Task("patches", (Stamp("cross", 6),), Stamp("saltire", 6)), network="stamp_cnn", seed=3, title="Mine"
    )
    rows = dict(about(ended(TRAINING, request, Lesson(request.task, "Mine", "somebody")))["rows"])
    assert rows["Task"] == task_in_words(request.task, "Learns")
    assert rows["Network"] == "Small CNN, from scratch"
    assert rows["Seed"] == "3"


def test_a_contrast_is_told_with_the_name_of_its_other_class(finished_run, ended):
    request = replace(finished_run.request, output=Contrast(1))
    rows = dict(about(ended(EXPLANATION, request, finished_run.inputs()))["rows"])
    assert rows["Output to explain"] == f"logit of the class minus that of {finished_run.inputs().labels[1]}"


def test_no_request_of_any_kind_holds_a_record_that_has_no_words():
    """The fields of a record by their names would tell a reader nothing."""
    for kind in KINDS.values():
        hints, words = get_type_hints(kind.request), words_of(kind.request)
        records = [name for name in words if any(is_dataclass(part) for part in (hints[name], *get_args(hints[name])))]
        assert [name for name in records if not words[name].said] == [], kind.name


@pytest.mark.parametrize("kind", ["label_check", "benchmark"])
def test_a_network_that_was_trained_here_is_called_by_its_title(kind: str):
    assert "trained/" not in str(about(find(f"sample-{kind}")))


def test_a_file_is_light_or_dark_as_its_reader_likes_and_light_on_paper():
    style = style_of_file()
    assert "prefers-color-scheme: dark" in style
    assert "@media print" in style
    assert "size: A4" in style
    used = {name for css in DASHBOARD.rglob("*.css") for name in re.findall(r"var\((--st-[a-z-]+)", css.read_text())}
    assert used <= set(re.findall(r"(--st-[a-z-]+):", style))


def test_every_table_is_offered_in_every_form():
    offered = {table["words"]: dict(table["forms"]) for table in tables_of(sample_of(EXPLANATION), "SqueezeNet")}
    assert set(offered) == {"Scores, SqueezeNet", "Curves, SqueezeNet"}
    assert offered["Curves, SqueezeNet"]["csv"] == "/api/jobs/sample-explanation/curves.csv"


def test_a_table_without_rows_is_not_offered():
    saved = {"accuracies": Recorded(lambda _: [{"accuracy": 0.5}]), "probes": Recorded(lambda _: [])}
    job = SimpleNamespace(id="1", kind=SimpleNamespace(saved=saved))
    assert [table["words"] for table in tables_of(job, "")] == ["Accuracies"]
    offered = {
        kind: {table["words"] for table in tables_of(find(f"sample-{kind}"), "")} for kind in ("roar", "fine_tune")
    }
    assert all({"Accuracies", "Verdicts", "Directions"} <= words for words in offered.values())


def test_what_is_borrowed_brings_its_licence_and_is_no_script_of_ours():
    assert all("MIT License" in text for text in borrowed().values())
    assert borrowed()
    assert not borrowed().keys() & scripts().keys()
