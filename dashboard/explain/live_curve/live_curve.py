"""The perturbation test of an explanation's heatmaps, mounted once and fed by its events."""

from collections.abc import Mapping

from core.metrics.answers import Y
from core.models.outputs import predicted_in_words, rather_than
from dashboard.components.component import declare
from dashboard.components.methods import described
from dashboard.explain.one_picture.job import Explanation, y_shown

Y_NAMES: Mapping[Y, str] = {
    "probability": "probability of the class",
    "relative_logit": "logit relative to the clean picture",
    "accuracy": "1 while the class stays {predicted}",
}
CONTRASTED: Mapping[Y, str] = {
    "probability": "probability of the class rather than {other}",
    "relative_logit": "logit minus that of {other}, relative to the clean picture",
    "accuracy": "1 while the class stays more probable than {other}",
}
UNITS = {
    "pixel": "of the pixels removed",
    "region": "of the pixels removed, square by square",
    "superpixel": "of the pixels removed, superpixel by superpixel",
    "feature": "of the values removed, each channel of a pixel by itself",
}
_COMPONENT = declare("explain/live_curve/live_curve")


def live_curve(explanation: Explanation, stale: bool) -> None:
    """Curves that grow, and the perturbed picture behind each point."""
    request = explanation.request
    data = {
        "run": explanation.id,
        "methods": list(described(request)),
        "y": y_shown(request),
        "bounded": request.y != "relative_logit",
        "yName": y_name(explanation),
        "unit": UNITS[request.unit],
        "steps": request.steps,
        "stale": stale,
    }
    _COMPONENT(data=data, key="live_curve")


def y_name(explanation: Explanation) -> str:
    """What the curves show, with the class that the explained one is contrasted with."""
    request = explanation.request
    other = rather_than(request.output)
    if other is None and request.y == "accuracy":
        return Y_NAMES[request.y].format(predicted=predicted_in_words(explanation.inputs().classifier.reading))
    if other is None:
        return Y_NAMES[request.y]
    return CONTRASTED[request.y].format(other=explanation.inputs().labels[other])
