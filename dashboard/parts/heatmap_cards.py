"""All heatmaps of a run, or of several side by side, mounted once and fed by their events."""

from collections.abc import Iterable, Sequence
from typing import Literal

import core
from dashboard.parts.component import declare
from dashboard.parts.method_panel import settings_in_words
from dashboard.requests import Judging
from dashboard.runs import Run
from dashboard.stamping import LiveStamp
from dashboard.workshop import models

_COMPONENT = declare(
    "heatmap_cards", "dom", "stream", "colours", "heatmap", "verdict", "judges", "stage", "card", "view_bar", "pair",
    "enlarged",
)  # fmt: skip


def heatmap_cards(
    runs: Sequence[Run | LiveStamp], stale: bool, judge: Literal["fidelity", "stamp_distance"] = "fidelity"
) -> None:
    """A column a run, a card a method, in the order given; dimmed where they belong to what was chosen before.

    Parameters
    ----------
    judge
        The score on each card. With the stamp distance a card keeps its map, dimmed, until that of the next run comes.
    """
    columns = [
        {
            "run": run.id,
            "title": models.title(run.asked.model) if len(runs) > 1 else "",
            "methods": list(described(run.asked)),
        }
        for run in runs
    ]
    _COMPONENT(data={"runs": columns, "stale": stale, "judge": judge}, key=f"cards judged by {judge}")


def described(asked: Judging) -> Iterable[dict[str, object]]:
    """What the page tells of each method and of its settings."""
    known = {method.name: method for method in core.list_methods()}
    for name in asked.methods:
        method = known[name]
        facts = {"name": name, "label": method.label, "control": method.control}
        settings = settings_in_words(method, asked.settings.get(name, {}))
        yield facts | {"settings": settings, "summary": method.summary, "paper": method.paper}
