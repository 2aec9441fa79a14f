"""The first tab of the Retrain page: one fine-tune judges every method."""

from dataclasses import asdict

import streamlit as st

from core.metrics.statistics import FEWEST
from core.models.bundled import FASHION_MNIST
from core.models.sources import ListedModel
from core.retraining.fine_tune import PICTURES
from core.retraining.training import BUNDLED_NETWORK
from dashboard.components.component import declare
from dashboard.components.methods import described
from dashboard.controls.address import bound
from dashboard.controls.export_panel import export_panel, result
from dashboard.controls.job_panel import job_panel
from dashboard.controls.method_panel import some_chosen
from dashboard.controls.model_panel import follow
from dashboard.controls.selection import Selection
from dashboard.library.models import Loading
from dashboard.retrain.data_panel import choose_data, fits
from dashboard.retrain.fine_tune.cost_panel import show_cost
from dashboard.retrain.fine_tune.job import FINE_TUNE, FineTune, FineTuneRequest
from dashboard.retrain.own_data import Known
from dashboard.retrain.unit_panel import choose_unit

MOST_PICTURES = 1000
NETWORKS, MOST_NETWORKS = 3, 10
NETWORK = ListedModel(
    BUNDLED_NETWORK,
    "Small CNN",
    "bundled",
    "Small CNN trained on clothes, and fine-tuned copies of it",
    FASHION_MNIST.name,
)
OF_A_FOLDER = "With a folder of your own, a network of this kind learns from its pictures first, and is explained."
WHAT = (
    "Does the network miss what a heatmap calls important? Copies of it learn to cope with random gaps. Then the most "
    "important pixels of each heatmap are removed, and fewer pictures should be recognised."
)
HOW = """
- A network that never saw removed pixels fails on any odd picture, whether or not something important is gone. ROAR
  (remove and retrain) therefore trains a new network on what each heatmap leaves. That takes many trainings, and a
  new network may read the class from the shape of the gaps.
- Here copies of the network are fine-tuned once, on pictures with random gaps: any share of the pixels, half of the
  time scattered, half of the time smooth blobs; where features or regions are removed, half of the gaps are made of
  these. No heatmap is involved, so the same copies judge every method.
  The first three copies for the garments, single pixels and seed 0 ship with HeatCheck, made by
  `assets/train_fine_tuned.py`. Any other choice fine-tunes its copies here.
- Each heatmap explains the class that the network predicted before it was fine-tuned. Removed pixels take the mean
  colour of the training pictures. Accuracy is the share of pictures whose true class is recognised.
- With a folder of your own, the network first learns from its training pictures, and test pictures are others. Few
  pictures are seen more often, so that there are as many batches as with the garments. What a small folder shows is
  uncertain: intervals over few test pictures are wide, and the network may know its training pictures by heart.
- The area is the mean distance between a method's curve and that of random removal. A verdict needs the 95 % interval
  over pictures and every network to agree.
- What it cannot say: the heatmaps explain the network before fine-tuning, and its copies may use other pixels. Gaps
  of a heatmap may have shapes that random gaps hardly have. A high rank shows which pixels are needed, not that the
  heatmap is complete or easy to understand.
- Idea: F-Fidelity (Zheng et al. 2024, arXiv:2410.02970). Orders, controls and directions: ROAR (Hooker et al. 2019,
  arXiv:1806.10758). The random gaps, the intervals and the verdicts are our choice.
"""
_COMPONENT = declare("retrain/fine_tune/fine_tune")


def fine_tune(selection: Selection | None, loading: Loading) -> None:
    """The whole tab."""
    st.caption(WHAT)
    choosing, acting = st.columns([3, 1.1], gap="large")
    with choosing:
        request, known = choose_fine_tune(selection)
    shown = job_panel(FINE_TUNE, request, acting)
    with acting:
        show_cost(request, known, loading.classifier)
    if shown is None:
        return
    export_panel([shown.job])
    with result(FINE_TUNE):
        show_fine_tune(shown.job, shown.stale)
    with st.expander("How this works, and what it cannot say"):
        st.markdown(HOW)


def explained_network(further: str = "") -> Loading:
    """The network that the heatmaps explain.

    Parameters
    ----------
    further
        What else a tab says of it.
    """
    return follow(NETWORK, note=" ".join(filter(None, [f"{NETWORK.note}.", further])) if further else NETWORK.note)


def choose_fine_tune(selection: Selection | None) -> tuple[FineTuneRequest | None, Known | None]:
    """The request that the widgets make, and what is known of a folder's pictures; no request where something of it is
    missing.
    """
    data = choose_data()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pictures = bound(
            st.number_input, "Test pictures", 1, MOST_PICTURES, PICTURES, width=130, key="fine_tune.pictures",
            persist_state="session", help="More pictures give narrower intervals.",
        )  # fmt: skip
        networks = bound(
            st.number_input, "Networks", 1, MOST_NETWORKS, NETWORKS, width=130, key="fine_tune.networks",
            persist_state="session",
            help="Copies that are fine-tuned, each with its own random gaps. A verdict needs all of them to agree.",
        )  # fmt: skip
        unit, side = choose_unit(
            "fine_tune", "pixel", "Scattered pixels leave the shapes visible; whole regions do not."
        )
    chosen = selection is not None and some_chosen(selection.shared["methods"])
    if selection is None or not chosen or data is None or not fits(data, unit, side):
        return None, None
    own = {**asdict(data.request), "pictures": pictures, "networks": networks, "unit": unit, "side": side}
    return FineTuneRequest(**selection.shared, **own), data.known


def show_fine_tune(run: FineTune, stale: bool) -> None:
    """The verdict, the curves and the table; mounted once and fed by events."""
    _COMPONENT(
        data={
            "run": run.id,
            "methods": list(described(run.request)),
            "pictures": run.request.pictures,
            "networks": run.request.networks,
            "unit": run.request.unit,
            "own": bool(run.request.folder),
            "chance": None if run.request.folder else 1 / len(FASHION_MNIST.labels()),
            "fewest": FEWEST,
            "stale": stale,
        },
        key="fine tune",
    )
