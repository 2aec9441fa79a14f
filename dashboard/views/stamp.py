"""The Stamp page: a cue that a person puts on a picture, so that its location is known, and which maps find it."""

import streamlit as st

from dashboard.controls.address import choose_tab
from dashboard.controls.export_panel import result
from dashboard.controls.map_panel import advanced, choose_maps
from dashboard.controls.method_panel import choose_methods
from dashboard.controls.page_state import kept_page
from dashboard.controls.picture_panel import choose_picture
from dashboard.controls.selection import Selection
from dashboard.controls.trial_panel import choose_class, choose_seed
from dashboard.library.models import Loading, models
from dashboard.library.pictures import Choice, bases_for, gallery_for
from dashboard.stamp.benchmark.job import BENCHMARK
from dashboard.stamp.benchmark.panel import stamp_benchmark
from dashboard.stamp.model_panel import choose_stamp_model
from dashboard.stamp.one_picture.job import STAMPED_PICTURE
from dashboard.stamp.one_picture.panel import stamped_picture
from dashboard.stamp.stamp_models import stamp_model


def page() -> None:
    with st.sidebar:
        loading = choose_stamp_model()
    place, benchmark = choose_tab({kind.name: kind.tab for kind in (STAMPED_PICTURE, BENCHMARK)}, "tab")
    with st.sidebar:
        selection = choose(loading)
    if benchmark.open:
        with benchmark:
            stamp_benchmark(loading.name, selection)
    else:
        with place:
            picture = choose_picture(offered(loading.name))
            with result(STAMPED_PICTURE):
                stamped_picture(loading, picture, selection)


def offered(model: str) -> list[Choice]:
    """Held-out pictures of the kind that a stamp model knows; for others, and where those are gone, the gallery."""
    known = stamp_model(model)
    if known is None:
        return gallery_for(models.dataset(model))
    try:
        return bases_for(known)
    except ValueError as absence:
        st.warning(f"The pictures that this model is tested on are unavailable. {absence}")
        return gallery_for("")


def choose(loading: Loading) -> Selection | None:
    """The sidebar below the model; nothing before the model is there."""
    if loading.classifier is None:
        return None
    target = None if stamp_model(loading.name) else choose_class(loading.classifier)
    methods = choose_methods([loading.classifier], truth_known=True)
    with advanced():
        maps = choose_maps(loading.name, loading.classifier, methods)
        return Selection({**maps, "seed": choose_seed()}, target)


with kept_page("stamp"):
    page()
