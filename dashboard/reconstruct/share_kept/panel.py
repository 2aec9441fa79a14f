"""The tab of the share kept: several methods over many pictures, against the size of the hole."""

from typing import Any

import streamlit as st

from core.generation.choosing import fitting_priors
from core.generation.donors import donors
from core.generation.hidden import REGIONS
from core.generation.pools import usual_source
from core.generation.priors import find_prior
from core.jobs.durations import counted
from core.metrics.statistics import FEWEST
from core.models.classifier import Classifier
from core.studies.reconstructions import SHARES
from dashboard.components.component import declare
from dashboard.components.methods import described
from dashboard.controls.address import choose, choose_several
from dashboard.controls.export_panel import export_panel, result
from dashboard.controls.job_panel import job_panel
from dashboard.controls.method_panel import choose_listed, fitting_methods
from dashboard.controls.selection import Selection
from dashboard.controls.source_panel import choose_limit, choose_source, how_many, known_source
from dashboard.library.models import Loading, models
from dashboard.library.sources import title_of_source
from dashboard.reconstruct.share_kept.job import SHARE_KEPT, ShareKept, ShareKeptRequest, variations_in
from dashboard.reconstruct.time_panel import tell_time
from dashboard.reconstruct.variations.job import FILLED, in_percent
from dashboard.reconstruct.variations.panel import choose_count

KEY = SHARE_KEPT.name
USUAL_METHODS = ("smoothgrad_squared", "grad_cam", "gradient", "random")
COLUMNS = (1.5, 2.1, 1)
WHAT = (
    "Does the class survive when what a heatmap marks is replaced? The most salient pixels of each picture are hidden "
    "and filled many times. The fewer variations keep the class, the more it depends on what was hidden."
)
HOW = """
- Each picture is explained for the class that the model predicts. A variation is *kept* if the model still predicts
  it. Every picture counts once; the intervals are over pictures, and for this prior.
- The share kept means little by itself: a prior that guesses well keeps the class whatever is hidden, and a scattered
  map leaves so much in between that its fill is nearly the picture itself. So each region stands beside three others:
  the same shape at a random place, all but the region, and the region without a fill.
- **Gap**: share kept with the same shape elsewhere, less that with the region, averaged over the sizes. It is positive
  where the map marks what the class depends on. A verdict needs its 95 % interval, over pictures that are compared
  with themselves, to exclude 0, and at least five pictures.
- **Energy score**: how far the fills are from what was hidden, less what they differ among themselves. Lower is
  better. It judges the prior, not the heatmap.
- *All but the region* hides the rest: at 90 % of the pixels in the region it hides 10 %.
- What it cannot say: another prior gives other shares. A random region is drawn once for each picture, method and size,
  and may lie on the background, which every prior guesses well. The intervals are not corrected for the number of
  methods.
- Idea: Thakur and Fischmeister 2020 (arXiv:2006.09504), who report 89 % kept, fewer as the hole grows. The donors, the
  energy score, the gap and the verdicts are our choice.
"""
_COMPONENT = declare("reconstruct/share_kept/share_kept")


def share_kept(loading: Loading, selection: Selection | None) -> None:
    """The whole tab."""
    st.caption(WHAT)
    sourcing, choosing, acting = st.columns(COLUMNS, gap="medium")
    with sourcing:
        source = choose_source(models.dataset(loading.name))
        available, _ = how_many(source, models.dataset(loading.name))
        limit = choose_limit(available)
    with choosing:
        chosen = choose_regions(loading.classifier) if loading.classifier else None
    request = None
    if selection and chosen and available:
        request = ShareKeptRequest(**{**selection.shared, **chosen}, source=source, limit=limit)
    shown = job_panel(SHARE_KEPT, request, acting, known=known_source(source))
    with acting:
        tell_plan(request, loading.classifier)
    if shown is None:
        return
    export_panel([shown.job])
    with result(SHARE_KEPT):
        asked = shown.job.request
        st.header(f"{title_of_source(asked.source)}, {models.title(asked.model)}", anchor=False)
        show_curves(shown.job, shown.stale)
    with st.expander("How this works, and what it cannot say"):
        st.markdown(HOW)


def choose_regions(classifier: Classifier) -> dict[str, Any] | None:
    """Whose maps are cut, how much is hidden, and what fills it; nothing where no method or size is chosen."""
    titles = fitting_methods(classifier)
    listed = st.container()
    with st.expander("Choose methods", key=f"{KEY} methods", type="compact"):
        methods = choose_listed(titles, USUAL_METHODS, f"{KEY}.methods")
    listed.markdown(f"**Methods:** {', '.join(map(titles.__getitem__, methods)) or 'none'}")
    sizes = {share: in_percent(share) for share in SHARES}
    shares = choose_several(
        st.pills, "Share of the pixels hidden", sizes, SHARES, f"{KEY}.shares", selection_mode="multi"
    )
    filling = choose_filling(classifier)
    if not (methods and shares):
        st.caption("Choose at least one method and one size of the hidden region.")
        return None
    return {"methods": methods, "shares": tuple(sorted(shares)), **filling}


def choose_filling(classifier: Classifier) -> dict[str, Any]:
    """What fills the regions, at first the quickest that suits the pictures, and how many times."""
    names = fitting_priors(usual_source(classifier), classifier.size)
    usual = donors.__name__ if donors.__name__ in names else names[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        titles = {name: find_prior(name).label for name in names}
        prior = choose(st.selectbox, "Prior", titles, usual, f"{KEY}.prior", width=240)
        variations = choose_count(KEY)
    return {"prior": prior, "variations": variations}


def tell_plan(request: ShareKeptRequest | None, classifier: Classifier | None) -> None:
    """What a click would fill and ask of the model, how long that takes, and what the prior does."""
    if request is None or classifier is None:
        return

    workload = SHARE_KEPT.workload(request, classifier)
    if workload:
        fills = variations_in(FILLED, request) * request.limit
        plan = (
            f"{counted(request.limit, 'picture')}, {counted(len(request.methods), 'method')}, {len(REGIONS)} regions: "
            f"{counted(fills, 'fill')}, {counted(workload.passes, 'pass', 'passes')} of the model"
        )
        tell_time(plan, SHARE_KEPT, request, classifier)
    st.caption(find_prior(request.prior).summary)


def show_curves(run: ShareKept, stale: bool) -> None:
    """The verdict, the curves and the table; mounted once and fed by events."""
    request = run.request
    _COMPONENT(
        data={
            "run": run.id,
            "methods": list(described(request)),
            "shares": list(request.shares),
            "variations": request.variations,
            "fewest": FEWEST,
            "stale": stale,
        },
        key="share kept",
    )
