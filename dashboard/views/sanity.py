"""The Sanity page: whether heatmaps depend on what they claim to show, on one picture, on many, and on the labels."""

from contextlib import suppress

import streamlit as st

from dashboard.chosen import Wishes
from dashboard.jobs import NotThere, find
from dashboard.labels import KIND as LABELS_ADDRESS
from dashboard.parts.coming_back import come_back, remember
from dashboard.parts.label_check import label_check
from dashboard.parts.many_sanity import ADDRESS as MANY_ADDRESS
from dashboard.parts.many_sanity import many_sanity
from dashboard.parts.method_panel import choose_methods, choose_settings
from dashboard.parts.model_panel import choose_model
from dashboard.parts.one_sanity import ADDRESS as ONE_ADDRESS
from dashboard.parts.one_sanity import one_sanity
from dashboard.parts.picture_panel import choose_picture
from dashboard.parts.progress import progress
from dashboard.parts.quick_checks import ADDRESS as CHECKS_ADDRESS
from dashboard.parts.randomising_panel import HOW_LONG, choose_randomising
from dashboard.parts.trial_panel import choose_class, choose_output, choose_reduction, choose_seed
from dashboard.pictures import gallery_for
from dashboard.workshop import Loading, models

ONE, MANY, LABELS = "One picture", "Many pictures", "Labels"
JOBS = {
    ONE: {ONE_ADDRESS: "maps", CHECKS_ADDRESS: "answers"},
    MANY: {MANY_ADDRESS: "pictures"},
    LABELS: {LABELS_ADDRESS: "steps"},
}
"""What the jobs of each tab are called in the address, and what tells how far they are."""


ON_LABELS = "Each method explains every test picture once for each of three networks, which are small and quick."


def page() -> None:
    come_back("sanity")
    st.title("Sanity", anchor=False)
    st.caption("Make the model forget what it learned, layer by layer. A heatmap that stays the same did not show it.")
    with st.sidebar:
        loading = choose_model()
    one, many, labels = st.tabs([ONE, MANY, LABELS], key="tab", bind="query-params")
    dataset = models.dataset(loading.name)
    if many.open:
        with st.sidebar:
            randomising = choose_randomising(many=True)
        wishes = choose(loading, one=False, how_long=f"{HOW_LONG} And that for every picture.")
        with many:
            many_sanity(dataset, wishes, randomising)
            keep_alive(MANY)
    elif labels.open:
        wishes = choose(loading, one=False, how_long=ON_LABELS)
        with labels:
            label_check(wishes)
            keep_alive(LABELS)
    else:
        with one:
            picture = choose_picture(gallery_for(dataset))
        with st.sidebar:
            randomising = choose_randomising()
        wishes = choose(loading, one=True, how_long=HOW_LONG)
        with one:
            one_sanity(loading, picture, wishes, randomising)
            keep_alive(ONE)


def choose(loading: Loading, one: bool, how_long: str) -> Wishes | None:
    """The sidebar below the model and the randomisation; nothing before the model is there."""
    classifier = loading.classifier
    if classifier is None:
        return None
    with st.sidebar:
        target = choose_class(classifier) if one else None
        output, reduction = choose_output(), choose_reduction()
        methods = choose_methods([classifier], how_long=how_long)
        settings = choose_settings(classifier, methods)
        seed = choose_seed()
    common = {
        "model": loading.name,
        "methods": tuple(methods),
        "settings": settings,
        "output": output,
        "seed": seed,
        "reduction": reduction,
    }
    return Wishes(common, target, ())


def keep_alive(open_tab: str) -> None:
    """What runs on the other tabs goes on as long as somebody follows it here, and says how far it is."""
    for tab, jobs in JOBS.items():
        for address, counts in jobs.items() if tab != open_tab else ():
            with suppress(NotThere):
                job = find(st.query_params.get(address, ""))
                if not job.finished:
                    progress(f"of {address}", job.id, True, tab, counts, len(job.asked.methods))


page()
remember("sanity")
