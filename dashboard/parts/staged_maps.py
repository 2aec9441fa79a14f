"""Maps of ever more random networks, mounted once and fed by their events: the grid, its curves, the verdicts."""

from dashboard.parts.component import declare
from dashboard.parts.heatmap_cards import described
from dashboard.requests import Randomising

JUDGED = "spearman_abs"
"""The similarity that a verdict is about; the first one shown."""
_COMPONENT = declare(
    "staged_maps", "dom", "stream", "colours", "heatmap", "stage", "view_bar", "pair", "staged", "table", "interval",
    "standings", "staged_grid", "staged_pair", "ticks", "names", "similarity_plot",
)  # fmt: skip


def staged_maps(run: str, asked: Randomising, stale: bool, brief: bool = False, place: str = "") -> None:
    """A row a method, a column a stage of randomisation; below, how alike the maps still are, and what follows.

    Parameters
    ----------
    run
        The job that tells, and has the picture's crop.
    brief
        Whether the verdicts stand beside the methods only, without their table.
    place
        Tells several on one page apart.
    """
    told = {"run": run, "crop": f"/api/jobs/{run}/crop", "methods": list(described(asked)), "judged": JUDGED}
    _COMPONENT(data=told | {"stale": stale, "brief": brief}, key=f"staged_maps {place}")
