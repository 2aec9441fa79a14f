"""Several models on one picture: each with its own crop, its own answer and its own run."""

import pytest
import torch

from dashboard.controls.method_panel import settings_for
from dashboard.controls.trial_panel import class_beside
from dashboard.library.models import shelf
from dashboard.library.pictures import open_choice
from dashboard.library.queue import queue

PAIR = {"compare": "true", "with": "SqueezeNet 1.1", "methods": "gradient", "picture": "rocket"}


@pytest.fixture
def pair(page, wait):
    """The page with two loaded models, and the jobs that it started for them."""

    def start(**query):
        wait(lambda: shelf.ask("squeezenet1_1").settled)
        app = page(**PAIR | query)
        app.button(key="start explanation").click().run()
        assert not app.exception
        return app, [queue().get(name) for name in app.query_params["explanation"].split(",")]

    return start


def test_one_job_a_model_each_on_its_own_crop(pair):
    _, jobs = pair()
    assert [job.about.request.model for job in jobs] == ["efficientnet_lite0", "squeezenet1_1"]
    for job in jobs:
        own = job.about.inputs.classifier.prepare(open_choice("rocket"))
        assert job.about.inputs.classifier.name == job.about.request.model
        assert torch.equal(job.about.inputs.pixels, own)
    assert not torch.equal(jobs[0].about.inputs.pixels, jobs[1].about.inputs.pixels)


def test_a_class_that_both_know_is_explained_by_both(pair):
    _, jobs = pair(**{"class": "space shuttle"})
    assert {job.about.inputs.classifier.labels[job.about.request.target] for job in jobs} == {"space shuttle"}


def test_both_run_and_cancel_ends_both(pair, wait):
    app, jobs = pair(**{"methods": "smoothgrad", "smoothgrad.samples": "200"})
    wait(lambda: all(job.state == "running" for job in jobs))
    app.button(key="start explanation").click().run()
    wait(lambda: all(job.finished for job in jobs))
    assert {job.state for job in jobs} == {"cancelled"}


def test_the_address_restores_both(pair, page):
    app, jobs = pair()
    again = page(**PAIR, explanation=app.query_params["explanation"])
    assert again.query_params["explanation"].split(",") == [job.id for job in jobs]
    assert not again.info
    assert again.button_group(key="trial").options == ["EfficientNet-Lite0", "SqueezeNet 1.1"]


def test_where_no_models_are_compared_any_more_the_run_of_the_one_that_is_chosen_stays(pair, page, wait):
    for name in ("fashion_cnn", "fashion_vit"):
        shelf.ask(name).wait(60)
    small = {"methods": "gradient", "picture": "fashion_boot", "steps": "10"}
    app, jobs = pair(**small, model="fashion_cnn", **{"with": "fashion_vit"})
    wait(lambda: all(job.state == "done" for job in jobs), 120)
    both = app.query_params["explanation"].split(",")
    alone = page(**small, model="fashion_cnn", explanation=",".join(both))
    assert not alone.info
    assert not [group for group in alone.button_group if group.key == "trial"]
    second = page(**small, model="fashion_vit", explanation=",".join(both))
    assert "another model" not in " ".join(info.value for info in second.info)


def test_while_the_second_model_s_run_goes_on_it_can_be_cancelled_where_it_is_not_compared(pair, page):
    app, jobs = pair(**{"methods": "smoothgrad", "smoothgrad.samples": "200"})
    alone = page(visitor=app, methods="smoothgrad", picture="rocket", explanation=app.query_params["explanation"])
    assert "used another model" in " ".join(info.value for info in alone.info)
    alone.button(key="start explanation").click().run()
    assert {job.state for job in jobs} == {"cancelled"}


def test_where_one_of_several_runs_is_gone_the_page_says_so(pair, page):
    app, _ = pair()
    again = page(**PAIR, explanation=f"{app.query_params['explanation']},nobody")
    assert "Press Explain" in " ".join(info.value for info in again.info)


@pytest.mark.parametrize(("name", "explained"), [("cup", 2), ("crane (0)", 0), ("missile", 3)])
def test_another_model_explains_the_class_of_that_name_or_what_it_predicts(name, explained):
    assert class_beside(name, ("crane", "crane", "cup", "dog"), predicted=3) == explained


def test_layers_stay_with_the_model_that_has_them(squeezenet):
    layer = squeezenet.anatomy.feature_maps[-1].layer
    given = {"grad_cam": {"layer": "blocks.5"}, "smoothgrad": {"samples": 30}}
    assert settings_for(squeezenet, given) == {"smoothgrad": {"samples": 30}}
    assert settings_for(squeezenet, {"grad_cam": {"layer": layer}}) == {"grad_cam": {"layer": layer}}


def test_one_way_back_leads_to_both(pair):
    app, jobs = pair(**{"methods": "smoothgrad", "smoothgrad.samples": "200"})
    app.switch_page("views/sanity.py").run()
    ways = [button for button in app.button if button.label == "Back to Heatmaps"]
    assert len(ways) == 1
    ways[0].click().run()
    assert not app.exception
    assert app.query_params["explanation"] == ",".join(job.id for job in jobs)
    assert not [info for info in app.info if " used another " in info.value]
