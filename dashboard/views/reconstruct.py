"""The Reconstruct page: what else the model would accept in a region, and masks searched by its outputs alone."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from core.models.sources import ListedModel
from core.stamping.models import list_stamp_models
from dashboard.controls.address import choose_tab
from dashboard.controls.map_panel import advanced, choose_maps
from dashboard.controls.model_panel import choose_model
from dashboard.controls.page_state import kept_page
from dashboard.controls.picture_panel import choose_picture
from dashboard.controls.selection import Selection
from dashboard.controls.trial_panel import choose_class, choose_seed
from dashboard.jobs.kinds import JobKind
from dashboard.jobs.session import sample_of
from dashboard.library.models import DEFAULT_MODEL, Loading, models
from dashboard.library.pictures import Choice, bases_for, gallery_for
from dashboard.reconstruct.mask_search.job import MASK_SEARCH
from dashboard.reconstruct.mask_search.panel import mask_search
from dashboard.reconstruct.share_kept.job import SHARE_KEPT
from dashboard.reconstruct.share_kept.panel import share_kept
from dashboard.reconstruct.variations.job import VARIATIONS
from dashboard.reconstruct.variations.panel import variations

PATCHES = "trained/stamp_patches"
OF_ONE_PICTURE: Mapping[JobKind[Any, Any], Callable[[Loading, Choice | None, Selection | None], None]] = {
    VARIATIONS: variations,
    MASK_SEARCH: mask_search,
}
"""The panels that ask about one picture, each in its tab."""


def page() -> None:
    kinds: list[JobKind[Any, Any]] = [VARIATIONS, SHARE_KEPT, MASK_SEARCH]
    tabs = choose_tab({kind.name: kind.tab for kind in kinds}, "tab")
    tab, kind = next(pair for pair in zip(tabs, kinds, strict=True) if pair[0].open)
    model, first_picture = of_the_sample(kind)
    panel = OF_ONE_PICTURE.get(kind)
    with st.sidebar:
        loading = choose_model(model, patch_models())
        selection = choose(loading, one=panel is not None)
    with tab:
        if panel is None:
            share_kept(loading, selection)
            return
        picture = choose_picture(offered(loading.name), first_picture if loading.name == model else "")
        panel(loading, picture, selection)


def patch_models() -> list[ListedModel]:
    """The bundled network of small patches of photos: a prior was trained for such pictures."""
    return [
        ListedModel(each.name, each.title, "bundled", f"Patches of photos, {each.size[1]} × {each.size[0]} pixels")
        for each in list_stamp_models()
        if each.name == PATCHES
    ]


def offered(model: str) -> list[Choice]:
    """Held-out patches for the network of patches; for others the gallery."""
    known = [each for each in list_stamp_models() if each.name == model == PATCHES]
    return bases_for(known[0]) if known else gallery_for(models.dataset(model))


def of_the_sample(kind: JobKind[Any, Any]) -> tuple[str, str]:
    """Model and picture, if it is of one, of what ships: a newcomer's choices are those of what is shown."""
    sample = sample_of(kind)
    return (sample.request.model, getattr(sample.request, "picture", "")) if sample else (DEFAULT_MODEL, "")


def choose(loading: Loading, one: bool) -> Selection | None:
    if loading.classifier is None:
        return None
    target = choose_class(loading.classifier) if one else None
    with advanced():
        maps = choose_maps(loading.name, loading.classifier, ())
        return Selection({**maps, "seed": choose_seed()}, target)


with kept_page("reconstruct"):
    page()
