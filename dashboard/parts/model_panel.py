"""Which model is explained, and how its loading goes."""

import streamlit as st

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
        st.error(loading.sentence)
        st.button("Try again", on_click=shelf.forget, args=(name,))
    return loading


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
