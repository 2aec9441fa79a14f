"""What a person marked on a picture: boxes, outlines or a mask, seen through the crop that a network sees."""

import json
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
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
CENTRE = 0.5 + 1e-6  # of a pixel; where an edge runs right through it, the pixel is on one side only, as for a box
VOID = 255
"""In a mask of class numbers, as of Pascal VOC: the border between objects, which belongs to none."""

VOID_COLOUR = (224, 224, 192)
"""How Pascal VOC shows it in colour."""

HALF, BRIGHT = 128, 250
TURNED = (5, 6, 7, 8)
"""EXIF orientations that rotate a picture by a quarter turn."""

ORIENTED_PNG = (b"eXIf", b"Raw profile type exif", b"XML:com.adobe.xmp")
"""What a PNG file with an orientation contains somewhere, possibly after its pixels."""

Numbers = Sequence[float]


class Geometry(Protocol):
    """Anything that resizes and crops a picture."""

    @property
    def geometry(self) -> Callable[[Image.Image], Float[Tensor, "3 height width"]]: ...


class Viewer(Protocol):
    """The part of a classifier that annotations need."""

    @property
    def preprocessing(self) -> Geometry: ...


@dataclass(frozen=True)
class Truth:
    """What a person marked on a picture.

    Parameters
    ----------
    draw
        Draws it in white on black, at the size at which the picture is shown. Nothing is read before the call; it
        raises PictureError where the annotation cannot be read or does not fit the picture.
    """

    draw: Callable[[], Image.Image]

    def mask(self, classifier: Viewer) -> Bool[Tensor, "height width"]:
        """The marked pixels as this classifier sees them: those of which more than half is marked."""
        seen = classifier.preprocessing.geometry(self.draw().convert("RGB"))
        return seen.mean(dim=0) > 0.5


class Canvas:
    """A black picture to mark regions on; a pixel is marked where its centre is."""

    def __init__(self, size: tuple[int, int]) -> None:
        width, height = size
        self._levels: NDArray[np.uint8] = np.zeros((height, width), dtype=np.uint8)

    def box(self, left: float, top: float, right: float, bottom: float) -> None:
        """Marks a box given by its sides in pixels; the part outside the frame is cut off."""
        self._levels[pixels_between(top, bottom), pixels_between(left, right)] = MARKED

    def outline(self, corners: Numbers) -> None:
        """Marks the inside of an outline, given by x and y of its corners in turn, in pixels."""
        across, down = np.asarray(corners).reshape(-1, 2).T - CENTRE
        places: Any = polygon(down, across, self._levels.shape)  # type: ignore[no-untyped-call]
        self._levels[places] = MARKED

    def pixels(self, marked: Bool[np.ndarray, "height width"]) -> None:
        """Marks individual pixels."""
        self._levels[marked] = MARKED

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        height, width = self._levels.shape
        return width, height

    @property
    def picture(self) -> Image.Image:
        """The marked region, in white on black."""
        return Image.fromarray(self._levels)


def pixels_between(start: float, stop: float) -> slice:
    """The pixels of a row or column whose centres lie from start up to stop.

    >>> pixels_between(-3.0, 2.0), pixels_between(1.4, 3.6), pixels_between(-3.0, -1.0)
    (slice(0, 2, None), slice(1, 4, None), slice(0, 0, None))
    """
    first, last = (max(0, math.ceil(end - 0.5)) for end in (start, stop))
    return slice(first, last)


def draw_mask(mask: Path, picture: Path) -> Image.Image:
    """The region marked by a mask picture: any colour but black, or, if part of it is transparent, the opaque part.

    The border that Pascal VOC leaves open marks nothing, and neither do faint traces of what a soft brush or JPEG left
    around an object.
    """
    drawn, size = opened(mask), shown_size(picture)
    if drawn.size != size:
        raise PictureError(
            f"The mask {mask.name} is {drawn.width} × {drawn.height} pixels, but its picture is {size[0]} × {size[1]}. "
            "Save the mask at the picture's size."
        )
    return Image.fromarray(np.where(inside(drawn), MARKED, 0).astype(np.uint8))


def inside(mask: Image.Image) -> NDArray[np.bool_]:
    """The marked pixels of a mask picture."""
    if mask.has_transparency_data:
        opacity = np.asarray(mask.convert("RGBA"))[..., 3]
        if not opacity.all():
            return opacity > 0
    # A palette's indices mean nothing by themselves, its colours do; and an opaque mask needs no alpha.
    levels = np.asarray(mask.convert("RGB") if mask.mode in ("P", "PA", "RGBA", "LA") else mask)
    if levels.ndim == 3 and (levels == levels[..., :1]).all():
        levels = levels[..., 0]
    if levels.ndim == 2:
        return inside_levels(levels)
    void: NDArray[np.bool_] = np.asarray(mask) == VOID if mask.mode == "P" else np.all(levels == VOID_COLOUR, axis=2)
    return but_void(np.asarray(levels.any(axis=2)), void)


def inside_levels(levels: NDArray[Any]) -> NDArray[np.bool_]:
    """The marked pixels of a grey mask, be it an object in white, soft at its edge or not, or numbers of classes."""
    marked: NDArray[np.bool_] = levels != 0
    if levels.dtype != np.uint8:
        return marked
    between = marked & (levels < BRIGHT)
    is_soft = bool(((levels >= HALF) & (levels < VOID)).any())
    if is_soft and between.sum() <= (levels >= BRIGHT).sum():
        return levels >= HALF
    return but_void(marked, levels == VOID)


def but_void(marked: NDArray[np.bool_], void: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What is marked besides the void; where nothing else is, it is the object."""
    rest = marked & ~void
    return rest if rest.any() else marked


def numbers(values: Any) -> list[float] | None:
    """The values as finite numbers; None where they are not."""
    try:
        found = [float(value) for value in values]
    except (TypeError, ValueError, OverflowError):
        return None
    return found if all(map(math.isfinite, found)) else None


@dataclass(frozen=True)
class Listed:
    """A COCO file's entry for one picture, as written."""

    file: str
    picture: Mapping[str, Any]
    annotations: Sequence[Mapping[str, Any]]


def read_coco(file: Path) -> dict[PurePosixPath, Listed]:
    """The entries of a COCO file by picture name; empty where the file holds other data.

    Raises
    ------
    ValueError
        Where it is not valid JSON, with the line.
    """
    try:
        document = json.loads(read(file))
    except PictureError as error:
        raise ValueError(str(error)) from None
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{file}, line {error.lineno}: not valid JSON ({error.msg}). Save it again, or remove it from the folder."
        ) from None
    except RecursionError:
        raise ValueError(f"{file} is nested too deeply to be read. Remove it from the folder.") from None
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
    """The region marked by a COCO file, whatever its class: each annotation's mask or outlines, or else its box."""
    size = shown_size(picture)
    stated = tuple(listed.picture.get(side) for side in ("width", "height"))
    if None not in stated and stated != size:
        raise PictureError(
            f"{listed.file} was made for {stated[0]} × {stated[1]} pixels of {picture.name}, which has "
            f"{size[0]} × {size[1]}. Use the picture that was annotated."
        )
    canvas = Canvas(size)
    for annotation in listed.annotations:
        mark(canvas, annotation, f"{listed.file}, annotation {annotation.get('id')} of {picture.name}")
    return canvas.picture


def mark(canvas: Canvas, annotation: Mapping[str, Any], where: str) -> None:
    """Marks an annotation: its mask, its outlines, or its box where it has neither.

    For compressed run lengths the box is used.

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
                "Save it as an outline, as uncompressed run lengths, or as a mask PNG."
            )
        left, top, wide, high = coco_box(annotation, where)
        canvas.box(left, top, left + wide, top + high)


def coco_runs(segmentation: Mapping[str, Any], size: tuple[int, int], where: str) -> Bool[np.ndarray, "height width"]:
    """The mask from run lengths: column by column, alternating numbers of unmarked and marked pixels.

    Raises
    ------
    PictureError
        Where they do not fill a picture of that width and height.
    """
    width, height = size
    runs = numbers(segmentation.get("counts"))
    if runs is None or any(run < 0 or not run.is_integer() for run in runs):
        raise PictureError(f"{where} has run lengths that are not a list of non-negative whole numbers. Correct it.")
    if numbers(segmentation.get("size")) != [height, width] or sum(runs) != width * height:
        raise PictureError(
            f"{where} has run lengths that do not fill the {width} × {height} pixels of the picture. "
            "Use the picture that was annotated."
        )
    marked = np.arange(len(runs)) % 2 == 1
    return np.repeat(marked, [int(run) for run in runs]).reshape(width, height).T


def coco_outlines(annotation: Mapping[str, Any], where: str) -> list[Numbers]:
    """The outlines of an annotation; none where it is only a box.

    Raises
    ------
    PictureError
        Where one of them is not an outline.
    """
    segmentation = annotation.get("segmentation") or []
    outlines = [numbers(corners) for corners in segmentation] if isinstance(segmentation, list) else [None]
    sound = [corners for corners in outlines if corners and len(corners) >= 6 and len(corners) % 2 == 0]
    if len(sound) < len(outlines):
        raise PictureError(f"{where} has an outline that does not list x and y of at least three corners. Correct it.")
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
    """Width and height of the picture as displayed: upright.

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
    """Whether a picture is rotated by a quarter turn for display."""
    try:
        exif = header.getexif()
        turned = exif.pop(ExifTags.Base.Orientation, 1) in TURNED
        exif.tobytes()  # a picture whose EXIF cannot be rewritten is not rotated
    except Exception:  # as where pictures are opened: unreadable data are ignored
        return False
    return turned


def read(file: Path) -> str:
    """The file's text.

    Raises
    ------
    PictureError
        Where it is not text.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise PictureError(f"{file} cannot be read ({reason}). Save it again.") from error
