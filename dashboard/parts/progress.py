"""How far a run is, in a line under the button that ends it."""

from dashboard.parts.component import declare

_COMPONENT = declare("progress", "dom", "stream")


def progress(run: str = "", methods: int = 0, running: bool = False) -> None:
    """The page is run again when a run ends that was running when the script last looked."""
    _COMPONENT(data={"run": run, "methods": methods, "running": running}, key="progress", on_ended_change=lambda: None)
