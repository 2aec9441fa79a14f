"""One picture with a stamp on it: what the model says, which heatmaps find the stamp, and how near they come."""

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from core.methods.registry import list_controls
from core.pictures.stamps import Placed
from core.stamping.models import ListedStampModel
from dashboard.chosen import Wishes
from dashboard.jobs import LiveJob, NotThere
from dashboard.parts.heatmap_cards import heatmap_cards
from dashboard.parts.one_picture import look_at
from dashboard.parts.progress import progress
from dashboard.parts.run_panel import action, launched, wished
from dashboard.parts.stamp_panel import ask_places, choose_distractor, choose_stamp, places_of, put
from dashboard.parts.stamp_placer import NAMES, stamp_placer
from dashboard.parts.stamp_scores import stamp_scores
from dashboard.parts.stamp_truth import NOT_TRUTH, why_no_truth
from dashboard.pictures import Choice
from dashboard.requests import AskedOfStamp
from dashboard.stamping import LiveStamp, find_stamp_run, named, stamp_class, stamp_model, start
from dashboard.workshop import Loading

ADDRESS, SHOWN = "job", "stamp run"


def one_stamp(loading: Loading, picture: Choice | None, wishes: Wishes | None) -> None:
    """All that stands under the strip of pictures."""
    seen = look_at(loading, picture)
    if loading.classifier is None or picture is None or seen is None or wishes is None:
        st.caption("Choose a picture." if picture is None else loading.sentence or "The model is loading.")
        return
    known, size = stamp_model(loading.name), loading.classifier.size
    placing, choosing = st.columns([2.9, 1], gap="large")
    with choosing:
        acting = st.container()
        stamp = choose_stamp(known, size)
        distractor = choose_distractor(known, stamp)
        placed = places_of([stamp, *filter(None, [distractor])], size)
        ask_places(placed, size, NAMES)
    with placing:
        stamp_placer(loading.name, picture.name, picture.title, size, placed, put)
        doubt = why_no_truth(
            known, placed[0].stamp, named(loading.name, picture.name, placed[::-1]) if known else (0, 0)
        )
        tell_truth(known, doubt)
    asked = asked_of(known, picture, wishes, placed)
    run = follow_choice(asked, picture.title)
    with acting:
        action("stamp", "Explain again", True, [run], follow)
    show(run, truth=not doubt)


def asked_of(known: ListedStampModel | None, picture: Choice, wishes: Wishes, placed: Sequence[Placed]) -> AskedOfStamp:
    """What is chosen: the ideal first among the cards, and the class that the stamp stands for."""
    controls = [control.name for control in list_controls(truth_known=True)]
    ideal, *others = sorted(controls, key=lambda name: name != "oracle")
    methods = (ideal, *(name for name in wishes.common["methods"] if name not in controls), *others)
    stamp, *beside = placed
    return AskedOfStamp(
        **{**wishes.common, "methods": methods},
        picture=picture.name,
        target=stamp_class(known, stamp.stamp) if known else wishes.target,
        stamp=stamp,
        distractor=beside[0] if beside else None,
    )


def follow_choice(asked: AskedOfStamp, title: str) -> LiveStamp:
    """The run of what is chosen, begun anew where it is another than before; one that was cancelled stays so."""
    run, shown = None, st.session_state.get(SHOWN) or st.query_params.get(ADDRESS, "")
    with suppress(NotThere):
        run = find_stamp_run(shown)
    if run is None or run.asked != asked or wished("stamp"):
        launched()
        run = find_stamp_run(start(asked, title))
    st.session_state[SHOWN] = run.id
    if st.query_params.get(ADDRESS) != run.id:
        st.query_params[ADDRESS] = run.id
    return run


def follow(_: int, run: LiveJob) -> None:
    progress("stamp", run.id, not run.finished, counts="scored", methods=len(run.asked.methods))


def tell_truth(known: ListedStampModel | None, doubt: str) -> None:
    """What is known of the model, and why the stamp's place is not the truth about it, where it is not."""
    if known and known.gate:
        st.caption(known.gate.sentence)
    if doubt:
        st.info(f"{doubt} {NOT_TRUTH}")


def show(run: LiveStamp, truth: bool) -> None:
    """The cards and the table; dimmed by the browser as soon as the stamp moves."""
    if run.state()["state"] == "failed":
        st.error(f"{run.state()['error']} Change a setting, or press Explain again.")
    with st.container(key="stamp_results"):
        st.header("Heatmaps", anchor=False)
        heatmap_cards([run], stale=False, judge="stamp_distance")
        st.header("How near they come to the stamp" if truth else "Agreement with the stamp, not truth", anchor=False)
        stamp_scores(run, truth)
