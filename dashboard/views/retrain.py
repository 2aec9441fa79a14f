"""The Retrain page: whether what a heatmap calls important is missed by a model that may learn anew without it."""

import streamlit as st

from dashboard.controls.address import choose_tab
from dashboard.controls.map_panel import advanced, choose_maps
from dashboard.controls.method_panel import choose_methods
from dashboard.controls.page_state import kept_page
from dashboard.controls.selection import Selection
from dashboard.controls.trial_panel import choose_seed
from dashboard.library.models import Loading
from dashboard.retrain.fine_tune.job import FINE_TUNE
from dashboard.retrain.fine_tune.panel import OF_A_FOLDER, explained_network, fine_tune
from dashboard.retrain.roar.job import ROAR
from dashboard.retrain.roar.panel import roar
from dashboard.retrain.single_patch.job import SINGLE_PATCH
from dashboard.retrain.single_patch.panel import single_patch
from dashboard.retrain.toy.job import RETRAINING_TOY
from dashboard.retrain.toy.panel import retraining_toy

HOW_LONG = "Each method explains every test picture. The networks are fine-tuned once for all methods."


def page() -> None:
    kinds = (FINE_TUNE, ROAR, RETRAINING_TOY, SINGLE_PATCH)
    tuned, retrained, toy, deleted = choose_tab({kind.name: kind.tab for kind in kinds}, "tab")
    for tab, panel in ((retrained, roar), (toy, retraining_toy)):
        if tab.open:
            with tab:
                panel()
            return
    with st.sidebar:
        loading = explained_network("" if deleted.open else OF_A_FOLDER)
        selection = choose(loading)
    if deleted.open:
        with deleted:
            single_patch(selection, loading)
    else:
        with tuned:
            fine_tune(selection, loading)


def choose(loading: Loading) -> Selection | None:
    """The sidebar below the network; nothing before it is there."""
    if loading.classifier is None:
        return None
    methods = choose_methods([loading.classifier], how_long=HOW_LONG)
    with advanced():
        maps = choose_maps(loading.name, loading.classifier, methods)
        return Selection({**maps, "seed": choose_seed()})


with kept_page("retrain"):
    page()
