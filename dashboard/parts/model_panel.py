"""Which models are explained, and how their loading goes."""

import re
from collections.abc import Mapping, Sequence

import streamlit as st

from core.models.bundled import list_bundled
from core.models.classifier import device_name
from core.models.sources import ListedModel
from dashboard.workshop import DEFAULT_MODEL, Loading, models, shelf, title_of

SECONDS_BETWEEN_LOOKS = 0.4
MOST_BESIDE = 2
BESIDE = "with"


def choose_models() -> list[Loading]:
    """The chosen model, and those to compare it with: each loaded or on its way, or why it can't be had."""
    first, choices = choose_model(), list_choices()
    others = choose_beside(choices, first.name)
    return [first, *(follow(choices[other], title_of(choices[other])) for other in others)]


def choose_model() -> Loading:
    """The chosen model: loaded or on its way, or why it can't be had."""
    choices = list_choices()
    name = st.selectbox(
        "Model",
        list(choices),
        index=list(choices).index(DEFAULT_MODEL),
        format_func=lambda name: title_of(choices[name]),
        key="model",
        bind="query-params",
        help="Bundled models need no network. Those of torchvision and timm are fetched on first use.",
    )
    first = follow(choices[name], note=choices[name].note)
    if name != DEFAULT_MODEL and first.sentence:
        st.button(f"Back to {title_of(choices[DEFAULT_MODEL])}", on_click=back_to_default)
    return first


def choose_beside(choices: Mapping[str, ListedModel], first: str) -> list[str]:
    """One or two further models, where somebody wants to compare."""
    if not st.toggle("Compare models", key="compare", bind="query-params", help="On one picture, side by side."):
        return []
    chosen = st.multiselect(
        "Compare with",
        list(choices),
        format_func=lambda name: title_of(choices[name]),
        max_selections=MOST_BESIDE,
        placeholder="one or two models",
        key=BESIDE,
        bind="query-params",
    )
    return [name for name in chosen if name != first]


def list_choices() -> dict[str, ListedModel]:
    """Waits for the long list only where the address names a model that does not ship with HeatCheck."""
    named = {*st.query_params.get_all("model"), *st.query_params.get_all(BESIDE)}
    if named - {title_of(model) for model in models.known()}:
        models.read()
    return {model.name: model for model in models.known()}


def follow(model: ListedModel, note: str) -> Loading:
    """Asks for a model, and says where it runs, how far it has come, or why it can't be had."""
    loading = shelf.ask(model.name)
    st.caption(note + device_badge(loading))
    if not loading.settled:
        watch(loading)
    if loading.sentence:
        st.error(in_picker_words(loading.sentence, [*list_bundled(), model]))
        st.button("Try again", key=f"again {model.name}", on_click=shelf.forget, args=(model.name,))
    return loading


def back_to_default() -> None:
    st.session_state["model"] = DEFAULT_MODEL


def in_picker_words(sentence: str, mentioned: Sequence[ListedModel]) -> str:
    """The engine names models as the command line does; here they are called what the picker calls them.

    >>> resnet = ListedModel("torchvision/resnet50", "resnet50", "torchvision", "")
    >>> in_picker_words("torchvision/resnet50 is not here, nor is timm/torchvision/resnet50.", [resnet])
    'resnet50 (torchvision) is not here, nor is timm/torchvision/resnet50.'
    """
    for model in mentioned:
        sentence = re.sub(rf"(?<![\w/]){re.escape(model.name)}(?!\w)", title_of(model), sentence)
    return sentence


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def watch(loading: Loading) -> None:
    """Shows the download, and runs the page again once the model is there."""
    if loading.settled:
        st.rerun()
    if loading.expected:
        st.progress(min(1.0, loading.received / loading.expected), text=f"Fetching weights: {megabytes(loading)}")
    else:
        st.caption("Loading the model…")


def megabytes(loading: Loading) -> str:
    return f"{loading.received / 1e6:.0f} of {(loading.expected or 0) / 1e6:.0f} MB"


def device_badge(loading: Loading) -> str:
    """Where the model runs, as the end of a sentence; nothing before it is there."""
    return f" · {device_name(loading.classifier.device)}" if loading.classifier else ""
