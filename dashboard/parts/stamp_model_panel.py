"""Which network is shown the stamp: those that learned one first, then those that ship for photos and clothes."""

import streamlit as st

from core.models.bundled import list_bundled
from core.models.sources import ListedModel
from core.stamping.models import DEFAULT, ListedStampModel, list_stamp_models
from dashboard.parts.model_panel import follow
from dashboard.parts.stamp_words import bases_in_words
from dashboard.parts.trial_panel import unique_names
from dashboard.workshop import Loading

KEY = "model"


def choose_stamp_model() -> Loading:
    """The chosen model: loaded or on its way, or why it can't be had."""
    choices = [*map(as_listed, list_stamp_models()), *list_bundled()]
    names = [model.name for model in choices]
    titles = dict(zip(names, unique_names(tuple(model.label for model in choices)), strict=True))
    name = st.selectbox(
        "Model",
        names,
        index=names.index(DEFAULT),
        format_func=titles.__getitem__,
        key=KEY,
        bind="query-params",
        help="Only those that learned a stamp, and passed their gate, make its place the truth.",
    )
    model = choices[names.index(name)]
    return follow(model, note=model.note)


def as_listed(model: ListedStampModel) -> ListedModel:
    """A network that learned a stamp, as the picker has others."""
    height, width = model.size
    note = f"Learned a stamp on {bases_in_words(model.task.bases)}; sees {width} × {height} pixels"
    return ListedModel(model.name, model.title, "bundled" if model.bundled else "trained here", note, "stamps")
