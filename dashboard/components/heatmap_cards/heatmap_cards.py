"""All heatmaps of a job, or of several side by side, mounted once and fed by their events."""

from collections.abc import Sequence
from typing import Any, Literal

from dashboard.components.component import declare
from dashboard.components.methods import described
from dashboard.jobs.views import JobView
from dashboard.library.models import models

_COMPONENT = declare("components/heatmap_cards/heatmap_cards")


def heatmap_cards(
    jobs: Sequence[JobView[Any, Any]],
    stale: bool,
    judge: Literal["fidelity", "stamp_distance"] = "fidelity",
    folded: bool = False,
) -> None:
    """A card a method, job by job; dimmed where they belong to what was chosen before.

    Parameters
    ----------
    judge
        The score on each card. With the stamp distance a card keeps its map, dimmed, until that of the next job comes.
    folded
        Whether only the best methods and the best control are shown until somebody asks for more.
    """
    columns = [
        {
            "run": job.id,
            "title": models.title(job.request.model) if len(jobs) > 1 else "",
            "methods": list(described(job.request)),
        }
        for job in jobs
    ]
    _COMPONENT(data={"runs": columns, "stale": stale, "judge": judge, "folded": folded}, key=f"cards judged by {judge}")
