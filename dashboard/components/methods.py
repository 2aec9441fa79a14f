"""Methods and their settings, as a page shows them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import core
from core.methods.heatmap import HeatmapReady
from core.methods.heatmap_request import HeatmapRequest
from core.methods.registry import Method, Parameter
from core.metrics.fidelity import FidelityReady
from dashboard.jobs.views import JobView


def described(request: HeatmapRequest) -> Iterable[dict[str, Any]]:
    """What the page says of each method and of its settings."""
    known = {method.name: method for method in core.list_methods()}
    for name in request.methods:
        method = known[name]
        facts = {"name": name, "label": method.label, "control": method.control, "rival": method.blind}
        settings = settings_in_words(method, request.settings.get(name, {}))
        yield facts | {"settings": settings, "summary": method.summary, "paper": method.paper}


def described_finished(job: JobView[Any, Any]) -> list[dict[str, Any]]:
    """The same of those methods of a job whose heatmap is finished."""
    finished = {message["heatmap"]["method"] for message in job.messages(HeatmapReady) if message["final"]}
    return [method for method in described(job.request) if method["name"] in finished]


def best_of(job: JobView[Any, Any], names: Sequence[str]) -> str:
    """The method that an explanation's verdict names, or else the one of the highest F, as far as they are scored."""
    scores = {score["method"]: (score["verdict"] == "finds", score["value"]) for score in job.messages(FidelityReady)}
    return max(names, key=lambda name: scores.get(name, (False, -math.inf)))


def method_labels() -> dict[str, str]:
    return {method.name: method.label for method in core.list_methods()}


def worded(name: str) -> str:
    return name.replace("_", " ")


def settings_in_words(method: Method, settings: Mapping[str, Any]) -> str:
    """What differs from the defaults, as a caption has it: ``samples 40, level 0.2``."""
    parts = [
        f"{parameter.label.lower()} {value_in_words(parameter, settings[parameter.name])}"
        for parameter in method.parameters
        if parameter.name in settings
    ]
    return ", ".join(parts)


def value_in_words(parameter: Parameter, value: Any) -> str:
    if parameter.kind == "method":
        return method_labels()[value]
    if parameter.kind == "choice":
        return worded(value)
    return f"{value:g}" if parameter.kind in ("integer", "number") else value
