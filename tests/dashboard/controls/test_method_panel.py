"""The settings panel is made from the registry, whatever a method declares."""

import pytest
from streamlit.testing.v1 import AppTest

import core
from core.methods.registry import Parameter
from dashboard.components.methods import settings_in_words
from dashboard.jobs.views import QueuedJob
from dashboard.library.queue import queue

KINDS = {
    "integer": (Parameter("samples", "Samples", "", "integer", 15, 1, 200), "40", 40, "samples 40"),
    "number": (Parameter("window", "Window", "", "number", 1 / 7, 0.02, 0.5), "0.25", 0.25, "window 0.25"),
    "small number": (Parameter("rate", "Rate", "", "number", 1e-4, 1e-5, 1e-3), "0.0003", 0.0003, "rate 0.0003"),
    "choice": (Parameter("cover", "Cover", "", "choice", "black", choices=("black", "picture_mean")),
               "picture mean", "picture_mean", "cover picture mean"),
    "layer": (Parameter("layer", "Layer", "", "layer", ""), "bn2", "bn2", "layer bn2"),
    "method": (Parameter("of", "Of", "", "method", "gradient", choices=("gradient", "grad_cam")),
               "Grad-CAM", "grad_cam", "of Grad-CAM"),
}  # fmt: skip


def panel():
    import streamlit as st

    from dashboard.controls.method_panel import ask_parameter
    from dashboard.library.models import shelf

    given = ask_parameter(shelf.held("efficientnet_lite0"), "tried", st.session_state["parameter"])
    st.session_state["given"] = given


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_parameter_has_a_widget_whose_address_restores_it(kind):
    parameter, address, value, _ = KINDS[kind]
    plain, set_by_link = (AppTest.from_function(panel, default_timeout=30) for _ in range(2))
    set_by_link.query_params[f"tried.{parameter.name}"] = address
    for app in (plain, set_by_link):
        app.session_state["parameter"] = parameter
        app.run()
        assert not app.exception
    assert plain.session_state["given"] == parameter.default
    assert set_by_link.session_state["given"] == value


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_changed_is_told_in_words(kind):
    parameter, _, value, words = KINDS[kind]
    method = type("Method", (), {"parameters": (parameter,)})
    assert settings_in_words(method, {parameter.name: value}) == words
    assert settings_in_words(method, {}) == ""


def test_settings_of_every_method_have_a_widget(page):
    app = page(methods="all")
    asked = app.session_state["wished methods"]
    drawn = {element.key for element in [*app.number_input, *app.selectbox]}
    wanted = {f"{m.name}.{p.name}" for m in core.list_methods() if m.name in asked or m.control for p in m.parameters}
    assert wanted <= drawn


def test_a_link_restores_changed_settings_for_the_run_and_its_cards(page):
    app = page(methods="smoothgrad", **{"smoothgrad.samples": "40", "smoothgrad.level": "0.2"})
    app.button(key="start explanation").click().run()
    asked = QueuedJob(queue().get(app.query_params["explanation"])).request
    assert asked.settings == {"smoothgrad": {"samples": 40, "level": 0.2}}
    smoothgrad = next(method for method in core.list_methods() if method.name == "smoothgrad")
    assert settings_in_words(smoothgrad, asked.settings["smoothgrad"]) == "samples 40, level 0.2"
