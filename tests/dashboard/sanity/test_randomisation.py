"""Randomisation on one picture: what it asks for, what it keeps, and what it says of what is shown."""

from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import numpy as np
import pytest
import torch
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

import core
from core.jobs.events import Progress
from core.methods.heatmap import Heatmap, HeatmapReady, Passes
from core.methods.registry import list_controls
from core.models.randomising import GROUPS
from core.sanity.randomisation import DRAWS, StageReady, StagesFound
from core.sanity.stages import Stage
from core.sanity.verdict import VerdictReady
from dashboard.jobs.session import sample_of
from dashboard.library.predictions import look
from dashboard.library.subjects import Subject
from dashboard.routes import SMALL
from dashboard.sanity.randomisation import job as randomisation
from dashboard.sanity.randomisation.job import RANDOMISATION, RandomisationRequest
from dashboard.sanity.randomisation.settings_panel import COPIES, SMOOTH, TITLES, cost

FEW = {"methods": "gradient"}
SHIPPED = sample_of(RANDOMISATION).request.model
Open = Callable[..., AppTest]
Start = Callable[..., Any]
Words = Callable[[AppTest], str]
Wait = Callable[..., None]


def heatmap(values: torch.Tensor) -> Heatmap:
    channels = values.expand(3, -1, -1).clone()
    return Heatmap(values, channels, "gradient", 0, "sum", 0.1, Passes(1, 1))


def stand_in(values: torch.Tensor) -> list[Any]:
    """A network of one group of layers, drawn twice."""
    return [
        StagesFound("cascading", (Stage(1, "all", (0,), 1.0),), 2),
        HeatmapReady(heatmap(values), final=True),
        *(StageReady("gradient", 1, "all", 1.0, draw, heatmap(values), spearman=0.5) for draw in range(2)),
    ]


def asked(**otherwise: Any) -> RandomisationRequest:
    return RandomisationRequest(
        **{"model": "none", "methods": ("gradient",), "picture": "coffee", "target": 0, **otherwise}
    )


def nothing_seen(side: int = 3) -> Subject:
    return Subject(type("Classifier", (), {"labels": ("cat",)})(), torch.zeros(1, 3, side, side))


@pytest.fixture
def asked_of_core(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the engine was asked, which answers at once."""
    heard: list[dict[str, Any]] = []

    def stream(*given: Any, **named: Any) -> Iterator[Any]:
        heard.append({"given": given, **named})
        return iter(stand_in(torch.ones(2, 3)))

    monkeypatch.setattr(randomisation, "stream_randomisation", stream)
    return heard


@pytest.mark.usefixtures("asked_of_core")
def test_a_newcomer_gets_a_cascade_of_all_controls_beside_the_chosen_methods(sanity_page: Open, started: Start):
    made = started(sanity_page(**FEW), RANDOMISATION).request
    assert (made.model, made.mode, made.draws, made.groups, made.smooth) == (
        SHIPPED,
        "cascading",
        DRAWS,
        GROUPS,
        1,
    )
    assert made.methods[0] == "gradient"
    assert set(made.methods[1:]) == {method.name for method in core.list_methods() if method.control} - {"oracle"}
    assert made.target == look(SHIPPED, made.picture).top[0].index


def test_what_the_address_says_reaches_the_engine(
    sanity_page: Open, started: Start, asked_of_core: list[dict[str, Any]], wait: Wait
) -> None:
    chosen = {"mode": TITLES["bottom_up"], "draws": "2", "groups": "5", "form": SMOOTH, "smooth": "4", "seed": "7"}
    app = sanity_page(**FEW, **chosen, picture="chelsea", reduction="sum of absolute channels")
    job = started(app, RANDOMISATION)
    wait(lambda: job.finished)
    [heard] = asked_of_core
    assert {name: heard[name] for name in ("mode", "draws", "groups", "smooth", "seed", "reduction", "output")} == {
        "mode": "bottom_up",
        "draws": 2,
        "groups": 5,
        "smooth": 4,
        "seed": 7,
        "reduction": "abs_sum",
        "output": "logit",
    }
    _, pixels = heard["given"]
    assert torch.equal(pixels, look(SHIPPED, "chelsea").pixels)
    assert heard["methods"] == job.request.methods
    assert heard["target"] == look(SHIPPED, "chelsea").top[0].index


@pytest.mark.parametrize("said", [SMOOTH, "Smooth form"])
def test_the_address_has_the_form_s_name_whichever_words_an_older_link_has(sanity_page: Open, said: str):
    assert sanity_page(form=said).query_params["form"] == SMOOTH


@pytest.mark.usefixtures("asked_of_core")
def test_copies_count_only_in_the_smooth_form(sanity_page: Open, started: Start):
    assert started(sanity_page(**FEW, smooth="4"), RANDOMISATION).request.smooth == 1
    assert started(sanity_page(**FEW, form=SMOOTH), RANDOMISATION).request.smooth == COPIES


def test_of_several_draws_one_map_is_kept_and_none_with_all_its_channels(asked_of_core: list[dict[str, Any]]):
    stages, trained, first, second = RANDOMISATION.stream(asked(), nothing_seen())
    assert asked_of_core
    assert stages.draws == 2
    assert trained.heatmap.attribution.shape == (3, 2, 3)
    assert first.heatmap.attribution.shape == (1, 2, 3)
    assert first.heatmap.attribution.data_ptr() == first.heatmap.values.data_ptr()
    assert second.heatmap is None
    assert (first.spearman, second.spearman) == (0.5, 0.5)


def test_a_stream_that_is_closed_closes_the_engines(monkeypatch: pytest.MonkeyPatch):
    closed = Event()

    def endless(*_: Any, **__: Any) -> Iterator[Any]:
        try:
            while True:
                yield Progress(0, 1, "on and on")
        finally:
            closed.set()

    monkeypatch.setattr(randomisation, "stream_randomisation", endless)
    stream = RANDOMISATION.stream(asked(), nothing_seen())
    next(stream)
    stream.close()
    assert closed.is_set()


def test_small_maps_are_means_of_squares(client: TestClient, ended: Callable[..., Any]):
    side = 2 * SMALL
    values = torch.arange(float(side * side)).view(side, side)
    job = ended(RANDOMISATION, asked(), nothing_seen(side), stand_in(values))
    sequence = job.messages(StageReady)[0]["sequence"]
    small = np.frombuffer(client.get(f"/api/jobs/{job.id}/maps/{sequence}/small").content, "<f4")
    rows, columns = np.mgrid[0:SMALL, 0:SMALL]
    assert np.allclose(small.reshape(SMALL, SMALL), side * (2 * rows + 0.5) + 2 * columns + 0.5)
    assert client.get(f"/api/jobs/{job.id}/maps/77/small").status_code == 204


@pytest.mark.usefixtures("asked_of_core")
def test_what_changed_since_is_said_and_other_methods_make_nothing_older(
    sanity_page: Open, started: Start, words: Words, wait: Wait
) -> None:
    app = sanity_page(**FEW)
    job = started(app, RANDOMISATION)
    wait(lambda: job.finished)
    assert "to update" not in words(app.run())
    app.number_input(key="draws").set_value(1).run()
    assert "These maps used another number of draws." in words(app)
    assert "Press Randomise to update them." in words(app)
    app.number_input(key="draws").set_value(DRAWS).run()
    app.selectbox(key="mode").set_value("independent").run()
    assert "another order of randomisation" in words(app)
    other = sanity_page(methods="gradient,smoothgrad", randomisation=job.id)
    assert "to update" not in words(other)
    assert "Other methods are selected now. Press Randomise" in words(other)


def test_a_newcomer_sees_a_sample_that_tells_all_of_every_stage():
    sample = sample_of(RANDOMISATION)
    assert sample is not None
    [stages] = sample.messages(StagesFound)
    methods = {message["heatmap"]["method"] for message in sample.messages(HeatmapReady)}
    assert set(sample.request.methods) == methods
    told = sample.messages(StageReady)
    assert len(told) == len(methods) * len(stages["stages"]) * stages["draws"]
    assert [share["share"] == 1 for share in stages["stages"]] == [False] * (len(stages["stages"]) - 1) + [True]
    assert {message["method"] for message in sample.messages(VerdictReady)} == methods
    for message in told:
        kept = message["heatmap"]
        assert (kept is not None) == (message["draw"] == 0) or message["reason"]
        if kept:
            assert sample.heatmap(message["sequence"]).shape == (kept["height"], kept["width"])


@pytest.mark.usefixtures("asked_of_core")
def test_the_sample_is_what_randomise_would_ask_and_is_shown_until_then(
    sanity_page: Open, started: Start, words: Words
) -> None:
    app = sanity_page()
    assert "A precomputed sample. Press Randomise" in words(app)
    assert "to update" not in words(app)
    assert started(app, RANDOMISATION).request == sample_of(RANDOMISATION).request
    assert "Press Randomise" not in words(app)


def test_the_sample_is_older_than_another_choice(sanity_page: Open, words: Words):
    assert "These maps used another picture." in words(sanity_page(picture="chelsea"))
    assert "another number of noisy copies and another seed" in words(sanity_page(form=SMOOTH, seed="1"))


def test_an_address_that_names_nothing_says_what_to_do(sanity_page: Open, words: Words):
    assert "no longer kept here. Press Randomise to make it again" in words(sanity_page(randomisation="0" * 32))


@pytest.mark.parametrize("name", [RANDOMISATION.name, RANDOMISATION.formerly])
def test_a_job_of_another_kind_is_not_shown_as_a_randomisation(
    sanity_page: Open, words: Words, finished_run: Any, name: str
) -> None:
    assert "Press Randomise to make it again" in words(sanity_page(**{name: finished_run.id}))


def test_what_failed_says_why(
    sanity_page: Open, started: Start, words: Words, monkeypatch: pytest.MonkeyPatch, wait: Wait
) -> None:
    def fail(*_: Any, **__: Any) -> Iterator[Any]:
        raise ValueError("There is nothing to randomise.")

    monkeypatch.setattr(randomisation, "stream_randomisation", fail)
    app = sanity_page(**FEW)
    job = started(app, RANDOMISATION)
    wait(lambda: job.finished)
    assert "There is nothing to randomise. Change a setting and press Randomise" in words(app.run())


def test_what_a_run_costs_is_known_before_it_runs(sanity_page: Open, words: Words):
    methods = 1 + len(list_controls(False))
    said = words(sanity_page(**FEW, draws="3", groups="5"))
    assert f"{methods * 5 * 3} maps: {methods} methods and controls × 5 stages × 3 draws." in said
    assert cost(asked(draws=2, groups=7, smooth=3), 4, 6) == (144, "4 stages × 2 draws × 3 noisy copies × 6 pictures")


def test_that_only_controls_would_run_is_said(sanity_page: Open, words: Words):
    assert "only the controls would run" in words(sanity_page(methods=""))
    assert "only the controls would run" not in words(sanity_page(**FEW))
