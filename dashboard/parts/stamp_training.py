"""A stamp model of one's own: what it is to learn, its training as it goes, and those that were trained here."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.models.sources import ModelError
from core.models.trained import remove_trained
from core.pictures.hub_datasets import list_torchvision_datasets
from core.pictures.stamps import SMALLEST, Design, Stamp, list_stamps
from core.stamping.models import DEFAULT, ListedStampModel
from core.stamping.task import Task
from dashboard.benchmarks import TRAINING, LiveTraining, named, start_training
from dashboard.jobs import LiveJob, NotThere, collect
from dashboard.parts.course import course
from dashboard.parts.folder_panel import FOLDER, ask_folder
from dashboard.parts.progress import progress
from dashboard.parts.run_panel import action, launched, wished
from dashboard.parts.stamp_model_panel import KEY
from dashboard.parts.stamp_words import BASES, HUB, either, task_in_words
from dashboard.requests import AskedOfTraining
from dashboard.workshop import shelf

HUBS = "torchvision"
SOURCES = {
    **{name: words[0].upper() + words[1:] for name, words in BASES.items()},
    FOLDER: "A folder of your own",
    HUBS: "A torchvision data set",
}
NETWORKS = {
    "stamp_cnn": "Small CNN, from scratch",
    "head of efficientnet_lite0": "EfficientNet-Lite0, only its head",
    "head of squeezenet1_1": "SqueezeNet 1.1, only its head",
}
LARGEST = {"patches": 6, "fashion_mnist": 3, FOLDER: 6, HUBS: 4}
LARGEST_FOR_HEADS = 28
"""An eighth of the side; much smaller ones are lost on the way up."""
FOLLOW, TOSSED = "follow the stamp", "tossed"
NO_DISTRACTOR = ""
WHAT_FILES = (
    "At least 8 pictures. Those that it is tested on are others than those that it learns from. They stay in a "
    "temporary folder of this server; only the model is kept."
)
USUAL_COLOUR = "#ff00ff"
LONGEST_TITLE = 60


def stamp_training(models: Sequence[ListedStampModel], choose: Callable[[str], None]) -> None:
    """An expander with all of it; ``choose`` makes a model the page's own."""
    panel = st.expander("Train a stamp model here", key="train", bind="query-params")
    training = shown_training()
    if panel.open:
        with panel:
            choosing, acting = st.columns([3, 1.1], gap="large")
            with choosing:
                asked, folder = choose_training()
            if asked and wished(TRAINING):
                launched()
                st.query_params[TRAINING] = start_training(asked, folder)
                training = shown_training()
            with acting:
                shown = [training] if training else []
                action(TRAINING, "Train", asked is not None, shown, follow, key="start training", emphasis="secondary")
                st.caption("Under a minute on two cores. The model is kept, whatever its gate says.")
            if training:
                show_training(training, choose)
            own_models([model for model in models if not model.bundled], choose)
    elif training and not training.finished:
        progress("training", training.id, True, "Training", counts="steps")


def follow(_: int, training: LiveJob) -> None:
    progress("training", training.id, not training.finished, counts="steps")


def shown_training() -> LiveTraining | None:
    """The training that the address names."""
    if TRAINING not in st.query_params:
        return None
    try:
        return named(TRAINING, LiveTraining)
    except NotThere:
        st.info("That training is no longer kept here. If it ended, its model is among those to choose.")
        return None


def show_training(training: LiveTraining, choose: Callable[[str], None]) -> None:
    """How it goes, and at its end the model."""
    st.markdown(f"**{training.asked.title or 'This training'}**: {training_in_words(training.asked)}")
    if training.state()["state"] == "failed":
        st.error(f"{training.state()['error']} Change a setting and press Train to try again.")
    course("of the training", run=training.id)
    for trained in collect(training, "trained"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Use this model", key="use trained", on_click=choose, args=(trained["name"],))
            st.caption(f"Kept as “{trained['title']}”.")


def training_in_words(asked: AskedOfTraining) -> str:
    return f"{NETWORKS[asked.network]}. {task_in_words(asked.task, 'Learns')}"


def choose_training() -> tuple[AskedOfTraining | None, str]:
    """What the widgets ask for, and the uploaded folder; nothing to ask where something is missing."""
    pictures, stamps = st.columns(2, gap="large")
    with pictures:
        bases, folder = choose_bases()
        network = st.selectbox(
            "Network", list(NETWORKS), format_func=NETWORKS.__getitem__, **kept("network"),
            help="A head is one linear layer on what a bundled ImageNet network sees in the picture at 224 × 224.",
        )  # fmt: skip
        labelled = choose_labels()
        with st.container(horizontal=True):
            seed = st.number_input("Seed of the training", 0, 2**31 - 1, 0, **kept("seed"))
            title = st.text_input(
                "Title", max_chars=LONGEST_TITLE, placeholder="made from the task", **kept("title")
            ).strip()
    with stamps:
        task = choose_task(bases, largest_for(bases, network), labelled)
    asked = AskedOfTraining(task=task, network=network, seed=seed, title=title) if task else None
    return asked, folder


def kept(name: str) -> dict[str, str]:
    """What makes a widget's value part of the address."""
    return {"key": f"train.{name}", "bind": "query-params", "persist_state": "session"}


def largest_for(bases: str, network: str) -> int:
    """The widest stamp that is still a small part of the pictures."""
    if network != "stamp_cnn":
        return LARGEST_FOR_HEADS
    return LARGEST[bases] if bases in LARGEST else LARGEST[HUBS if bases.startswith(HUB) else FOLDER]


def choose_bases() -> tuple[str, str]:
    """What is stamped, and the uploaded folder if it is one; nothing where there is none yet."""
    source = st.selectbox("Pictures to stamp", list(SOURCES), format_func=SOURCES.__getitem__, **kept("pictures"))
    if source == FOLDER:
        folder = ask_folder(WHAT_FILES)
        return (FOLDER if folder else ""), folder
    if source == HUBS:
        name = st.selectbox("Data set", list_torchvision_datasets(), **kept("dataset"))
        st.caption("It is fetched on first use, which may take minutes, and needs a network connection.")
        return f"{HUB}{name}", ""
    return source, ""


def choose_labels() -> bool:
    """Whether the labels follow the stamp."""
    chosen = st.segmented_control(
        "Labels", [FOLLOW, TOSSED], default=FOLLOW, required=True, **kept("labels"),
        help="Tossed labels leave nothing to learn, so the gate must refuse the model.",
    )  # fmt: skip
    if chosen == TOSSED:
        st.caption("There is nothing to learn, so the gate must refuse it: a check of the check.")
    return chosen != TOSSED


def choose_task(bases: str, largest: int, labelled: bool) -> Task | None:
    """What the network is to learn; nothing where a choice is missing."""
    designs = {design.name: design for design in list_stamps()}
    names = st.pills(
        "Stamps", [name for name, design in designs.items() if not design.distractor], selection_mode="multi",
        wrap=True, default=["cross"], format_func=lambda name: short_title(designs[name]), **kept("stamps"),
        help="One: stamped or not. Several: which of them, a class each.",
    )  # fmt: skip
    others = [NO_DISTRACTOR, *(name for name in reversed(designs) if name not in names)]
    distractor = st.selectbox(
        "Distractor", others, index=1, **kept("distractor"),
        format_func=lambda name: short_title(designs[name]) if name else "none",
        help="A stamp on half of all pictures that means nothing. With it, specificity can be told.",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        size = st.number_input(
            "Size in px" if largest == SMALLEST else f"Size, 3 to {largest} px", SMALLEST, largest,
            largest, disabled=largest == SMALLEST,
            key=f"train.size.{largest}", bind="query-params", persist_state="session",
        )  # fmt: skip
        opacity = st.number_input("Opacity", 0.1, 1.0, 1.0, step=0.05, format="%.2f", **kept("opacity"))
        colour = st.color_picker("Colour", USUAL_COLOUR, **kept("colour"))
    vary = st.toggle("Vary size and opacity", **kept("vary"))
    sizes, opacities = variations(size, opacity) if vary else ((), ())
    if vary:
        st.caption(
            f"Each stamp is {either(map(str, sizes))} px wide and {either(f'{each:g}' for each in opacities)} opaque."
        )
    if not names:
        st.caption("Choose at least one stamp.")
    if not bases or not names:
        return None
    paint = "" if colour == USUAL_COLOUR else colour
    stamps = tuple(Stamp(name, size, paint, opacity) for name in names)
    decoy = Stamp(distractor, size, "", opacity) if distractor else None
    return Task(bases, stamps, decoy, sizes, opacities, labelled)


def variations(size: int, opacity: float) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Up to two sizes below the chosen one, and down to three fifths of the opacity.

    >>> variations(6, 1.0), variations(3, 0.5)
    (((4, 5, 6), (0.6, 0.8, 1.0)), ((3,), (0.3, 0.4, 0.5)))
    """
    sizes = tuple(range(max(SMALLEST, size - 2), size + 1))
    return sizes, tuple(round(opacity * share, 3) for share in (0.6, 0.8, 1.0))


def short_title(design: Design) -> str:
    return design.title.split(",")[0]


def own_models(models: Sequence[ListedStampModel], choose: Callable[[str], None]) -> None:
    """Those that were trained here, to be used or removed."""
    if not models:
        return
    st.markdown("**Trained here**")
    for model in models:
        with st.container(horizontal=True, vertical_alignment="center", key=f"own {model.name}"):
            with st.container(width="stretch"):
                passed = "gate passed" if model.gate and model.gate.passed else "gate not passed"
                st.markdown(f"{model.title} · {passed}")
            st.button("Use", key=f"use {model.name}", on_click=choose, args=(model.name,))
            st.button("Remove", key=f"remove {model.name}", on_click=remove, args=(model.name,))


def remove(name: str) -> None:
    """Deletes a model; nothing happens where it is gone already."""
    try:
        remove_trained(name)
    except ModelError as error:
        st.session_state["not removed"] = str(error)
    shelf.forget(name)
    if st.session_state.get(KEY) == name:
        st.session_state[KEY] = DEFAULT
