"""The Stamp page without a browser, and networks that learned stamps."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.models.bundled import list_bundled
from core.models.small import stamp_cnn
from core.models.trained import save_trained
from core.models.trained_file import Description
from core.models.training import EpochDone
from core.pictures.stamps import Stamp
from core.stamping.gate import Gate
from core.stamping.models import DEFAULT, ListedStampModel, list_stamp_models
from core.stamping.task import Task
from dashboard.jobs.session import find
from dashboard.library.models import shelf
from dashboard.stamp.one_picture.job import StampedPicture

GREY = (0.5, 0.5, 0.5)
TASK = Task("patches", (Stamp(),))
EPOCH = EpochDone(1, 2, 0.25, 0.875, 0.9375, 1.5)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of its own for what is trained here."""
    monkeypatch.setenv("HEATCHECK_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def cross() -> ListedStampModel:
    """The network that the page shows first."""
    return next(model for model in list_stamp_models() if model.name == DEFAULT)


@pytest.fixture
def stamp_page(page: Callable[..., AppTest], wait: Callable[..., None]) -> Callable[..., AppTest]:
    """The Stamp page as the address asks for it, its model loaded before."""

    def run(**query: str) -> AppTest:
        names = {each.title: each.name for each in list_stamp_models()} | {
            each.label: each.name for each in list_bundled()
        }
        wait(lambda: shelf.ask(names[query["model"]] if "model" in query else DEFAULT).settled, 120)
        return page("stamp", **query)

    return run


@pytest.fixture
def benchmark_tab(stamp_page: Callable[..., AppTest]) -> Callable[..., AppTest]:
    """The page's benchmark tab, with one method chosen and the sweep unfolded."""
    return lambda **query: stamp_page(**{"tab": "Benchmark", "methods": "gradient", "sweeping": "true", **query})


@pytest.fixture
def explained(stamp_page: Callable[..., AppTest]) -> Callable[..., tuple[AppTest, StampedPicture]]:
    """The page after a press of Explain, and the job that this started."""

    def press(**query: str) -> tuple[AppTest, StampedPicture]:
        app = stamp_page(**query)
        app.button(key="start stamped_picture").click().run()
        assert not app.exception
        return app, find(app.query_params["stamped_picture"])

    return press


@pytest.fixture
def own_model() -> Callable[..., str]:
    """Keeps a network that was never trained as one that was; its name."""

    def keep(gate: Gate, title: str = "Mine", owner: str = "", **task: Any) -> str:
        about = {
            "task": replace(TASK, **task).as_json(),
            "gate": gate.as_json(),
            "seed": 0,
            "bases": 90,
            "history": [asdict(EPOCH)],
        }
        described = Description("stamp_cnn", TASK.labels, (48, 48), GREY, GREY, GREY, title, "stamps", about)
        torch.manual_seed(0)
        return save_trained(described, stamp_cnn(2, (48, 48)), owner)

    return keep


@pytest.fixture
def follows() -> Callable[[AppTest, str], bool]:
    """Whether a component of that key is on the page; a job that none follows is ended after a while."""
    return lambda app, key: any(element.proto.id.endswith(f"-{key}") for element in app.get("bidi_component"))
