"""All heatmaps of a run, mounted once and fed by its events."""

from collections.abc import Iterable, Sequence

import core
from dashboard.parts.component import declare

_COMPONENT = declare(
    "heatmap_cards", "dom", "stream", "colours", "heatmap", "verdict", "stage", "card", "view_bar", "enlarged"
)


def heatmap_cards(run: str, methods: Sequence[str], stale: bool) -> None:
    """One card a method, in the order given; dimmed where they belong to something else than what is chosen now."""
    _COMPONENT(data={"run": run, "methods": list(described(methods)), "stale": stale}, key="heatmap_cards")


def described(names: Sequence[str]) -> Iterable[dict[str, object]]:
    """What the page tells of each method."""
    known = {method.name: method for method in core.list_methods()}
    for name in names:
        method = known[name]
        facts = {"name": name, "label": method.label, "control": method.control}
        yield facts | {"summary": method.summary, "paper": method.paper}
