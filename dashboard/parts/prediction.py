"""What the model sees, and the classes it finds likeliest."""

from collections.abc import Sequence

import core
from dashboard.parts.component import declare

_COMPONENT = declare("prediction", "dom")


def prediction(
    place: int,
    crop: str = "",
    title: str = "",
    top: Sequence[core.Prediction] = (),
    explained: str = "",
    waiting: str = "",
) -> None:
    """The crop at that address beside a bar for each class; ``waiting`` says why there are none yet."""
    bars = [(each.label, each.probability) for each in top]
    shown = {"crop": crop, "title": title, "top": bars, "explained": explained, "waiting": waiting}
    _COMPONENT(data=shown, key=f"prediction {place}")
