"""Below an explanation: whether its maps depend on the model."""

import re

import pytest
import torch

from core.methods.heatmap import HeatmapReady
from core.methods.registry import list_controls
from core.sanity.randomisation import StageReady
from dashboard.components.methods import described_finished
from dashboard.explain.one_picture.job import EXPLANATION, ExplanationRequest
from dashboard.jobs.session import sample_of
from dashboard.jobs.views import QueuedJob, Submitted
from dashboard.library.models import shelf
from dashboard.library.pictures import title_of_picture
from dashboard.library.queue import queue
from dashboard.sanity.randomisation import job as randomisation
from dashboard.sanity.strip import panel as strip
from dashboard.sanity.strip.job import STRIP, strip_request
from dashboard.sanity.strip.panel import MOST, usual_methods

MODEL = "fashion_cnn"
OPEN = {"below": "Randomisation"}
FASHION = {"model": "Small CNN (Fashion-MNIST)", "methods": "gradient,sobel,smoothgrad", "steps": "10", **OPEN}
SETTINGS = {"smoothgrad": {"samples": 3}}


@pytest.fixture(scope="module")
def explanation():
    """A finished one that differs from the usual one in all that a map depends on."""
    shelf.ask(MODEL).wait(60)
    request = ExplanationRequest(
        model=MODEL, picture="fashion_boot", target=7, methods=("gradient", "smoothgrad"), settings=SETTINGS,
        output="probability", reduction="abs_sum", seed=3, steps=5,
    )  # fmt: skip
    inputs = EXPLANATION.inputs(request)
    stream = lambda: EXPLANATION.stream(request, inputs)  # noqa: E731
    job = queue().submit(stream, "somebody", Submitted(EXPLANATION, request, inputs))
    while not job.finished:
        job.since(0)
    assert job.state == "done"
    return QueuedJob(job)


@pytest.fixture
def explained(page, started, wait):
    """The page with a finished explanation by a small network, and that explanation."""
    wait(lambda: shelf.ask(MODEL).settled)

    def explain(**query):
        app = page(**FASHION | query)
        job = started(app, EXPLANATION)
        wait(lambda: job.finished)
        app.run()
        assert not app.exception
        return app, job

    return explain


def trained_maps(events):
    return {event.heatmap.method: event.heatmap for event in events if isinstance(event, HeatmapReady)}


def test_everything_that_a_map_depends_on_is_the_explanations_own(explanation):
    request = strip_request(explanation, ["gradient"])
    same = ("model", "picture", "target", "settings", "output", "reduction", "seed")
    assert [getattr(request, name) for name in same] == [getattr(explanation.request, name) for name in same]
    assert request.methods == ("gradient", *(control.name for control in list_controls(truth_known=False)))
    assert request.about == explanation.id
    assert request.mode == "cascading"
    assert request.draws > 1


def test_the_trained_networks_maps_are_those_of_the_explanation(explanation):
    request = strip_request(explanation, ["gradient", "smoothgrad"])
    events = list(STRIP.stream(request, STRIP.inputs(request)))
    trained, own = trained_maps(events), trained_maps(explanation.events(HeatmapReady))
    for method in ("gradient", "smoothgrad"):
        assert torch.equal(trained[method].values, own[method].values)
        assert trained[method].settings == own[method].settings
    stages = [event for event in events if isinstance(event, StageReady)]
    assert {event.method for event in stages} >= {"gradient", "smoothgrad", "random", "sobel"}
    assert max(event.share_randomised for event in stages) == 1


def test_the_button_asks_about_the_methods_that_are_chosen(explained, started, wait):
    app, explanation = explained(**{"strip.methods": "SmoothGrad"})
    assert app.button_group(key="strip.methods").options == ["Gradient", "SmoothGrad"]
    job = started(app, STRIP)
    assert job.request.methods[0] == "smoothgrad"
    assert "gradient" not in job.request.methods
    assert job.request.about == explanation.id
    wait(lambda: job.finished)
    assert (job.state()["state"], job.state()["error"]) == ("done", None)


def test_the_strip_is_cancelled_where_it_was_begun_and_the_explanation_stays(
    explained, started, endless, monkeypatch, wait
):
    monkeypatch.setattr(randomisation, "stream_randomisation", endless)
    app, explanation = explained()
    job = started(app, STRIP)
    assert app.button(key="start strip").label == "Cancel"
    app.button(key="start strip").click().run()
    wait(lambda: job.finished)
    assert job.state()["state"] == "cancelled"
    assert explanation.state()["state"] == "done"


def test_another_explanations_strip_is_shown_as_that_of_an_earlier_run(
    explained, started, followed, explanation, wait, words
):
    app, _ = explained()
    job = started(app, STRIP)
    wait(lambda: job.finished)
    assert job.id in followed(app.run())
    assert "about another run" not in words(app)
    app.query_params["explanation"] = explanation.id
    assert job.id in followed(app.run())
    assert "This result is about another run, which used" in words(app)
    assert app.button(key="start strip").label == STRIP.verb


def test_a_strip_that_still_runs_when_another_explanation_is_open_leads_back_to_its_own(
    explained, started, endless, followed, explanation, monkeypatch
):
    monkeypatch.setattr(randomisation, "stream_randomisation", endless)
    app, own = explained()
    job = started(app, STRIP)
    app.query_params["explanation"] = explanation.id
    app.run()
    assert app.button(key="start strip").label == STRIP.verb
    assert job.id in followed(app)
    app.button(key="back 0").click().run()
    assert not app.exception
    assert app.query_params["explanation"] == own.id
    assert app.button(key="start strip").label == "Cancel"
    assert "back 0" not in [button.key for button in app.button]


def test_a_strip_leads_back_from_another_page(explained, started, endless, followed, monkeypatch):
    monkeypatch.setattr(randomisation, "stream_randomisation", endless)
    app, own = explained()
    job = started(app, STRIP)
    app.switch_page("views/sanity.py").run()
    assert job.id in followed(app)
    app.button(key="back 0").click().run()
    assert not app.exception
    assert app.query_params["explanation"] == own.id
    assert app.button(key="start strip").label == "Cancel"


def test_a_newcomer_has_six_methods_at_most_and_is_told_of_more(page, words):
    app = page()
    chosen = app.button_group(key="strip.methods")
    assert 1 < len(chosen.value) <= MOST
    assert set(chosen.value) <= {method["name"] for method in described_finished(sample_of(EXPLANATION))}
    chosen.set_value(chosen.options).run()
    assert not app.exception
    assert f"Only the first {MOST} of these are checked." in words(app)


def test_the_heatmap_that_its_verdict_names_is_among_those_that_are_checked(monkeypatch, page):
    names = [method["name"] for method in described_finished(sample_of(EXPLANATION)) if not method["control"]]
    for best in names:
        monkeypatch.setattr(strip, "best_of", lambda *_, best=best: best)
        assert best in page().button_group(key="strip.methods").value


def test_what_ships_is_of_the_methods_that_are_usual_and_shown_below_the_sample_that_it_is_about_alone(
    explanation, page, followed
):
    sample, about = sample_of(STRIP), sample_of(EXPLANATION)
    real = [method["name"] for method in described_finished(about) if not method["control"]]
    assert sample.request == strip_request(about, usual_methods(about, real))
    assert sample.id in followed(page(**OPEN))
    assert sample.id not in followed(page(explanation=explanation.id, **OPEN))


def test_the_maps_of_a_closed_tab_are_not_drawn_and_its_test_is_known_to_the_verdict(page, followed):
    sample, closed = sample_of(STRIP).id, page(below="Scores")
    assert sample not in followed(closed)
    assert any(sample in each.proto.json for each in closed.get("bidi_component"))


def test_an_explanation_that_is_older_than_the_choices_is_not_randomised_unawares(page, words):
    app = page(picture="chelsea")
    assert app.button(key="start strip").disabled
    title = title_of_picture(sample_of(EXPLANATION).request.picture)
    assert f"This is about the run above, of {title}, which used other settings." in words(app)
    assert not page().button(key="start strip").disabled


def test_the_strip_says_what_it_costs(page, words):
    app = page()
    assert re.search(
        r"This check explains the picture again with \d methods .*: [\d,]+ maps with the controls\.", words(app)
    )
    app.button_group(key="strip.methods").set_value([]).run()
    assert "No heatmap is chosen, so the default" in words(app)
