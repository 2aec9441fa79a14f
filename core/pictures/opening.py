"""From whatever a person hands over to an upright RGB picture, or one sentence that says why not."""

import io
import os
import threading
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "MPO")
MAX_BYTES = 20_000_000
MAX_MEGAPIXELS = 50.0
MAX_ASPECT = 100
"""Longer and narrower, a picture would grow beyond memory when its short side is scaled to a network's input."""

BEGINNINGS = {
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"RIFF": "WebP",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
}
FOREIGN_BEGINNINGS = {
    b"%PDF": "a PDF document",
    b"<svg": "an SVG drawing",
    b"<?xml": "an SVG drawing or another XML file",
    b"\x00\x00\x00\x0cjP": "a JPEG 2000 picture",
    b"8BPS": "a Photoshop file",
    b"II+\x00": "a BigTIFF picture",
}
WAY_OUT = "Convert it to PNG or JPEG."
_limit_lifted = threading.Lock()


class PictureError(Exception):
    """A file that can't be shown to a classifier; the message says why and what to do about it."""


def open_picture(source: str | os.PathLike[str] | bytes | BinaryIO) -> Image.Image:
    """An RGB picture as a viewer would show it: upright, first frame, transparency over white, metadata dropped.

    Parameters
    ----------
    source
        A path, a file's content, or a file opened in binary mode, which is read from its start.

    Raises
    ------
    PictureError
        When it is no sound PNG, JPEG, WebP, GIF, BMP or TIFF picture, or too large a one.
    """
    shown = rgb(opened(source))
    shown.info = {}
    return shown


def opened(source: str | os.PathLike[str] | bytes | BinaryIO) -> Image.Image:
    """The picture upright, its colours as they are stored."""
    content = content_of(source)
    if not content:
        raise PictureError("This file is empty. Choose another one.")
    if len(content) > MAX_BYTES:
        raise PictureError(f"This file is over {MAX_BYTES / 1e6:.0f} MB. Scale the picture down, or save it as JPEG.")
    return decoded(recognised(content))


def decoded(picture: Image.Image) -> Image.Image:
    """All pixels of a picture of which the header was read, upright."""
    refuse_size(*picture.size)
    try:
        picture.load()
    except Exception as error:  # a decoder fed with broken bytes raises whatever it stumbles over
        raise PictureError(damaged(str(picture.format))) from error
    return upright(picture)


def content_of(source: str | os.PathLike[str] | bytes | BinaryIO) -> bytes:
    """All bytes of the source, or one more than is allowed."""
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if isinstance(source, str | os.PathLike):
        try:
            with Path(source).open("rb") as file:
                return file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            raise PictureError(f"There is no file at {source}. Check the path.") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise PictureError(f"{source} can't be read ({reason}). Choose a picture file.") from error
    if source.seekable():
        source.seek(0)
    return source.read(MAX_BYTES + 1)


def recognised(content: bytes) -> Image.Image:
    """The picture with its header read and nothing decoded."""
    with _limit_lifted:  # Pillow's own limit is a global; ours is checked next
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(io.BytesIO(content), formats=FORMATS)
        except Exception as error:  # as above: a broken header may raise anything
            raise PictureError(unrecognised(content)) from error
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def unrecognised(content: bytes) -> str:
    """The sentence for bytes that open as no picture, by what they begin with.

    >>> unrecognised(b"%PDF-1.7")
    'This is a PDF document, not a picture that HeatCheck reads. Convert it to PNG or JPEG.'
    """
    for beginning, name in BEGINNINGS.items():
        if content.startswith(beginning):
            return damaged(name)
    for beginning, name in FOREIGN_BEGINNINGS.items():
        if content.lstrip().startswith(beginning):
            return f"This is {name}, not a picture that HeatCheck reads. {WAY_OUT}"
    if content[4:8] == b"ftyp":
        return f"This is a HEIC or AVIF picture or a film, which HeatCheck does not read. {WAY_OUT}"
    return "This is not a PNG, JPEG, WebP, GIF, BMP or TIFF picture. Choose another file, or convert it to PNG or JPEG."


def damaged(format_name: str) -> str:
    return f"This {format_name} picture is damaged or cut short. Fetch or save it again."


def refuse_size(width: int, height: int) -> None:
    """Raise for a picture too large to decode, or too narrow to cut a square from."""
    if width < 1 or height < 1:
        raise PictureError("This picture has no pixels. Choose another one.")
    megapixels, limit = width * height / 1e6, max_megapixels()
    if megapixels > limit:
        raise PictureError(
            f"This picture has {megapixels:,.0f} megapixels; the limit is {limit:g}. "
            "Scale it down, or raise HEATCHECK_MAX_MEGAPIXELS."
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise PictureError(f"This picture is {width} × {height} pixels, too narrow to show anything. Crop it.")


def max_megapixels() -> float:
    """The limit in force."""
    stated = os.environ.get("HEATCHECK_MAX_MEGAPIXELS", "")
    try:
        return float(stated) if stated else MAX_MEGAPIXELS
    except ValueError:
        raise PictureError(
            f"HEATCHECK_MAX_MEGAPIXELS is {stated!r}, which is no number. Correct or unset it."
        ) from None


def upright(picture: Image.Image) -> Image.Image:
    """The picture turned as its EXIF data says; data that can't be read say nothing."""
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # EXIF is as broken as whoever wrote it, and no reason to refuse the picture
        return picture


def rgb(picture: Image.Image) -> Image.Image:
    """Three channels of 8 bits; what is transparent lies over white."""
    if picture.mode.startswith(("I", "F")):
        return eight_bits(picture).convert("RGB")
    try:
        if not picture.has_transparency_data:
            return picture.convert("RGB")
        shown = picture.convert("RGBA")
    except ValueError as error:
        raise PictureError(f"The colours of this picture are stored as {picture.mode}. {WAY_OUT}") from error
    white = Image.new("RGBA", shown.size, "white")
    return Image.alpha_composite(white, shown).convert("RGB")


def eight_bits(picture: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits, or floating point, by the scale that it is written in and not by its own extremes."""
    values = np.nan_to_num(np.asarray(picture, dtype=np.float64))
    scaled = np.clip(values * (255 / white_level(picture.mode, float(values.max()))), 0, 255)
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def white_level(mode: str, largest: float) -> float:
    """The value that stands for white: 65535 for 16 bits; where the mode leaves it open, the least that holds all.

    >>> white_level("I;16", 90.0), white_level("F", 0.7), white_level("F", 200.0), white_level("I", 4000.0)
    (65535.0, 1.0, 255.0, 65535.0)
    """
    if mode.startswith("I;16"):
        return 65535.0
    scales = (1.0, 255.0, 65535.0) if mode == "F" else (255.0, 65535.0)
    return next((scale for scale in scales if largest <= scale), largest)
