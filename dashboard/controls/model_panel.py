"""The models to explain, and the progress of their loading."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import count

import streamlit as st

from core.models.bundled import list_bundled
from core.models.catalogue import on_this_machine
from core.models.sources import ListedModel
from dashboard.controls.address import bound, carried, choose, choose_several
from dashboard.controls.own_model_panel import offer_own_weights
from dashboard.library.models import DEFAULT_MODEL, Loading, models, of_its_answers, shelf, title_of
from dashboard.library.own_models import PREFIX, list_own, own_models
from dashboard.library.owner import owner

SECONDS_BETWEEN_LOOKS = 0.4
MOST_BESIDE = 2
BESIDE = "with"
HERE = "Models that ship with HeatCheck or were downloaded before. They work offline."


def choose_models() -> list[Loading]:
    """The chosen model, and those to compare it with: each loaded or on its way, or why it is unavailable."""
    first, choices = choose_model(), list_choices()
    others = choose_beside(choices, first.name)
    return [first, *(follow(choices[other], title_of(choices[other])) for other in others)]


def choose_model(first: str = DEFAULT_MODEL, further: Sequence[ListedModel] = ()) -> Loading:
    """The chosen model: loaded or on its way, or why it is unavailable.

    Parameters
    ----------
    first
        The one that is chosen until somebody chooses.
    further
        Models of this page alone.
    """
    place = st.container()
    choices = {model.name: model for model in further} | list_choices({model.name for model in further})
    if bound(st.toggle, "Only on this machine", key="here", help=HERE):
        asked = asked_for(first)
        kept = (model for model in choices.values() if asked & {model.name, title_of(model)} or on_this_machine(model))
        choices = {model.name: model for model in kept}
    titles = {name: title_of(model) for name, model in choices.items()}
    with place:
        name = choose(
            st.selectbox, "Model", titles, first, "model",
            help="Bundled models work offline. Those of torchvision and timm are downloaded on first use.",
        )  # fmt: skip
        chosen = follow(choices[name], note=choices[name].note)
        if name.startswith(PREFIX):
            st.button("Remove", key="remove own model", icon=":material/delete:", on_click=remove, args=(name,))
    offer_own_weights()
    if name != DEFAULT_MODEL and chosen.sentence:
        st.button(f"Back to {title_of(choices[DEFAULT_MODEL])}", on_click=back_to_default)
    return chosen


def remove(name: str) -> None:
    """Gives up a model of one's own; nothing happens to another's."""
    own_models.remove(name.removeprefix(PREFIX), owner())
    back_to_default()


def asked_for(first: str) -> set[str]:
    """What stays in the list whatever is left out: what is chosen now, here, by the address or on another page."""
    chosen = st.session_state.get("model", first)
    return {first, chosen, *st.query_params.get_all("model"), *carried().get("model", [])}


def choose_beside(choices: Mapping[str, ListedModel], first: str) -> list[str]:
    """One or two further models, where somebody wants to compare."""
    if not bound(st.toggle, "Compare models", key="compare", help="On one picture, side by side."):
        return []
    titles = {name: title_of(model) for name, model in choices.items() if name != first}
    return choose_several(
        st.multiselect, "Compare with", titles, (), BESIDE,
        max_selections=MOST_BESIDE, placeholder="one or two models",
    )  # fmt: skip


def list_choices(known: Collection[str] = ()) -> dict[str, ListedModel]:
    """Waits for the long list only where the address names a model that does not ship with HeatCheck.

    Parameters
    ----------
    known
        Names for which it is not looked at.
    """
    own = list_own(owner())
    named = {*st.query_params.get_all("model"), *st.query_params.get_all(BESIDE)}
    if named - {*known} - {words for model in (*own, *models.known()) for words in (model.name, title_of(model))}:
        models.read()
    return {model.name: model for model in (*own, *models.known())}


def follow(model: ListedModel, note: str) -> Loading:
    """Asks for a model, and says how far it has come, or why it is unavailable."""
    loading = shelf.ask(model.name)
    st.caption(note)
    if not loading.settled:
        watch(loading, looks=count())
    if loading.classifier:
        for sentence in of_its_answers(loading.classifier):
            st.caption(sentence)
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
def watch(loading: Loading, looks: Iterator[int]) -> None:
    """Shows the download, and runs the page again once the model is there.

    Never at the first look, which is the page's own: what that run said to the browser would be dropped unsent, and
    with it what the address chose.
    """
    if next(looks) and loading.settled:
        st.rerun()
    if loading.expected:
        st.progress(min(1.0, loading.received / loading.expected), text=f"Downloading weights: {megabytes(loading)}")
    else:
        st.caption("Loading the model…")


def megabytes(loading: Loading) -> str:
    return f"{loading.received / 1e6:.0f} of {(loading.expected or 0) / 1e6:.0f} MB"
