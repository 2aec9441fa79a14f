"""How far a run is, in a line under the button that ends it."""

from dashboard.parts.component import declare

_COMPONENT = declare("progress", "dom", "stream")


def progress(place: int, run: str = "", methods: int = 0, running: bool = False, title: str = "") -> None:
    """The page is run again when a run ends that was running when the script last looked.

    Parameters
    ----------
    title
        Whose run it is, where several are side by side.
    """
    told = {"run": run, "methods": methods, "running": running, "title": title}
    _COMPONENT(data=told, key=f"progress {place}", on_ended_change=lambda: None)
