"""Many pictures: every method's scores on each, means with their intervals, and which methods differ."""

from collections.abc import Mapping, Sequence

import streamlit as st

import core
from dashboard.chosen import Wishes
from dashboard.jobs import LiveJob, NotThere, Shipped
from dashboard.parts.columns import ALWAYS
from dashboard.parts.folder_panel import FOLDER, ask_folder
from dashboard.parts.metric_panel import STUDY, choose_metrics
from dashboard.parts.older import tell_older
from dashboard.parts.progress import progress
from dashboard.parts.run_panel import Shown, action, launched, wished
from dashboard.parts.study_table import study_table
from dashboard.requests import AskedOfMany, Judging
from dashboard.studies import BUNDLED, Study, count, find_study, sample, start, title_of_source
from dashboard.workshop import Loading, models

ADDRESS = "study"
LIMIT, MOST = 20, 10_000
USUAL = (*ALWAYS, "deletion", "insertion", "gini", "complexity")
WHAT_FILES = (
    "Pictures, and beside them what says where the cue is: YOLO boxes (labels/*.txt), a COCO file (*.json) or masks "
    "(x_mask.png, masks/x.png). They stay in a temporary folder of this server."
)


def many_pictures(loadings: Sequence[Loading], dataset: str, wishes: Wishes | None) -> None:
    """The whole tab."""
    choosing, acting = st.columns([3, 1.1], gap="large")
    with choosing:
        sources, limits = st.columns([1.7, 1], gap="medium")
        with sources:
            source = choose_source(dataset)
            available, marked = how_many(source, dataset)
        with limits:
            limit = choose_limit(available)
        metrics = choose_scores(marked)
    asked = None
    if wishes and available:
        asked = AskedOfMany(**wishes.common, metrics=metrics, source=source, limit=limit)
    if asked and wished("study"):
        launched()
        st.query_params[ADDRESS] = start(asked)
    study = shown_study()
    with acting:
        action("study", "Run", asked is not None, [study] if study else [], follow)
        tell_who(loadings)
    if study is None:
        return
    stale = tell_what_is_shown(study, asked)
    st.header(f"Scores: {title_of_source(study.asked.source)}, {models.title(study.asked.model)}", anchor=False)
    study_table(study, stale)
    offer_files(study)
    offer_chart(study)


def follow(_: int, study: LiveJob) -> None:
    progress("study", study.id, not study.finished, counts="pictures")


def tell_who(loadings: Sequence[Loading]) -> None:
    """What differs from one picture."""
    st.caption("Of each picture the class is explained that the model predicts.")
    if len(loadings) > 1:
        st.caption(f"Only the first model is asked: {models.title(loadings[0].name)}.")


def choose_source(dataset: str) -> str:
    """The pictures: bundled ones, or the digest of an uploaded folder."""
    offered = {"gallery": BUNDLED["gallery"], FOLDER: "A folder of your own"}
    if dataset == "fashion_mnist":
        offered = {"fashion_mnist": BUNDLED["fashion_mnist"], **offered}
    chosen = st.segmented_control(
        "Pictures",
        list(offered),
        format_func=offered.__getitem__,
        default=next(iter(offered)),
        required=True,
        wrap=True,
        key="source",
        bind="query-params",
        persist_state="session",
    )
    return ask_folder(WHAT_FILES) if chosen == FOLDER else chosen


def how_many(source: str, dataset: str) -> tuple[int, bool]:
    """Pictures of the source, and whether the truth lies beside any of them; a sentence where there is none."""
    if not source:
        st.caption("Choose a folder. Pictures in folders below it count too.")
        return 0, False
    try:
        return count(source, dataset)
    except ValueError as error:
        st.error(str(error))
        return 0, False


def choose_limit(available: int) -> int:
    most = min(MOST, available or MOST)
    limit = st.number_input(
        f"At most so many{f', of {available:,}' if available else ''}",
        1,
        most,
        min(LIMIT, most),
        key="limit",
        bind="query-params",
        persist_state="session",
        help="More pictures, narrower intervals. Each takes about as long as a run of one picture.",
    )
    return min(limit, available)


def choose_scores(marked: bool) -> tuple[str, ...]:
    """The metrics; those that need the truth where it lies beside the pictures."""
    offered = {
        metric.name: metric
        for metric in core.list_metrics()
        if (marked or not metric.needs_truth) and not metric.needs_stamp
    }
    usual = [name for name, metric in offered.items() if name in USUAL or metric.needs_truth]
    return choose_metrics(STUDY, "Scores", offered, usual) or ALWAYS[:1]


def shown_study() -> Study | None:
    """The study that the address names, or the sample that ships with the app."""
    name = st.query_params.get(ADDRESS)
    if name is None:
        return sample()
    try:
        study = find_study(name)
    except NotThere:
        study = None
    if study is None or not isinstance(study.asked, AskedOfMany):
        st.info("That study is no longer kept here. Press Run to make it again.")
        return None
    return study


def tell_what_is_shown(study: Shown, asked: Judging | None) -> bool:
    """A line that says whose results these are; whether they are older than what is chosen."""
    if isinstance(study, Shipped):
        st.caption("A precomputed sample, so that there is something to look at. Press Run to score your choice here.")
        return False
    return tell_older(study, asked, "These scores are", "Run", "methods or scores")


FILES = {
    "summary.csv": "means as CSV",
    "scores.csv": "every score as CSV",
    "scores.parquet": "every score as Parquet",
}


def offer_files(study: Shown, offered: Mapping[str, str] = FILES) -> None:
    """Links that hold at any time, for what there is then."""
    links = (f'<a href="/api/jobs/{study.id}/{file}" download>{words}</a>' for file, words in offered.items())
    with st.container(key="files"):
        st.html(f"<p>Save {' · '.join(links)}</p>")


def offer_chart(study: Study) -> None:
    """Plotly is large: it is asked for, and only when there is a finished study."""
    chart = st.expander("Means as a chart", key="means chart", on_change="rerun")
    if chart.open:
        from dashboard.parts.score_chart import means_chart

        with chart:
            means_chart(study)
