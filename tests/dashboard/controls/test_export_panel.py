"""Export is there where there is something to take along."""

import json

import pytest

from core.studies.over_pictures import PictureRefused
from dashboard.controls.export_panel import place_of
from dashboard.explain.many_pictures.job import STUDY
from dashboard.jobs.kinds import KINDS
from dashboard.jobs.outcome import came_to_something
from dashboard.jobs.session import sample_of
from dashboard.server import find_features

find_features()


def test_a_study_that_scored_nothing_offers_nothing(finished_study, ended):
    refused = ended(STUDY, finished_study.request, finished_study.inputs(), [PictureRefused("c.png", "No picture.")])
    assert not came_to_something(refused)
    assert came_to_something(finished_study)
    assert came_to_something(sample_of(STUDY))


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_result_has_a_place_of_its_own(kind):
    assert [other.name for other in KINDS.values() if place_of(other) == place_of(kind)] == [kind.name]


@pytest.mark.parametrize(
    ("view", "query", "kind"),
    [
        ("", {}, "explanation"),
        ("", {"tab": "Many pictures"}, "study"),
        ("sanity", {}, "randomisation"),
        ("sanity", {"tab": "Many pictures"}, "sanity_study"),
        ("sanity", {"tab": "Labels"}, "label_check"),
        ("stamp", {"tab": "Benchmark"}, "benchmark"),
        ("retrain", {}, "fine_tune"),
        ("retrain", {"tab": "ROAR and KAR"}, "roar"),
        ("retrain", {"tab": "Toy"}, "retraining_toy"),
        ("retrain", {"tab": "Single patch"}, "single_patch"),
    ],
)
def test_every_page_offers_the_result_that_it_shows_with_every_table_that_has_rows(page, view, query, kind):
    told = [json.loads(each.proto.json) for each in page(view, **query).get("bidi_component") if each.proto.json]
    [offered] = [data for data in told if data.get("panel") == place_of(KINDS[kind])]
    sample = sample_of(KINDS[kind])
    assert [table["forms"][0][1] for table in offered["tables"]] == [
        f"/api/jobs/sample-{kind}/{name}.csv" for name in KINDS[kind].saved if not sample.table(name).empty
    ]
