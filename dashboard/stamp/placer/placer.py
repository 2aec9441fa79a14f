"""A person puts stamps on the model's crop, and watches its answer."""

import base64
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np
import streamlit as st
import torch

from core.pictures.stamps import Placed, Stamp
from dashboard.components.component import declare
from dashboard.stamp.placing import write_stamp

KEY = "stamp_placer"
NAMES = ("Stamp", "Distractor")
Places = Sequence[tuple[int, int]]
_COMPONENT = declare("stamp/placer/placer")


def stamp_placer(
    model: str, picture: str, title: str, size: tuple[int, int], placed: Sequence[Placed], put: Callable[[Places], None]
) -> None:
    """The model's crop of the picture with the stamps on it; ``put`` is called with their places once they rest.

    Parameters
    ----------
    size
        Height and width of the crop.
    placed
        The stamp, and the distractor if there is one.
    """
    subject = urlencode({"model": model})
    crop = f"/api/pictures/{picture}/crop?{subject}"
    counts = st.session_state.setdefault("stamps put", {})

    def take() -> None:
        moved: Any = st.session_state[KEY].placed
        counts[crop] = moved["count"]
        put([(left, top) for left, top in moved["places"]])

    height, width = size
    data = {
        "crop": crop,
        "ask": f"/api/stamp/answer?{subject}&{urlencode({'picture': picture})}",
        "title": title,
        "height": height,
        "width": width,
        "stamps": [
            {
                "name": name,
                "written": write_stamp(each.stamp),
                "size": each.stamp.size,
                "colours": colours(each.stamp),
                "left": each.left,
                "top": each.top,
            }
            for name, each in zip(NAMES, placed, strict=False)
        ],
        "count": counts.get(crop, 0),
    }
    _COMPONENT(data=data, key=KEY, on_placed_change=take)


def colours(stamp: Stamp) -> str:
    """The stamp's pixels as base64 of red, green, blue and alpha, row by row.

    >>> base64.b64decode(colours(Stamp("checker", 3, "white", 0.5)))[:8].hex()
    'ffffff8000000080'
    """
    paint, covered = stamp.drawn
    levels = torch.cat([paint, stamp.opacity * covered[None]]).permute(1, 2, 0)
    return base64.b64encode((levels * 255).round().numpy().astype(np.uint8).tobytes()).decode()
