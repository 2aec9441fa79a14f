"""The toy tab of the Retrain page: why removing features says little about a model that is not retrained."""

import streamlit as st

from core.metrics.statistics import FEWEST
from core.retraining.toy import EXAMPLES, FEATURES, INFORMATIVE
from dashboard.components.component import declare
from dashboard.controls.address import bound
from dashboard.controls.export_panel import export_panel, result
from dashboard.controls.job_panel import job_panel
from dashboard.retrain.toy.job import RETRAINING_TOY, RetrainingToy, RetrainingToyRequest

SEEDS, MOST = 20, 2000
WHAT = (
    f"A model learns a class from {FEATURES} features, of which only {INFORMATIVE} are informative. Features are then "
    "replaced by their mean: worst first, at random, or best first."
)
HOW = f"""
- An example has the features x = a·z/10 + d·η + ε/10. All variables are standard normal: z and η are one number an
  example, ε is noise in each feature. The class is whether z is positive.
- The vectors a and d are drawn once a seed. Only the first {INFORMATIVE} entries of a differ from zero: these features
  are informative. The disturbance d·η is in all {FEATURES}.
- The model is a least-squares fit to {EXAMPLES:,} examples, tested on {EXAMPLES:,} others. A removed feature takes its
  training mean in both. Retraining fits the model again after each removal.
- Best first removes the informative features, the largest |a| first, and then the others; worst first is the reverse.
- After the synthetic data of Hooker et al. 2019, arXiv:1806.10758. The numbers of examples are our choice.
- The orders are known here; no heatmap is tested. The experiment shows only what a test without retraining mixes up.
"""
_COMPONENT = declare("retrain/toy/toy")


def retraining_toy() -> None:
    """The whole tab."""
    choosing, acting = st.columns([3, 1.1], gap="large")
    with choosing:
        st.caption(WHAT)
        request = choose_seeds()
    shown = job_panel(RETRAINING_TOY, request, acting)
    if shown is None:
        return
    export_panel([shown.job])
    with result(RETRAINING_TOY):
        show_toy(shown.job, shown.stale)
    with st.expander("How the experiment works"):
        st.markdown(HOW)


def choose_seeds() -> RetrainingToyRequest:
    """The request that the widget makes."""
    seeds = bound(
        st.number_input, "Seeds", 2, MOST, SEEDS, width=130, key="toy.seeds", persist_state="session",
        help="Repetitions with other features and examples. More seeds give narrower intervals; 2,000 take about "
        "ten seconds.",
    )  # fmt: skip
    return RetrainingToyRequest(seeds=seeds)


def show_toy(toy: RetrainingToy, stale: bool) -> None:
    """The verdict and the curves, mounted once and fed by events."""
    _COMPONENT(
        data={
            "run": toy.id,
            "features": FEATURES,
            "informative": INFORMATIVE,
            "fewest": FEWEST,
            "stale": stale,
        },
        key="retraining toy",
    )
