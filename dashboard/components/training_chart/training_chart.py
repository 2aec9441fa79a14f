"""The progress of a training and the result of its gate, mounted once and fed by its events."""

from collections.abc import Sequence

from dashboard.components.component import declare
from dashboard.jobs.messages import Message

_COMPONENT = declare("components/training_chart/training_chart")


def training_chart(
    place: str,
    run: str = "",
    messages: Sequence[Message] = (),
    chart: bool = True,
    brief: bool = False,
    stale: bool = False,
    gate: bool = True,
) -> None:
    """Loss and accuracy by epoch, and the gate's figures once they are known.

    Parameters
    ----------
    run
        The job whose messages are drawn; none where all is known.
    messages
        What is known without a job.
    chart
        Whether the epochs are drawn; without them there is only the gate.
    brief
        Whether a gate that is passed takes one line.
    gate
        Whether the gate is drawn; not where it stands on the page already.
    """
    _COMPONENT(
        data={"run": run, "messages": list(messages), "chart": chart, "brief": brief, "stale": stale, "gate": gate},
        key=f"training chart {place}",
    )
