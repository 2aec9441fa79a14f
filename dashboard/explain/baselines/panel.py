"""Baseline and imputer together: where a map starts from, what the test fills in, and F where both are the same."""

from collections import defaultdict
from collections.abc import Mapping

import streamlit as st

import core
from core.methods.registry import REDUCTIONS
from core.pictures.imputers import find_imputer
from core.studies.baselines import COMPARED, refuse_unmatched, with_baseline
from dashboard.components.component import declare
from dashboard.components.methods import described_finished, method_labels, worded
from dashboard.controls.export_panel import result
from dashboard.controls.follow_up_panel import follow_up_panel
from dashboard.explain.baselines.job import BASELINES, BaselinesRequest
from dashboard.explain.one_picture.job import Explanation

WHY = "What is F if each map starts from the values that the test fills in?"
MEASURED = (
    "On 100 photos (EfficientNet-Lite0, imputer data set mean) integrated gradients scores F −0.03 with a black "
    "baseline and 0.13 with the data set mean as baseline, as signed sums; 0.12 and 0.26 as absolute sums. The papers "
    "use a black baseline and signed sums."
)
_COMPONENT = declare("explain/baselines/baselines")


def baselines(explanation: Explanation, stale: bool) -> None:
    """Baseline and imputer told together, and one click that makes them the same; nothing without a baseline."""
    request = explanation.request
    own = with_baseline(request.methods, request.settings)
    if not own:
        return
    st.subheader("Baseline and imputer", anchor=False)
    st.markdown(told_together(own, request.imputer))
    st.caption(MEASURED)
    try:
        for method in own:
            refuse_unmatched(method, request.imputer)
    except ValueError as reason:
        st.caption(str(reason))
        return
    compared = follow_up_panel(BASELINES, explanation, BaselinesRequest(about=explanation.id), WHY)
    if compared:
        made = compared.about.request
        data = {
            "run": compared.job.id,
            "methods": described_finished(compared.about),
            "own": with_baseline(made.methods, made.settings),
            "imputer": made.imputer,
            "baselines": {each.name: each.label for each in core.list_imputers()},
            "reductions": {name: REDUCTIONS[name] for name in COMPARED},
            "spoken": made.reduction if made.reduction in COMPARED else COMPARED[0],
            "stale": stale or compared.stale,
        }
        with result(BASELINES):
            _COMPONENT(data=data, key="baselines")


def told_together(own: Mapping[str, str], imputer: str) -> str:
    """
    >>> told_together({"integrated_gradients": "black", "deeplift": "black"}, "dataset_mean")
    'Integrated gradients, DeepLIFT: baseline black. Imputer: data set mean.'
    """
    starting: defaultdict[str, list[str]] = defaultdict(list)
    for method, baseline in own.items():
        starting[baseline].append(method_labels()[method])
    sentences = [f"{', '.join(labels)}: baseline {worded(baseline)}." for baseline, labels in starting.items()]
    return " ".join([*sentences, f"Imputer: {find_imputer(imputer).label.lower()}."])
