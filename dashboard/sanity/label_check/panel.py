"""The labels tab of the Sanity page: does a map change when a network learned meaningless labels?"""

import base64
from functools import cache
from typing import Any

import streamlit as st

from core.metrics.similarity import JUDGED
from core.models.bundled import FASHION_MNIST
from core.models.sources import ListedModel
from core.pictures.datasets import fashion_mnist
from core.pictures.rendering import to_png
from core.sanity.label_networks import ENOUGH, ROLES, bundled_name
from core.sanity.label_verdict import CRITERION, LIMITS
from core.sanity.labels import SHOWN
from core.sanity.verdict import HALF
from dashboard.components.component import declare
from dashboard.components.methods import described
from dashboard.controls.address import bound, choose
from dashboard.controls.export_panel import export_panel, result
from dashboard.controls.job_panel import job_panel
from dashboard.controls.model_panel import follow
from dashboard.controls.selection import Selection
from dashboard.controls.workload import show_workload
from dashboard.jobs.views import JobView
from dashboard.library.models import Loading
from dashboard.sanity.label_check.job import LABEL_CHECK, Clothes, LabelCheckRequest
from dashboard.sanity.reasoning import explain_verdicts

PICTURES, MOST = 20, 200
TRAIN = "train"
SOURCES = {"bundled": "bundled", TRAIN: "train them here"}
NETWORKS = ListedModel(
    bundled_name("true"), "Three small CNNs", "bundled", "Three small CNNs trained for this check", FASHION_MNIST.name
)
WHAT = (
    "Three small networks memorise the same pictures of clothes: two with the true labels, one with shuffled labels. A "
    "map that shows what a network learned differs for the third."
)
_COMPONENT = declare("sanity/label_check/label_check")


def label_check(selection: Selection | None) -> None:
    """The whole tab."""
    st.caption(WHAT)
    choosing, acting = st.columns([3, 1.1], gap="large")
    with choosing:
        request = choose_check(selection)
    shown = job_panel(LABEL_CHECK, request, acting)
    with acting:
        show_workload(LABEL_CHECK, [request])
    if shown is None:
        return
    export_panel([shown.job])
    with result(LABEL_CHECK):
        show_check(shown.job, shown.stale)
    explain_verdicts(CRITERION, LIMITS)


def label_networks() -> Loading:
    """The first of the networks, whose layers and classes the settings of the methods go by."""
    return follow(NETWORKS, note=NETWORKS.note)


def choose_check(selection: Selection | None) -> LabelCheckRequest | None:
    """The request that the widgets make; nothing before the networks are there."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        networks = choose(
            st.segmented_control, "Networks", SOURCES, next(iter(SOURCES)), "labels.networks", required=True,
            help="Training takes about half a minute.",
        )  # fmt: skip
        seed = bound(
            st.number_input,
            "Training seed",
            0,
            2**31 - 1,
            1,
            width=150,
            disabled=networks != TRAIN,
            **in_address("seed"),
        )
        pictures = bound(
            st.number_input, "Test pictures", 1, MOST, PICTURES, width=130, **in_address("pictures"),
            help="Fashion-MNIST pictures that no network was trained on. More pictures give narrower intervals.",
        )  # fmt: skip
    if selection is None:
        return None
    training_seed = seed if networks == TRAIN else None
    return LabelCheckRequest(**selection.shared, pictures=pictures, training_seed=training_seed)


def in_address(name: str) -> dict[str, Any]:
    """What makes a widget's value part of the address."""
    return {"key": f"labels.{name}", "persist_state": "session"}


def show_check(check: JobView[LabelCheckRequest, Clothes], stale: bool) -> None:
    """The networks, and for each method its maps and their similarities; mounted once and fed by events."""
    _COMPONENT(
        data={
            "run": check.id,
            "methods": list(described(check.request)),
            "pictures": shown_pictures()[: check.request.pictures],
            "roles": dict(ROLES),
            "judged": JUDGED,
            "half": HALF,
            "enough": ENOUGH,
            "stale": stale,
        },
        key="label check",
    )


@cache
def shown_pictures() -> list[dict[str, str]]:
    """The pictures of which maps are shown: what each shows, and itself."""
    test, names = fashion_mnist("test"), FASHION_MNIST.labels()
    return [
        {
            "title": names[test.labels[place]],
            "source": f"data:image/png;base64,{base64.b64encode(to_png(test.pixels[place])).decode()}",
        }
        for place in range(SHOWN)
    ]
