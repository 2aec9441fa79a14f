"""Below a trial: whether its maps depend on the model."""

import re

import pytest
import torch

from core.methods.heatmap import HeatmapReady
from core.methods.registry import list_controls
from core.sanity.randomisation import StageReady
from dashboard import asides
from dashboard.asides import find_aside, of_randomisation
from dashboard.parts.sanity_strip import MOST, shipped
from dashboard.requests import Asked
from dashboard.runs import LiveRun, Subject, Trial, sample, stream_asked
from dashboard.sanity import LiveRandomisation
from dashboard.workshop import look, queue, shelf

MODEL = "fashion_cnn"
FASHION = {"model": "Small CNN (Fashion-MNIST)", "methods": "gradient,sobel,smoothgrad", "steps": "10"}
SETTINGS = {"smoothgrad": {"samples": 3}}


def words(app):
    return " ".join(element.value for element in [*app.info, *app.warning, *app.error, *app.caption])


@pytest.fixture(scope="module")
def run():
    """A finished run that differs from the usual one in all that a map depends on."""
    classifier = shelf.ask(MODEL).wait(60)
    subject = Subject(classifier, look(MODEL, "fashion_boot").pixels)
    asked = Asked(
        model=MODEL, picture="fashion_boot", target=7, methods=("gradient", "smoothgrad"), settings=SETTINGS,
        output="probability", reduction="abs_sum", seed=3, steps=5,
    )  # fmt: skip
    job = queue().submit(lambda: stream_asked(subject, None, asked), "somebody", Trial(asked, subject, "Boot"))
    while not job.finished:
        job.since(0)
    assert job.state == "done"
    return LiveRun(job)


@pytest.fixture
def explained(page, wait):
    """The page with a finished run of a small network."""

    def start(**query):
        wait(lambda: shelf.ask(MODEL).settled)
        app = page(**FASHION | query)
        app.button(key="run").click().run()
        assert not app.exception
        job = queue().get(app.query_params["job"])
        wait(lambda: job.finished)
        app.run()
        assert not app.exception
        return app

    return start


def test_everything_that_a_map_depends_on_is_the_runs_own(run):
    asked = of_randomisation(run, ["gradient"])
    same = ("model", "picture", "target", "settings", "output", "reduction", "seed")
    assert [getattr(asked, name) for name in same] == [getattr(run.asked, name) for name in same]
    assert asked.methods == ("gradient", *(control.name for control in list_controls(truth_known=False)))
    assert asked.mode == "cascading"
    assert asked.draws > 1


def test_the_trained_networks_maps_are_those_of_the_run(run, monkeypatch):
    events = []
    monkeypatch.setattr(asides, "submit", lambda stream, *_: events.extend(stream()))
    asides.randomise(run, ["gradient", "smoothgrad"], ())
    trained = {event.heatmap.method: event.heatmap for event in events if isinstance(event, HeatmapReady)}
    own = {event.heatmap.method: event.heatmap for _, event in run.job.since(0) if isinstance(event, HeatmapReady)}
    for method in ("gradient", "smoothgrad"):
        assert torch.equal(trained[method].values, own[method].values)
        assert trained[method].settings == own[method].settings
    stages = [event for event in events if isinstance(event, StageReady)]
    assert {event.method for event in stages} >= {"gradient", "smoothgrad", "random", "sobel"}
    assert max(event.share_randomised for event in stages) == 1


def test_the_button_asks_about_the_methods_that_are_chosen(explained, wait):
    app = explained(**{"strip.methods": "SmoothGrad"})
    assert app.button_group(key="strip.methods").options == ["Gradient", "SmoothGrad"]
    app.button(key="ask strip").click().run()
    assert not app.exception
    job = queue().get(app.query_params["strip"])
    assert isinstance(job.about.shown(job), LiveRandomisation)
    assert job.about.asked.methods[0] == "smoothgrad"
    assert "gradient" not in job.about.asked.methods
    assert job.about.run == app.query_params["job"]
    wait(lambda: job.finished)
    assert (job.state, job.error) == ("done", None)


def test_the_strip_is_cancelled_where_it_was_begun_and_the_run_stays(explained, wait):
    app = explained()
    app.button(key="ask strip").click().run()
    job, run = queue().get(app.query_params["strip"]), queue().get(app.query_params["job"])
    if not job.finished:
        assert app.button(key="ask strip").label == "Cancel"
        app.button(key="ask strip").click().run()
    wait(lambda: job.finished)
    assert run.state == "done"


def test_another_runs_strip_is_not_shown(explained, wait, run):
    app = explained()
    app.button(key="ask strip").click().run()
    name = app.query_params["strip"]
    wait(lambda: queue().get(name).finished)
    assert find_aside(name, LiveRun(queue().get(app.query_params["job"]))).id == name
    assert find_aside(name, run) is None


def test_a_newcomer_has_six_methods_at_most_and_is_told_of_more(page):
    app = page()
    chosen = app.button_group(key="strip.methods")
    assert 1 < len(chosen.value) <= MOST
    assert set(chosen.value) <= set(sample().maps())
    chosen.set_value(chosen.options).run()
    assert not app.exception
    assert f"Only the first {MOST} of these are checked." in words(app)


def test_what_ships_is_shown_below_the_sample_alone(run):
    found = shipped(sample())
    assert found is not None
    assert (found.asked.model, found.asked.picture) == (sample().asked.model, sample().asked.picture)
    assert shipped(run) is None


def test_a_run_that_is_older_than_the_choices_is_not_randomised_unawares(page):
    app = page(picture="chelsea")
    assert app.button(key="ask strip").disabled
    assert f"This is about the run above, of {sample().title}, which is older than your choices." in words(app)
    assert not page().button(key="ask strip").disabled


def test_the_strip_says_what_it_costs(page):
    app = page()
    assert re.search(r"Makes these \d again .*: up to [\d,]+ maps with the controls\.", words(app))
    app.button_group(key="strip.methods").set_value([]).run()
    assert "None is chosen: the usual" in words(app)
