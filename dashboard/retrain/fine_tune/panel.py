"""The first tab of the Retrain page: one fine-tune judges every method."""

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
from dashboard.controls.workload import show_workload
from dashboard.library.models import Loading
from dashboard.retrain.fine_tune.job import FINE_TUNE, FineTune, FineTuneRequest
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
WHAT = (
    "Does the network miss what a heatmap calls important? Copies of it learn to cope with random gaps. Then the most "
    "important pixels of each heatmap are removed, and fewer garments should be recognised."
)
HOW = """
- A network that never saw removed pixels fails on any odd picture, whether or not something important is gone. ROAR
  (remove and retrain) therefore trains a new network on what each heatmap leaves. That takes many trainings, and a
  new network may read the class from the shape of the gaps.
- Here copies of the network are fine-tuned once, on pictures with random gaps: any share of the pixels, half of the
  time scattered, half of the time smooth blobs; where features or regions are removed, half of the gaps are made of
  these. No heatmap is involved, so the same copies judge every method.
  The first three copies for single pixels and seed 0 ship with HeatCheck, made by `assets/train_fine_tuned.py`. Any
  other choice fine-tunes its copies here.
- Each heatmap explains the class that the network predicted before it was fine-tuned. Removed pixels take the mean
  colour of the training pictures. Accuracy is the share of pictures whose true class is recognised.
- The area is the mean distance between a method's curve and that of random removal. A verdict needs the 95 % interval
  over pictures and every network to agree.
- What it cannot say: the heatmaps explain the network before fine-tuning, and its copies may use other pixels. Gaps
  of a heatmap may have shapes that random gaps hardly have. A high rank shows which pixels are needed, not that the
  heatmap is complete or easy to understand.
- Idea: F-Fidelity (Zheng et al. 2024, arXiv:2410.02970). Orders, controls and directions: ROAR (Hooker et al. 2019,
  arXiv:1806.10758). The random gaps, the intervals and the verdicts are our choice.
"""
_COMPONENT = declare("retrain/fine_tune/fine_tune")


def fine_tune(selection: Selection | None) -> None:
    """The whole tab."""
    st.caption(WHAT)
    choosing, acting = st.columns([3, 1.1], gap="large")
    with choosing:
        request = choose_fine_tune(selection)
    shown = job_panel(FINE_TUNE, request, acting)
    with acting:
        show_workload(FINE_TUNE, [request])
    if shown is None:
        return
    export_panel([shown.job])
    with result(FINE_TUNE):
        show_fine_tune(shown.job, shown.stale)
    with st.expander("How this works, and what it cannot say"):
        st.markdown(HOW)


def explained_network() -> Loading:
    """The network that the heatmaps explain."""
    return follow(NETWORK, note=NETWORK.note)


def choose_fine_tune(selection: Selection | None) -> FineTuneRequest | None:
    """The request that the widgets make; nothing before the network is there."""
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
    if selection is None or not some_chosen(selection.shared["methods"]):
        return None
    return FineTuneRequest(**selection.shared, pictures=pictures, networks=networks, unit=unit, side=side)


def show_fine_tune(run: FineTune, stale: bool) -> None:
    """The verdict, the curves and the table; mounted once and fed by events."""
    _COMPONENT(
        data={
            "run": run.id,
            "methods": list(described(run.request)),
            "pictures": run.request.pictures,
            "networks": run.request.networks,
            "unit": run.request.unit,
            "chance": 1 / len(FASHION_MNIST.labels()),
            "fewest": FEWEST,
            "stale": stale,
        },
        key="fine tune",
    )
