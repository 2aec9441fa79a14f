"""The Stamp page: a cue that a person puts on a picture, so that its place is known, and who finds it."""

import streamlit as st

from dashboard.chosen import Wishes
from dashboard.parts.coming_back import come_back, remember
from dashboard.parts.method_panel import choose_methods, choose_settings
from dashboard.parts.one_stamp import one_stamp
from dashboard.parts.picture_panel import choose_picture
from dashboard.parts.stamp_benchmark import keep_benchmark_alive, stamp_benchmark
from dashboard.parts.stamp_model_panel import choose_stamp_model
from dashboard.parts.trial_panel import choose_class, choose_output, choose_reduction, choose_seed
from dashboard.pictures import Choice, bases_for, gallery_for
from dashboard.stamping import stamp_model
from dashboard.workshop import Loading, models

PLACE, BENCHMARK = "Place a stamp", "Benchmark"


def page() -> None:
    come_back("stamp")
    st.title("Stamp", anchor=False)
    st.caption("Put a small picture on another, and you know where the cue is. Which heatmaps find it?")
    with st.sidebar:
        loading = choose_stamp_model()
    place, benchmark = st.tabs([PLACE, BENCHMARK], key="tab", bind="query-params")
    with st.sidebar:
        wishes = choose(loading)
    if benchmark.open:
        with benchmark:
            stamp_benchmark(loading.name, wishes)
    else:
        with place:
            picture = choose_picture(offered(loading.name))
            keep_benchmark_alive()
            one_stamp(loading, picture, wishes)


def offered(model: str) -> list[Choice]:
    """Held-out pictures of the kind that a stamp model knows; for others, and where those are gone, the gallery."""
    known = stamp_model(model)
    if known is None:
        return gallery_for(models.dataset(model))
    try:
        return bases_for(known)
    except ValueError as absence:
        st.warning(f"The pictures that this model is tested on can't be had. {absence}")
        return gallery_for("")


def choose(loading: Loading) -> Wishes | None:
    """The sidebar below the model; nothing before the model is there."""
    classifier = loading.classifier
    if classifier is None:
        return None
    target = None if stamp_model(loading.name) else choose_class(classifier)
    output, reduction = choose_output(), choose_reduction()
    methods = choose_methods([classifier], truth_known=True)
    common = {
        "model": loading.name,
        "methods": tuple(methods),
        "settings": choose_settings(classifier, methods),
        "output": output,
        "seed": choose_seed(),
        "reduction": reduction,
    }
    return Wishes(common, target, ())


page()
remember("stamp")
