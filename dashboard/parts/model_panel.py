"""Which model is explained, and how its loading goes."""

import re
from collections.abc import Sequence

import streamlit as st

from core.models.bundled import list_bundled
from core.models.classifier import device_name
from core.models.sources import ListedModel
from dashboard.workshop import DEFAULT_MODEL, Loading, models, shelf

SECONDS_BETWEEN_LOOKS = 0.4


def choose_model() -> Loading:
    """The chosen model, loaded or on its way; says which of the two, or why it can't be had."""
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
    loading = shelf.ask(name)
    st.caption(choices[name].note + device_badge(loading))
    if not loading.settled:
        watch(loading)
    if loading.sentence:
        st.error(in_picker_words(loading.sentence, [*list_bundled(), choices[name]]))
        with st.container(horizontal=True):
            st.button("Try again", on_click=shelf.forget, args=(name,))
            if name != DEFAULT_MODEL:
                st.button(f"Back to {title_of(choices[DEFAULT_MODEL])}", on_click=back_to_default)
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


def list_choices() -> dict[str, ListedModel]:
    """Waits for the long list only where the address names a model that does not ship with HeatCheck."""
    named = st.query_params.get("model")
    if named and named not in {title_of(model) for model in models.known()}:
        models.read()
    return {model.name: model for model in models.known()}


def title_of(model: ListedModel) -> str:
    return model.label if model.source == "bundled" else f"{model.label} ({model.source})"


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
