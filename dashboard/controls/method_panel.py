"""The methods that explain, and their settings: made from the registry."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

import core
from core.methods.registry import Method, Parameter, find_method, list_controls
from core.methods.requirements import gradients
from core.models.classifier import Classifier
from dashboard.components.methods import method_labels, worded
from dashboard.controls.address import choose, choose_several, note_unknown

KEY = "wished methods"
ADDRESS = "methods"
ALL = "all"
QUICK = (
    "gradient",
    "input_x_gradient",
    "guided_backprop",
    "deconvnet",
    "integrated_gradients",
    "smoothgrad",
    "smoothgrad_squared",
    "vargrad",
    "grad_cam",
    "occlusion",
)
FEATURE_MAPS_OFFERED = 12
FOUND = "found by probing"
HOW_LONG = "Quick takes seconds on a CPU, all that fit a minute or two."


def choose_methods(classifiers: Sequence[Classifier], truth_known: bool = False, how_long: str = HOW_LONG) -> list[str]:
    """Names in the registry's order, every control last; offered is what fits one of the models at least.

    Parameters
    ----------
    truth_known
        Whether the oracle runs along too.
    how_long
        In words, what the sets of methods take.
    """
    reasons = reasons_against(classifiers)
    real = [method for method in core.list_methods() if not method.control]
    controls = list_controls(truth_known)
    fits = {method.name: method for method in real if reasons[method.name] is None}
    requested = requested_methods(fits)
    chosen = [name for name in fits if name in requested]
    sets = presets(list(fits.values()))
    st.session_state["preset"] = next((name for name, names in sets.items() if set(names) == set(chosen)), None)
    st.segmented_control(
        "Methods", list(sets), key="preset", on_change=take_preset, args=(sets,), wrap=True, help=how_long
    )
    with st.expander(f"{len(chosen)} of {len(fits)} methods", key="families", type="compact"):
        for family, methods in by_family(fits.values()).items():
            choose_of_family(family, methods, chosen)
        tell_unfit([method for method in real if method.name not in fits], reasons, len(classifiers))
        st.caption(f"Controls always run too: {', '.join(method.label for method in controls)}.")
    tell_address(fits, chosen)
    return chosen + [method.name for method in controls]


def choose_listed(titles: Mapping[str, str], usual: Sequence[str], key: str) -> tuple[str, ...]:
    """Names of the methods that are chosen, all in one list, in its order.

    Parameters
    ----------
    titles
        Those that fit the model.
    key
        Of the widget, and in the address.
    """
    known = [name for name in usual if name in titles]
    chosen = choose_several(
        st.pills, "Methods", titles, known, key, selection_mode="multi", wrap=True, label_visibility="collapsed"
    )
    return tuple(name for name in titles if name in chosen)


def fitting_methods(classifier: Classifier) -> dict[str, str]:
    """Labels of the methods that fit a model, controls among them, in the registry's order."""
    fits = {name for name, reason in core.capability(classifier).items() if reason is None}
    return {each.name: each.label for each in core.list_methods() if each.name in fits}


def some_chosen(methods: Iterable[str]) -> bool:
    """Whether any of them is more than a control; where none is, the page asks for one."""
    found = any(not find_method(name).control for name in methods)
    if not found:
        st.caption("Choose at least one method.")
    return found


def reasons_against(classifiers: Sequence[Classifier]) -> dict[str, str | None]:
    """For every method None where it fits one of the classifiers, or why the first can't be explained by it."""
    first, *others = map(core.capability, classifiers)
    return {name: None if any(other[name] is None for other in others) else reason for name, reason in first.items()}


def presets(fits: Sequence[Method]) -> dict[str, list[str]]:
    """Sets of methods by the name that a person reads; those that are empty for this model are left out."""
    sets = {
        "Quick": [method.name for method in fits if method.name in QUICK],
        "Ensembles": [method.name for method in fits if method.family == "ensemble"],
        "Black box": [method.name for method in fits if gradients not in method.needs],
        "All that fit": [method.name for method in fits],
    }
    return {name: names for name, names in sets.items() if names}


def requested_methods(fits: Mapping[str, Method]) -> Sequence[str]:
    """What was chosen, or is in the address, or the quick ones; what does not fit this model is kept for the next."""
    if KEY not in st.session_state:
        st.session_state[KEY] = first_methods(st.query_params.get(ADDRESS), fits)
    chosen: Sequence[str] = st.session_state[KEY]
    return chosen


def first_methods(said: str | None, fits: Iterable[str]) -> Sequence[str]:
    """What the address asks for, where it names any method at all; else the quick ones."""
    if said is None:
        return QUICK
    if said == ALL:
        return list(fits)
    known = {method.name for method in core.list_methods()}
    names = [name for name in said.split(",") if name]
    unknown = [name for name in names if name not in known]
    chosen = [name for name in names if name in known]
    first = chosen if chosen or not unknown else QUICK
    note_unknown("Methods", KEY, unknown, first)
    return first


def by_family(methods: Iterable[Method]) -> dict[str, list[Method]]:
    families: dict[str, list[Method]] = {}
    for method in methods:
        families.setdefault(method.family, []).append(method)
    return families


def choose_of_family(family: str, methods: Sequence[Method], chosen: Sequence[str]) -> None:
    """One line a family that says how many of it run, and opens to choose which."""
    labels = {method.name: method.label for method in methods}
    key = f"{family} methods"
    st.session_state[key] = [name for name in labels if name in chosen]
    counted = f"{len(st.session_state[key])} of {len(labels)}"
    with st.expander(f"{family.capitalize()} · {counted}", key=f"{family} family", type="compact"):
        st.pills(
            f"Methods of the family {family}",
            list(labels),
            selection_mode="multi",
            format_func=labels.__getitem__,
            key=key,
            on_change=take_family,
            args=(key, list(labels)),
            label_visibility="collapsed",
        )


def take_family(key: str, offered: Sequence[str]) -> None:
    others = [name for name in st.session_state[KEY] if name not in offered]
    st.session_state[KEY] = others + st.session_state[key]


def take_preset(sets: Mapping[str, list[str]]) -> None:
    name = st.session_state["preset"]
    if name:
        st.session_state[KEY] = sets[name]


def tell_unfit(methods: Sequence[Method], reasons: Mapping[str, str | None], models: int) -> None:
    """Which methods do not apply, together where they have one reason."""
    if not methods:
        return
    sharing: dict[str | None, list[str]] = {}
    for method in methods:
        sharing.setdefault(reasons[method.name], []).append(method.label)
    subject = "this model" if models == 1 else "these models"
    with st.expander(f"Not for {subject} · {len(methods)}", key="unfit", type="compact"):
        for reason, labels in sharing.items():
            st.caption(f"**{', '.join(labels)}**: {reason}")


def tell_address(fits: Mapping[str, Method], chosen: Sequence[str]) -> None:
    """Into the address goes what a newcomer would not get anyway; only a change, for each is a step in the history."""
    usual = {name for name in QUICK if name in fits}
    words = None if set(chosen) == usual else ALL if set(chosen) == set(fits) else ",".join(chosen)
    if words is None:
        st.query_params.pop(ADDRESS, None)
    elif st.query_params.get(ADDRESS) != words:
        st.query_params[ADDRESS] = words


def choose_settings(classifier: Classifier, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """For each method the settings that differ from their defaults."""
    known = {method.name: method for method in core.list_methods()}
    with_settings = [known[name] for name in names if known[name].parameters]
    settings: dict[str, dict[str, Any]] = {}
    with st.expander("Settings of the methods", type="compact"):
        for method in with_settings:
            st.markdown(f"**{method.label}**", help=method.summary)
            given = {each.name: ask_parameter(classifier, method.name, each) for each in method.parameters}
            differing = {each.name: given[each.name] for each in method.parameters if given[each.name] != each.default}
            if differing:
                settings[method.name] = differing
    return settings


def settings_for(classifier: Classifier, settings: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What was set for one model, as another can take it: without layers that it has not."""
    layers = {found.layer for found in classifier.anatomy.feature_maps}
    known = {method.name: method for method in core.list_methods()}
    kept = {
        name: {
            parameter.name: given[parameter.name]
            for parameter in known[name].parameters
            if parameter.name in given and (parameter.kind != "layer" or given[parameter.name] in layers)
        }
        for name, given in settings.items()
    }
    return {name: given for name, given in kept.items() if given}


def ask_parameter(classifier: Classifier, method: str, parameter: Parameter) -> Any:
    """The widget that a parameter's kind asks for; its key is its name in the address."""
    key = f"{method}.{parameter.name}"
    common: dict[str, Any] = {"key": key, "bind": "query-params", "help": parameter.help}
    if parameter.kind in ("choice", "method"):
        of_methods = method_labels() if parameter.kind == "method" else {}
        words = {name: of_methods.get(name, worded(name)) for name in parameter.choices}
        return choose(st.selectbox, parameter.label, words, parameter.default, key, help=parameter.help)
    if parameter.kind == "layer":
        layers = [found.layer for found in classifier.anatomy.feature_maps][-FEATURE_MAPS_OFFERED:]
        words = {"": FOUND, **{name: name for name in reversed(layers)}}
        return choose(st.selectbox, parameter.label, words, "", key, help=parameter.help)
    if parameter.kind == "integer":
        low, high = int(parameter.low or 0), int(parameter.high or 0)
        return st.number_input(parameter.label, low, high, int(parameter.default), **common)
    return ask_number(parameter, common)


def ask_number(parameter: Parameter, common: Mapping[str, Any]) -> float:
    """A number with as many decimals as its range needs; the default itself where that was not touched."""
    low, high = float(parameter.low or 0), float(parameter.high or 0)
    digits = digits_of(high - low)
    default = round(float(parameter.default), digits)
    step = 10.0 ** (1 - digits)
    given = st.number_input(parameter.label, low, high, default, step=step, format=f"%.{digits}f", **common)
    return parameter.default if given == default else given


def digits_of(span: float) -> int:
    """Decimals that tell values within such a span apart; one more than a step of the widget has.

    >>> [digits_of(span) for span in (200.0, 10.0, 1.0, 0.24, 0.001)]
    [1, 2, 3, 3, 6]
    """
    return max(1, 3 - math.ceil(math.log10(span)))
