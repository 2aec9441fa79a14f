"""The tab of single-patch deletion: whether heatmaps order the patches of a picture as deleting them does."""

import streamlit as st

from core.metrics.statistics import FEWEST
from core.retraining.networks import TITLES, USUAL, title_of
from dashboard.components.component import declare
from dashboard.components.methods import described
from dashboard.controls.address import bound, choose_several
from dashboard.controls.export_panel import export_panel, result
from dashboard.controls.job_panel import job_panel
from dashboard.controls.method_panel import some_chosen
from dashboard.controls.selection import Selection
from dashboard.library.models import Loading
from dashboard.retrain.single_patch.cost_panel import show_cost
from dashboard.retrain.single_patch.job import SINGLE_PATCH, SinglePatch, SinglePatchRequest

PICTURES, MOST_PICTURES = 80, 1000
COPIES, MOST_COPIES = 2, 10
ACROSS, MOST_ACROSS = 4, 7
KEY = SINGLE_PATCH.name
WHAT = (
    "Does a heatmap order the patches of a picture as the network needs them? The network learns to cope with one "
    "deleted patch. Then each patch is deleted in turn, and what the explained output loses is compared with the "
    "heatmap."
)
HOW = """
- Copies of each network are fine-tuned for one epoch. Half of their training pictures lack one random patch of the
  grid. A picture without a patch is then nothing new to them, so what they lose with a patch is due to the patch.
- Each copy explains the class that it predicts itself. Each patch is deleted in turn; deleted pixels take the mean
  colour of the training pictures. The loss is the drop of the explained output.
- The score of a picture is Spearman's rank correlation between the heatmap's sum in each patch and the loss without
  it. A constant heatmap orders nothing and has 0.
- Every network is adapted and tested in the same way, so scores can be compared between networks. A difference is
  taken picture by picture. A verdict needs the 95 % interval over pictures, and every copy, to agree.
- Methods that measure pixels from a baseline use black unless you change it under Advanced. Deleted patches take the
  mean colour, so *dataset mean* is the baseline that fits this test.
- What it cannot say: unsigned heatmaps cannot tell patches for the class from patches against it, and are scored as
  they are. One patch at a time shows nothing of patches that replace each other.
- In-domain single-deletion score: Hesse, Schaub-Meyer and Roth 2024 (arXiv:2407.11910). The paper fine-tunes for 30
  epochs on ImageNet and explains the true class. The controls, the intervals and the verdicts are our choice.
"""
_COMPONENT = declare("retrain/single_patch/single_patch")


def single_patch(selection: Selection | None, loading: Loading) -> None:
    """The whole tab."""
    st.caption(WHAT)
    choosing, acting = st.columns([3, 1.1], gap="large")
    with choosing:
        request = choose_single_patch(selection)
    shown = job_panel(SINGLE_PATCH, request, acting)
    if request and loading.classifier:
        with acting:
            show_cost(request, loading.classifier)
    if shown is None:
        return
    export_panel([shown.job])
    with result(SINGLE_PATCH):
        show_single_patch(shown.job, shown.stale)
    with st.expander("How this works, and what it cannot say"):
        st.markdown(HOW)


def choose_single_patch(selection: Selection | None) -> SinglePatchRequest | None:
    """The request that the widgets make; nothing before the first network is there, or where none is chosen."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        networks = choose_several(
            st.pills, "Networks", TITLES, [USUAL], f"{KEY}.networks", selection_mode="multi",
            help="Choose several to compare them. All but the small CNN are trained first.",
        )  # fmt: skip
        pictures = bound(
            st.number_input, "Test pictures", 1, MOST_PICTURES, PICTURES, width=130, key=f"{KEY}.pictures",
            persist_state="session", help="More pictures give narrower intervals.",
        )  # fmt: skip
        copies = bound(
            st.number_input, "Copies", 1, MOST_COPIES, COPIES, width=130, key=f"{KEY}.copies",
            persist_state="session",
            help="Of each network, fine-tuned with other deletions. A verdict needs all of them to agree.",
        )  # fmt: skip
        across = bound(
            st.number_input, "Patches a side", 2, MOST_ACROSS, ACROSS, width=130, key=f"{KEY}.across",
            persist_state="session", help="The paper divides a picture into 4 x 4 patches.",
        )  # fmt: skip
    if not networks:
        st.caption("Choose at least one network.")
    if selection is None or not networks or not some_chosen(selection.shared["methods"]):
        return None
    ordered = tuple(name for name in TITLES if name in networks)
    return SinglePatchRequest(**selection.shared, networks=ordered, pictures=pictures, copies=copies, across=across)


def show_single_patch(run: SinglePatch, stale: bool) -> None:
    """The verdict, the chart and the table; mounted once and fed by events."""
    request = run.request
    _COMPONENT(
        data={
            "run": run.id,
            "methods": list(described(request)),
            "networks": [{"name": name, "label": title_of(name)} for name in request.networks],
            "copies": request.copies,
            "fewest": FEWEST,
            "stale": stale,
        },
        key="single patch",
    )
