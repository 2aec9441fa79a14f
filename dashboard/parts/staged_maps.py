"""Maps of ever more random networks, mounted once and fed by their events."""

from core.metrics.similarity import JUDGED
from dashboard.parts.component import declare
from dashboard.parts.heatmap_cards import described
from dashboard.requests import Randomising

_COMPONENT = declare(
    "staged_maps", "dom", "stream", "colours", "heatmap", "stage", "view_bar", "pair", "similarities", "staged",
    "table", "standings", "staged_grid", "staged_pair",
)  # fmt: skip


def staged_maps(run: str, asked: Randomising, stale: bool, place: str = "") -> None:
    """A row a method, a column a stage of randomisation, and first of all the trained network's map.

    Parameters
    ----------
    run
        The job that tells, and has the picture's crop.
    place
        Tells several on one page apart.
    """
    told = {"run": run, "crop": f"/api/jobs/{run}/crop", "methods": list(described(asked)), "judged": JUDGED}
    _COMPONENT(data=told | {"stale": stale}, key=f"staged maps {place}")
