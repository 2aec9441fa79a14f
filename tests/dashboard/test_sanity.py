"""The Sanity page's first tab: what it asks for, what it keeps, and what it says of what is shown."""

from collections.abc import Callable, Iterator
from pathlib import Path
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
from core.sanity.checks import CHECKS
from core.sanity.randomisation import StageReady, StagesFound
from core.sanity.stages import Stage
from dashboard import quick_checks, sanity
from dashboard.parts.method_panel import HOW_LONG
from dashboard.parts.quick_checks import asked_of, told_of
from dashboard.parts.randomising_panel import COPIES, DRAWS, GROUPS, SMOOTH, TITLES, cost
from dashboard.requests import AskedOfChecks, AskedOfSanity
from dashboard.routes import SMALL
from dashboard.runs import Subject
from dashboard.sanity import LiveRandomisation, Randomised
from dashboard.workshop import DEFAULT_MODEL, look, queue

SCRIPT = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"
FEW = {"methods": "gradient"}
Open = Callable[..., AppTest]
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


@pytest.fixture
def asked_streams(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the engine was asked, which answers at once."""
    asked: list[dict[str, Any]] = []

    def stream(*given: Any, **named: Any) -> Iterator[Any]:
        asked.append({"given": given, **named})
        return (event for event in stand_in(torch.ones(2, 3)))

    monkeypatch.setattr(sanity, "stream_randomisation", stream)
    monkeypatch.setattr(quick_checks, "stream_checks", stream)
    return asked


@pytest.fixture
def sanity_page() -> Iterator[Open]:
    """The Sanity page as the address asks for it, at rest; what it started is ended."""
    apps: list[AppTest] = []

    def run(**query: str) -> AppTest:
        app = AppTest.from_file(str(SCRIPT), default_timeout=60)
        apps.append(app)
        app.switch_page("views/sanity.py")
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        return app

    yield run
    for app in apps:
        for address in ("job", "checks"):
            if job := queue().get(app.query_params.get(address, "")):
                queue().cancel(job.id)


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


def job_of(app: AppTest, address: str = "job") -> Any:
    return queue().get(app.query_params[address])


def words(app: AppTest) -> str:
    return " ".join(element.value for element in [*app.info, *app.warning, *app.error, *app.caption])


def asked(**otherwise: Any) -> AskedOfSanity:
    common = {"model": "none", "methods": ("gradient",), "settings": {}, "output": "logit", "seed": 0}
    return AskedOfSanity(**{**common, "picture": "coffee", "target": 0, **otherwise})


@pytest.mark.usefixtures("asked_streams")
def test_a_newcomer_gets_a_cascade_of_all_controls_beside_the_chosen_methods(sanity_page: Open):
    made = job_of(press(sanity_page(**FEW), "Randomise")).about.asked
    controls = {method.name for method in core.list_methods() if method.control} - {"oracle"}
    assert (made.model, made.mode, made.draws, made.groups, made.smooth) == (
        DEFAULT_MODEL,
        "cascading",
        DRAWS,
        GROUPS,
        1,
    )
    assert made.methods[0] == "gradient"
    assert set(made.methods[1:]) == controls
    assert made.target == look(DEFAULT_MODEL, made.picture).top[0].index


def test_what_the_address_says_reaches_the_engine(
    sanity_page: Open, asked_streams: list[dict[str, Any]], wait: Wait
) -> None:
    told = {"mode": TITLES["bottom_up"], "draws": "2", "groups": "5", "form": SMOOTH, "smooth": "4", "seed": "7"}
    app = press(sanity_page(**FEW, **told, picture="chelsea", reduction="sum of absolute values"), "Randomise")
    wait(lambda: job_of(app).finished)
    [given] = asked_streams
    assert {name: given[name] for name in ("mode", "draws", "groups", "smooth", "seed", "reduction", "output")} == {
        "mode": "bottom_up",
        "draws": 2,
        "groups": 5,
        "smooth": 4,
        "seed": 7,
        "reduction": "abs_sum",
        "output": "logit",
    }
    _, pixels, methods = given["given"]
    assert torch.equal(pixels, look(DEFAULT_MODEL, "chelsea").pixels)
    assert methods == list(job_of(app).about.asked.methods)


@pytest.mark.usefixtures("asked_streams")
def test_copies_count_only_in_the_smooth_form(sanity_page: Open):
    assert job_of(press(sanity_page(**FEW, smooth="4"), "Randomise")).about.asked.smooth == 1
    assert job_of(press(sanity_page(**FEW, form=SMOOTH), "Randomise")).about.asked.smooth == COPIES


def test_of_several_draws_one_map_is_kept_and_none_with_all_its_channels(asked_streams: list[dict[str, Any]]):
    subject = Subject(None, torch.zeros(1, 3, 2, 3))
    stages, trained, first, second = sanity.stream_asked(subject, asked())
    assert asked_streams
    assert stages.draws == 2
    assert trained.heatmap.attribution.shape == (3, 2, 3)
    assert first.heatmap.attribution.shape == (1, 2, 3)
    assert first.heatmap.attribution.data_ptr() == first.heatmap.values.data_ptr()
    assert second.heatmap is None
    assert (first.spearman, second.spearman) == (0.5, 0.5)


def test_a_stream_that_is_closed_closes_the_engine_s(monkeypatch: pytest.MonkeyPatch):
    closed = Event()

    def endless(*_: Any, **__: Any) -> Iterator[Any]:
        try:
            while True:
                yield Progress(0, 1, "on and on")
        finally:
            closed.set()

    monkeypatch.setattr(sanity, "stream_randomisation", endless)
    stream = sanity.stream_asked(Subject(None, torch.zeros(1, 3, 2, 3)), asked())
    next(stream)
    stream.close()
    assert closed.is_set()


def test_small_maps_are_means_of_squares(client: TestClient, wait: Wait):
    side = 2 * SMALL
    values = torch.arange(float(side * side)).view(side, side)
    subject = Subject(type("Classifier", (), {"labels": ("cat",)})(), torch.zeros(1, 3, side, side))
    about = Randomised(asked(), subject, "Coffee")
    job = queue().submit(lambda: iter(stand_in(values)), owner="somebody", about=about)
    wait(lambda: job.finished)
    sequence = next(message["sequence"] for message in LiveRandomisation(job).since(0)[1] if message["kind"] == "stage")
    small = np.frombuffer(client.get(f"/api/jobs/{job.id}/maps/{sequence}/small").content, "<f4")
    rows, columns = np.mgrid[0:SMALL, 0:SMALL]
    assert np.allclose(small.reshape(SMALL, SMALL), side * (2 * rows + 0.5) + 2 * columns + 0.5)
    assert client.get(f"/api/jobs/{job.id}/maps/77/small").status_code == 204


@pytest.mark.usefixtures("asked_streams")
def test_what_changed_since_is_said_and_other_methods_make_nothing_older(sanity_page: Open, wait: Wait):
    app = press(sanity_page(**FEW), "Randomise")
    wait(lambda: job_of(app).finished)
    assert "older than your choices" not in words(app.run())
    app.number_input(key="draws").set_value(1).run()
    assert "older than your choices: the draws of random weights changed since" in words(app)
    app.number_input(key="draws").set_value(DRAWS).run()
    app.selectbox(key="mode").set_value("independent").run()
    assert "the order of randomisation changed since" in words(app)
    other = sanity_page(methods="gradient,smoothgrad", job=app.query_params["job"])
    assert "older than your choices" not in words(other)
    assert "You chose other methods since. Press Randomise" in words(other)


def test_a_newcomer_sees_a_sample_that_tells_all_of_every_stage():
    shipped, checks = sanity.sample(), quick_checks.sample()
    assert shipped is not None
    assert checks is not None
    messages = shipped.since(0)[1]
    [stages] = [message for message in messages if message["kind"] == "stages"]
    methods = {message["method"] for message in messages if message["kind"] == "heatmap"}
    assert set(shipped.asked.methods) == methods
    told = [message for message in messages if message["kind"] == "stage"]
    assert len(told) == len(methods) * len(stages["stages"]) * stages["draws"]
    assert [share["share"] == 1 for share in stages["stages"]] == [False] * (len(stages["stages"]) - 1) + [True]
    assert {message["method"] for message in messages if message["kind"] == "verdict"} == methods
    for message in told:
        assert message["map"] == (message["draw"] == 0) or message["reason"]
        if message["map"]:
            assert shipped.values(message["sequence"]).shape == (message["height"], message["width"])
    found = {(told["check"], told["method"]) for told in checks.since(0)[1] if told["kind"] == "check"}
    assert found == {(check.name, method) for check in CHECKS for method in checks.asked.methods}


@pytest.mark.usefixtures("asked_streams")
def test_the_sample_is_shown_until_something_is_asked(sanity_page: Open):
    app = sanity_page()
    assert "A precomputed sample, so that there is something to look at." in words(app)
    assert "older than your choices" not in words(app)
    assert "precomputed sample, so" not in words(press(app, "Randomise"))


def test_an_address_that_names_nothing_says_what_to_do(sanity_page: Open):
    said = words(sanity_page(**FEW, job="0" * 32, checks="0" * 32))
    assert "no longer kept here. Press Randomise" in said
    assert "no longer kept here. Press Check" in said


def test_a_job_of_another_kind_is_not_shown_as_a_randomisation(sanity_page: Open, finished_run: Any):
    said = words(sanity_page(**FEW, job=finished_run.id, checks=finished_run.id))
    assert "Press Randomise to make it again" in said
    assert "Press Check to make them again" in said


def test_what_failed_says_why(sanity_page: Open, monkeypatch: pytest.MonkeyPatch, wait: Wait):
    def fail(*_: Any, **__: Any) -> Iterator[Any]:
        raise ValueError("There is nothing to randomise.")

    monkeypatch.setattr(sanity, "stream_randomisation", fail)
    app = press(sanity_page(**FEW), "Randomise")
    wait(lambda: job_of(app).finished)
    assert "There is nothing to randomise. Change a setting and press Randomise" in words(app.run())


def test_the_quick_checks_are_of_what_would_be_randomised(
    sanity_page: Open, asked_streams: list[dict[str, Any]], wait: Wait
) -> None:
    app = press(sanity_page(**FEW, seed="3", picture="chelsea"), "Check")
    wait(lambda: job_of(app, "checks").finished)
    [given] = asked_streams
    assert given["checks"] == [check.name for check in CHECKS]
    assert given["seed"] == 3
    assert given["target"] == look(DEFAULT_MODEL, "chelsea").top[0].index
    assert "job" not in app.query_params


def test_a_request_of_checks_takes_over_all_but_the_randomisation():
    of = asked_of(asked(draws=5, seed=9, target=4))
    assert isinstance(of, AskedOfChecks)
    assert (of.seed, of.target, of.picture, of.checks) == (9, 4, "coffee", tuple(check.name for check in CHECKS))
    assert asked_of(asked(draws=1, seed=9, target=4)) == of


def test_every_check_says_what_its_number_is():
    assert [told_of(check)["number"] for check in CHECKS] == [check.number for check in CHECKS]
    assert len({check.number for check in CHECKS}) == len(CHECKS)


@pytest.mark.usefixtures("asked_streams")
def test_checks_and_randomisation_do_not_end_each_other(sanity_page: Open, monkeypatch: pytest.MonkeyPatch):
    going = Event()

    def endless(*_: Any, **__: Any) -> Iterator[Any]:
        while not going.is_set():
            yield Progress(0, 1, "on and on")

    monkeypatch.setattr(sanity, "stream_randomisation", endless)
    app = press(press(sanity_page(**FEW), "Randomise"), "Check")
    assert job_of(app).state in ("queued", "running")
    assert not job_of(app).cancelled
    assert len({app.session_state["owner"], job_of(app).owner, job_of(app, "checks").owner}) == 3  # nor does Explain
    going.set()


@pytest.mark.usefixtures("asked_streams")
def test_what_runs_on_the_first_tab_is_followed_on_the_others(sanity_page: Open, monkeypatch: pytest.MonkeyPatch):
    """Nobody would look at it else, and what nobody looks at is ended."""
    going = Event()

    def endless(*_: Any, **__: Any) -> Iterator[Any]:
        while not going.is_set():
            yield Progress(0, 1, "on and on")

    monkeypatch.setattr(sanity, "stream_randomisation", endless)
    name = press(sanity_page(**FEW), "Randomise").query_params["job"]
    for tab in ("Many pictures", "Labels"):
        told = [each.proto for each in sanity_page(**FEW, job=name, tab=tab).get("bidi_component")]
        assert any(name in str(each) for each in told), tab
    going.set()


def test_what_a_run_costs_is_known_before_it_runs(sanity_page: Open):
    methods = 1 + len(core.methods.registry.list_controls(False))
    told = words(sanity_page(**FEW, draws="3", groups="5"))
    assert f"Up to {methods * 5 * 3} maps: {methods} methods and controls × 5 stages × 3 draws." in told
    assert cost(asked(draws=2, groups=4, smooth=3), 6) == (144, "4 stages × 2 draws × 3 noisy copies × 6 pictures")


def test_that_only_controls_would_run_is_said(sanity_page: Open):
    assert "only the controls would run" in words(sanity_page(methods="none"))
    assert "only the controls would run" not in words(sanity_page(**FEW))


@pytest.mark.parametrize("tab", ["One picture", "Many pictures", "Labels"])
def test_how_long_methods_take_is_said_for_what_is_run_here(sanity_page: Open, tab: str):
    said = sanity_page(**FEW, tab=tab).button_group(key="preset").help
    assert said != HOW_LONG
    assert ("every stage" in said) == (tab != "Labels")
