"""The output to explain, and how the heatmaps are tested by perturbation."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import streamlit as st

import core
from core.methods.registry import REDUCTIONS, Reduction
from core.models.class_choice import chosen_class
from core.models.classifier import Classifier
from core.models.outputs import OUTPUTS, Contrast, Named, Output, predicted_in_words
from dashboard.components.thumbnails.thumbnails import imputer_strip
from dashboard.controls.address import bound, choose

PREDICTED = UNCHOSEN = -1
OWN: Literal[""] = ""
UNCLEAR = "why the address names no class"
YS = {
    "probability": "probability",
    "relative_logit": "relative logit",
    "accuracy": "accuracy: 1 while the class stays {predicted}",
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
    titles = {PREDICTED: "predicted class", **dict(enumerate(names))}
    read_label(classifier)
    index = choose(st.selectbox, "Class", titles, PREDICTED, "class")
    if index == PREDICTED and UNCLEAR in st.session_state:
        st.warning(st.session_state[UNCLEAR])
    else:
        st.session_state.pop(UNCLEAR, None)
    return None if index == PREDICTED else index


def read_label(classifier: Classifier) -> None:
    """Where the address has a label, its number; where no single class has that label, the reason is kept."""
    said = st.query_params.get("class", "")
    if not said or said in (str(PREDICTED), *unique_names(classifier.labels)) or said.isdecimal():
        return
    try:
        st.query_params["class"] = str(chosen_class(classifier.labels, said, classifier.title))
    except ValueError as error:
        st.session_state[UNCLEAR] = f"{error} Until a class is chosen, the predicted one is explained."
        st.query_params.pop("class", None)


def explain_class(index: int) -> None:
    """From now on that class is explained, as if it had been chosen in the sidebar."""
    st.session_state["class"] = index


def class_beside(name: str, labels: tuple[str, ...], predicted: int) -> int:
    """The class that another model explains beside the first one's: the one of that name, or what it predicts."""
    names = unique_names(labels)
    return names.index(name) if name in names else predicted


@lru_cache(maxsize=8)
def unique_names(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Labels, with their number where several classes share one, be it in other case.

    >>> unique_names(("crane", "cat", "Crane"))
    ('crane (0)', 'cat', 'Crane (2)')
    >>> unique_names(("crane", "crane", "crane (0)"))
    ('crane (0)', 'crane (1)', 'crane (0) (2)')
    """
    shared = Counter(map(str.casefold, labels))
    numbered = tuple(f"{label} ({index})" for index, label in enumerate(labels))
    names = tuple(
        number if shared[label.casefold()] > 1 else label for number, label in zip(numbered, labels, strict=True)
    )
    return names if len(set(names)) == len(names) else numbered


def choose_output(classifier: Classifier) -> Output:
    """The output that is explained; of a contrast only once the other class is chosen."""
    outputs: dict[Named | Literal["contrast"], str] = dict(OUTPUTS.items())
    if len(classifier.labels) > 1:
        outputs["contrast"] = "logit minus that of another class"
    named = choose(
        st.selectbox, "Output to explain", outputs, "logit", "output",
        help="Methods that use gradients or outputs explain this output.",
    )  # fmt: skip
    if named != "contrast":
        return named
    classes = {UNCHOSEN: "choose a class", **dict(enumerate(unique_names(classifier.labels)))}
    other = choose(
        st.selectbox, "Rather than", classes, UNCHOSEN, "rather_than",
        help="Heatmaps and curves then show what makes the explained class more likely than this one.",
    )  # fmt: skip
    if other == UNCHOSEN:
        st.caption("Until the other class is chosen, the logit of the class is explained.")
        return "logit"
    return Contrast(other)


def output_beside(output: Output, labels: tuple[str, ...], other: tuple[str, ...]) -> Output:
    """The output that another model explains beside the first one's; the logit where it has no class to contrast with.

    >>> output_beside(Contrast(1), ("cat", "dog"), ("dog", "cup")), output_beside(Contrast(0), ("cat", "dog"), ("cup",))
    (Contrast(rather_than=0), 'logit')
    """
    if not isinstance(output, Contrast):
        return output
    name, names = unique_names(labels)[output.rather_than], unique_names(other)
    return Contrast(names.index(name)) if name in names else "logit"


def choose_reduction() -> Reduction | None:
    """How the channels of a pixel are reduced to one number; None for each method's own way."""
    choices: list[Reduction | Literal[""]] = [OWN, *REDUCTIONS]
    titles = {name: REDUCTIONS[name] if name else "method default" for name in choices}
    chosen = choose(
        st.selectbox, "Channel reduction", titles, OWN, "reduction",
        help="A sum keeps the sign; the other two measure how much a pixel matters in either direction.",
    )  # fmt: skip
    return chosen or None


@dataclass(frozen=True)
class Judgement:
    """How heatmaps are tested; the names are those of a request."""

    imputer: str
    unit: str
    side: int
    y: str
    steps: int


def choose_trial(classifier: Classifier, picture: str, steps_at_first: int = 20) -> Judgement:
    """What removes, what replaces, what is read off, and how finely."""
    imputers = {each.name: each for each in sorted(core.list_imputers(), key=lambda each: each.name != USUAL)}
    with st.expander("Perturbation test", type="compact"):
        imputer = choose(
            st.selectbox, "Imputer", {name: each.label for name, each in imputers.items()}, USUAL, "imputer",
            help="What replaces a removed pixel. It decides how far the picture leaves the data that the model knows.",
        )  # fmt: skip
        st.caption(imputers[imputer].summary)
        if picture:
            imputer_strip(classifier.name, picture, imputer, lambda name: st.session_state.update(imputer=name))
        unit = choose(
            st.selectbox, "Removal unit", UNITS, "pixel", "unit",
            help="Scattered pixels leave the shapes visible; whole regions do not.",
        )  # fmt: skip
        side = SIDE
        if unit == "region":
            most = min(classifier.size)
            side = bound(st.number_input, "Side of a region, in pixels", 1, most, SIDE, key="side")
        predicted = predicted_in_words(classifier.reading)
        titles = {name: words.format(predicted=predicted) for name, words in YS.items()}
        y = choose(st.selectbox, "Value of the curves", titles, "probability", "y")
        steps = bound(st.selectbox, "Steps", STEPS, index=STEPS.index(steps_at_first), key="steps")
    return Judgement(imputer, unit, side, y, steps)


def choose_tried(titles: Sequence[str]) -> int:
    """Which of several runs' curves are shown, by place."""
    if len(titles) == 1:
        return 0
    return choose(st.segmented_control, "Curves of", dict(enumerate(titles)), 0, "trial", required=True)


def choose_seed() -> int:
    seed: int = bound(
        st.number_input, "Seed", 0, 2**31 - 1, 0, key="seed", help="The same seed gives the same numbers."
    )
    return seed
