"""From whatever a person provides to an upright RGB picture, or one sentence that says why not."""

import io
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

from core.pictures import png, tiff
from core.pictures.colours import in_srgb

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "MPO")
MAX_BYTES = 20_000_000
MAX_MEGAPIXELS = 50.0
MAX_ASPECT = 100
"""A longer and narrower picture would not fit in memory when its short side is scaled to a network's input."""

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
File = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
PictureSource = File | Image.Image | np.ndarray
WAY_OUT = "Convert it to PNG or JPEG."
_limit_lifted = threading.Lock()


class PictureError(Exception):
    """A file that cannot be shown to a classifier; the message says why and what to do about it."""


def open_picture(source: File) -> Image.Image:
    """An RGB picture as a viewer would show it: upright, first frame, in sRGB, transparency over white, no metadata.

    Parameters
    ----------
    source
        A path, a file's content, or a file opened in binary mode, which is read from its start.

    Raises
    ------
    PictureError
        If it is not a sound PNG, JPEG, WebP, GIF, BMP or TIFF picture, or is too large.
    """
    return rgb(opened(source))


def as_picture(given: PictureSource) -> Image.Image:
    """The same of anything that holds a picture: also of one that is open already, or of an array of 8 bits.

    Raises
    ------
    PictureError
        Where it is no picture, with what is one.
    """
    if isinstance(given, Image.Image):
        return rgb(decoded(given))
    if isinstance(given, np.ndarray):
        return rgb(decoded(of_array(given)))
    if isinstance(given, str | os.PathLike | bytes | bytearray | memoryview) or hasattr(given, "read"):
        return open_picture(given)
    raise PictureError(
        f"A {type(given).__name__} is not a picture. Pass a path, a PIL picture or an array of 8 bits; "
        "pixels in [0, 1] of the network's own size need no preparation."
    )


def of_array(levels: np.ndarray) -> Image.Image:
    """The picture of an array: height × width, or height × width × channels."""
    flat = levels[..., 0] if levels.ndim == 3 and levels.shape[2] == 1 else levels
    if flat.dtype != np.uint8 or not (flat.ndim == 2 or (flat.ndim == 3 and flat.shape[2] in (3, 4))) or not flat.size:
        raise PictureError(
            f"An array of {levels.dtype} of shape {levels.shape} is not a picture. Pass one of uint8 from 0 to 255, "
            "height × width × 3, or height × width for grey."
        )
    return Image.fromarray(np.ascontiguousarray(flat))


def opened(source: File) -> Image.Image:
    """The picture upright, with its colours as stored."""
    content = content_of(source)
    if not content:
        raise PictureError("This file is empty. Choose another one.")
    if len(content) > MAX_BYTES:
        raise PictureError(f"This file is over {MAX_BYTES / 1e6:.0f} MB. Scale the picture down or save it as JPEG.")
    return decoded(recognised(content))


def decoded(picture: Image.Image) -> Image.Image:
    """All pixels of a picture whose header has been read, upright, black where a viewer shows black."""
    refuse_size(*picture.size)
    try:
        picture.load()
    except Exception as error:  # a decoder may raise anything for broken bytes
        raise PictureError(damaged(str(picture.format))) from error
    return tiff.grey_as_shown(upright(picture), picture)


def content_of(source: File) -> bytes:
    """All bytes of the source, or one more than allowed."""
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
            raise PictureError(f"{source} cannot be read ({reason}). Choose a picture file.") from error
    if source.seekable():
        source.seek(0)
    return source.read(MAX_BYTES + 1)


def recognised(content: bytes) -> Image.Image:
    """The picture with its header read and nothing decoded."""
    if content.startswith(png.SIGNATURE):
        shown, profile = png.shown_parts(content)
        return with_header(shown, content, {"icc_profile": profile} if profile else {})
    shown, negative = tiff.with_black_as_zero(content)
    return with_header(shown, content, {tiff.WHITE_IS_ZERO: True} if negative else {})


def with_header(shown: bytes, content: bytes, known: Mapping[str, object]) -> Image.Image:
    """What Pillow reads of the bytes that matter, with what else is known."""
    with _limit_lifted:  # Pillow's own limit is a global; ours is checked next
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            picture = Image.open(io.BytesIO(shown), formats=FORMATS)
        except Exception as error:  # as above: a broken header may raise anything
            raise PictureError(unrecognised(content)) from error
        finally:
            Image.MAX_IMAGE_PIXELS = limit
    picture.info.update(known)
    return picture


def looks_like_a_picture(file: Path) -> bool:
    """Whether a file begins as a picture of a supported format does, whatever it is called."""
    try:
        with file.open("rb") as opened_file:
            beginning = opened_file.read(max(map(len, BEGINNINGS)))
    except OSError:
        return False
    return any(beginning.startswith(each) for each in BEGINNINGS)


def unrecognised(content: bytes) -> str:
    """The error for bytes that are not a readable picture, based on how they begin.

    >>> unrecognised(b"%PDF-1.7")
    'This is a PDF document, not a picture that HeatCheck reads. Convert it to PNG or JPEG.'
    """
    if kind := tiff.kind_of(content):
        return f"This is a kind of TIFF that HeatCheck does not read: {kind}. {WAY_OUT}"
    for beginning, name in BEGINNINGS.items():
        if content.startswith(beginning):
            return damaged(name)
    for beginning, name in FOREIGN_BEGINNINGS.items():
        if content.lstrip().startswith(beginning):
            return f"This is {name}, not a picture that HeatCheck reads. {WAY_OUT}"
    if content[4:8] == b"ftyp":
        return f"This is a HEIC or AVIF picture or a video, which HeatCheck does not read. {WAY_OUT}"
    return "This is not a PNG, JPEG, WebP, GIF, BMP or TIFF picture. Choose another file, or convert it to PNG or JPEG."


def damaged(format_name: str) -> str:
    return f"This {format_name} picture is damaged or incomplete. Download or save it again."


def refuse_size(width: int, height: int) -> None:
    """Raises for a picture too large to decode, or too narrow for a square crop."""
    if width < 1 or height < 1:
        raise PictureError("This picture has no pixels. Choose another one.")
    megapixels, limit = width * height / 1e6, max_megapixels()
    if megapixels > limit:
        raise PictureError(
            f"This picture has {megapixels:,.0f} megapixels; the limit is {limit:g}. "
            "Scale it down, or raise HEATCHECK_MAX_MEGAPIXELS."
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise PictureError(f"This picture is {width} × {height} pixels, too narrow for a square crop. Crop it.")


def max_megapixels() -> float:
    """The current limit."""
    stated = os.environ.get("HEATCHECK_MAX_MEGAPIXELS", "")
    try:
        return float(stated) if stated else MAX_MEGAPIXELS
    except ValueError:
        raise PictureError(
            f"HEATCHECK_MAX_MEGAPIXELS is {stated!r}, which is not a number. Correct or unset it."
        ) from None


def upright(picture: Image.Image) -> Image.Image:
    """The picture rotated according to its EXIF data; unreadable data are ignored."""
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # broken EXIF is common, and no reason to refuse the picture
        return picture


def rgb(picture: Image.Image) -> Image.Image:
    """Three channels of 8 bits in sRGB, without metadata; transparent parts lie over white."""
    try:
        shown = over_white(picture) if picture.has_transparency_data else opaque(picture)
    except ValueError as error:
        raise PictureError(f"The colours of this picture are stored as {picture.mode}. {WAY_OUT}") from error
    shown.info = {}
    return shown


def opaque(picture: Image.Image) -> Image.Image:
    """The colours alone."""
    if picture.mode.startswith(("I", "F")):
        return eight_bits(picture).convert("RGB")
    coloured = picture.convert("RGB") if picture.mode in ("P", "PA") else picture
    return in_srgb(coloured).convert("RGB")


def over_white(picture: Image.Image) -> Image.Image:
    """The colours over white, as far as they are transparent."""
    whole = picture.convert("RGBA")
    shown = in_srgb(picture.convert("L") if picture.mode in ("LA", "La") else whole.convert("RGB")).convert("RGB")
    shown.putalpha(whole.getchannel("A"))
    white = Image.new("RGBA", shown.size, "white")
    return Image.alpha_composite(white, shown).convert("RGB")


def eight_bits(picture: Image.Image) -> Image.Image:
    """Greyscale of 16 or 32 bits, or floating point, scaled by its format and not by its own extremes."""
    values = np.nan_to_num(np.asarray(picture, dtype=np.float64))
    scaled = np.clip(values * (255 / tiff.white_level(picture.mode, float(values.max()))), 0, 255)
    return Image.fromarray(np.rint(scaled).astype(np.uint8))
