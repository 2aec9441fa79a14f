"""The page without a browser: its script, and the routes beside it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from core.jobs.events import Progress
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused, Passes
from core.metrics.curves import CurvePoint
from core.metrics.fidelity import Fidelity, FidelityReady
from core.metrics.statistics import Score, Tally
from core.studies.evaluation import PictureRefused, PictureScored, SummaryReady
from dashboard.requests import Asked, AskedOfMany
from dashboard.routes import ROUTES
from dashboard.runs import LiveRun, Subject, Trial
from dashboard.studies import Evaluation, LiveStudy
from dashboard.workshop import DEFAULT_MODEL, queue, shelf

SCRIPT = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"
LABELS = ("cat", "dog", "cup")
VALUES = torch.tensor([[0.5, -1.0, 0.0], [2.0, 0.25, -0.125]])
EVENTS = (
    Progress(1, 4, "Gradient"),
    HeatmapReady(Heatmap(VALUES, VALUES[None], "gradient", 1, "sum", 0.25, Passes(1, 1), ("A note.",)), final=True),
    MethodRefused("deconvnet", "This network has no ReLU."),
    CurvePoint("gradient", "mif", 0.5, 0.25, None, None, ((1, 0.5), (0, 0.25), (2, 0.125))),
    FidelityReady(Fidelity("gradient", 0.4, 0.05, 0.3, 0.1, None, 0.0, "finds", "Finds it."), final=True),
)
SCORES = {
    "a.png": {"gradient": 0.5, "sobel": 0.25, "random": 0.0},
    "b.png": {"gradient": 0.75, "sobel": float("nan"), "random": 0.25},
}


def wait_for(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def wait() -> Callable[..., None]:
    return wait_for


@pytest.fixture(scope="session", autouse=True)
def _warm() -> None:
    """The default model is loaded, as it is a moment after the server started."""
    wait_for(lambda: shelf.ask(DEFAULT_MODEL).settled, 120)


@pytest.fixture
def page() -> Iterator[Callable[..., AppTest]]:
    """The page as the address asks for it, at rest; what it started is ended."""
    apps: list[AppTest] = []

    def run(**query: str) -> AppTest:
        app = AppTest.from_file(str(SCRIPT), default_timeout=60)
        apps.append(app)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        return app

    yield run
    names = [name for app in apps for name in app.query_params.get("job", "").split(",")]
    for job in filter(None, map(queue().get, names)):
        queue().cancel(job.id)
        wait_for(lambda job=job: job.finished)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(Starlette(routes=ROUTES)) as client:
        yield client


@pytest.fixture
def classifier_of_names() -> object:
    """What the page reads of a classifier whose pictures are of two rows and three columns."""
    plain = {"labels": LABELS, "dataset_mean": (0.5, 0.5, 0.5), "size": (2, 3), "normalise": lambda _, pixels: pixels}
    return type("Classifier", (), plain)()


@pytest.fixture
def finished_run(classifier_of_names: object) -> LiveRun:
    """A run of one of each event, made on a picture of two rows."""
    asked = Asked(
        model="none",
        picture="chelsea",
        target=1,
        methods=("gradient", "deconvnet"),
        settings={},
        output="logit",
        seed=0,
        imputer="black",
        steps=2,
    )
    about = Trial(asked, Subject(classifier_of_names, torch.rand(1, 3, 2, 3)), "Cat")
    job = queue().submit(lambda: iter(EVENTS), owner="somebody", about=about)
    wait_for(lambda: job.finished)
    return LiveRun(job)


def told_of(picture: str, place: int) -> PictureScored:
    scores = (Score(picture, method, "fidelity", value) for method, value in SCORES[picture].items())
    return PictureScored(picture, tuple(scores), 0.5, place, 3)


@pytest.fixture
def finished_study(classifier_of_names: object) -> LiveStudy:
    """A study of two pictures, one of them without a score of the edges, and a file that is no picture."""
    told = [told_of(picture, place) for place, picture in enumerate(SCORES, 1)]
    tally = Tally()
    for each in told:
        tally.add(each.scores)
    events = (*told, PictureRefused("c.png", "This is not a picture."), SummaryReady(tally.summary(), 2))
    asked = AskedOfMany(
        model="none",
        methods=("gradient", "sobel", "random"),
        settings={},
        output="logit",
        seed=0,
        metrics=("fidelity",),
        source="gallery",
        limit=3,
    )
    job = queue().submit(lambda: iter(events), owner="somebody", about=Evaluation(asked, classifier_of_names))
    wait_for(lambda: job.finished)
    return LiveStudy(job)
