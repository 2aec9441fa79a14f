"""What a job was made with, for whoever reads an export of it without the page."""

import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict, is_dataclass
from importlib.metadata import version
from itertools import chain
from typing import Any

from core.models.classifier import Classifier
from core.models.outputs import output_in_words
from dashboard.components.methods import described, method_labels
from dashboard.components.subject import subject_in_words, title_of_model
from dashboard.jobs.changes import words_of
from dashboard.jobs.messages import Message
from dashboard.jobs.requests import FollowUpRequest, Words
from dashboard.jobs.session import find
from dashboard.jobs.views import JobView
from dashboard.library.absence import NotThere
from dashboard.library.models import of_its_answers, shelf
from dashboard.library.pictures import title_of_picture
from dashboard.library.sources import title_of_source

PACKAGES = {"heatcheck": "HeatCheck", "torch": "PyTorch", "torchvision": "torchvision", "timm": "timm"}
HIDDEN = ("about", "truth", "folder", "title")
"""Names of other things on the server, which mean nothing elsewhere and open them here; and what the head says."""
EACH = "each in turn"
STATES = {
    "queued": "waiting for its turn",
    "running": "still running",
    "done": "finished",
    "cancelled": "cancelled; what had been computed is shown",
    "failed": "failed",
}


def about(job: JobView[Any, Any]) -> Message:
    """What a file's head and foot say of a job: its title, how its numbers are read, what it was made with."""
    rows = [[name, value] for name, value in rows_of(job) if value]
    return {"title": title_of(job), "reading": job.kind.reading, "rows": rows}


def title_of(job: JobView[Any, Any]) -> str:
    """What it is, of what, by which model."""
    request = subject_of(job).request
    of = [subject_in_words(request), getattr(request, "title", "")]
    return ": ".join([job.kind.title, ", ".join(filter(None, of))]).removesuffix(": ")


def subject_of(job: JobView[Any, Any]) -> JobView[Any, Any]:
    """The job that says of what picture and by which model it is: itself, or what a follow-up is about."""
    request = job.request
    if not isinstance(request, FollowUpRequest) or hasattr(request, "model"):
        return job
    try:
        return find(request.about)
    except NotThere:
        return job


def rows_of(job: JobView[Any, Any]) -> Iterator[tuple[str, str]]:
    """Name and value of each thing, in words."""
    yield from asked(job)
    subject = subject_of(job)
    if subject is not job:
        yield from asked_before(subject, job.request)
    if classifier := classifier_of(subject):
        yield "Model output", " ".join(of_its_answers(classifier))
    yield "Run", state_in_words(job)
    yield "Versions", " · ".join([f"{title} {version(name)}" for name, title in PACKAGES.items()])
    yield "Python", f"{platform.python_version()} on {platform.system()}"


def classifier_of(job: JobView[Any, Any]) -> Classifier | None:
    """The model that it asked, where it is still in memory."""
    try:
        found = None if job.sample else getattr(job.inputs(), "classifier", None)
    except NotThere:
        found = None
    return found or shelf.held(getattr(job.request, "model", ""))


def asked(job: JobView[Any, Any]) -> Iterator[tuple[str, str]]:
    """What its request asks for."""
    request = job.request
    if hasattr(request, "settings"):
        yield "Methods", " · ".join(named_methods(request))
    for name, words in words_of(type(request)).items():
        if name not in (*HIDDEN, "settings", *unused(request)):
            value = getattr(request, name)
            yield capitalised(words.text), value_in_words(name, value, words, job)


def asked_before(subject: JobView[Any, Any], request: FollowUpRequest) -> Iterator[tuple[str, str]]:
    """What a follow-up takes over from the job that it is about; of the methods none where it asks about one."""
    words = words_of(type(subject.request))
    varied = [capitalised(words[name].text) for name in request.varied]
    for name, value in asked(subject):
        if name != "Methods" or not hasattr(request, "method"):
            yield name, EACH if name in varied else value


def capitalised(words: str) -> str:
    return words[:1].upper() + words[1:]


def unused(request: Any) -> tuple[str, ...]:
    """Names of fields that say nothing beside the others."""
    return () if getattr(request, "unit", "region") == "region" else ("side",)


def named_methods(request: Any) -> Iterator[str]:
    """Each method with those of its settings that differ from the defaults."""
    for method in described(request):
        yield f"{method['label']} ({method['settings']})" if method["settings"] else method["label"]


def value_in_words(name: str, value: Any, words: Words, job: JobView[Any, Any]) -> str:
    """The value of a field of a request, as a person would say it, with the names that only the job knows."""
    match name, value:
        case "model", str():
            return title_of_model(value)
        case "picture", str():
            return title_of_picture(value)
        case "source", str():
            return title_of_source(value)
        case "method", str():
            return method_labels().get(value, "")
        case "target", int():
            return explained_class(job)
        case "output", _:
            return output_in_words(value, job.inputs().labels)
    return words.said(value) if words.said else plain_words(value)


def plain_words(value: Any) -> str:
    """
    >>> plain_words((0.5, "noisy_copies")), plain_words(None), plain_words({"size": 3})
    ('0.5, noisy copies', '', 'size 3')
    """
    if is_dataclass(value) and not isinstance(value, type):
        return plain_words(asdict(value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {plain_words(each)}" for name, each in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(map(plain_words, value))
    return "" if value is None else str(value).replace("_", " ")


def explained_class(job: JobView[Any, Any]) -> str:
    """The label of the class that its heatmaps explain, or that it is about without any; nothing before it is known."""
    heatmaps = (message["heatmap"] for message in job.messages() if message.get("heatmap"))
    answered = (each.label for each in job.answers if each.index == job.request.target)
    return next(chain((str(heatmap["target"]) for heatmap in heatmaps), answered), "")


def state_in_words(job: JobView[Any, Any]) -> str:
    """How far it came, and how long that took."""
    state = job.state()
    words = f"{STATES[state['state']]}, {state['seconds']:.1f} s"
    return f"{words}; a precomputed sample" if job.sample else words
