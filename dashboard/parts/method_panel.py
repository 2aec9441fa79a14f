"""Which methods explain, and with which settings: made from the registry."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

import core
from core.methods.registry import Method, Parameter
from core.models.classifier import Classifier

KEY = "chosen methods"
QUICK = ("gradient", "smoothgrad", "integrated_gradients", "grad_cam")
FEATURE_MAPS_OFFERED = 12
FOUND = "found by probing"


def choose_methods(classifier: Classifier) -> list[str]:
    """Names in the registry's order, every control last."""
    reasons = core.capability(classifier)
    real = [method for method in core.list_methods() if not method.control]
    controls = [method for method in core.list_methods() if method.control]
    fits = {method.name: method for method in real if reasons[method.name] is None}
    sets = presets(list(fits.values()))
    chosen = st.session_state[KEY] = still_fitting(fits)
    st.session_state["preset"] = next((name for name, names in sets.items() if set(names) == set(chosen)), None)
    st.segmented_control("Methods", list(sets), key="preset", on_change=take_preset, args=(sets,), wrap=True)
    st.pills(
        "Chosen methods",
        list(fits),
        selection_mode="multi",
        format_func=lambda name: fits[name].label,
        key=KEY,
        label_visibility="collapsed",
    )
    for method in real:
        if reasons[method.name]:
            st.checkbox(method.label, disabled=True, key=f"unfit {method.name}")
            st.caption(f"Not for this model: {reasons[method.name]}")
    st.caption(f"Controls always run along: {', '.join(method.label for method in controls)}.")
    tell_address(fits, chosen)
    return [name for name in fits if name in chosen] + [method.name for method in controls]


def presets(fits: Sequence[Method]) -> dict[str, list[str]]:
    """Sets of methods by the name that a person reads; those that are empty for this model are left out."""
    sets = {
        "Quick": [method.name for method in fits if method.name in QUICK],
        "Ensembles": [method.name for method in fits if method.family == "ensemble"],
        "Black box": [method.name for method in fits if method.family == "perturbation"],
        "All that fit": [method.name for method in fits],
    }
    return {name: names for name, names in sets.items() if names}


def still_fitting(fits: Mapping[str, Method]) -> list[str]:
    """What was chosen, or is in the address, where it fits this model; everything that fits if there is neither."""
    named = st.query_params.get("methods")
    default = named.split(",") if named is not None else list(fits)
    return [name for name in st.session_state.get(KEY, default) if name in fits]


def tell_address(fits: Mapping[str, Method], chosen: Sequence[str]) -> None:
    """Into the address goes what a newcomer would not get anyway."""
    if set(chosen) != set(fits):
        st.query_params["methods"] = ",".join(chosen)
    elif "methods" in st.query_params:
        del st.query_params["methods"]


def take_preset(sets: Mapping[str, list[str]]) -> None:
    name = st.session_state["preset"]
    if name:
        st.session_state[KEY] = sets[name]


def choose_settings(classifier: Classifier, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """For each method the settings that differ from their defaults."""
    known = {method.name: method for method in core.list_methods()}
    with_settings = [known[name] for name in names if known[name].parameters]
    settings: dict[str, dict[str, Any]] = {}
    with st.expander("Settings of the methods"):
        for method in with_settings:
            st.markdown(f"**{method.label}**", help=method.summary)
            given = {each.name: ask_parameter(classifier, method.name, each) for each in method.parameters}
            differing = {each.name: given[each.name] for each in method.parameters if given[each.name] != each.default}
            if differing:
                settings[method.name] = differing
    return settings


def ask_parameter(classifier: Classifier, method: str, parameter: Parameter) -> Any:
    """The widget that a parameter's kind asks for; its key is its name in the address."""
    common: dict[str, Any] = {"key": f"{method}.{parameter.name}", "bind": "query-params", "help": parameter.help}
    if parameter.kind == "choice":
        choices = list(parameter.choices)
        first = choices.index(parameter.default)
        return st.selectbox(parameter.label, choices, index=first, format_func=worded, **common)
    if parameter.kind == "layer":
        layers = [found.layer for found in classifier.anatomy.feature_maps][-FEATURE_MAPS_OFFERED:]
        return st.selectbox(parameter.label, ["", *reversed(layers)], format_func=lambda name: name or FOUND, **common)
    if parameter.kind == "integer":
        low, high = int(parameter.low or 0), int(parameter.high or 0)
        return st.number_input(parameter.label, low, high, int(parameter.default), **common)
    low, high = float(parameter.low or 0), float(parameter.high or 0)
    given = st.number_input(parameter.label, low, high, round(float(parameter.default), 3), step=0.01, **common)
    return parameter.default if given == round(float(parameter.default), 3) else given


def worded(name: str) -> str:
    return name.replace("_", " ")
