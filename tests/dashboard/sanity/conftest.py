"""The Sanity page without a browser, and jobs of its kinds that never end by themselves."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from threading import Event
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.jobs.events import Progress
from dashboard.jobs.session import sample_of
from dashboard.library.models import shelf
from dashboard.sanity.label_check.panel import NETWORKS
from dashboard.sanity.randomisation.job import RANDOMISATION


@pytest.fixture
def sanity_page(page: Callable[..., AppTest]) -> Callable[..., AppTest]:
    """The Sanity page as the address asks for it, at rest, the quick checks unfolded; what it started is ended."""
    for name in (NETWORKS.name, sample_of(RANDOMISATION).request.model):
        assert shelf.ask(name).ended.wait(60)
    return partial(page, "sanity", checking="true")


@pytest.fixture
def endless() -> Iterator[Callable[..., Iterator[Any]]]:
    """A stream in the engine's stead; it goes on until the test is over, or until it is closed."""
    over = Event()

    def stream(*_: Any, **__: Any) -> Iterator[Any]:
        while not over.is_set():
            yield Progress(0, 1, "on and on")

    yield stream
    over.set()


@pytest.fixture
def followed() -> Callable[[AppTest], set[str]]:
    """The names of the jobs whose events the components of a page read."""

    def names(app: AppTest) -> set[str]:
        told = [json.loads(each.proto.json) for each in app.get("bidi_component") if each.proto.json]
        return {each["run"] for each in told if "run" in each}

    return names
