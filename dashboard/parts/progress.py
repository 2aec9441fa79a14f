"""How far a job is, in a line under the button that ends it."""

from typing import Literal

from dashboard.parts.component import declare

_COMPONENT = declare("progress", "dom", "stream")


def progress(
    place: str,
    run: str = "",
    running: bool = False,
    title: str = "",
    counts: Literal["heatmaps", "pictures", "scored", "answers", "steps", "cells", "maps"] = "heatmaps",
    methods: int = 0,
    further: bool = False,
) -> None:
    """The page is run again when a job ends that was running when the script last looked.

    Parameters
    ----------
    title
        Whose job it is, where several are side by side.
    counts
        What tells how far it is: heatmaps and then the model's answers, pictures, heatmaps that are scored at once, the
        answers alone, steps of a training, cells of a sweep, or maps of randomised networks.
    methods, further
        Of a run of one picture how many heatmaps it makes, of each network, and whether further scores follow.
    """
    told = {"run": run, "running": running, "title": title, "counts": counts, "methods": methods, "further": further}
    _COMPONENT(data=told, key=f"progress {place}", on_ended_change=lambda: None)
