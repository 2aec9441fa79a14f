"""Questions about an explanation are asked as it was made."""

import time
import weakref

import pytest
import torch

from core.jobs.events import Progress
from core.methods.heatmap import HeatmapReady
from core.metrics.ceiling import Ceiling, CeilingReady
from core.metrics.fidelity import FidelityReady
from core.metrics.search_plan import PASSES
from core.models.outputs import Contrast
from core.studies.baselines import BaselineScored
from core.studies.imputer_rankings import ImputerRanked
from core.studies.shifted_copies import MatchedReady
from dashboard.explain.baselines.job import BASELINES, BaselinesRequest
from dashboard.explain.ceiling.job import CEILING, CeilingRequest, orders_shown, shares
from dashboard.explain.finished_maps import FinishedMaps, find_finished_maps
from dashboard.explain.imputer_ranks.job import IMPUTER_RANKS, ImputerRanksRequest
from dashboard.explain.location_test.job import LOCATION_TEST, LocationTestRequest
from dashboard.explain.one_picture.job import EXPLANATION, ExplanationRequest
from dashboard.jobs.views import QueuedJob, Submitted
from dashboard.library.absence import NotThere
from dashboard.library.models import shelf
from dashboard.library.queue import queue
from dashboard.library.subjects import Subject
from dashboard.sanity.strip.job import STRIP, strip_request

MODEL = "fashion_cnn"
STEPS = 5


@pytest.fixture(params=["logit", Contrast(7)], ids=["one class", "contrast"])
def explanation(request, wait):
    """An explanation of few steps, by a model that is quick."""
    shelf.ask(MODEL).wait(60)
    request = ExplanationRequest(
        model=MODEL,
        picture="fashion_boot",
        target=9,
        methods=("gradient", "input_x_gradient"),
        output=request.param,
        seed=3,
        steps=STEPS,
    )
    inputs = EXPLANATION.inputs(request)
    job = queue().submit(
        lambda: EXPLANATION.stream(request, inputs), "somebody", Submitted(EXPLANATION, request, inputs)
    )
    wait(lambda: job.finished)
    return QueuedJob(job)


def answered(kind, request):
    return list(kind.stream(request, kind.inputs(request)))


def fidelity(explanation, method="gradient"):
    return [message["value"] for message in explanation.messages(FidelityReady) if message["method"] == method][-1]


def test_the_imputer_of_the_explanation_gives_its_own_fidelity(explanation):
    events = answered(IMPUTER_RANKS, ImputerRanksRequest(about=explanation.id))
    scores = {event.imputer: event.scores["gradient"] for event in events if isinstance(event, ImputerRanked)}
    assert scores[explanation.request.imputer] == pytest.approx(fidelity(explanation), abs=1e-6)
    assert len(set(scores.values())) > 1


def test_a_map_beside_its_copies_has_the_explanations_own_fidelity(explanation):
    events = answered(LOCATION_TEST, LocationTestRequest(about=explanation.id, method="gradient"))
    *_, last = (event for event in events if isinstance(event, MatchedReady))
    assert last.value == pytest.approx(fidelity(explanation), abs=1e-6)


def test_a_map_from_its_own_baseline_has_the_explanations_own_fidelity(explanation):
    events = answered(BASELINES, BaselinesRequest(about=explanation.id))
    scores = {event.replaces[1:]: event.score for event in events if isinstance(event, BaselineScored)}
    assert scores["input_x_gradient", "black", "sum"] == pytest.approx(
        fidelity(explanation, "input_x_gradient"), abs=1e-6
    )
    assert {baseline for _, baseline, _ in scores} == {"black", explanation.request.imputer}


def test_the_ceiling_is_held_against_the_explanations_own_fidelities_and_is_below_none(explanation, ended):
    request = CeilingRequest(about=explanation.id)
    inputs = CEILING.inputs(request)
    events = list(CEILING.stream(request, inputs))
    (found,) = (event.ceiling for event in events if isinstance(event, CeilingReady))
    assert found.fidelities["gradient"] == fidelity(explanation)
    assert found.fidelities.keys() == inputs.importances.keys()
    assert found.value >= max(found.fidelities.values())
    assert found.passes <= PASSES
    table = shares(ended(CEILING, request, inputs, events)).set_index("method")
    assert table.loc["gradient", "share_of_ceiling"] == pytest.approx(fidelity(explanation) / found.value)
    shown = {event.heatmap.method: event.heatmap.values for event in events if isinstance(event, HeatmapReady)}
    assert shown.keys() == {found.found_by, max(found.fidelities, key=found.fidelities.get)}
    assert all((values.min(), values.max()) == (0, 1) for values in shown.values())


def test_a_map_that_is_the_best_order_is_shown_once(explanation):
    inputs = CEILING.inputs(CeilingRequest(about=explanation.id))
    values = inputs.importances["gradient"]
    ceiling = Ceiling(0.5, values, "gradient", 0.4, {"gradient": 0.5, "sobel": 0.25}, 0.1, PASSES)
    assert [event.heatmap.method for event in orders_shown(ceiling, inputs)] == ["gradient"]


def test_what_is_released_of_finished_maps_pins_neither_network_nor_maps():
    network, ranked = torch.nn.Identity(), torch.zeros(2, 2)
    seen = [weakref.ref(network), weakref.ref(ranked)]
    maps = FinishedMaps(None, ("cat", "dog"), Subject(network, torch.zeros(1, 3, 2, 2)), {"gradient": ranked})
    kept = maps.released()
    del network, ranked, maps
    assert [ref() for ref in seen] == [None, None]
    assert kept.labels == ("cat", "dog")


def test_released_maps_still_say_what_was_asked_and_of_which_classes(explanation):
    maps = find_finished_maps(LocationTestRequest(about=explanation.id, method="gradient"))
    kept = maps.released()
    assert (kept.request, kept.labels) == (explanation.request, explanation.inputs().labels)
    with pytest.raises(NotThere, match="no longer held"):
        _ = kept.subject


@pytest.mark.parametrize("kind", [BASELINES, CEILING, IMPUTER_RANKS, LOCATION_TEST, STRIP], ids=lambda kind: kind.name)
def test_the_way_back_to_a_follow_up_opens_the_tab_that_it_stands_in(page, explanation, kind):
    requests = {
        BASELINES: BaselinesRequest(about=explanation.id),
        CEILING: CeilingRequest(about=explanation.id),
        IMPUTER_RANKS: ImputerRanksRequest(about=explanation.id),
        LOCATION_TEST: LocationTestRequest(about=explanation.id, method="gradient"),
        STRIP: strip_request(explanation, ["gradient"]),
    }
    app, together = page(explanation=explanation.id, below="Numbers"), []
    about = Submitted(kind, requests[kind], kind.inputs(requests[kind]), None, together)
    endless = iter(lambda: time.sleep(0.05) or Progress(0, 1, "Waiting"), None)
    job = queue().submit(lambda: endless, app.session_state["owner"], about, outlives_its_reader=True)
    together.append(job.id)
    app.switch_page("views/sanity.py").run()
    next(button for button in app.button if button.label == f"Back to {kind.title}").click().run()
    assert app.session_state["below"] == kind.below
    assert app.query_params[kind.name] == job.id
    queue().cancel(job.id, app.session_state["owner"])
