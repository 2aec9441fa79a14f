"""The network that is shown the stamp: those trained on stamps first, then those for photos and clothes."""

import streamlit as st

from core.models.bundled import list_bundled
from core.models.sources import ListedModel
from core.stamping.models import DEFAULT, ListedStampModel, list_stamp_models
from dashboard.controls.address import choose
from dashboard.controls.model_panel import follow
from dashboard.controls.trial_panel import unique_names
from dashboard.library.models import Loading
from dashboard.library.owner import owner
from dashboard.stamp.wording import bases_in_words

KEY = "model"


def choose_stamp_model() -> Loading:
    """The chosen model: loaded or on its way, or why it is unavailable.

    A link to a network that somebody else trained opens with the default: see :mod:`dashboard.library.owner`.
    """
    choices = [*map(as_listed, list_stamp_models(owner())), *list_bundled()]
    names = [model.name for model in choices]
    titles = dict(zip(names, unique_names(tuple(model.label for model in choices)), strict=True))
    name = choose(
        st.selectbox, "Model", titles, DEFAULT, KEY,
        help="The stamp is ground truth only for a model that learned it and passed its gate: three test figures of at "
        "least 99 %.",
    )  # fmt: skip
    model = choices[names.index(name)]
    return follow(model, note=model.note)


def use_model(name: str) -> None:
    """Makes a model the page's own."""
    st.session_state[KEY] = name


def as_listed(model: ListedStampModel) -> ListedModel:
    """A network that learned a stamp, as the picker has others."""
    height, width = model.size
    note = f"Learned a stamp on {bases_in_words(model.task.bases)}; sees {width} × {height} pixels"
    return ListedModel(model.name, model.title, "bundled" if model.bundled else "trained here", note, "stamps")
