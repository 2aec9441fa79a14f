"""The labels tab of the Sanity page: does a map change when a network learned labels that mean nothing?"""

import base64
from functools import cache

import streamlit as st

import core
from core.metrics.similarity import JUDGED
from core.models.bundled import FASHION_MNIST
from core.pictures.datasets import fashion_mnist
from core.pictures.rendering import to_png
from core.sanity.label_networks import ENOUGH, ROLES, bundled_name
from core.sanity.labels import CRITERION, LIMITS, SHOWN
from core.sanity.verdict import HALF
from dashboard.chosen import Wishes
from dashboard.jobs import LiveJob, NotThere, Shipped
from dashboard.labels import KIND, Labels, find_labels, sample, start
from dashboard.parts.component import declare
from dashboard.parts.heatmap_cards import described
from dashboard.parts.older import tell_older
from dashboard.parts.progress import progress
from dashboard.parts.run_panel import action, launched, wished
from dashboard.requests import AskedOfLabels

PICTURES, MOST = 20, 200
BUNDLED, TRAIN = "bundled", "train them here"
_COMPONENT = declare(
    "label_check", "dom", "stream", "colours", "heatmap", "stage", "view_bar", "pair", "similarities", "table",
    "interval", "standings",
)  # fmt: skip


def label_check(wishes: Wishes | None) -> None:
    """The whole tab."""
    st.caption(
        "Three small networks learn the same pictures of clothes by heart: two are told what they show, one is told "
        "shuffled labels. A map that shows what a network learned must look otherwise for the third. The networks are "
        "this page's own, whatever the model at the left; methods and settings are those at the left."
    )
    choosing, acting = st.columns([3, 1.1], gap="large")
    with choosing:
        asked = choose_check(wishes)
    if asked and wished(KIND):
        launched()
        st.query_params[KIND] = start(asked)
    check = shown_check()
    with acting:
        action(KIND, "Run", asked is not None, [check] if check else [], follow, key="run labels")
    if check is None:
        return
    stale = tell_what_is_shown(check, asked)
    show_check(check, stale)
    with st.expander("What this check can't tell"):
        st.markdown("\n".join(f"- {limit}" for limit in LIMITS))


def choose_check(wishes: Wishes | None) -> AskedOfLabels | None:
    """What the widgets ask for; nothing before the model at the left is there."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        networks = st.segmented_control(
            "Networks", [BUNDLED, TRAIN], default=BUNDLED, required=True, **kept("networks"),
            help="Training takes about half a minute.",
        )  # fmt: skip
        seed = st.number_input(
            "Seed of the training", 0, 2**31 - 1, 1, width=150, disabled=networks != TRAIN, **kept("seed")
        )
        pictures = st.number_input(
            "Test pictures", 1, MOST, PICTURES, width=130, **kept("pictures"),
            help="Of Fashion-MNIST; none of the networks learned from them. More of them, narrower intervals.",
        )  # fmt: skip
    if wishes is None:
        return None
    own = {"model": bundled_name("true"), "settings": without_layers(wishes.common["settings"])}
    training = seed if networks == TRAIN else None
    return AskedOfLabels(**{**wishes.common, **own}, pictures=pictures, training=training)


def kept(name: str) -> dict[str, str]:
    """What makes a widget's value part of the address."""
    return {"key": f"labels.{name}", "bind": "query-params", "persist_state": "session"}


def without_layers(settings: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    """The settings but for names of layers, which belong to the model at the left."""
    layers = {
        (method.name, each.name) for method in core.list_methods() for each in method.parameters if each.kind == "layer"
    }
    kept = {
        method: {name: value for name, value in told.items() if (method, name) not in layers}
        for method, told in settings.items()
    }
    return {method: told for method, told in kept.items() if told}


def follow(_: int, check: LiveJob) -> None:
    progress(KIND, check.id, not check.finished, counts="steps")


def shown_check() -> Labels | None:
    """The check that the address names, or the sample that ships with the app."""
    if KIND not in st.query_params:
        return sample()
    try:
        return find_labels(st.query_params[KIND])
    except NotThere:
        st.info("That check is no longer kept here. Press Run to make it again.")
        return None


def tell_what_is_shown(check: Labels, asked: AskedOfLabels | None) -> bool:
    """A line that says whose results these are; whether they are older than what is chosen."""
    if isinstance(check, Shipped):
        st.caption("A precomputed sample, so that there is something to look at. Press Run to check your choice here.")
        return False
    return tell_older(check, asked, "This check is", "Run")


def show_check(check: Labels, stale: bool) -> None:
    """The networks, and a row a method with its maps and its likenesses; mounted once and fed by events."""
    _COMPONENT(
        data={
            "run": check.id,
            "methods": list(described(check.asked)),
            "pictures": shown_pictures()[: check.asked.pictures],
            "roles": dict(ROLES),
            "judged": JUDGED,
            "half": HALF,
            "enough": ENOUGH,
            "criterion": CRITERION,
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
