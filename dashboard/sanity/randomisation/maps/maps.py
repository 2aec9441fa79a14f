"""Maps of a network that is randomised stage by stage, mounted once and fed by their events."""

from collections.abc import Mapping
from typing import Any

from core.metrics.similarity import JUDGED
from dashboard.components.component import declare
from dashboard.components.methods import described
from dashboard.components.subject import subject_in_words
from dashboard.sanity.randomisation.job import StagesRequest

BESIDE = ("random", "sobel")
"""Controls that always stand among the maps: one depends on nothing, one on the picture alone. The others on demand."""
_COMPONENT = declare("sanity/randomisation/maps/maps")


def staged_maps(
    run: str, request: StagesRequest, stale: bool, place: str = "", other: Mapping[str, Any] | None = None
) -> None:
    """The verdict in a sentence; below it a row a method, a column a stage, first of all the trained network's map.

    Parameters
    ----------
    run
        The job that tells, and has the picture's crop.
    place
        Tells several on one page apart.
    other
        Another test of the same maps: how methods stand in it (``standings``), and the words for having ``passed`` and
        for having ``failed`` it.
    """
    data = {
        "run": run,
        "crop": f"/api/jobs/{run}/crop",
        "methods": list(described(request)),
        "beside": list(BESIDE),
        "judged": JUDGED,
        "other": other,
        "stale": stale,
        "about": subject_in_words(request),
    }
    _COMPONENT(data=data, key=f"staged maps {place}")
