"""The tab of variations: what else the model would accept in a hidden region."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from jaxtyping import Bool
from torch import Tensor

import core
from core.generation.choosing import fitting_priors
from core.generation.hidden import hidden_regions
from core.generation.holes import Cut
from core.generation.pools import CLOTHES, GALLERY, PATCHES, usual_source
from core.generation.priors import find_prior
from core.generation.reconstruction import MOST, count_pictures
from core.jobs.durations import counted
from core.methods.heatmap import HeatmapReady
from core.models.classifier import Classifier
from core.randomness import picture_digest
from dashboard.components.component import declare
from dashboard.components.methods import method_labels
from dashboard.controls.address import bound, choose
from dashboard.controls.folder_panel import FOLDER, ask_folder
from dashboard.controls.mark_panel import Purpose, draw_mark, mark_for
from dashboard.controls.model_answer import show_prediction
from dashboard.controls.selection import Seen, Selection
from dashboard.controls.trial_panel import explain_class
from dashboard.library.marks import bits_of_mask, marks
from dashboard.library.models import Loading, models, shelf
from dashboard.library.pictures import Choice
from dashboard.reconstruct.one_picture import Asked, Tab, draw
from dashboard.reconstruct.time_panel import tell_time
from dashboard.reconstruct.variations.job import (
    BY,
    FILLED,
    HAND,
    LEAST_VARIATIONS,
    VARIATIONS,
    Variations,
    VariationsRequest,
)

KEY = VARIATIONS.name
METHOD = "smoothgrad_squared"
SHARE = 70
"""In percent: the middle of the range that was published, 50 to 90. With half of the pixels of 20 test clothes hidden,
75 % of the fills keep the class, and 80 % with the same shape elsewhere: there is little to see by eye.
"""
HOLE = Purpose("hole", "Paint the hole", "brush")
REGIONS = {"map": "Salient in a heatmap", HAND: "Painted by hand"}
BUNDLED = ""
GREY = {CLOTHES: (0.7, "clothes"), GALLERY: (0.53, "photos"), PATCHES: (0.55, "patches of photos")}
"""About the energy score of a grey fill, and of which pictures: what a prior has to beat."""
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
    tab = Tab(VARIATIONS, WHAT, HOW, choose_variations, tell_plan, show_answer, show_variations)
    draw(tab, loading, picture, selection)


def choose_variations(seen: Seen, selection: Selection | None) -> Asked[VariationsRequest]:
    """The request that the widgets make; none before the model has seen the picture, or where nothing is hidden."""
    classifier = seen.loading.classifier
    if classifier is None or seen.picture is None or seen.look is None or selection is None:
        return Asked(None, seen.names)
    hidden = choose_hidden(seen, classifier)
    filled = choose_filling(classifier)
    known = {**seen.names, **hidden, **filled, "donors": filled["donors"] or BUNDLED}
    if not (hidden.get("hole") or hidden.get("method")) or filled["donors"] is None:
        return Asked(None, known)
    methods = tuple(filter(None, [hidden.get("method", "")]))
    settings = {name: chosen for name, chosen in selection.shared.get("settings", {}).items() if name in methods}
    shared = {**selection.shared, "methods": methods, "settings": settings}
    request = VariationsRequest(
        **shared, picture=seen.picture.name, target=selection.explained(seen.look), **hidden, **filled
    )
    return Asked(request, known)


def choose_hidden(seen: Seen, classifier: Classifier) -> dict[str, Any]:
    """The region that is hidden; an empty name of the hole where none is painted yet."""
    with st.container(horizontal=True, gap="small"):
        region = choose(
            st.segmented_control, "Hidden region", REGIONS, "map", f"{KEY}.region", required=True,
            label_visibility="collapsed",
        )  # fmt: skip
        if region != HAND:
            method, name = choose_method(classifier), ""
        else:
            method, name = "", mark_for(HOLE, **seen.names)
            if not name:
                st.caption("Paint a hole, then press Run.")
    if method:
        return choose_salient(method)
    draw_mark(HOLE, seen, name)
    return {"hole": name}


def choose_method(classifier: Classifier) -> str:
    """The method whose heatmap says what is hidden."""
    labels = method_labels()
    fits = {name: labels[name] for name, reason in core.capability(classifier).items() if reason is None}
    return choose(
        st.selectbox, "Heatmap", fits, METHOD if METHOD in fits else next(iter(fits)), f"{KEY}.method",
        width=190, label_visibility="collapsed",
    )  # fmt: skip


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
            help="50 to 90 % was published. The larger the hole, the fewer fills keep the class.",
        )  # fmt: skip
    return {"method": method, "by": by, "share": share / 100}


def choose_filling(classifier: Classifier) -> dict[str, Any]:
    """What fills the region, and how many times; no donors where a folder is asked for and not there."""
    titles = {each.name: each.label for each in core.list_priors()}
    with st.expander("Fills", key=f"{KEY} fills", type="compact"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            source = choose(
                st.segmented_control, "Fills come from", {BUNDLED: "bundled", FOLDER: "own folder"},
                BUNDLED, f"{KEY}.source", required=True, wrap=True,
            )  # fmt: skip
            names = fitting_priors(source or usual_source(classifier), classifier.size)
            prior = choose(
                st.selectbox, "Prior", {name: titles[name] for name in names}, names[0], f"{KEY}.prior", width=240
            )
            variations = choose_count(KEY)
        st.caption(find_prior(prior).summary)
        folder = ask_folder(DONORS) if source == FOLDER else BUNDLED
    return {"prior": prior, "variations": variations, "donors": None if source == FOLDER and not folder else folder}


def choose_count(key: str) -> int:
    """How many times a region is filled: any number that a gallery can hold and an interval can be read from."""
    count: int = bound(
        st.number_input, "Variations", LEAST_VARIATIONS, MOST, LEAST_VARIATIONS, 8, key=f"{key}.variations", width=120,
        persist_state="session", help="From 16 to 64. More of them make the interval narrower.",
    )  # fmt: skip
    return count


def tell_plan(request: VariationsRequest, seen: Seen) -> None:
    """What a click would fill and ask of the model, and how long that takes once it was measured."""
    classifier = seen.loading.classifier
    if classifier is None:
        return

    workload = VARIATIONS.workload(request, classifier)
    if workload is None:
        return
    filled = counted(count_pictures(FILLED, request.variations), "fill")
    plan = f"{filled} ({find_prior(request.prior).label}), {counted(workload.passes, 'pass', 'passes')} of the model"
    if request.donors:
        st.caption(f"{plan}, after the folder is opened.")
    else:
        tell_time(plan, VARIATIONS, request, classifier)


def show_answer(
    seen: Seen, selection: Selection | None, request: VariationsRequest | None, job: Variations | None
) -> None:
    """What the model says, with the region shaded that a click would hide, where that is known."""
    target = selection.explained(seen.look) if selection and seen.look else None
    hidden = known_hole(request, seen, job) if request else None
    shaded = None if hidden is None else {"bits": bits_of_mask(hidden), "height": len(hidden), "width": len(hidden[0])}
    show_prediction(seen, target, job, choose=explain_class, hidden=shaded)
    if request and hidden is None:
        st.caption("The hidden region is shown once Run has made the heatmap.")


def known_hole(request: VariationsRequest, seen: Seen, job: Variations | None) -> Bool[Tensor, "height width"] | None:
    """What the request would hide: the painted hole, or that of a heatmap which the job below has made already."""
    if request.hole:
        return marks.get(request.hole).mask
    same = job and (job.request.model, job.request.picture, job.request.target, job.request.heatmap) == (
        request.model, request.picture, request.target, request.heatmap
    )  # fmt: skip
    if not (job and same and seen.look and seen.loading.classifier):
        return None
    made = [each["sequence"] for each in job.messages(HeatmapReady) if each["final"]]
    if not made:
        return None
    maps, pixels = {request.method: job.heatmap(made[-1]).cpu()}, seen.look.pixels
    size, digest = seen.loading.classifier.size, picture_digest(pixels)
    [hidden] = hidden_regions(maps, size, [request.share], request.by, ["salient"], request.seed, digest)
    return hidden.hole


def show_variations(run: Variations, stale: bool) -> None:
    """The verdict, the regions and their galleries; mounted once and fed by events."""
    request = run.request
    grey, grey_on = (None, "") if request.donors else GREY.get(source_of(request.model), (None, ""))
    _COMPONENT(
        data={
            "run": run.id,
            "heatmap": method_labels().get(request.method, ""),
            "variations": request.variations,
            "grey": grey,
            "grey_on": grey_on,
            "stale": stale,
        },
        key="variations",
    )


def source_of(model: str) -> str:
    """The bundled pictures that suit a model, by its name."""
    held = shelf.held(model)
    if held:
        return usual_source(held)
    return CLOTHES if models.dataset(model) == CLOTHES else ""
