"""What is explained of the model's answer, and how the heatmaps are tried."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import streamlit as st

import core
from core.methods.registry import Reduction
from core.models.classifier import Classifier
from core.models.outputs import OUTPUTS
from dashboard.parts.thumbnails import imputer_strip

PREDICTED = -1
OWN = ""
REDUCTIONS = {
    OWN: "as each method has it",
    "sum": "sum",
    "abs_sum": "sum of absolute values",
    "max_abs": "largest absolute value",
}
YS = {
    "probability": "probability",
    "relative_logit": "relative logit",
    "accuracy": "accuracy: 1 where the class is still the likeliest",
}
UNITS = {
    "pixel": "pixel",
    "region": "square region",
    "superpixel": "superpixel",
    "feature": "feature: each channel of a pixel by itself",
}
STEPS = (10, 20, 40)
USUAL = "dataset_mean"
SIDE = 9


def choose_class(classifier: Classifier) -> int | None:
    """Index of the class to explain; None for the predicted one."""
    names = unique_names(classifier.labels)
    index = st.selectbox(
        "Explain the class",
        [PREDICTED, *range(len(names))],
        format_func=lambda index: "the predicted one" if index == PREDICTED else names[index],
        key="class",
        bind="query-params",
        persist_state="session",
    )
    return None if index in (PREDICTED, None) else index


def class_beside(name: str, labels: tuple[str, ...], predicted: int) -> int:
    """The class that another model explains beside the first one's: the one of that name, or what it predicts."""
    names = unique_names(labels)
    return names.index(name) if name in names else predicted


@lru_cache(maxsize=8)
def unique_names(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Labels, with their number where several classes share one.

    >>> unique_names(("crane", "cat", "crane"))
    ('crane (0)', 'cat', 'crane (2)')
    """
    shared = Counter(labels)
    return tuple(f"{label} ({index})" if shared[label] > 1 else label for index, label in enumerate(labels))


def choose_output() -> str:
    return st.selectbox(
        "Number explained",
        list(OUTPUTS),
        format_func=OUTPUTS.__getitem__,
        key="output",
        bind="query-params",
        help="The methods that use gradients or outputs explain this number.",
    )


def choose_reduction() -> Reduction | None:
    """How the channels of a pixel become one number; None for each method's own way."""
    chosen = st.selectbox(
        "Channels become one number",
        list(REDUCTIONS),
        format_func=REDUCTIONS.__getitem__,
        key="reduction",
        bind="query-params",
        help="A sum keeps the sign; the other two say how much a pixel matters, whichever way.",
    )
    return chosen or None


@dataclass(frozen=True)
class Judgement:
    """How heatmaps are tried; the names are those of a request."""

    imputer: str
    unit: str
    side: int
    y: str
    steps: int


def choose_trial(classifier: Classifier, picture: str) -> Judgement:
    """What removes, what replaces, what is read off, and how finely."""
    # The usual one stands first: a widget that is also set by the strip may have no default of its own.
    imputers = {each.name: each for each in sorted(core.list_imputers(), key=lambda each: each.name != USUAL)}
    with st.expander("Settings of the trial"):
        imputer = st.selectbox(
            "A removed pixel becomes",
            list(imputers),
            format_func=lambda name: imputers[name].label,
            key="imputer",
            bind="query-params",
            help="What replaces a pixel decides how far the picture leaves what the model knows.",
        )
        st.caption(imputers[imputer].summary)
        if picture:
            imputer_strip(classifier.name, picture, imputer, lambda name: st.session_state.update(imputer=name))
        unit = st.selectbox(
            "What goes as a whole",
            list(UNITS),
            format_func=UNITS.__getitem__,
            key="unit",
            bind="query-params",
            help="Scattered pixels leave the picture's shapes to be seen; whole regions do not.",
        )
        side = SIDE
        if unit == "region":
            most = min(classifier.size)
            side = st.number_input("Side of a region, in pixels", 1, most, SIDE, key="side", bind="query-params")
        y = st.selectbox("Curves show the", list(YS), format_func=YS.__getitem__, key="y", bind="query-params")
        steps = st.selectbox("Steps from whole to gone", STEPS, index=STEPS.index(20), key="steps", bind="query-params")
    return Judgement(imputer, unit, side, y, steps)


def choose_tried(titles: Sequence[str]) -> int:
    """Which of several runs' trials is shown, by place."""
    if len(titles) == 1:
        return 0
    return st.segmented_control(
        "Trial of",
        range(len(titles)),
        format_func=titles.__getitem__,
        default=0,
        required=True,
        key="trial",
        bind="query-params",
    )


def choose_seed() -> int:
    return st.number_input(
        "Seed", 0, 2**31 - 1, 0, key="seed", bind="query-params", help="The same seed gives the same numbers."
    )
