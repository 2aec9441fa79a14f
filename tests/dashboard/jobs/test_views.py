"""A job reads the same from the queue and from a folder."""

import pandas as pd
import pytest
import torch

from core.jobs.events import Progress
from core.methods.heatmap_request import HeatmapRequest
from core.metrics.fidelity import FidelityReady
from dashboard.explain.many_pictures.job import STUDY
from dashboard.explain.one_picture.job import EXPLANATION
from dashboard.jobs.kinds import KINDS
from dashboard.jobs.requests import FollowUpRequest
from dashboard.jobs.session import find, find_of, sample_of
from dashboard.jobs.storing import store
from dashboard.jobs.views import StoredJob, Superseded
from dashboard.library.absence import NotThere

SHIPPED = [kind for kind in KINDS.values() if (kind.sample_folder / "messages.json").is_file()]


@pytest.fixture
def both(finished_study, tmp_path):
    """The same study in the queue, and in a folder."""
    store(finished_study, tmp_path)
    return finished_study, StoredJob(STUDY, tmp_path, "stored")


def test_request_state_and_messages_are_the_same(both):
    queued, stored = both
    assert stored.request == queued.request
    assert stored.state() == queued.state()
    assert stored.numbered() == queued.numbered()
    assert stored.since(2) == queued.since(2)


def test_tables_are_the_same(both):
    queued, stored = both
    for name in STUDY.files:
        pd.testing.assert_frame_equal(stored.table(name), queued.table(name))


def test_messages_of_one_kind_are_those_alone(finished_run):
    assert [message["kind"] for message in finished_run.messages(FidelityReady)] == ["FidelityReady"]
    assert len(finished_run.messages(FidelityReady, Progress)) == 2
    assert len(finished_run.messages()) == 5


def test_a_stored_map_has_three_digits_of_the_map_whatever_its_scale(finished_run, tmp_path, monkeypatch):
    tiny = {1: 1e-9 * finished_run.heatmap(1)}
    monkeypatch.setattr(finished_run, "heatmap", tiny.__getitem__)
    monkeypatch.setattr(finished_run, "crop", lambda: (_ for _ in ()).throw(NotThere("no crop")))
    store(finished_run, tmp_path)
    stored = StoredJob(EXPLANATION, tmp_path, "stored")
    torch.testing.assert_close(stored.heatmap(1), tiny[1], rtol=1e-3, atol=0)


def test_a_number_that_brought_no_map_has_none(finished_run):
    with pytest.raises(Superseded):
        finished_run.heatmap(0)
    with pytest.raises(NotThere, match="no such heatmap"):
        sample_of(EXPLANATION).heatmap(10**9)


def test_a_study_has_no_crop(finished_study):
    with pytest.raises(NotThere, match="many pictures"):
        finished_study.crop()
    with pytest.raises(NotThere, match="many pictures"):
        sample_of(STUDY).crop()


@pytest.mark.parametrize("kind", SHIPPED, ids=lambda kind: kind.name)
def test_every_sample_is_found_by_its_name_and_whole(kind):
    sample = find(f"sample-{kind.name}")
    assert sample is sample_of(kind)
    assert sample.finished
    if isinstance(sample.request, HeatmapRequest):
        assert sample.request.methods
    if isinstance(sample.request, FollowUpRequest):
        assert find(sample.request.about) is sample_of(EXPLANATION)
    assert sample.messages()
    assert all(len(sample.table(name)) for name in kind.files)
    for message in sample.messages():
        if message.get("heatmap"):
            shape = message["heatmap"]["height"], message["heatmap"]["width"]
            assert sample.heatmap(message["sequence"]).shape in (shape, (56, 56))


def test_a_job_of_another_kind_is_not_found_and_the_sentence_is_the_kinds_own(finished_run):
    assert find_of(EXPLANATION, finished_run.id).id == finished_run.id
    with pytest.raises(NotThere, match="That study is no longer kept here"):
        find_of(STUDY, finished_run.id)
    with pytest.raises(NotThere, match="That study is no longer kept here"):
        find_of(STUDY, "nobody")
