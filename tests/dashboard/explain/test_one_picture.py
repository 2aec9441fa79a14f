"""The Explain page's script."""

import io
import time

import pytest
from PIL import Image
from streamlit import config

import core
from core.methods.registry import capability
from dashboard.controls import job_panel, method_panel
from dashboard.explain.one_picture.job import EXPLANATION
from dashboard.jobs.session import sample_of
from dashboard.library.models import shelf
from dashboard.library.pictures import gallery, uploads
from dashboard.library.queue import queue

METHODS = [method.name for method in core.list_methods() if not method.control]


def heatmaps(job):
    found = [event.heatmap for _, event in job.since(0) if isinstance(event, core.HeatmapReady)]
    return {heatmap.method: heatmap for heatmap in found}


def test_a_newcomer_sees_the_sample(page, words):
    app = page()
    assert "A precomputed sample" in words(app)
    assert not app.button(key="start explanation").disabled
    assert app.selectbox(key="model").value == "efficientnet_lite0"


def test_the_sample_is_what_explain_would_run(page):
    app = page()
    app.button(key="start explanation").click().run()
    asked = queue().get(app.query_params["explanation"]).about.request
    assert asked == sample_of(EXPLANATION).request


@pytest.fixture
def served_options():
    """Those of Streamlit's options that a served dashboard has, and that take time in every run."""
    options = {"runner.magicEnabled": False, "browser.gatherUsageStats": False}
    before = {name: config.get_option(name) for name in options}
    for name, value in options.items():
        config.set_option(name, value)
    yield
    for name, value in before.items():
        config.set_option(name, value)


@pytest.mark.alone
@pytest.mark.usefixtures("served_options")
def test_a_warm_run_of_the_script_takes_less_than_a_tenth_of_a_second(page):
    app = page()
    spent = []
    for _ in range(20):
        begin = time.perf_counter()
        app.run()
        spent.append(time.perf_counter() - begin)
    assert min(spent) < 0.1


@pytest.mark.parametrize(
    ("preset", "belongs", "address"),
    [
        ("Quick", lambda method: method.name in method_panel.QUICK, None),
        ("Ensembles", lambda method: method.family == "ensemble", ","),
        ("Black box", lambda method: method.family == "perturbation", ","),
        ("All that fit", lambda method: not method.control, "all"),
    ],
)
def test_a_preset_chooses_its_methods_and_the_address_says_so(page, preset, belongs, address):
    app = page(methods="occlusion")
    app.button_group(key="preset").set_value(preset).run()
    fits = capability(shelf.held("efficientnet_lite0"))
    chosen = [method.name for method in core.list_methods() if belongs(method) and fits[method.name] is None]
    assert app.session_state[method_panel.KEY] == chosen
    assert app.query_params.get("methods") == (",".join(chosen) if address == "," else address)
    again = page(**{name: value for name, value in app.query_params.items() if name == "methods"})
    assert set(again.session_state[method_panel.KEY]) >= set(chosen)


def test_a_newcomer_gets_a_dozen_good_methods_and_not_all(page):
    app = page()
    assert tuple(app.session_state[method_panel.KEY]) == method_panel.QUICK
    assert "methods" not in app.query_params


def test_all_that_fit_in_an_address_is_all_that_fit_this_model(page):
    fits = capability(shelf.held("efficientnet_lite0"))
    app = page(methods="all")
    assert app.session_state[method_panel.KEY] == [name for name in METHODS if fits[name] is None]


def test_a_family_is_chosen_from_without_losing_the_others(page):
    app = page(methods="gradient,grad_cam")
    app.button_group(key="gradient methods").set_value(["deconvnet"]).run()
    assert set(app.session_state[method_panel.KEY]) == {"deconvnet", "grad_cam"}
    assert app.query_params["methods"] == "deconvnet,grad_cam"


def test_methods_that_do_not_fit_stand_together_with_their_reason(page, monkeypatch, words):
    def with_reason(classifier):
        return capability(classifier) | dict.fromkeys(("guided_backprop", "deconvnet"), "This network has no ReLU.")

    monkeypatch.setattr(core, "capability", with_reason)
    app = page(methods="deconvnet,gradient")
    assert "**Guided backprop, Deconvnet**: This network has no ReLU." in words(app)
    assert "deconvnet" not in app.button_group(key="gradient methods").options
    app.button(key="start explanation").click().run()
    assert "deconvnet" not in queue().get(app.query_params["explanation"]).about.request.methods


def test_what_does_not_fit_one_model_is_still_wished_for_the_next(page, monkeypatch):
    refusing = {"deconvnet": "This network has no ReLU."}
    monkeypatch.setattr(core, "capability", lambda classifier: capability(classifier) | refusing)
    app = page(methods="deconvnet,gradient")
    refusing.clear()
    app.run()
    assert set(app.session_state[method_panel.KEY]) == {"gradient", "deconvnet"}
    assert "deconvnet" in app.query_params["methods"]


def test_settings_come_from_the_registry_and_stay_in_the_address(page):
    app = page(methods="smoothgrad", **{"smoothgrad.samples": "30"})
    assert app.number_input(key="smoothgrad.samples").value == 30
    assert app.number_input(key="smoothgrad.level").value == 0.15


def test_how_channels_are_reduced_goes_to_the_run_and_into_the_address(page, wait, words):
    app = page(methods="gradient", reduction="largest absolute channel")
    app.button(key="start explanation").click().run()
    job = queue().get(app.query_params["explanation"])
    assert job.about.request.reduction == "max_abs"
    wait(lambda: "gradient" in heatmaps(job))
    assert heatmaps(job)["gradient"].reduction == "max_abs"
    app.selectbox(key="reduction").select("sum").run()
    assert "used another channel reduction" in words(app)


def test_a_model_for_clothes_is_shown_clothes_first_and_runs(page, wait):
    wait(lambda: shelf.ask("fashion_cnn").settled)
    app = page(model="Small CNN (Fashion-MNIST)", methods="gradient")
    app.button(key="start explanation").click().run()
    job = queue().get(app.query_params["explanation"])
    assert gallery()[job.about.request.picture].suits == "fashion_mnist"
    wait(lambda: "gradient" in heatmaps(job))
    assert tuple(heatmaps(job)["gradient"].values.shape) == (28, 28)


def test_another_picture_makes_the_results_stale(page, words):
    app = page(picture="chelsea")
    assert "used another picture" in words(app)


def test_other_choices_make_the_results_stale(page, words):
    app = page()
    app.selectbox(key="imputer").select("black").run()
    app.number_input(key="seed").set_value(3).run()
    assert "used another imputer and another seed" in words(app)


def test_an_unknown_job_says_what_to_do(page, words):
    app = page(explanation="nobody")
    assert "That run is no longer kept here. Press Explain to make it again." in words(app)


def test_an_upload_that_is_gone_says_what_to_do(page, words):
    app = page(picture="0123456789")
    assert "no longer kept here. Upload it again" in words(app)
    assert app.button(key="start explanation").disabled


def test_one_bad_file_does_not_cost_the_others(page, words):
    app = page()
    good = io.BytesIO()
    Image.new("RGB", (32, 32), "teal").save(good, "PNG")
    app.file_uploader[0].upload("good.png", good.getvalue()).upload("bad.png", b"nonsense").run()
    assert not app.exception
    assert "bad.png: This is not a" in words(app)
    assert [app.query_params["picture"]] == [*uploads.own(app.session_state["owner"])]
    app.button(key="dismiss").click().run()
    assert "bad.png" not in words(app)


def test_a_model_that_can_not_be_had_is_called_as_in_the_picker_and_there_is_a_way_back(page, monkeypatch, words):
    def offline(name, **_):
        raise core.ModelError(f"The weights of {name} are not here: choose a bundled model (efficientnet_lite0).")

    monkeypatch.setattr(core, "load_classifier", offline)
    app = page(model="resnet18 (torchvision)")
    assert shelf.ask("torchvision/resnet18").ended.wait(60)
    app.run()
    assert "The weights of resnet18 (torchvision) are not here" in words(app)
    assert "choose a bundled model (EfficientNet-Lite0)" in words(app)
    next(button for button in app.button if button.label == "Back to EfficientNet-Lite0").click().run()
    assert app.selectbox(key="model").value == "efficientnet_lite0"
    shelf.forget("torchvision/resnet18")


def test_explain_becomes_cancel_and_back(page):
    app = page(methods="gradient")
    app.button(key="start explanation").click().run()
    job = queue().get(app.query_params["explanation"])
    assert app.button(key="start explanation").label == "Cancel"
    queue().cancel(job.id, job.owner)
    while not job.finished:
        time.sleep(0.05)
    app.run()
    assert not app.exception
    assert app.button(key="start explanation").label == "Explain"


def test_explain_runs_what_was_chosen_a_moment_before(page):
    app = page(methods="gradient")
    app.number_input(key="seed").set_value(7)
    app.button(key="start explanation").click().run()
    assert queue().get(app.query_params["explanation"]).about.request.seed == 7


def test_a_run_that_is_gone_says_so_above_the_sample(page, words):
    app = page(explanation="0" * 32)
    assert "That run is no longer kept here. Press Explain to make it again." in words(app)
    assert "precomputed sample" in words(app)


def test_cancel_ends_the_job(page):
    app = page(methods="smoothgrad", **{"smoothgrad.samples": "200"})
    app.button(key="start explanation").click().run()
    job = queue().get(app.query_params["explanation"])
    app.button(key="start explanation").click().run()
    assert job.cancelled
    assert app.button(key="start explanation").label == "Explain"


def test_a_click_that_was_on_its_way_when_the_button_changed_does_nothing(page, monkeypatch):
    monkeypatch.setattr(job_panel, "SECONDS_TO_SEE_A_CHANGE", 60.0)
    app = page(methods="smoothgrad", **{"smoothgrad.samples": "199"})
    for _ in range(7):
        app.button(key="start explanation").click().run()
    job = queue().get(app.query_params["explanation"])
    assert not job.cancelled
    monkeypatch.setattr(job_panel, "SECONDS_TO_SEE_A_CHANGE", 0.0)
    app.button(key="start explanation").click().run()
    assert job.cancelled
    monkeypatch.setattr(job_panel, "SECONDS_TO_SEE_A_CHANGE", 60.0)
    for _ in range(3):
        app.button(key="start explanation").click().run()
    assert app.query_params["explanation"] == job.id


def test_a_click_that_brings_the_address_from_before_a_start_does_not_lose_the_run(page):
    app = page(methods="smoothgrad", **{"smoothgrad.samples": "198"})
    app.button(key="start explanation").click().run()
    started = app.query_params["explanation"]
    del app.query_params["explanation"]
    app.run()
    assert app.query_params["explanation"] == started
    assert app.button(key="start explanation").label == "Cancel"


def test_another_session_never_sees_this_ones_uploads(page):
    mine, theirs = page(), page()
    file = io.BytesIO()
    Image.new("RGB", (32, 32), "navy").save(file, "PNG")
    mine.file_uploader[0].upload("mine.png", file.getvalue()).run()
    theirs.run()
    assert uploads.own(mine.session_state["owner"])
    assert not uploads.own(theirs.session_state["owner"])


def test_the_shown_upload_can_be_removed(page):
    app = page()
    file = io.BytesIO()
    Image.new("RGB", (32, 32), "navy").save(file, "PNG")
    app.file_uploader[0].upload("mine.png", file.getvalue()).run()
    name = app.query_params["picture"]
    app.button(key="remove upload").click().run()
    assert not app.exception
    assert "picture" not in app.query_params
    assert name not in uploads.own(app.session_state["owner"])
    assert not [button for button in app.button if button.key == "remove upload"]
