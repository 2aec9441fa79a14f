"""Quick checks: what they ask for, and what they say of what is shown."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.sanity.checks import CHECKS, CheckReady
from dashboard.jobs.session import sample_of
from dashboard.library.predictions import look
from dashboard.sanity.label_check.job import Clothes
from dashboard.sanity.quick_checks import job as quick_checks
from dashboard.sanity.quick_checks.job import QUICK_CHECKS, QuickChecksRequest
from dashboard.sanity.quick_checks.panel import checks_of, described_check
from dashboard.sanity.randomisation import panel
from dashboard.sanity.randomisation.job import RANDOMISATION, RandomisationRequest

FEW = {"methods": "gradient"}
SHIPPED = sample_of(RANDOMISATION).request.model
NAMES = tuple(check.name for check in CHECKS)
Open = Callable[..., AppTest]
Start = Callable[..., Any]
Words = Callable[[AppTest], str]
Wait = Callable[..., None]


@pytest.fixture
def asked_of_core(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the engine was asked, which answers nothing."""
    heard: list[dict[str, Any]] = []

    def stream(*_: Any, **named: Any) -> Iterator[Any]:
        heard.append(named)
        return iter(())

    monkeypatch.setattr(quick_checks, "stream_checks", stream)
    return heard


def randomisation_of(**otherwise: Any) -> RandomisationRequest:
    return RandomisationRequest(model="none", methods=("gradient",), picture="coffee", **otherwise)


def test_the_quick_checks_are_of_what_would_be_randomised(
    sanity_page: Open, started: Start, asked_of_core: list[dict[str, Any]], wait: Wait
) -> None:
    app = sanity_page(**FEW, seed="3", picture="chelsea")
    job = started(app, QUICK_CHECKS)
    wait(lambda: job.finished)
    [heard] = asked_of_core
    assert heard["checks"] == list(NAMES)
    assert heard["seed"] == 3
    assert heard["target"] == look(SHIPPED, "chelsea").top[0].index
    assert heard["methods"][0] == "gradient"
    assert RANDOMISATION.name not in app.query_params


def test_a_request_of_checks_takes_over_all_but_the_randomisation():
    of = checks_of(randomisation_of(draws=5, seed=9, target=4))
    assert isinstance(of, QuickChecksRequest)
    assert (of.seed, of.target, of.picture, of.checks) == (9, 4, "coffee", NAMES)
    assert checks_of(randomisation_of(draws=1, seed=9, target=4)) == of


def test_every_check_says_what_its_number_is():
    assert [described_check(check)["number"] for check in CHECKS] == [check.number for check in CHECKS]
    assert len({check.number for check in CHECKS}) == len(CHECKS)


def test_a_newcomer_sees_a_sample_of_every_check_of_every_method():
    sample = sample_of(QUICK_CHECKS)
    assert sample is not None
    found = {(told["check"], told["method"]) for told in sample.messages(CheckReady)}
    assert found == {(check, method) for check in NAMES for method in sample.request.methods}


@pytest.mark.usefixtures("asked_of_core")
def test_the_sample_is_what_check_would_ask_and_is_shown_until_then(
    sanity_page: Open, started: Start, words: Words
) -> None:
    app = sanity_page()
    assert "A precomputed sample. Press Check" in words(app)
    assert started(app, QUICK_CHECKS).request == sample_of(QUICK_CHECKS).request
    assert "Press Check" not in words(app)


@pytest.mark.usefixtures("asked_of_core")
def test_another_seed_makes_the_checks_older_and_another_randomisation_does_not(
    sanity_page: Open, started: Start, words: Words, wait: Wait
) -> None:
    app = sanity_page(**FEW)
    job = started(app, QUICK_CHECKS)
    wait(lambda: job.finished)
    app.number_input(key="draws").set_value(1).run()
    assert "These checks are older" not in words(app)
    app.number_input(key="seed").set_value(1).run()
    assert "These checks used another seed. Press Check to update them." in words(app)


def test_an_address_that_names_nothing_says_what_to_do(sanity_page: Open, words: Words):
    assert "no longer kept here. Press Check to make them again" in words(sanity_page(quick_checks="0" * 32))


@pytest.mark.parametrize("name", [QUICK_CHECKS.name, QUICK_CHECKS.formerly])
def test_a_job_of_another_kind_is_not_shown_as_quick_checks(
    sanity_page: Open, words: Words, finished_run: Any, name: str
) -> None:
    assert "Press Check to make them again" in words(sanity_page(**{name: finished_run.id}))


def test_who_passes_every_check_and_who_fails_one_is_told_beside_the_randomisation(
    ended: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(method: str, check: str, standing: str | None) -> CheckReady:
        return CheckReady(method, check, 0.5, None, None, standing, "", final=True)

    events = [
        found("gradient", "other_class", "passes"), found("gradient", "input_shift", "fails"),
        found("smoothgrad", "other_class", "passes"), found("smoothgrad", "input_shift", None),
        found("grad_cam", "other_class", "passes"), found("grad_cam", "input_shift", "unclear"),
    ]  # fmt: skip
    of = randomisation_of(target=0)
    job = ended(QUICK_CHECKS, checks_of(of), Clothes(), events)
    monkeypatch.setattr(panel, "find_named", lambda *_, **__: [job])
    assert panel.checked(of)["standings"] == {"gradient": "fails", "smoothgrad": "passes"}
    assert panel.checked(replace(of, picture="rocket"))["standings"] == {}
    assert panel.checked(replace(of, target=1))["standings"] == {}
