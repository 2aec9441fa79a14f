"""The Sanity page: whether heatmaps depend on what they claim to show, on one picture, on many, and on the labels."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.controls.address import choose_tab
from dashboard.controls.export_panel import result
from dashboard.controls.map_panel import advanced, choose_maps
from dashboard.controls.method_panel import choose_methods
from dashboard.controls.model_panel import choose_model
from dashboard.controls.page_state import kept_page
from dashboard.controls.picture_panel import choose_picture
from dashboard.controls.selection import Selection
from dashboard.controls.trial_panel import choose_class, choose_seed
from dashboard.jobs.kinds import JobKind
from dashboard.jobs.session import sample_of
from dashboard.library.models import DEFAULT_MODEL, Loading, models
from dashboard.library.pictures import gallery_for
from dashboard.sanity.label_check.job import LABEL_CHECK
from dashboard.sanity.label_check.panel import label_check, label_networks
from dashboard.sanity.many_pictures.job import SANITY_STUDY
from dashboard.sanity.many_pictures.panel import sanity_of_many
from dashboard.sanity.quick_checks.panel import quick_checks
from dashboard.sanity.randomisation.job import RANDOMISATION
from dashboard.sanity.randomisation.panel import randomisation
from dashboard.sanity.randomisation.settings_panel import HOW_LONG, choose_stages

ON_LABELS = "Each method explains every test picture once for each of three small networks, which takes seconds."


def page() -> None:
    kinds = (RANDOMISATION, SANITY_STUDY, LABEL_CHECK)
    one, many, labels = choose_tab({kind.name: kind.tab for kind in kinds}, "tab")
    if labels.open:
        with st.sidebar:
            selection, _ = choose(label_networks(), ON_LABELS)
        with labels:
            label_check(selection)
        return
    model, first_picture = of_the_sample(SANITY_STUDY if many.open else RANDOMISATION)
    with st.sidebar:
        loading = choose_model(model)
    dataset = models.dataset(loading.name)
    if many.open:
        selection, stages = choose(loading, f"{HOW_LONG} This is repeated for every picture.", staged=True)
        with many:
            sanity_of_many(dataset, selection, stages)
        return
    with one:
        picture = choose_picture(gallery_for(dataset), first_picture if loading.name == model else "")
    selection, stages = choose(loading, HOW_LONG, one=True, staged=True)
    with one:
        with result(RANDOMISATION):
            request = randomisation(loading, picture, selection, stages)
        quick_checks(request)


def of_the_sample(kind: JobKind[Any, Any]) -> tuple[str, str]:
    """Model and picture, if any, of what ships with the app: a newcomer's choices are those of what is shown."""
    sample = sample_of(kind)
    return (sample.request.model, getattr(sample.request, "picture", "")) if sample else (DEFAULT_MODEL, "")


def choose(
    loading: Loading, how_long: str, one: bool = False, staged: bool = False
) -> tuple[Selection | None, Mapping[str, Any]]:
    """The sidebar below the model, and how a network is randomised; nothing before the model is there.

    Parameters
    ----------
    one
        Whether it is about one picture, of which a class is chosen.
    staged
        Whether the network is randomised stage by stage.
    """
    if loading.classifier is None:
        return None, {}
    with st.sidebar:
        target = choose_class(loading.classifier) if one else None
        methods = choose_methods([loading.classifier], how_long=how_long)
        with advanced():
            stages = choose_stages(many=not one) if staged else {}
            maps = choose_maps(loading.name, loading.classifier, methods)
            return Selection({**maps, "seed": choose_seed()}, target), stages


with kept_page("sanity"):
    page()
