"""The page without a browser: its script, and the routes beside it."""

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
import torch
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from core.jobs import queue as queue_of_jobs
from core.jobs.events import Progress
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused, Passes
from core.metrics.curves import CurvePoint
from core.metrics.fidelity import Fidelity, FidelityReady
from core.metrics.statistics import Score, Tally
from core.studies.evaluation import PictureRefused, PictureScored, SummaryReady
from dashboard.controls import job_panel
from dashboard.explain.many_pictures.job import STUDY, StudyRequest
from dashboard.explain.one_picture.job import EXPLANATION, ExplanationRequest, MarkedSubject
from dashboard.jobs import session
from dashboard.jobs.kinds import JobKind
from dashboard.jobs.views import QueuedJob, Submitted
from dashboard.library.models import DEFAULT_MODEL, shelf
from dashboard.library.queue import queue
from dashboard.library.sources import Source
from dashboard.routing import ROUTES
from dashboard.server import find_features

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


@pytest.fixture(autouse=True)
def _every_click_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test clicks sooner than a person decides to."""
    monkeypatch.setattr(job_panel, "SECONDS_TO_SEE_A_CHANGE", 0.0)


@pytest.fixture(autouse=True)
def _nothing_was_asked_before(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Whatever another test has asked for is computed anew."""
    question = session.question
    monkeypatch.setattr(session, "question", lambda *asked: f"{request.node.nodeid} {question(*asked)}")


@pytest.fixture(autouse=True)
def _people_of_other_tests_have_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a full queue drops their jobs first."""
    monkeypatch.setattr(queue_of_jobs, "GONE_SECONDS", 0.0)


@pytest.fixture(autouse=True)
def _a_test_looks_at_its_job_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a page does, however long that takes on a busy machine."""
    monkeypatch.setattr(queue_of_jobs, "UNWATCHED_SECONDS", 600.0)


@pytest.fixture
def opened() -> Iterator[Callable[..., AppTest]]:
    """Opens an app at an address, until it is at rest, as somebody new or as another app's visitor."""
    apps: list[AppTest] = []

    def run(app: AppTest, visitor: AppTest | None = None, **query: str) -> AppTest:
        apps.append(app)
        if visitor:
            app.session_state["owner"] = visitor.session_state["owner"]
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        return app

    yield run
    for app in apps:
        for job in queue().running(app.session_state["owner"]) if "owner" in app.session_state else ():
            queue().cancel(job.id, job.owner)
            wait_for(lambda job=job: job.finished)


@pytest.fixture
def page(opened: Callable[..., AppTest]) -> Callable[..., AppTest]:
    """The dashboard as the address asks for it."""

    def run(view: str = "", visitor: AppTest | None = None, **query: str) -> AppTest:
        app = AppTest.from_file(str(SCRIPT), default_timeout=60)
        if view:
            app.switch_page(f"views/{view}.py")
        return opened(app, visitor, **query)

    return run


@pytest.fixture
def words() -> Callable[[AppTest], str]:
    """All that a page says in sentences."""
    return lambda app: " ".join(
        element.value for element in [*app.header, *app.info, *app.warning, *app.error, *app.caption, *app.markdown]
    )


@pytest.fixture
def started() -> Callable[[AppTest, JobKind], QueuedJob]:
    """Presses the button of a kind of job, and gives what was started."""

    def start(app: AppTest, kind: JobKind) -> QueuedJob:
        app.button(key=f"start {kind.name}").click().run()
        assert not app.exception
        return QueuedJob(queue().get(app.query_params[kind.name]))

    return start


@pytest.fixture
def client() -> Iterator[TestClient]:
    find_features()
    with TestClient(Starlette(routes=ROUTES)) as client:
        yield client


@pytest.fixture
def classifier_of_names() -> object:
    """What the page reads of a classifier whose pictures are of two rows and three columns."""
    plain = {"labels": LABELS, "dataset_mean": (0.5, 0.5, 0.5), "size": (2, 3), "normalise": lambda _, pixels: pixels}
    plain |= {"name": "none", "reading": "softmax", "notes": ()}
    return type("Classifier", (), plain)()


@pytest.fixture
def ended() -> Callable[..., QueuedJob]:
    """A job of that kind that has yielded these events."""

    def end(kind: JobKind, request: object, inputs: object, events: Iterable[object] = ()) -> QueuedJob:
        job = queue().submit(lambda: iter(events), "somebody", Submitted(kind, request, inputs))
        wait_for(lambda: job.finished)
        return QueuedJob(job)

    return end


@pytest.fixture
def finished_run(classifier_of_names: object, ended: Callable[..., QueuedJob]) -> QueuedJob:
    """A run of one of each event, made on a picture of two rows."""
    request = ExplanationRequest(
        model="none", picture="chelsea", target=1, methods=("gradient", "deconvnet"), imputer="black", steps=2
    )
    return ended(EXPLANATION, request, MarkedSubject(classifier_of_names, torch.rand(1, 3, 2, 3)), EVENTS)


def told_of(picture: str, place: int) -> PictureScored:
    scores = (Score(picture, method, "fidelity", value) for method, value in SCORES[picture].items())
    return PictureScored(picture, tuple(scores), 0.5, place, 3)


@pytest.fixture
def finished_study(classifier_of_names: object, ended: Callable[..., QueuedJob]) -> QueuedJob:
    """A study of two pictures, one of them without a score of the edges, and a file that is no picture."""
    told = [told_of(picture, place) for place, picture in enumerate(SCORES, 1)]
    tally = Tally()
    for each in told:
        tally.add(each.scores)
    events = (*told, PictureRefused("c.png", "This is not a picture."), SummaryReady(tally.summary(), 2))
    request = StudyRequest(
        model="none", methods=("gradient", "sobel", "random"), metrics=("fidelity",), source="gallery", limit=3
    )
    return ended(STUDY, request, Source(classifier_of_names, "gallery", None), events)
