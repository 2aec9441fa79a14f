"""Label files of YOLO: boxes and outlines, also where a line tells more, or stands for a box with keypoints."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float
from PIL import Image

from core.pictures.annotations import Canvas, Numbers, numbers, read, shown_size
from core.pictures.opening import PictureError

NOT_SHARES = 10.0  # a value this large is a number of pixels, not a share
BOX_LINE = "class x_centre y_centre width height, each a share of the picture's width or height from 0 to 1"
SEEN = {0.0, 1.0, 2.0}
"""What a keypoint's third number may say: not labelled, hidden, visible."""

SLACK = 1e-3
"""By which a keypoint may lie outside its box, for numbers are written with few digits."""

FEWEST_POINTS = 2
"""A single keypoint in a box cannot be told from a triangle."""


def draw_yolo(label: Path, picture: Path) -> Image.Image:
    """The region marked by a YOLO label file: every box or outline in it."""
    width, height = size = shown_size(picture)
    canvas = Canvas(size)
    for shares in yolo_shapes(label):
        if len(shares) == 4:
            x, y, wide, high = shares
            canvas.box((x - wide / 2) * width, (y - high / 2) * height, (x + wide / 2) * width, (y + high / 2) * height)
        else:
            canvas.outline([share * (height if place % 2 else width) for place, share in enumerate(shares)])
    return canvas.picture


def is_yolo(text: Path) -> bool:
    """Whether a text file is a YOLO label file, judged by its first non-empty line."""
    try:
        with text.open(encoding="utf-8-sig") as lines:
            first = next((line for line in lines if line.strip()), "")
    except (OSError, ValueError):
        return False
    return yolo_shares(first) is not None


def yolo_shapes(label: Path) -> Iterator[Numbers]:
    """The shares on each line: four for a box, or x and y of each corner of an outline.

    Raises
    ------
    PictureError
        With the file and the line that is neither.
    """
    for number, line in enumerate(read(label).splitlines(), start=1):
        if line.strip():
            shares = yolo_shares(line)
            if shares is None:
                raise PictureError(f"{label}, line {number}: {line[:60]!r} is not a box. A box is {BOX_LINE}.")
            yield shares


def yolo_shares(line: str) -> Numbers | None:
    """The box or the outline after the class; None where there is neither.

    A confidence or a track's number behind a box, and its keypoints, mark nothing more than the box.

    >>> yolo_shares("58 0.5 0.5 0.25 0.5"), yolo_shares("58 0.5 0.5 0.25 0.5 0.91 17")
    ([0.5, 0.5, 0.25, 0.5], [0.5, 0.5, 0.25, 0.5])
    >>> yolo_shares("58 320 240 64 48") is None
    True
    """
    words = line.split()[1:]
    found = numbers(words)
    if found is None or len(found) < 4 or any(abs(share) > NOT_SHARES for share in found[:4]):
        return None
    box, rest = found[:4], found[4:]
    if not rest or says_whose(words[4:], rest) or has_keypoints(found):
        return box if min(box[2:]) >= 0 else None
    if len(found) < 6 or len(found) % 2 or any(abs(share) > NOT_SHARES for share in rest):
        return None
    return found


def says_whose(words: list[str], rest: Numbers) -> bool:
    """Whether what follows a box is its confidence, the number of its track, or both."""
    if len(rest) == 1:
        return 0 <= rest[0] <= 1 or words[0].isdecimal()
    return len(rest) == 2 and 0 <= rest[0] <= 1 and words[1].isdecimal() and rest[1] > 0


def has_keypoints(found: Numbers) -> bool:
    """Whether the numbers are a box and keypoints in it, and not the corners of an outline.

    Keypoints of three numbers say which are visible. Of two numbers they are told by the line that connects them in
    turn, box first: unlike an outline it crosses itself.
    """
    rest = np.asarray(found[4:], dtype=np.float64)
    if len(rest) % 3 == 0:
        points = rest.reshape(-1, 3)
        if set(points[:, 2].tolist()) <= SEEN and are_in_box(found, points[points[:, 2] > 0, :2]):
            return True
    if len(rest) % 2 or len(rest) < 2 * FEWEST_POINTS:
        return False
    return are_in_box(found, rest.reshape(-1, 2)) and crosses_itself(np.asarray(found).reshape(-1, 2))


def are_in_box(box: Numbers, points: Float[np.ndarray, "points 2"]) -> bool:
    """Whether all points lie in the box that the first four numbers are."""
    centre, size = np.asarray(box[:2]), np.asarray(box[2:4])
    return bool((np.abs(points - centre) <= size / 2 + SLACK).all())


def crosses_itself(corners: Float[np.ndarray, "corners 2"]) -> bool:
    """Whether two sides of an outline cross, or a corner lies within another side; sides may share a corner.

    >>> crosses_itself(np.array([[0, 0], [1, 1], [1, 0], [0, 1]])), crosses_itself(np.array([[0, 0], [1, 0], [1, 1]]))
    (True, False)
    """
    start, end = corners, np.roll(corners, -1, axis=0)
    along = (end - start)[:, None]

    def side_of(points: Float[np.ndarray, "corners 2"]) -> Float[np.ndarray, "corners corners"]:
        """On which side of each line each point lies: of either sign, or 0 on it."""
        to = points[None] - start[:, None]
        turn = along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0]
        return np.where(np.abs(turn) < 1e-12, 0.0, turn)

    first, second = side_of(start), side_of(end)
    apart = first * second < 0
    share = ((start[None] - start[:, None]) * along).sum(axis=2)
    length = (along**2).sum(axis=2)
    within: Bool[np.ndarray, "corners corners"] = (first == 0) & (share > 1e-9) & (share < length - 1e-9)
    return bool((apart & apart.T).any() or within.any())
