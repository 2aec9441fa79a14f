"""The tab of mask search: how fast its maps become good, beside RISE and occlusion."""

import streamlit as st

from core.jobs.durations import about, counted
from core.methods.search_outcome import MOSTLY_CHANCE
from core.studies.search_arms import ARMS
from dashboard.components.component import declare
from dashboard.components.embedded import as_address
from dashboard.components.prediction.prediction import answer, prediction
from dashboard.controls.address import bound, choose
from dashboard.controls.model_answer import recorded_answer, show_prediction
from dashboard.controls.selection import Seen, Selection
from dashboard.controls.trial_panel import explain_class
from dashboard.controls.workload import planned_of
from dashboard.library.models import Loading
from dashboard.library.pictures import Choice
from dashboard.reconstruct.mask_search.job import (
    MASK_SEARCH,
    SEARCHED,
    STAMP_CLASS,
    STOPS,
    MaskSearch,
    MaskSearchRequest,
    decides,
    look_at_stamp,
    stamp_truth,
)
from dashboard.reconstruct.one_picture import Asked, Tab, draw

KEY = MASK_SEARCH.name
MOST = 1000
OFFERED = STOPS[1:]
NO_TRUTH = (
    "On this picture the stamp does not decide the class, so its location cannot serve as ground truth and F judges "
    "the maps. Choose another picture."
)
WHAT = (
    "Mask search finds a map from the model's outputs alone: chains of random masks stay where the class is seen. "
    "Here its two forms stand beside RISE and occlusion, each after the same number of passes."
)
HOW = """
- A chain is a mask of 8 × 8 cells. The more probable the class is under it, the more cells stay; the others flip.
  *Win stay* sums the masks, as the authors' code does. *Total variation* weights each mask by its effect on the
  probability; that is our reading of a figure in the code. Both forms share their passes: 50 chains run side by side.
- It does not converge faster than RISE. Measured on 20 ImageNet photos with EfficientNet-Lite0, win stay is worse than
  RISE at 250 and at 1,000 passes, F lower by 0.21 [0.11, 0.30] and 0.11 [0.02, 0.21]. Total variation is not
  distinguishable from RISE, and its halves agree less.
- F and insertion are measured with 10 steps. *Chance* is how far F of the map's own shifted copies reaches.
- With the stamp on the picture the verdict is on stamp distance: once the stamp is among the first tenth of the pixels,
  every map has about the same F and insertion.
- Doubt is the standard error of the map, from the spread over chains. Halves: the rank correlation between the maps of
  two halves of the chains, or of RISE's masks; below 0.33 most of the map is chance. It compares whole maps: a small
  stamp may be found while all around it is chance.
- A probability that hardly moves under random masks cannot steer the chains. 32 masked pictures show that beforehand,
  and are not counted.
- What it cannot say: this is one picture and one seed. Which method leads may differ on another.
- Thakur and Fischmeister 2020 (arXiv:2006.09504). Many chains at once, and the clamp that keeps one from freezing, are
  ours.
"""
_COMPONENT = declare("reconstruct/mask_search/mask_search")


def mask_search(loading: Loading, picture: Choice | None, selection: Selection | None) -> None:
    """The whole tab."""
    tab = Tab(MASK_SEARCH, WHAT, HOW, choose_search, tell_plan, show_answer, show_search)
    draw(tab, loading, picture, selection)


def choose_search(seen: Seen, selection: Selection | None) -> Asked[MaskSearchRequest]:
    """The request that the widgets make; none before the model has seen the picture."""
    if seen.picture is None or seen.look is None or selection is None:
        return Asked(None, seen.names)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        titles = {stop: f"{stop:,}" for stop in OFFERED}
        most = choose(st.selectbox, "Passes of each method, at most", titles, MOST, f"{KEY}.most", width=230)
        stamped = choose_stamp(seen.loading.name)
    request = MaskSearchRequest(
        methods=SEARCHED,
        model=seen.loading.name,
        picture=seen.picture.name,
        target=STAMP_CLASS if stamped else selection.explained(seen.look),
        output=selection.shared["output"],
        seed=selection.shared["seed"],
        most=most,
        stamped=stamped,
    )
    return Asked(request, seen.names)


def choose_stamp(model: str) -> bool:
    """Whether a stamp lies on the picture; only where the model has learned one."""
    if stamp_truth(model) is None:
        return False
    stamped: bool = bound(
        st.toggle, "Stamp on the picture", True, key=f"{KEY}.stamped", persist_state="session",
        help="This model has learned that the stamp decides the class. With the stamp on the picture the right map is "
        "known: the class of the stamp is explained, whichever class is chosen, and each map's distance from the stamp "
        "is measured.",
    )  # fmt: skip
    return stamped


def tell_plan(request: MaskSearchRequest, _: Seen) -> None:
    """How many passes a click would take, and how long."""
    planned = planned_of(MASK_SEARCH, request)
    if planned:
        workload, classifier = planned
        took = f"{counted(workload.passes, 'pass', 'passes')} in all, {about(workload.seconds(classifier))}"
        st.caption(f"{took}, to make the maps and to judge them.")


def show_answer(
    seen: Seen, selection: Selection | None, request: MaskSearchRequest | None, job: MaskSearch | None
) -> None:
    """What the model says of the picture, with the stamp on it where it is asked for."""
    if request and request.stamped:
        show_stamped(seen, job)
    else:
        target = selection.explained(seen.look) if selection and seen.look else None
        show_prediction(seen, target, job, choose=explain_class)


def show_stamped(seen: Seen, job: MaskSearch | None) -> None:
    """The picture with the stamp on it, as the model sees it, and the likeliest classes of that."""
    known, classifier, picture = stamp_truth(seen.loading.name), seen.loading.classifier, seen.picture
    if known is None or classifier is None or picture is None or seen.look is None:
        return
    stamped = look_at_stamp(known.name, picture.name)
    if not decides(seen.look, stamped):
        st.info(NO_TRUTH)
    crop, top = as_address(stamped.pixels[0]), stamped.top_with(STAMP_CLASS)
    shown = answer(crop, picture.title, top, classifier.labels[STAMP_CLASS])
    prediction(0, shown, recorded_answer(job) if job else None)


def show_search(run: MaskSearch, stale: bool) -> None:
    """The verdict, the curves and the maps; mounted once and fed by events."""
    _COMPONENT(
        data={
            "run": run.id,
            "arms": [{"name": name, "label": label} for name, label in ARMS.items()],
            "methods": [{"name": name} for name in run.request.methods],
            "stops": run.request.stops,
            "stamped": run.request.stamped,
            "chance_below": MOSTLY_CHANCE,
            "stale": stale,
        },
        key="mask_search",
    )
