"""The tab of variations: what else the model would accept in a hidden region."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

import core
from core.generation.choosing import fitting_priors
from core.generation.holes import Cut
from core.generation.pools import usual_source
from core.generation.priors import find_prior
from core.generation.reconstruction import MOST
from core.jobs.durations import counted
from core.models.classifier import Classifier
from dashboard.components.component import declare
from dashboard.components.methods import method_labels
from dashboard.controls.address import bound, choose
from dashboard.controls.export_panel import export_panel, result
from dashboard.controls.folder_panel import FOLDER, ask_folder
from dashboard.controls.job_panel import job_panel
from dashboard.controls.mark_panel import Purpose, draw_mark, mark_for
from dashboard.controls.model_answer import look_at, show_prediction
from dashboard.controls.selection import Seen, Selection
from dashboard.controls.trial_panel import explain_class
from dashboard.library.models import Loading
from dashboard.library.pictures import Choice
from dashboard.reconstruct.variations.job import (
    BY,
    FILLED,
    HAND,
    VARIATIONS,
    Variations,
    VariationsRequest,
    pictures_of,
)

KEY = VARIATIONS.name
METHOD = "smoothgrad_squared"
COUNTS = (16, 32, 48, MOST)
SHARE = 70
HOLE = Purpose("hole", "Paint the hole", "brush")
REGIONS = {"map": "Salient in a heatmap", HAND: "Painted by hand"}
BUNDLED = ""
SLIDERS: Mapping[Cut, str] = {
    "area": "Hidden, in % of the pixels",
    "threshold": "Threshold, in % below the map's maximum",
}
WHAT = (
    "What else would the model accept? A region is hidden and filled with what might have been there, many times. "
    "Variations for which the model keeps its class are marked."
)
HOW = """
- The hidden region is filled by a prior, which looks only at the pixels that are seen. These stay unchanged.
- A variation is *kept* if the model still predicts the explained class. The share kept depends on the prior: one that
  guesses well keeps the class whatever is hidden. The energy score says how well it guesses.
- Three controls make the share kept readable: the same shape elsewhere, everything but the region, and the region
  filled with the mean colour of the training pictures.
- Donors, for clothes and small patches of photos, are other pictures that are alike around the hole: never the picture
  itself, a near-duplicate of it, or one from the same photo. They are the most similar ones in order, not independent
  draws: the interval describes these fills, not a chance of sampling.
- The flow, a small network, adapts donors to the hole, or fills it by itself. For patches it was trained on the left
  parts of the gallery's photos, also of the one that a bundled picture is from.
- Exemplars are tiles of the rest of the picture itself and of others, for photos those of the gallery. They continue
  textures and know no objects. Sixteen fills at a time share the pictures that they take tiles from, so they are not
  independent draws either: more variations may change the share by more than the interval says.
- The verdict asks whether the 95 % interval of the difference of both shares includes 0 (Newcombe 1998).
- What it cannot say: the intervals are for this picture and this prior, and the control elsewhere is one random
  place. That a class is lost shows that the region matters, not how the model uses it.
- Idea: Thakur and Fischmeister 2020 (arXiv:2006.09504), who filled with a DCGAN. The donors, the energy score and the
  verdicts are our choice.
"""
DONORS = "Pictures like yours, from which the hole is filled: at least as many as there are variations."
_COMPONENT = declare("reconstruct/variations/variations")


def variations(loading: Loading, picture: Choice | None, selection: Selection | None) -> None:
    """The whole tab."""
    st.caption(WHAT)
    seen = look_at(loading, picture)
    answering, choosing, acting = st.columns([1.3, 2.4, 1], gap="medium")
    with choosing:
        request = choose_variations(seen, selection)
    shown = job_panel(VARIATIONS, request, acting, known=seen.names)
    with acting:
        tell_plan(request, loading.classifier)
    with answering:
        target = selection.explained(seen.look) if selection and seen.look else None
        show_prediction(seen, target, shown.job if shown else None, choose=explain_class)
    if shown is None:
        return
    export_panel([shown.job])
    with result(VARIATIONS):
        show_variations(shown.job, shown.stale)
    with st.expander("How this works, and what it cannot say"):
        st.markdown(HOW)


def choose_variations(seen: Seen, selection: Selection | None) -> VariationsRequest | None:
    """The request that the widgets make; nothing before the model has seen the picture, or where nothing is hidden."""
    classifier = seen.loading.classifier
    if classifier is None or seen.picture is None or seen.look is None or selection is None:
        return None
    hidden = choose_hidden(seen, classifier)
    filled = choose_filling(classifier)
    if not hidden or not filled:
        return None
    methods = tuple(filter(None, [hidden.get("method", "")]))
    settings = {name: chosen for name, chosen in selection.shared.get("settings", {}).items() if name in methods}
    shared = {**selection.shared, "methods": methods, "settings": settings}
    return VariationsRequest(
        **shared, picture=seen.picture.name, target=selection.explained(seen.look), **hidden, **filled
    )


def choose_hidden(seen: Seen, classifier: Classifier) -> dict[str, Any] | None:
    """The region that is hidden; nothing where none is painted yet."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        region = choose(
            st.segmented_control, "Hidden region", REGIONS, "map", f"{KEY}.region", required=True, wrap=True
        )
        method = choose_method(classifier) if region != HAND else ""
    return choose_salient(method) if method else choose_hole(seen)


def choose_method(classifier: Classifier) -> str:
    """The method whose heatmap says what is hidden."""
    labels = method_labels()
    fits = {name: labels[name] for name, reason in core.capability(classifier).items() if reason is None}
    return choose(
        st.selectbox, "Heatmap", fits, METHOD if METHOD in fits else next(iter(fits)), f"{KEY}.method", width=230
    )


def choose_salient(method: str) -> dict[str, Any]:
    """How much of the heatmap's region is hidden."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = choose(
            st.segmented_control, "Cut by", {name: name for name in BY}, "area", f"{KEY}.by", required=True,
            help="Area: that share of the pixels, the most salient first. Threshold: all pixels within that share of "
            "the map's maximum.",
        )  # fmt: skip
        share = bound(
            st.slider, SLIDERS[by], 5, 95, SHARE, 5, key=f"{KEY}.share", persist_state="session",
            width="stretch",
        )  # fmt: skip
    return {"method": method, "by": by, "share": share / 100}


def choose_hole(seen: Seen) -> dict[str, Any] | None:
    """What was painted; nothing before."""
    name = mark_for(HOLE, **seen.names)
    draw_mark(HOLE, seen, name)
    if not name:
        st.caption("Paint a hole, then press Run.")
        return None
    return {"hole": name}


def choose_filling(classifier: Classifier) -> dict[str, Any] | None:
    """What fills the region, and how many times; nothing where a folder is asked for and not there."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = choose(
            st.segmented_control, "Fills come from", {BUNDLED: "bundled", FOLDER: "own folder"},
            BUNDLED, f"{KEY}.source", required=True, wrap=True,
        )  # fmt: skip
        names = fitting_priors(source or usual_source(classifier), classifier.size)
        titles = {name: find_prior(name).label for name in names}
        prior = choose(st.selectbox, "Prior", titles, names[0], f"{KEY}.prior", width=240)
        variations = bound(
            st.selectbox, "Variations", COUNTS, index=0, key=f"{KEY}.variations", width=110, persist_state="session"
        )
    donors = ask_folder(DONORS) if source == FOLDER else BUNDLED
    return None if source == FOLDER and not donors else {"prior": prior, "variations": variations, "donors": donors}


def tell_plan(request: VariationsRequest | None, classifier: Classifier | None) -> None:
    """What a click would fill and ask of the model, and what the prior does."""
    if request is None or classifier is None:
        return
    workload = VARIATIONS.workload(request, classifier)
    if workload:
        filled = counted(pictures_of(FILLED, request.variations), "fill")
        st.caption(f"{filled} in {len(FILLED)} regions, {counted(workload.passes, 'pass', 'passes')} of the model.")
    st.caption(find_prior(request.prior).summary)


def show_variations(run: Variations, stale: bool) -> None:
    """The verdict, the regions and their galleries; mounted once and fed by events."""
    request = run.request
    _COMPONENT(
        data={
            "run": run.id,
            "heatmap": method_labels().get(request.method, ""),
            "variations": request.variations,
            "stale": stale,
        },
        key="variations",
    )
