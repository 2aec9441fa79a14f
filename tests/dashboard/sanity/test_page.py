"""The Sanity page as a whole: its tabs, its addresses, and what runs on it while another tab is open."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest

import core
from dashboard.controls.method_panel import HOW_LONG
from dashboard.controls.page_state import PAGE
from dashboard.explain.one_picture.job import EXPLANATION
from dashboard.jobs.kinds import JobKind
from dashboard.jobs.views import MESSAGES, StoredJob
from dashboard.library.models import shelf
from dashboard.library.predictions import look
from dashboard.library.queue import queue
from dashboard.library.sources import Source
from dashboard.library.subjects import Subject
from dashboard.sanity.label_check import job as label_check
from dashboard.sanity.label_check.job import LABEL_CHECK, Clothes, LabelCheckRequest
from dashboard.sanity.many_pictures import job as many_pictures
from dashboard.sanity.many_pictures.job import SANITY_STUDY, SanityStudyRequest
from dashboard.sanity.quick_checks import job as quick_checks
from dashboard.sanity.quick_checks.job import QUICK_CHECKS, QuickChecksRequest
from dashboard.sanity.randomisation import job as randomisation
from dashboard.sanity.randomisation.job import RANDOMISATION, RandomisationRequest

FEW = {"methods": "gradient"}
KINDS = (RANDOMISATION, QUICK_CHECKS, SANITY_STUDY, LABEL_CHECK)
Open = Callable[..., AppTest]
Start = Callable[[AppTest, JobKind], Any]
Followed = Callable[[AppTest], set[str]]


@pytest.fixture(autouse=True)
def _nothing_ends(monkeypatch: pytest.MonkeyPatch, endless: Callable[..., Any]) -> None:
    monkeypatch.setattr(randomisation, "stream_randomisation", endless)
    monkeypatch.setattr(quick_checks, "stream_checks", endless)
    monkeypatch.setattr(many_pictures, "stream_sanity_study", endless)
    monkeypatch.setattr(label_check, "stream_label_check", endless)
    monkeypatch.setattr(core, "stream_trial", endless)


def go_to(app: AppTest, tab: str) -> AppTest:
    """As a click on the tab does."""
    app.session_state["tab"] = app.query_params["tab"] = tab
    app.run()
    assert not app.exception
    return app


def ways_back(app: AppTest) -> list[str]:
    return [button.label for button in app.button if button.label.startswith("Back to ")]


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_runs_on_one_tab_is_followed_on_the_others_and_leads_back(
    sanity_page: Open, started: Start, followed: Followed, kind: JobKind
) -> None:
    """Nobody would look at it else, and what nobody looks at is ended."""
    app = sanity_page(**FEW, tab=kind.tab)
    job = started(app, kind)
    assert ways_back(app) == []
    for tab in {each.tab for each in KINDS} - {kind.tab}:
        go_to(app, tab)
        assert job.id in followed(app)
        assert ways_back(app) == [f"Back to {kind.title}"]
    press(app, f"Back to {kind.title}")
    assert app.session_state["tab"] == kind.tab
    assert app.query_params[kind.name] == job.id
    assert app.button(key=f"start {kind.name}").label == "Cancel"
    assert ways_back(app) == []


def test_what_has_ended_elsewhere_is_not_told_of(sanity_page: Open, started: Start, wait: Callable[..., None]):
    app = sanity_page(**FEW)
    job = started(app, RANDOMISATION)
    go_to(app, LABEL_CHECK.tab)
    queue().cancel(job.id, app.session_state["owner"])
    wait(lambda: job.finished)
    assert ways_back(app.run()) == []


def test_what_another_person_runs_is_not_told_of(sanity_page: Open, started: Start):
    started(sanity_page(**FEW), RANDOMISATION)
    assert ways_back(sanity_page(**FEW, tab=LABEL_CHECK.tab)) == []


def test_what_runs_here_is_followed_on_another_page_and_leads_back(
    sanity_page: Open, started: Start, followed: Followed
) -> None:
    app = sanity_page(**FEW, tab=LABEL_CHECK.tab)
    job = started(app, LABEL_CHECK)
    app.switch_page("views/explain.py").run()
    assert job.id in followed(app)
    press(app, "Back to Label check")
    assert app.session_state[PAGE] == "sanity"
    assert app.button(key="start label_check").label == "Cancel"
    assert job.id in followed(app)


def test_the_jobs_of_a_person_do_not_end_each_other(sanity_page: Open, started: Start):
    app = sanity_page(**FEW)
    jobs = [started(go_to(app, kind.tab), kind) for kind in KINDS]
    app.switch_page("views/explain.py").run()
    jobs.append(started(app, EXPLANATION))
    assert not any(job.finished or queue().get(job.id).cancelled for job in jobs)
    lanes = {queue().get(job.id).lane for job in jobs}
    assert len(lanes) == len(jobs)


def test_a_job_ends_the_one_of_its_kind_before_it(sanity_page: Open, started: Start):
    app = sanity_page(**FEW, tab=LABEL_CHECK.tab)
    first = started(app, LABEL_CHECK)
    app.query_params["label_check"] = f"sample-{LABEL_CHECK.name}"
    second = started(app.run(), LABEL_CHECK)
    assert app.query_params["label_check"] == second.id
    assert queue().get(first.id).cancelled
    assert not queue().get(second.id).cancelled


def finished_job(kind: JobKind, ended: Callable[..., Any], classifier: object) -> Any:
    maps = {"model": "none", "methods": ("gradient",)}
    subject = Subject(classifier, torch.zeros(1, 3, 2, 3))
    request, inputs = {
        RANDOMISATION.name: (RandomisationRequest(**maps, picture="coffee", target=0), subject),
        QUICK_CHECKS.name: (QuickChecksRequest(**maps, picture="coffee", target=0, checks=("other_class",)), subject),
        SANITY_STUDY.name: (SanityStudyRequest(**maps, source="gallery", limit=3), Source(classifier, "gallery", None)),
        LABEL_CHECK.name: (LabelCheckRequest(**maps, pictures=2, training_seed=None), Clothes()),
    }[kind.name]
    return ended(kind, request, inputs)


OPENED = {
    "randomisation": RANDOMISATION, "job": RANDOMISATION, "quick_checks": QUICK_CHECKS, "checks": QUICK_CHECKS,
    "sanity_study": SANITY_STUDY, "label_check": LABEL_CHECK, "labels": LABEL_CHECK,
}  # fmt: skip


@pytest.mark.parametrize("name", OPENED)
def test_a_link_opens_what_it_names_and_an_old_one_what_it_opened(
    sanity_page: Open, followed: Followed, ended: Callable[..., Any], classifier_of_names: object, name: str
) -> None:
    kind = OPENED[name]
    job = finished_job(kind, ended, classifier_of_names)
    assert job.id in followed(sanity_page(tab=kind.tab, **{name: job.id}))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.formerly], ids=lambda kind: kind.name)
def test_a_new_job_takes_the_place_of_one_that_an_old_link_opened(
    sanity_page: Open, started: Start, ended: Callable[..., Any], classifier_of_names: object, kind: JobKind
) -> None:
    old = finished_job(kind, ended, classifier_of_names)
    app = sanity_page(tab=kind.tab, **FEW, **{kind.formerly: old.id})
    job = started(app, kind)
    assert app.query_params[kind.name] == job.id
    assert kind.formerly not in app.query_params


@pytest.mark.parametrize("tab", ["One picture", "Many pictures", "Labels"])
def test_how_long_methods_take_is_said_for_what_is_run_here(sanity_page: Open, tab: str):
    said = sanity_page(**FEW, tab=tab).button_group(key="preset").help
    assert said != HOW_LONG
    assert ("per stage" in said) == (tab != "Labels")


def test_a_newcomer_s_choices_are_those_of_the_sample_whatever_ships(
    sanity_page: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: Callable[[AppTest], str]
) -> None:
    """A sample of another model would stand dimmed before somebody who chose nothing."""
    shutil.copytree(RANDOMISATION.sample_folder, tmp_path / "sample" / "randomisation")
    file = tmp_path / "sample" / "randomisation" / MESSAGES
    written = json.loads(file.read_text())
    assert shelf.ask("squeezenet1_1").ended.wait(60)
    predicted = look("squeezenet1_1", "rocket").top[0].index
    written["request"] |= {"model": "squeezenet1_1", "picture": "rocket", "target": predicted}
    file.write_text(json.dumps(written))
    shipped = StoredJob(RANDOMISATION, file.parent, "sample-randomisation")
    monkeypatch.setattr("dashboard.jobs.session.read_sample", lambda kind: shipped if kind is RANDOMISATION else None)
    app = sanity_page()
    assert app.selectbox(key="model").value == "squeezenet1_1"
    assert "A precomputed sample" in words(app)
    assert " used another " not in words(app)
