"""The tab of ROAR and KAR: networks retrained on what each heatmap leaves, and whether the leak decides."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import streamlit as st

import core
from core.jobs.durations import counted
from core.models.bundled import FASHION_MNIST
from core.models.classifier import Classifier
from core.models.sources import ListedModel
from core.retraining.networks import NETWORKS, USUAL, title_of
from core.retraining.outcomes import FRACTIONS
from core.retraining.rounds import FIRST_SEEDS
from core.retraining.training import BUNDLED_NETWORK, EPOCHS, bundled_pictures, epochs_of
from dashboard.components.component import declare
from dashboard.components.methods import described
from dashboard.controls.address import bound, choose, choose_several
from dashboard.controls.export_panel import export_panel, result
from dashboard.controls.job_panel import job_panel
from dashboard.controls.map_panel import advanced
from dashboard.controls.method_panel import choose_settings
from dashboard.controls.model_panel import follow
from dashboard.controls.trial_panel import choose_seed
from dashboard.retrain.data_panel import ChosenData, choose_data, fits
from dashboard.retrain.roar.cost_panel import show_cost
from dashboard.retrain.roar.job import FILLS, PROBES, ROAR, Roar, RoarRequest, probes_in_words
from dashboard.retrain.roar.plans import KEY, QUICK, offer_plans
from dashboard.retrain.unit_panel import choose_unit

MOST_SEEDS, FEWEST_PICTURES = 10, 100
FORMS = {"roar": "ROAR (remove)", "kar": "KAR (keep)"}
NETWORK = ListedModel(
    BUNDLED_NETWORK,
    "Small CNN",
    "bundled",
    "Small CNN trained on clothes. With other training pictures or another network, that one is trained and explained.",
    FASHION_MNIST.name,
)
WHAT = (
    "For each method and share, the most important pixels of every training and test picture are replaced, and a new "
    "network learns from what is left. The lower its accuracy, the more the heatmap found."
)
HOW = """
- **ROAR** (remove and retrain): for each heatmap, the most important share of the pixels is removed from all training
  and test pictures, and a network learns from them from random weights. Where its accuracy stays high, the class could
  still be read from what was left.
- **KAR** (keep and retrain): only the most important share is kept. Here a high accuracy is good.
- **The leak**: removed pixels leave gaps, and gaps have a shape. A heatmap of a shoe removes a shoe. So another network
  learns from the masks alone, white where a pixel is gone and black elsewhere, without anything of the picture. Where
  its interval lies above chance and reaches that of the retrained one, *the leak decides*: the accuracy may come from
  the shape of the gaps, and cannot show what the removed pixels meant. With few test pictures intervals are wide, and
  the leak decides sooner. A method has no verdict where it decides at more than half of its shares.
- **Why it decides here**: the garments have clear outlines and 28 x 28 pixels. A network reads the class from the mask
  of most heatmaps about as well as from the picture. The paper had photos of 1,000 classes. Regions leak less than
  single pixels.
- **Without retraining** the explained network is tested on the same pictures. It never saw gaps, so it may fail on
  them whether or not something important is gone.
- **Area**: the mean distance to the accuracy with random removal, positive where more was removed. A verdict needs its
  95 % interval over test pictures, and every seed, to agree.
- **Fill**: removed pixels take the mean of the training pictures, or an interpolation between the pixels that are left
  plus a little noise (noisy linear), which shows less of the mask's shape. The mask and the fill of a picture are the
  same in every epoch and for every seed, unless the random control's masks are drawn anew in each epoch, as the
  paper's code does: no network can then learn them by heart, as it can those of the methods. The last epoch counts.
- **Probes**: each method's maps once more, blurred (Gaussian) or dilated (each value becomes the largest around it).
  That adds nothing about the network. Where it changes the area, the area depends on the map's shape. Song et al.
  2023, arXiv:2304.13836.
- **Stop early**: all cells get two networks. A further one is trained only where the difference to random removal is
  not yet clear: its 95 % interval includes 0, or seeds disagree. Cells that stop early tend to show too large a
  difference, and their intervals do not allow for the repeated look.
- With a folder of your own, all of its training pictures are learned from. Few pictures are seen in more epochs, so
  that there are as many batches as with the garments.
- Hooker et al. 2019, arXiv:1806.10758. Masks that leak the class: Rong et al. 2022, arXiv:2202.00449. The leak as a
  column, the intervals and the verdicts are our choice.
"""
_COMPONENT = declare("retrain/roar/roar")


def roar() -> None:
    """The whole tab, and its sidebar."""
    with st.sidebar:
        loading = follow(NETWORK, note=NETWORK.note)
        sidebar = choose_explanations(loading.classifier) if loading.classifier else None
    st.caption(WHAT)
    choosing, acting = st.columns([3, 1.1], gap="large")
    with choosing:
        data = choose_data()
        request = choose_study(sidebar, data)
    shown = job_panel(ROAR, request, acting)
    with acting:
        show_cost(request, data.known if data else None, loading.classifier)
    if shown is None:
        return
    export_panel([shown.job])
    with result(ROAR):
        show_roar(shown.job, shown.stale)
    with st.expander("How this works"):
        st.markdown(HOW)


def choose_explanations(classifier: Classifier) -> dict[str, Any]:
    """The methods, their settings and the seed, by the names that a request has for them."""
    fits = {name for name, reason in core.capability(classifier).items() if reason is None}
    titles = {each.name: each.label for each in core.list_methods() if each.name in fits and not each.control}
    chosen = st.container()
    with st.expander("Choose methods", key=f"{KEY} methods", type="compact"):
        methods = choose_several(
            st.pills, "Methods", titles, QUICK["methods"], f"{KEY}.methods", selection_mode="multi", wrap=True,
            label_visibility="collapsed",
        )  # fmt: skip
        st.caption("The paper's two controls, random and Sobel, always run too.")
    chosen.markdown(f"**Methods:** {', '.join(titles[name] for name in titles if name in methods) or 'none'}")
    with advanced():
        settings = choose_settings(classifier, methods)
        return {
            "methods": tuple(name for name in titles if name in methods),
            "settings": settings,
            "seed": choose_seed(),
        }


def choose_study(sidebar: dict[str, Any] | None, data: ChosenData | None) -> RoarRequest | None:
    """The request that the widgets make; nothing where something of it is missing."""
    offer_plans()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        forms = choose_several(st.pills, "Forms", FORMS, QUICK["forms"], f"{KEY}.forms", selection_mode="multi")
        shares = {share: f"{share:.0%}".replace("%", "\u00a0%") for share in FRACTIONS}
        fractions = choose_several(
            st.pills, "Shares removed or kept", shares, QUICK["fractions"], f"{KEY}.fractions", selection_mode="multi"
        )
        leak = bound(
            st.toggle, "Leak", QUICK["leak"], key=f"{KEY}.leak", persist_state="session",
            help="Also trains networks on the masks alone: how much of the class the shape of the gaps tells.",
        )  # fmt: skip
    told = st.container()
    with st.expander("Choose training", key=f"{KEY} training", type="compact"):
        training = choose_training(data)
        training |= choose_options(training["seeds"])
    told.markdown(f"**Training:** {training_in_words(training)}.")
    if not (sidebar and sidebar["methods"] and forms and fractions):
        st.caption("Choose at least one method, one form and one share.")
        return None
    chosen = {"forms": tuple(forms), "fractions": tuple(sorted(fractions)), "leak": leak}
    if data is None or not fits(data, training["unit"], training["side"], chosen["fractions"]):
        return None
    return RoarRequest(**sidebar, **chosen, **training, **asdict(data.request))


def training_in_words(chosen: Mapping[str, Any]) -> str:
    """What is chosen, for above the fold that it is chosen in."""
    side, probes, pictures = chosen["side"], chosen["probes"], chosen["training_pictures"]
    said = [
        "all pictures" if pictures is None else counted(pictures, "picture"),
        f"{counted(chosen['seeds'], 'seed')}{', stopped early' if chosen['stop_early'] else ''}",
        f"regions of {side} x {side}" if chosen["unit"] == "region" else f"single {chosen['unit']}s",
        title_of(chosen["network"]),
        f"fill: {FILLS[chosen['fill']].lower()}",
    ]
    said += ["random masks drawn anew in each epoch"] if chosen["fresh_random"] else []
    return ", ".join([*said, *([f"also {probes_in_words(probes)}"] if probes else [])])


def choose_training(data: ChosenData | None) -> dict[str, Any]:
    """What is removed as a whole, and how networks are trained; from all pictures of a folder."""
    bundled = data is not None and not data.request.folder
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seeds = bound(
            st.number_input, "Seeds", 1, MOST_SEEDS, QUICK["seeds"], width=110, key=f"{KEY}.seeds",
            persist_state="session", help="Networks for each set of masks. A verdict needs all of them to agree.",
        )  # fmt: skip
        pictures = choose_pictures() if bundled else None
        unit, side = choose_unit(KEY, QUICK["unit"], "Whole regions leak less of the class than single pixels.")
        titles = {name: title_of(name) for name in NETWORKS}
        network = choose(st.selectbox, "Network", titles, USUAL, f"{KEY}.network", width=150)
    epochs = epochs_of(EPOCHS, data.known.pictures.learned) if data and data.known else EPOCHS
    trained = {"training_pictures": pictures, "network": network, "epochs": epochs}
    return {"seeds": seeds, "unit": unit, "side": side, **trained}


def choose_pictures() -> int:
    """How many of the bundled pictures are learned from."""
    pictures: int = bound(
        st.number_input, "Training pictures", FEWEST_PICTURES, bundled_pictures(), QUICK["pictures"], 1000,
        width=150, key=f"{KEY}.pictures", persist_state="session",
        help="Of Fashion-MNIST. Accuracies are measured on 1,000 others.",
    )  # fmt: skip
    return pictures


def choose_options(seeds: int) -> dict[str, Any]:
    """What fills the gaps, how maps are probed, and whether clear differences end a cell's seeds."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        fill = choose(
            st.selectbox, "Fill", FILLS, QUICK["fill"], f"{KEY}.fill", width=150,
            help="What replaces removed pixels. Noisy linear shows less of the mask's shape and takes longer.",
        )  # fmt: skip
        probes = choose_several(
            st.pills, "Probes", PROBES, QUICK["probes"], f"{KEY}.probes", selection_mode="multi",
            help="Each method's maps once more, blurred or dilated: does the area reward their shape? Each probe takes "
            "about as long as the methods themselves.",
        )  # fmt: skip
        early = bound(
            st.toggle, "Stop early", QUICK["stop_early"], key=f"{KEY}.stop_early", persist_state="session",
            disabled=seeds <= FIRST_SEEDS,
            help="From the third seed on, trains only where the difference to random removal is not yet clear.",
        )  # fmt: skip
        fresh = bound(
            st.toggle, "Fresh random masks", QUICK["fresh_random"], key=f"{KEY}.fresh_random", persist_state="session",
            help="Draws the random control's masks anew in each epoch, as the published code does. That works like "
            "augmentation and flatters the control.",
        )  # fmt: skip
    return {
        "fill": fill,
        "probes": tuple(probes),
        "stop_early": early and seeds > FIRST_SEEDS,
        "fresh_random": fresh,
    }


def show_roar(run: Roar, stale: bool) -> None:
    """The verdict, the curves and the table; mounted once and fed by events."""
    request = run.request
    _COMPONENT(
        data={
            "run": run.id,
            "methods": list(described(request.heatmaps)),
            "forms": list(request.forms),
            "fractions": list(request.fractions),
            "unit": request.unit,
            "seeds": request.seeds,
            "leak": request.leak,
            "probes": list(request.probes),
            "stop_early": request.stop_early,
            "own": bool(request.folder),
            "chance": None if request.folder else 1 / len(FASHION_MNIST.labels()),
            "stale": stale,
        },
        key="roar",
    )
