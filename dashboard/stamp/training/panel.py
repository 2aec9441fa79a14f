"""A stamp model of one's own: what it is to learn, its training as it runs, and the models that were trained here."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.models.sources import ModelError
from core.models.trained import remove_trained
from core.pictures.stamps import SMALLEST, Stamp, list_stamps
from core.pictures.torchvision_datasets import list_torchvision_datasets
from core.stamping.models import DEFAULT, ListedStampModel
from core.stamping.task import Task
from core.stamping.training import ModelTrained
from dashboard.components.training_chart.training_chart import training_chart
from dashboard.controls.address import bound, choose, choose_several
from dashboard.controls.export_panel import export_panel, result
from dashboard.controls.folder_panel import FOLDER, ask_folder
from dashboard.controls.job_panel import Button, job_panel
from dashboard.library.models import shelf
from dashboard.library.owner import owner
from dashboard.stamp.model_panel import KEY, use_model
from dashboard.stamp.training.job import TRAINING, Training, TrainingRequest
from dashboard.stamp.wording import BASES, HUB, NETWORKS, either, short_title, task_in_words

HUBS = "torchvision"
SOURCES = {
    **{name: words[0].upper() + words[1:] for name, words in BASES.items()},
    FOLDER: "A folder of your own",
    HUBS: "A torchvision data set",
}
LARGEST = {"patches": 6, "fashion_mnist": 3, FOLDER: 6, HUBS: 4}
LARGEST_FOR_HEADS = 28
"""An eighth of the side; much smaller ones are lost on the way up."""
SHUFFLED = "random"
LABELS = {"follow": "follow the stamp", SHUFFLED: "random"}
NO_DISTRACTOR = ""
WHAT_FILES = (
    "At least 8 pictures. The model is tested on other pictures than it learns from. They are kept in a temporary "
    "folder of this server; only the model stays."
)
USUAL_COLOUR = "#ff00ff"
LONGEST_TITLE = 60


def stamp_training(models: Sequence[ListedStampModel]) -> None:
    """An expander with all of it, beside the models that one may choose."""
    panel = st.expander("Train a stamp model here", key=TRAINING.expander, bind="query-params")
    if not panel.open:
        return
    with panel:
        choosing, acting = st.columns([3, 1.1], gap="large")
        with choosing:
            request = choose_training()
        shown = job_panel(TRAINING, request, acting, Button("secondary"))
        with acting:
            st.caption("Takes under a minute on two cores. The model is kept even if its gate fails.")
        if shown:
            export_panel([shown.job], where=acting)
            show_training(shown.job, [model.name for model in models])
        own_models([model for model in models if model.owner == owner()])


def show_training(training: Training, known: Sequence[str]) -> None:
    """How it goes, and at its end the model, to be used where it is still known, and not another person's."""
    title = training.inputs().title or "This training"
    st.markdown(f"**{title}**: {training_in_words(training.request)}")
    with result(TRAINING):
        training_chart("of the training", run=training.id)
    for trained in training.messages(ModelTrained):
        with st.container(horizontal=True, vertical_alignment="center"):
            if trained["name"] in known:
                st.button("Use this model", key="use trained", on_click=use_model, args=(trained["name"],))
            st.caption(f"Kept as “{trained['title']}”.")


def training_in_words(request: TrainingRequest) -> str:
    return f"{NETWORKS[request.network]}. {task_in_words(request.task, 'Learns')}"


def choose_training() -> TrainingRequest | None:
    """What the widgets ask for; nothing where something is missing."""
    pictures, stamps = st.columns(2, gap="large")
    with pictures:
        bases, folder = choose_bases()
        network = choose(
            st.selectbox, "Network", NETWORKS, next(iter(NETWORKS)), "train.network",
            help="A head is one linear layer on the features that a bundled ImageNet network computes at 224 × 224.",
        )  # fmt: skip
        labelled = choose_labels()
        with st.container(horizontal=True):
            seed = bound(st.number_input, "Training seed", 0, 2**31 - 1, 0, **kept("seed"))
            title = bound(
                st.text_input, "Title", max_chars=LONGEST_TITLE, placeholder="made from the task", **kept("title")
            ).strip()
    with stamps:
        task = choose_task(bases, largest_for(bases, network), labelled)
    if task is None:
        return None
    return TrainingRequest(task=task, network=network, seed=seed, title=title, folder=folder)


def kept(name: str) -> dict[str, Any]:
    """What makes a widget's value part of the address."""
    return {"key": f"train.{name}", "persist_state": "session"}


def largest_for(bases: str, network: str) -> int:
    """The widest stamp that is still a small part of the pictures."""
    if network != "stamp_cnn":
        return LARGEST_FOR_HEADS
    return LARGEST[bases] if bases in LARGEST else LARGEST[HUBS if bases.startswith(HUB) else FOLDER]


def choose_bases() -> tuple[str, str]:
    """What is stamped, and the uploaded folder if it is one; nothing where there is none yet."""
    source = choose(st.selectbox, "Pictures to stamp", SOURCES, next(iter(SOURCES)), "train.pictures")
    if source == FOLDER:
        folder = ask_folder(WHAT_FILES)
        return (FOLDER if folder else ""), folder
    if source == HUBS:
        name = bound(st.selectbox, "Data set", list_torchvision_datasets(), **kept("dataset"))
        st.caption("It is fetched on first use, which may take minutes, and needs a network connection.")
        return f"{HUB}{name}", ""
    return source, ""


def choose_labels() -> bool:
    """Whether the labels follow the stamp."""
    chosen = choose(
        st.segmented_control, "Labels", LABELS, next(iter(LABELS)), "train.labels", required=True,
        help="Random labels leave nothing to learn, so the gate must fail.",
    )  # fmt: skip
    if chosen == SHUFFLED:
        st.caption("There is nothing to learn, so the gate must fail: a check of the gate itself.")
    return chosen != SHUFFLED


def choose_task(bases: str, largest: int, labelled: bool) -> Task | None:
    """What the network is to learn; nothing where a choice is missing."""
    designs = {design.name: design for design in list_stamps()}
    titles = {name: short_title(name) for name in designs}
    learned = {name: titles[name] for name, design in designs.items() if not design.distractor}
    names = choose_several(
        st.pills, "Stamps", learned, ["cross"], "train.stamps", selection_mode="multi", wrap=True,
        help="One stamp: stamped or not. Several: one class for each.",
    )  # fmt: skip
    others = [name for name in reversed(designs) if name not in names]
    distractor = choose(
        st.selectbox, "Distractor", {NO_DISTRACTOR: "none", **{name: titles[name] for name in others}}, others[0],
        "train.distractor",
        help="A stamp on half of all pictures that carries no label. It makes the specificity score possible.",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        size = bound(
            st.number_input, "Size in px" if largest == SMALLEST else f"Size, 3 to {largest} px", SMALLEST, largest,
            largest, disabled=largest == SMALLEST,
            key=f"train.size.{largest}", persist_state="session",
        )  # fmt: skip
        opacity = bound(st.number_input, "Opacity", 0.1, 1.0, 1.0, step=0.05, format="%.2f", **kept("opacity"))
        colour = bound(st.color_picker, "Colour", USUAL_COLOUR, **kept("colour"))
    vary = bound(st.toggle, "Vary size and opacity", **kept("vary"))
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


def own_models(models: Sequence[ListedStampModel]) -> None:
    """Those that a person trained here, to be used or removed."""
    if complaint := st.session_state.pop("not removed", ""):
        st.error(complaint)
    if not models:
        return
    st.markdown("**Trained here**")
    for model in models:
        with st.container(horizontal=True, vertical_alignment="center", key=f"own {model.name}"):
            with st.container(width="stretch"):
                passed = "gate passed" if model.gate and model.gate.passed else "gate failed"
                st.markdown(f"{model.title} · {passed}")
            st.button("Use", key=f"use {model.name}", on_click=use_model, args=(model.name,))
            st.button("Remove", key=f"remove {model.name}", on_click=remove, args=(model.name,))


def remove(name: str) -> None:
    """Deletes a model of one's own."""
    try:
        remove_trained(name, owner())
    except ModelError as error:
        st.session_state["not removed"] = str(error)
    else:
        shelf.forget(name)
    if st.session_state.get(KEY) == name:
        use_model(DEFAULT)
