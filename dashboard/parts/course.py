"""How a training goes and what its gate comes to, mounted once and fed by its events."""

from collections.abc import Sequence

from dashboard.messages import Message
from dashboard.parts.component import declare

_COMPONENT = declare("course", "dom", "stream", "ticks", "gate")


def course(
    place: str,
    run: str = "",
    told: Sequence[Message] = (),
    chart: bool = True,
    brief: bool = False,
    stale: bool = False,
) -> None:
    """Loss and accuracy by epoch, and the gate's figures once they are known.

    Parameters
    ----------
    run
        The job that tells; none where all is known.
    told
        Messages that are known without a job.
    chart
        Whether the epochs are drawn; without them there is only the gate.
    brief
        Whether a gate that is passed takes one line.
    """
    _COMPONENT(
        data={"run": run, "told": list(told), "chart": chart, "brief": brief, "stale": stale},
        key=f"course {place}",
    )
