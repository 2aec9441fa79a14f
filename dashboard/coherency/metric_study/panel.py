"""The Coherency page's study: what is compared, what it costs, and what it says about the metrics."""

from collections.abc import Sequence

import streamlit as st

import core
from core.coherency.coherency import CHECKED, METRICS, PLAUSIBLE, judged
from core.coherency.correlation import FEWEST_FOR_CORRELATION
from core.coherency.explained import FEWEST_METHODS
from core.coherency.picture import SECOND
from core.methods.registry import REDUCTIONS, find_method, list_controls
from core.metrics.registry import find_metric
from core.stamping.models import DEFAULT
from dashboard.coherency.metric_study.job import (
    ALL_CHECKS,
    ANCHOR,
    CHECK_WORDS,
    METRIC_STUDY,
    MOST_SHOWN,
    STAMPED,
    MetricStudy,
    MetricStudyRequest,
)
from dashboard.components.columns import GROUPS, column, grouped
from dashboard.components.component import declare
from dashboard.components.methods import described
from dashboard.controls.address import choose_several
from dashboard.controls.export_panel import export_panel, result
from dashboard.controls.job_panel import job_panel
from dashboard.controls.method_panel import choose_listed, fitting_methods
from dashboard.controls.metric_panel import choose_metrics, chosen_so_far, key_of
from dashboard.controls.selection import Selection
from dashboard.controls.source_panel import choose_limit, choose_source, how_many, known_source
from dashboard.controls.trial_panel import UNITS, YS
from dashboard.controls.workload import show_workload
from dashboard.library.models import Loading, models, shelf
from dashboard.library.sources import title_of_source

KEY = METRIC_STUDY.name
USUAL_METHODS = (
    "gradient", "input_x_gradient", "integrated_gradients", "smoothgrad", "grad_cam", "occlusion",
)  # fmt: skip
STEPS = 10
"""Of the curves at first: half as many as on one picture, for there are many curves."""
FEWEST_METRICS = 2
COLUMNS = (1.7, 1.5, 1.1)
WHAT = (
    "Metrics judge heatmaps; here the metrics are judged. Do they agree with each other, do pictures agree by each of "
    "them, and does each behave as a metric should?"
)
CHECK_TITLES = {name: words.capitalize() for name, words in CHECK_WORDS.items()}
CHECKS_MEAN = {
    "degradation": "a good map is shuffled step by step: does the score fall?",
    "changes": "noise on picture and weights: is little ignored, and much noticed?",
    "choices": "imputer, unit, sign, class and curve value changed one by one: does the best method change?",
    ANCHOR: f"{STAMPED} stamped pictures, where the right map is known: does the metric rank methods as the truth?",
}
HOW = """
- Each picture is explained for the class that the model predicts, by every chosen method and every control. Each metric
  is turned so that higher is better: two metrics that agree correlate positively.
- **Correlations** are over pictures, for each method by itself, then averaged over the methods that are no controls:
  Spearman's, or point-biserial and phi for metrics of hits and misses. *Given difficulty* takes out what a picture
  gives to maps that ignore the model. *Equally sparse* replaces the values of every map by their ranks.
- **Intervals** are 95 % bootstrap intervals over pictures. They do not contain what other methods would give.
- **Status**: *biased* if one check shows how; *sound* if every check that was made is passed, degradation and controls
  among them; *undecided* otherwise, with what is missing. These rules are ours.
- What it cannot say: six methods differ in many ways at once, so what explains a metric for these may not for others.
  The noise on the weights is one draw. Passing these checks does not show that a metric measures faithfulness.
- After Vandersmissen and Oramas 2023 (arXiv:2302.10764); perturbation consistency after Hedström et al. 2023
  (arXiv:2302.07265), changed; critical differences after Demšar 2006 (JMLR 7).
"""
_COMPONENT = declare("coherency/metric_study/metric_study")


def metric_study(loading: Loading, selection: Selection | None) -> None:
    """The whole page."""
    st.caption(WHAT)
    sourcing, choosing, acting = st.columns(COLUMNS, gap="medium")
    dataset = models.dataset(loading.name)
    with sourcing:
        source = choose_source(dataset)
        available, marked = how_many(source, dataset)
        limit = choose_limit(available)
    with choosing:
        methods = choose_methods_of(loading)
        metrics = choose_compared(marked, selection is None or selection.shared["unit"] == "pixel")
        checks = choose_checks()
    request = None
    if is_complete(loading, limit if available else 0, methods, metrics) and selection:
        asked = {**selection.shared, "methods": methods, "metrics": metrics, "checks": checks}
        request = MetricStudyRequest(**asked, source=source, limit=limit).with_controls(truth_known=marked)
    shown = job_panel(METRIC_STUDY, request, acting, known=known_source(source))
    with acting:
        show_workload(METRIC_STUDY, [request])
    if shown is None:
        return
    export_panel([shown.job])
    with result(METRIC_STUDY):
        asked_for = shown.job.request
        st.header(f"{title_of_source(asked_for.source)}, {models.title(asked_for.model)}", anchor=False)
        show_study(shown.job, shown.stale)
    with st.expander("How this works, and what it cannot say"):
        st.markdown(HOW)


def choose_methods_of(loading: Loading) -> tuple[str, ...]:
    """The methods whose maps are scored, controls left out; nothing before the model is there."""
    if loading.classifier is None:
        return ()
    key = f"{KEY}.methods"
    fits = fitting_methods(loading.classifier)
    titles = {name: label for name, label in fits.items() if not find_method(name).control}
    usual = [name for name in USUAL_METHODS if name in titles]
    with st.popover(f"Methods · {chosen_so_far(key, usual)}", width="stretch", key=f"{key} shown"):
        controls = ", ".join(method.label for method in list_controls(truth_known=False))
        st.caption(f"At least {FEWEST_METHODS}. Controls always run too: {controls}.")
        return choose_listed(titles, usual, key)


def choose_compared(marked: bool, by_pixel: bool) -> tuple[str, ...]:
    """The metrics that are judged: those with a better end and a score for every picture."""
    offered = {
        metric.name: metric
        for metric in core.list_metrics()
        if metric.direction != "none"
        and not (metric.needs_stamp or metric.needs_pictures)
        and (marked or not metric.needs_truth)
        and (by_pixel or "ceiling" not in metric.needs)
    }
    usual = [name for name in offered if name in METRICS or name == PLAUSIBLE]
    count = sum(chosen_so_far(key_of(KEY, group), [name for name in usual if offered[name].group == group])
                for group in GROUPS if any(metric.group == group for metric in offered.values()))  # fmt: skip
    with st.popover(f"Metrics · {count}", width="stretch", key=f"{KEY} metrics shown"):
        return choose_metrics(KEY, "Metrics to judge", offered, usual)


def choose_checks() -> tuple[str, ...]:
    """Which checks are made that take further passes."""
    key = f"{KEY}.checks"
    with st.popover(f"Checks · {chosen_so_far(key, ALL_CHECKS)}", width="stretch", key=f"{key} shown"):
        chosen = choose_several(
            st.pills, "Checks", CHECK_TITLES, ALL_CHECKS, key, selection_mode="multi", wrap=True,
            label_visibility="collapsed",
        )  # fmt: skip
        for name, words in CHECKS_MEAN.items():
            st.caption(f"**{CHECK_TITLES[name]}**: {words}")
        st.caption(
            f"The first three run on the first {CHECKED} pictures and take most of the time. Without them a metric "
            "can be found biased, but not sound."
        )
    if ANCHOR in chosen:
        shelf.ask(DEFAULT)  # so that what it takes is known before the start
    return tuple(name for name in ALL_CHECKS if name in chosen)


def is_complete(loading: Loading, pictures: int, methods: Sequence[str], metrics: Sequence[str]) -> bool:
    """Whether there is enough to compare; what is missing is said."""
    missing = []
    if loading.classifier and len(methods) < FEWEST_METHODS:
        missing.append(f"Choose at least {FEWEST_METHODS} methods: with fewer there is no ranking to compare.")
        if core.capability(loading.classifier)["gradient"] is not None:
            missing.append("This model gives no gradients, so choose methods that need its outputs only.")
    if len(metrics) < FEWEST_METRICS:
        missing.append(f"Choose at least {FEWEST_METRICS} metrics to compare.")
    if 0 < pictures < FEWEST_FOR_CORRELATION:
        missing.append(
            f"A correlation over pictures needs at least {FEWEST_FOR_CORRELATION} of them; there "
            f"{'is' if pictures == 1 else 'are'} {pictures}."
        )
    for sentence in missing:
        st.warning(sentence)
    return bool(pictures) and not missing


def show_study(study: MetricStudy, stale: bool) -> None:
    """The statuses and everything that they follow from; mounted once and fed by events."""
    request = study.request
    names = judged(request.metrics)
    _COMPONENT(
        data={
            "run": study.id,
            "methods": list(described(request)),
            "metrics": [column(find_metric(name)) for name in names],
            "groups": grouped(names),
            "checks": list(request.checks),
            "checked": min(CHECKED, request.limit),
            "choices": choices_in_words(),
            "most_shown": MOST_SHOWN,
            "stale": stale,
        },
        key="metric study",
    )


def choices_in_words() -> dict[str, dict[str, str]]:
    """What each choice of a study may be changed to, by the engine's names."""
    return {
        "imputer": {each.name: each.label for each in core.list_imputers()},
        "unit": dict(UNITS),
        "y": {name: words.partition(":")[0] for name, words in YS.items()},
        "sign": {str(name): words for name, words in REDUCTIONS.items()},
        "target": {SECOND: "the second most probable class"},
    }
