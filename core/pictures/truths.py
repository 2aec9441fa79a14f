"""What a person marked on a picture: boxes, outlines or a mask, seen through the very crop that a network sees."""

import json
import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from PIL import ExifTags, Image
from skimage.draw import polygon
from torch import Tensor

from core.pictures.opening import PictureError, content_of, opened, recognised, refuse_size

MARKED = 255
CENTRE = 0.5 + 1e-6  # of a pixel; an edge right through it has the pixel on one of its sides, as a box has
NOT_SHARES = 10.0  # a share this large is a number of pixels
YOLO_LINE = "class x_centre y_centre width height, each a share of the picture's width or height from 0 to 1"
TURNED = (5, 6, 7, 8)
"""Orientations of EXIF that lay a picture on its side."""

ORIENTED_PNG = (b"eXIf", b"Raw profile type exif", b"XML:com.adobe.xmp")
"""What a PNG file that tells an orientation has in it somewhere, maybe after its pixels."""

Numbers = Sequence[float]


class Geometry(Protocol):
    """What resizes and crops a picture."""

    @property
    def geometry(self) -> Callable[[Image.Image], Float[Tensor, "3 height width"]]: ...


class Viewer(Protocol):
    """A classifier, as far as truths know one."""

    @property
    def preprocessing(self) -> Geometry: ...


@dataclass(frozen=True)
class Truth:
    """What a person marked on a picture.

    Parameters
    ----------
    draw
        Gives it in white on black, at the size at which the picture is shown. Nothing is read before it is called; it
        raises PictureError where what was marked can't be read or does not fit the picture.
    """

    draw: Callable[[], Image.Image]

    def mask(self, classifier: Viewer) -> Bool[Tensor, "height width"]:
        """The marked pixels as this classifier sees them: those of which more than half is marked."""
        seen = classifier.preprocessing.geometry(self.draw().convert("RGB"))
        return seen.mean(dim=0) > 0.5


class Canvas:
    """A black picture to mark places on; a pixel is marked where its centre is."""

    def __init__(self, size: tuple[int, int]) -> None:
        width, height = size
        self._levels: NDArray[np.uint8] = np.zeros((height, width), dtype=np.uint8)

    def box(self, left: float, top: float, right: float, bottom: float) -> None:
        """Marks a box given by its sides in pixels; what is outside the frame is cut off."""
        self._levels[pixels_between(top, bottom), pixels_between(left, right)] = MARKED

    def outline(self, corners: Numbers) -> None:
        """Marks what is inside an outline, given by x and y of its corners in turn, in pixels."""
        across, down = np.asarray(corners).reshape(-1, 2).T - CENTRE
        places: Any = polygon(down, across, self._levels.shape)  # type: ignore[no-untyped-call]
        self._levels[places] = MARKED

    def pixels(self, marked: Bool[np.ndarray, "height width"]) -> None:
        """Marks pixels one by one."""
        self._levels[marked] = MARKED

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        height, width = self._levels.shape
        return width, height

    @property
    def picture(self) -> Image.Image:
        """What was marked, in white on black."""
        return Image.fromarray(self._levels)


def pixels_between(start: float, stop: float) -> slice:
    """The pixels of a row or column whose centres lie from start up to stop.

    >>> pixels_between(-3.0, 2.0), pixels_between(1.4, 3.6), pixels_between(-3.0, -1.0)
    (slice(0, 2, None), slice(1, 4, None), slice(0, 0, None))
    """
    first, last = (max(0, math.ceil(end - 0.5)) for end in (start, stop))
    return slice(first, last)


def draw_mask(mask: Path, picture: Path) -> Image.Image:
    """What a mask picture marks: any colour but black, or, where parts of it are transparent, all that is not."""
    drawn, size = opened(mask), shown_size(picture)
    if drawn.size != size:
        raise PictureError(
            f"The mask {mask.name} is {drawn.width} × {drawn.height} pixels, its picture {size[0]} × {size[1]}. "
            "Save the mask at the picture's size."
        )
    return Image.fromarray(np.where(inside(drawn), MARKED, 0).astype(np.uint8))


def inside(mask: Image.Image) -> NDArray[np.bool_]:
    """Where a mask picture marks."""
    if mask.has_transparency_data:
        opacity = np.asarray(mask.convert("RGBA"))[..., 3]
        if not opacity.all():
            return opacity > 0
    # A palette's numbers mean nothing by themselves, its colours do; and what is opaque needs no alpha.
    colours = np.asarray(mask.convert("RGB") if mask.mode in ("P", "PA", "RGBA", "LA") else mask)
    levels = colours[..., None] if colours.ndim == 2 else colours
    return np.any(levels, axis=2, out=np.empty(levels.shape[:2], dtype=bool))


def draw_yolo(label: Path, picture: Path) -> Image.Image:
    """What a label file of YOLO marks: every box or outline in it."""
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
    """Whether a text is a label file of YOLO, by its first line that is not empty."""
    try:
        with text.open(encoding="utf-8-sig") as lines:
            first = next((line for line in lines if line.strip()), "")
    except (OSError, ValueError):
        return False
    return yolo_shares(first) is not None


def yolo_shapes(label: Path) -> Iterator[Numbers]:
    """Of each line its shares: four of a box, or x and y of each corner of an outline.

    Raises
    ------
    PictureError
        With the file and the line that is neither.
    """
    for number, line in enumerate(read(label).splitlines(), start=1):
        if line.strip():
            shares = yolo_shares(line)
            if shares is None:
                raise PictureError(f"{label}, line {number}: {line[:60]!r} is no box. A box is {YOLO_LINE}.")
            yield shares


def yolo_shares(line: str) -> Numbers | None:
    """The numbers after the class; None where they are no box and no outline.

    >>> yolo_shares("58 0.5 0.5 0.25 0.5")
    [0.5, 0.5, 0.25, 0.5]
    >>> yolo_shares("58 320 240 64 48") is None
    True
    """
    shares = numbers(line.split()[1:])
    if shares is None or any(abs(share) > NOT_SHARES for share in shares):
        return None
    if len(shares) == 4:
        return shares if min(shares[2:]) >= 0 else None
    return shares if len(shares) >= 6 and len(shares) % 2 == 0 else None


def numbers(values: Any) -> list[float] | None:
    """The values as finite numbers; None where they are not."""
    try:
        found = [float(value) for value in values]
    except (TypeError, ValueError, OverflowError):
        return None
    return found if all(map(math.isfinite, found)) else None


@dataclass(frozen=True)
class Listed:
    """What a COCO file says of one picture, as it stands there."""

    file: str
    picture: Mapping[str, Any]
    annotations: Sequence[Mapping[str, Any]]


def read_coco(file: Path) -> dict[PurePosixPath, Listed]:
    """What a COCO file lists, by the names of its pictures; nothing where the file holds other data.

    Raises
    ------
    ValueError
        Where it is no JSON, with the line.
    """
    try:
        document = json.loads(read(file))
    except PictureError as error:
        raise ValueError(str(error)) from None
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{file}, line {error.lineno}: this is no JSON ({error.msg}). Save it again, or take it out of the folder."
        ) from None
    except RecursionError:
        raise ValueError(f"{file} is nested too deeply to be read. Take it out of the folder.") from None
    pictures, annotations = (records(document, name) for name in ("images", "annotations"))
    if not any("bbox" in each or "segmentation" in each for each in annotations):
        return {}
    by_picture: dict[Any, list[Mapping[str, Any]]] = {}
    for each in (each for each in annotations if isinstance(each.get("image_id"), Hashable)):
        by_picture.setdefault(each.get("image_id"), []).append(each)
    return {
        PurePosixPath(str(each["file_name"]).replace("\\", "/")): Listed(
            str(file), each, by_picture.get(each.get("id"), ())
        )
        for each in pictures
        if "file_name" in each and isinstance(each.get("id"), Hashable)
    }


def records(document: Any, name: str) -> list[Mapping[str, Any]]:
    """The list of that name in a COCO file; empty where there is none."""
    found = document.get(name) if isinstance(document, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def draw_coco(listed: Listed, picture: Path) -> Image.Image:
    """What a COCO file marks, whatever its class: of each annotation its mask or outlines, or else its box."""
    size = shown_size(picture)
    stated = tuple(listed.picture.get(side) for side in ("width", "height"))
    if None not in stated and stated != size:
        raise PictureError(
            f"{listed.file} was made for {stated[0]} × {stated[1]} pixels of {picture.name}, which has "
            f"{size[0]} × {size[1]}. Take the picture that was annotated."
        )
    canvas = Canvas(size)
    for annotation in listed.annotations:
        mark(canvas, annotation, f"{listed.file}, annotation {annotation.get('id')} of {picture.name}")
    return canvas.picture


def mark(canvas: Canvas, annotation: Mapping[str, Any], where: str) -> None:
    """Marks what an annotation says: its mask, its outlines, or its box where it has neither.

    Of run lengths that are compressed the box counts.

    Raises
    ------
    PictureError
        With what is wrong with it.
    """
    segmentation = annotation.get("segmentation") or []
    compressed = isinstance(segmentation, dict) and isinstance(segmentation.get("counts"), str)
    if isinstance(segmentation, dict) and not compressed:
        canvas.pixels(coco_runs(segmentation, canvas.size, where))
        return
    outlines = [] if compressed else coco_outlines(annotation, where)
    for corners in outlines:
        canvas.outline(corners)
    if not outlines:
        if compressed and annotation.get("bbox") is None:
            raise PictureError(
                f"{where} is a mask in compressed run lengths, which HeatCheck does not read, and has no box. "
                "Save it as an outline, in plain run lengths, or as a mask PNG."
            )
        left, top, wide, high = coco_box(annotation, where)
        canvas.box(left, top, left + wide, top + high)


def coco_runs(segmentation: Mapping[str, Any], size: tuple[int, int], where: str) -> Bool[np.ndarray, "height width"]:
    """The mask in run lengths: column by column, so many pixels that are not marked, so many that are, and so on.

    Raises
    ------
    PictureError
        Where they do not fill a picture of that width and height.
    """
    width, height = size
    runs = numbers(segmentation.get("counts"))
    if runs is None or any(run < 0 or not run.is_integer() for run in runs):
        raise PictureError(f"{where} has run lengths that are no list of whole numbers from 0 on. Correct it.")
    if numbers(segmentation.get("size")) != [height, width] or sum(runs) != width * height:
        raise PictureError(
            f"{where} has run lengths that do not fill the {width} × {height} pixels of the picture. "
            "Take the picture that was annotated."
        )
    marked = np.arange(len(runs)) % 2 == 1
    return np.repeat(marked, [int(run) for run in runs]).reshape(width, height).T


def coco_outlines(annotation: Mapping[str, Any], where: str) -> list[Numbers]:
    """The outlines of an annotation; none where it is a mere box.

    Raises
    ------
    PictureError
        Where one of them is no outline.
    """
    segmentation = annotation.get("segmentation") or []
    outlines = [numbers(corners) for corners in segmentation] if isinstance(segmentation, list) else [None]
    sound = [corners for corners in outlines if corners and len(corners) >= 6 and len(corners) % 2 == 0]
    if len(sound) < len(outlines):
        raise PictureError(f"{where} has an outline that is no list of x and y of three corners or more. Correct it.")
    return list(sound)


def coco_box(annotation: Mapping[str, Any], where: str) -> Numbers:
    """Left, top, width and height of an annotation's box.

    Raises
    ------
    PictureError
        Where it has none.
    """
    box = numbers(annotation.get("bbox"))
    if box is None or len(box) != 4 or min(box[2:]) < 0 or not math.isfinite(sum(map(abs, box))):
        raise PictureError(f"{where} has no box; a box is left, top, width and height in pixels. Correct it.")
    return box


def shown_size(picture: Path) -> tuple[int, int]:
    """Width and height of the picture as it is shown: upright.

    Its pixels are decoded only where its header leaves that open.
    """
    content = content_of(picture)
    header = recognised(content)
    if header.format == "TIFF":  # some versions of Pillow turn the size in its header, some with its pixels
        return opened(picture).size
    width, height = header.size
    refuse_size(width, height)
    if header.format == "PNG" and not any(word in content for word in ORIENTED_PNG):
        return width, height  # Pillow would decode it all to look for EXIF data behind the pixels
    return (height, width) if lies_on_its_side(header) else (width, height)


def lies_on_its_side(header: Image.Image) -> bool:
    """Whether a picture will be turned by a quarter when it is shown."""
    try:
        exif = header.getexif()
        turned = exif.pop(ExifTags.Base.Orientation, 1) in TURNED
        exif.tobytes()  # what can't be written again is not turned
    except Exception:  # as where pictures are opened: data that can't be read say nothing
        return False
    return turned


def read(file: Path) -> str:
    """The file's text.

    Raises
    ------
    PictureError
        Where it is none.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise PictureError(f"{file} can't be read ({reason}). Save it again.") from error
