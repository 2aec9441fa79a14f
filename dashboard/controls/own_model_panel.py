"""Your own weights: a file, the architecture that it fits, class names and preprocessing, each checked as it comes."""

import hashlib
import logging
from collections.abc import Collection, Sequence
from itertools import count
from pathlib import PurePath
from typing import Any

import streamlit as st

from core.models.classifier import RGB
from core.models.fitting import Fit, fit, in_words, list_architectures, usual_input
from core.models.outputs import READINGS, AnswerReading
from core.models.sources import ModelError
from core.models.weights_file import read_weights
from dashboard.library.own_models import PREFIX, OwnModel, own_models
from dashboard.library.owner import owner

MEGABYTES = 512
READ = "weights that were read"
FOUND = "found from its answers"
LARGEST_SIDE = 1024
logger = logging.getLogger(__name__)


def offer_own_weights() -> None:
    """A button that asks for weights of one's own."""
    st.button("Your own weights", icon=":material/upload_file:", key="own weights", on_click=ask_for_weights)


def forget_read() -> None:
    """The tensors of a file that nobody added; they may fill half a gigabyte."""
    st.session_state.pop(READ, None)


@st.dialog("Your own weights", width="large", on_dismiss=forget_read)
def ask_for_weights() -> None:
    """A file, and all that makes a classifier of it; the new model is chosen."""
    st.caption(
        "Weights for an architecture of torchvision or timm: safetensors, or a state dict in .pt or .pth. They stay in "
        "this server's memory; only you can choose them. Any other network: `core.wrap` in Python, or "
        "`heatcheck --model module:function`."
    )
    architecture = st.selectbox(
        "Architecture", list_architectures(), index=None, key="own architecture",
        placeholder="the one that the weights belong to",
    )  # fmt: skip
    file = st.file_uploader("Weights file", key="own weights file", max_upload_size=MEGABYTES)
    if file is None:
        return
    try:
        digest, weights = weights_of(file)
        if architecture is None:
            st.info(f"{len(weights)} tensors were read. Choose the architecture that they belong to.")
            return
        found = fit(architecture, weights)
    except ModelError as error:
        st.error(str(error))
        return
    if tell_fit(found):
        ask_for_the_rest(PurePath(file.name).stem[:80] or "own weights", digest, weights, found)


def weights_of(file: Any) -> tuple[str, Any]:
    """The tensors of an uploaded file and its digest; read once, however often the dialog is drawn.

    Raises
    ------
    ModelError
        Where it is no weights file that is read.
    """
    kept = st.session_state.get(READ)
    if kept is None or kept[0] != file.file_id:
        content = file.getvalue()
        kept = file.file_id, hashlib.sha256(content).hexdigest(), read_weights(content)
        st.session_state[READ] = kept
    return kept[1], kept[2]


def tell_fit(found: Fit) -> bool:
    """Whether the weights fit; otherwise what does not, name by name."""
    if found.whole:
        st.success(found.matching)
        return True
    st.error(found.matching)
    st.dataframe(found.rows(), hide_index=True, height=240)
    return False


def ask_for_the_rest(title: str, digest: str, weights: Any, found: Fit) -> None:
    """Class names and preprocessing, at first as usual for the architecture; then the model is added."""
    usual = usual_input(found.architecture)
    title = st.text_input("Name", title, max_chars=80, key="own title")
    names = st.text_area(
        asks_for_names(found.classes), key="own classes", height=140, placeholder="Leave empty to number them.",
    )  # fmt: skip
    first, second, third, fourth = st.columns(4)
    side = first.number_input("Input side", 8, LARGEST_SIDE, usual.side, key="own side", help="In pixels.")
    crop = second.number_input(
        "Crop", 0.1, 1.0, round(usual.crop, 4), 0.005, format="%.3f", key="own crop",
        help="The share of the picture's short side that the centre crop keeps: 0.875 for 224 of 256 pixels.",
    )  # fmt: skip
    mean = third.text_input("Mean", colour_words(usual.mean), key="own mean", help="Of red, green, blue in [0, 1].")
    std = fourth.text_input(
        "Standard deviation", colour_words(usual.std), key="own std", help="Of red, green, blue in [0, 1]."
    )
    reading = st.selectbox(
        "Probabilities", [None, *READINGS], key="own reading",
        format_func=lambda name: READINGS[name] if name else FOUND,
        help="What turns the network's numbers into probabilities.",
    )  # fmt: skip
    if not st.button("Add this model", type="primary", key="add own model"):
        return
    try:
        labels = labels_in(names, found.classes, reading)
        title = unlike(title.strip() or "own weights", titles_of_own())
        model = OwnModel(
            title, digest, weights, found, labels, int(side), float(crop),
            colour("Mean", mean, 0), colour("Standard deviation", std, 1e-3), reading,
        )  # fmt: skip
        name = added(model)
    except (ValueError, ModelError) as error:
        st.error(str(error))
        return
    choose_from_now_on(name)


def titles_of_own() -> set[str]:
    """What this person's models are called."""
    return {model.title for model in own_models.own(owner()).values()}


def unlike(title: str, others: Collection[str]) -> str:
    """The title, with the first free number where another model has it: a picker would show two that look alike.

    >>> unlike("birds", ["birds", "birds (2)"]), unlike("birds", [])
    ('birds (3)', 'birds')
    """
    numbered = (title if number == 1 else f"{title} ({number})" for number in count(1))
    return next(each for each in numbered if each not in others)


def added(model: OwnModel) -> str:
    """The name of the model in the list, after it has answered a few pictures.

    Raises
    ------
    ValueError, ModelError
        Where it does not answer as a classifier does, or there is no room for it.
    """
    try:
        model.classifier(model.title)
    except (ValueError, ModelError):
        raise
    except Exception as error:  # the code of a library's architecture raises what it likes
        logger.exception("%s could not be built with a person's weights", model.fit.architecture)
        raise ModelError(
            f"{model.fit.architecture} fails with these weights and settings ({type(error).__name__}; see the server's "
            "log). Try its usual input side, or another architecture."
        ) from error
    return PREFIX + own_models.add(owner(), model)


def choose_from_now_on(name: str) -> None:
    """The page opens with the new model, and the dialog closes."""
    forget_read()
    st.session_state["model"] = name
    st.rerun()


def asks_for_names(outputs: int) -> str:
    """The label of the field for class names."""
    if outputs == 1:
        return (
            "Class names, one per line: one name, or two for a single logit that tells them apart "
            "(the positive one last)"
        )
    return f"Class names, one per line, in the order of the {in_words(outputs)}"


def labels_in(text: str, outputs: int, reading: AnswerReading | None = None) -> tuple[str, ...]:
    """The class names of a text, one per line; numbers where it is empty.

    >>> labels_in("cat\\n dog \\n\\n", 2), labels_in("", 2)
    (('cat', 'dog'), ('class 0', 'class 1'))
    >>> labels_in("cat\\ndog", 1), labels_in("", 1, "one logit")
    (('cat', 'dog'), ('class 0', 'class 1'))

    Parameters
    ----------
    outputs
        Numbers that the network answers with; a single one may tell two classes apart.

    Raises
    ------
    ValueError
        Where there are more or fewer than classes.
    """
    names = tuple(line.strip()[:200] for line in text.splitlines() if line.strip())
    two = outputs == 1 and (reading == "one logit" or len(names) == 2)
    classes = 2 if two else outputs
    if names and len(names) != classes:
        given = f"{len(names)} class name{'' if len(names) == 1 else 's'}"
        verb = "is" if len(names) == 1 else "are"
        raise ValueError(f"There {verb} {given} for {in_words(classes)}. Write one per line.")
    return names or tuple(f"class {number}" for number in range(classes))


def colour_words(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.4g}" for value in values)


def colour(what: str, text: str, lowest: float) -> RGB:
    """Three numbers from a text.

    >>> colour("Mean", "0.5 0.5, 0.5", 0)
    (0.5, 0.5, 0.5)

    Raises
    ------
    ValueError
        Where it is anything else.
    """
    try:
        red, green, blue = (float(part) for part in text.replace(",", " ").split())
        if all(lowest <= value <= 1 for value in (red, green, blue)):
            return red, green, blue
    except ValueError:
        pass
    raise ValueError(f"{what}: write three numbers from {lowest:g} to 1, such as 0.485, 0.456, 0.406.")
