"""One picture with a stamp on it: the model's answer, and which heatmaps find the stamp, and how well."""

from collections.abc import Sequence

import streamlit as st

from core.methods.registry import list_controls
from core.pictures.stamps import Placed
from core.stamping.models import ListedStampModel
from dashboard.components.heatmap_cards.heatmap_cards import heatmap_cards
from dashboard.controls.export_panel import export_panel
from dashboard.controls.job_panel import Shown, job_panel, request_start
from dashboard.controls.model_answer import look_at
from dashboard.controls.selection import Seen, Selection
from dashboard.library.models import Loading
from dashboard.library.pictures import Choice
from dashboard.stamp.ground_truth import NOT_TRUTH, why_no_truth
from dashboard.stamp.model_answers import predicted_classes, stamp_class
from dashboard.stamp.one_picture.job import STAMPED_PICTURE, StampedPictureRequest, StampedSubject
from dashboard.stamp.placer.panel import ask_places, choose_distractor, choose_stamp, places_of, put
from dashboard.stamp.placer.placer import NAMES, stamp_placer
from dashboard.stamp.scores.scores import stamp_scores, stamp_verdict
from dashboard.stamp.stamp_models import stamp_model

FOLLOWING, FOLLOWED = "follow the stamp", "stamped picture that was followed last"
BESIDE = (1, 2)
"""The picture with its stamp, and the heatmaps, which stay in sight while it is dragged."""


def stamped_picture(loading: Loading, picture: Choice | None, selection: Selection | None) -> None:
    """All that stands under the strip of pictures; nothing but the model's answer is computed unasked."""
    seen = look_at(loading, picture)
    placing, explaining = st.columns(BESIDE, gap="medium")
    with placing:
        placed = place_stamps(seen)
        doubt = tell_truth(seen, placed)
    request = None
    if picture and selection and placed:
        request = request_of(stamp_model(loading.name), picture, selection, placed)
    with explaining:
        shown = explain(request, truth=not doubt)
    if shown:
        export_panel([shown.job])
        with st.container(key="stamp_agreement"):
            st.header(
                "Agreement with the stamp, not ground truth" if doubt else "Distance from the stamp", anchor=False
            )
            stamp_scores(shown.job, shown.stale)


def place_stamps(seen: Seen) -> list[Placed]:
    """The picture with its stamps, and in an expander how they look; none before the model has seen the picture."""
    classifier, picture = seen.loading.classifier, seen.picture
    if classifier is None or picture is None or seen.look is None:
        st.caption("Choose a picture." if picture is None else seen.loading.sentence or "The model is loading.")
        return []
    known, size = stamp_model(seen.loading.name), classifier.size
    above = st.container()
    with st.expander("Design, size, opacity and position"):
        stamp = choose_stamp(known, size)
        distractor = choose_distractor(known, stamp)
        placed = places_of([stamp, *filter(None, [distractor])], size)
        ask_places(placed, size, NAMES)
    with above:
        stamp_placer(seen.loading.name, picture.name, picture.title, size, placed, put)
    return placed


def tell_truth(seen: Seen, placed: Sequence[Placed]) -> str:
    """What is known of the model, and why the stamp is not ground truth, where it is not."""
    if not placed or seen.picture is None:
        return ""
    known = stamp_model(seen.loading.name)
    predicted = predicted_classes(seen.loading.name, seen.picture.name, placed[::-1]) if known else (0, 0)
    doubt = why_no_truth(known, placed[0].stamp, predicted)
    if doubt:
        st.info(f"{doubt} {NOT_TRUTH}")
    if known and known.gate:
        st.caption(known.gate.sentence)
    return doubt


def request_of(
    known: ListedStampModel | None, picture: Choice, selection: Selection, placed: Sequence[Placed]
) -> StampedPictureRequest:
    """What is chosen: the ideal first among the cards, and the class that the stamp stands for."""
    controls = [control.name for control in list_controls(truth_known=True)]
    ideal, *others = sorted(controls, key=lambda name: name != "oracle")
    methods = (ideal, *(name for name in selection.shared["methods"] if name not in controls), *others)
    stamp, *beside = placed
    return StampedPictureRequest(
        **{**selection.shared, "methods": methods},
        picture=picture.name,
        target=stamp_class(known, stamp.stamp) if known else selection.target,
        stamp=stamp,
        distractor=beside[0] if beside else None,
    )


def explain(request: StampedPictureRequest | None, truth: bool) -> Shown[StampedPictureRequest, StampedSubject] | None:
    """The button, whether heatmaps follow the stamp by themselves, the verdict and the cards.

    Parameters
    ----------
    truth
        Whether the stamp is ground truth for the model.
    """
    choosing, acting = st.columns([1, 1.3], gap="medium", vertical_alignment="top")
    with choosing:
        follows = st.toggle(
            "Follow the stamp", key=FOLLOWING, persist_state="session",
            help="Computes the heatmaps again whenever the stamp, the picture or a setting changes.",
        )  # fmt: skip
    if request and changed_while_followed(request) and follows:
        request_start(STAMPED_PICTURE)
    shown = job_panel(STAMPED_PICTURE, request, acting)
    if shown:
        with st.container(key="stamp_results"):
            stamp_verdict(shown.job, truth, shown.stale)
            heatmap_cards([shown.job], stale=shown.stale, judge="stamp_distance")
    return shown


def changed_while_followed(request: StampedPictureRequest) -> bool:
    """Whether something else is chosen than when the page was drawn last; a first look changes nothing."""
    before = st.session_state.get(FOLLOWED, request)
    st.session_state[FOLLOWED] = request
    return bool(before != request)
