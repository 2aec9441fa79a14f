"""Questions beside a run: they are asked as the run was."""

import pytest

from core.studies.imputer_rankings import ImputerRanked
from core.studies.matched import MatchedReady
from dashboard import asides
from dashboard.jobs import collect
from dashboard.requests import Asked
from dashboard.runs import LiveRun, Subject, Trial, stream_asked
from dashboard.workshop import look, queue, shelf

MODEL = "fashion_cnn"
STEPS = 5


@pytest.fixture
def run(wait):
    """A trial of few steps, by a model that is quick."""
    classifier = shelf.ask(MODEL).wait(60)
    subject = Subject(classifier, look(MODEL, "fashion_boot").pixels)
    asked = Asked(
        model=MODEL, picture="", target=9, methods=("gradient",), settings={}, output="logit", seed=3, steps=STEPS
    )
    job = queue().submit(lambda: stream_asked(subject, None, asked), "somebody", Trial(asked, subject, ""))
    wait(lambda: job.finished)
    return LiveRun(job)


@pytest.fixture
def told(monkeypatch):
    """What was asked beside the run, answered here."""
    events = []
    monkeypatch.setattr(asides, "submit", lambda stream, *_: events.extend(stream()))
    return events


def fidelity_of_the_trial(run):
    return [message["value"] for message in collect(run, "fidelity") if message["method"] == "gradient"][-1]


def test_the_imputer_of_the_trial_gives_the_trials_own_fidelity(run, told):
    asides.rank_under_imputers(run, ())
    scores = {event.imputer: event.scores["gradient"] for event in told if isinstance(event, ImputerRanked)}
    assert scores[run.asked.imputer] == pytest.approx(fidelity_of_the_trial(run), abs=1e-6)
    assert len(set(scores.values())) > 1


def test_a_map_beside_its_copies_has_the_trials_own_fidelity(run, told):
    asides.match_shape(run, "gradient", ())
    *_, last = (event for event in told if isinstance(event, MatchedReady))
    assert last.value == pytest.approx(fidelity_of_the_trial(run), abs=1e-6)
