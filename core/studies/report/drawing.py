"""What a report shows as pictures: heatmaps and photographs as data addresses, curves as SVG."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image
from safetensors.numpy import load_file

from core.studies.folder import Folder
from core.studies.report.contents import ORDERS, MeanCurve, levels

ROOM = 8_000_000
"""Bytes for all heatmaps of a report, as text."""
COARSEST = 8
SEQUENTIAL = ("#000004", "#210c4a", "#57106e", "#8a226a", "#bc3754", "#e45a31", "#f98e09", "#f9cb35", "#fcffa4")
DIVERGING = ("#053061", "#2166ac", "#4393c3", "#92c5de", "#f7f7f7", "#f4a582", "#d6604d", "#b2182b", "#67001f")
WIDTH, HEIGHT = 200, 120
LEFT, RIGHT, TOP, FOOT = 30, 192, 6, 102
NAMES = {"mif": "most important first", "lif": "least important first", "random": "random order"}


@cache
def palette(signed: bool) -> bytes:
    """256 colours, 3 bytes each: diverging around zero for a map with a sign."""
    anchors = np.array(
        [[int(each[at : at + 2], 16) for at in (1, 3, 5)] for each in (DIVERGING if signed else SEQUENTIAL)]
    )
    places = np.linspace(0, len(anchors) - 1, 256)
    colours = np.stack(
        [np.interp(places, np.arange(len(anchors)), anchors[:, channel]) for channel in range(3)], axis=1
    )
    return bytes(np.rint(colours).astype(np.uint8))


def data_address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{b64encode(content).decode()}"


def drawn_map(values: Float[np.ndarray, "height width"], side: int) -> str:
    """A heatmap in colours of its largest value."""
    painted, signed = levels(values, side)
    picture = Image.fromarray(painted, "P")
    picture.putpalette(palette(signed))
    written = BytesIO()
    picture.save(written, "PNG", optimize=False)
    return data_address("image/png", written.getvalue())


def drawn_maps(folder: Folder, places: Sequence[int]) -> tuple[dict[int, dict[str, str]], int]:
    """The heatmaps of units, by place and method, as fine as the room allows; and the pixels along a block."""
    side = 1
    while True:
        found: dict[int, dict[str, str]] = {}
        taken = 0
        for place in places:
            maps = load_file(folder.path / folder.map_file(place))
            found[place] = {method: drawn_map(values, side) for method, values in maps.items()}
            taken += sum(map(len, found[place].values()))
            if taken > ROOM and side < COARSEST:
                break
        else:
            return found, side
        side += 1


def picture_address(folder: Folder, place: int) -> str:
    """A unit's picture as its model sees it; empty where it is not kept."""
    file = Path(folder.path / folder.picture_file(place))
    return data_address("image/webp", file.read_bytes()) if file.exists() else ""


def chart(label: str, curves: Mapping[str, MeanCurve]) -> str:
    """The mean curves of a method over the share of pixels that are removed, with their intervals."""
    means = np.concatenate([each.mean for each in curves.values()])
    low, high = min(0.0, float(means.min())), max(1.0, float(means.max()))

    def across(values: Float[np.ndarray, " points"]) -> Float[np.ndarray, " points"]:
        return LEFT + (RIGHT - LEFT) * values

    def up(values: Float[np.ndarray, " points"]) -> Float[np.ndarray, " points"]:
        height: Float[np.ndarray, " points"] = FOOT - (FOOT - TOP) * (np.clip(values, low, high) - low) / (high - low)
        return height

    def corners(x: Float[np.ndarray, " points"], y: Float[np.ndarray, " points"]) -> str:
        return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across(x), up(y), strict=True))

    parts = []
    for level in (low, (low + high) / 2, high):
        height = float(up(np.array([level]))[0])
        parts.append(f'<line class="rule" x1="{LEFT}" x2="{RIGHT}" y1="{height:.1f}" y2="{height:.1f}"/>')
        parts.append(f'<text x="{LEFT - 4}" y="{height + 3:.1f}" text-anchor="end">{level:.2g}</text>')
    for place, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        x = f"{LEFT + (RIGHT - LEFT) * place:.1f}"
        parts.append(f'<text x="{x}" y="{HEIGHT - 4}" text-anchor="{anchor}">{100 * place:.0f} %</text>')
    for order in ORDERS:
        if order not in curves:
            continue
        own = curves[order]
        there_and_back = np.concatenate([own.fractions, own.fractions[::-1]])
        around = np.concatenate([own.mean - own.half_width, (own.mean + own.half_width)[::-1]])
        parts.append(f'<polygon class="band {order}" points="{corners(there_and_back, around)}"/>')
        parts.append(
            f'<polyline class="line {order}" points="{corners(own.fractions, own.mean)}">'
            f"<title>{escape(NAMES[order])}, n {own.count}</title></polyline>"
        )
    words = f"{label}: mean of " + ", ".join(NAMES[order] for order in ORDERS if order in curves)
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(words)}">{"".join(parts)}</svg>'
