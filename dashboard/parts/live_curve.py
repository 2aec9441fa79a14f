"""The trial of a run's heatmaps, mounted once and fed by its events."""

from dashboard.parts.columns import ALWAYS, grouped
from dashboard.parts.component import declare
from dashboard.parts.heatmap_cards import described
from dashboard.requests import Asked

Y_NAMES = {
    "probability": "probability of the class",
    "relative_logit": "logit relative to the clean picture",
    "accuracy": "1 where the class is still the likeliest",
}
UNITS = {
    "pixel": "of the pixels removed",
    "region": "of the pixels removed, square by square",
    "superpixel": "of the pixels removed, superpixel by superpixel",
    "feature": "of the values removed, each channel of a pixel by itself",
}
_COMPONENT = declare(
    "live_curve", "dom", "stream", "verdict", "curve_data", "names", "ticks", "plot", "removed", "table", "scores"
)


def live_curve(run: str, asked: Asked, stale: bool) -> None:
    """Curves that grow, the perturbed picture behind each point, and the scores."""
    told = {
        "run": run,
        "methods": list(described(asked)),
        "groups": grouped([*ALWAYS, *asked.metrics]),
        "y": asked.y,
        "yName": Y_NAMES[asked.y],
        "unit": UNITS[asked.unit],
        "steps": asked.steps,
        "stale": stale,
    }
    _COMPONENT(data=told, key="live_curve")
