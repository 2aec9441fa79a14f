"""Colours of another profile than sRGB, as a viewer shows them."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

SPACES = {"RGB": "RGB", "CMYK": "CMYK", "L": "L"}
ROUNDING = 2
"""Levels by which a conversion from sRGB to sRGB may differ."""


def in_srgb(picture: Image.Image) -> Image.Image:
    """The picture in sRGB, where it states another profile that fits its colours; any other profile is ignored."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in SPACES:
        return picture
    try:
        transform = to_srgb(bytes(profile), picture.mode)
        return (transform and ImageCms.applyTransform(picture, transform)) or picture
    except Exception:  # a broken or foreign profile is common, and no reason to refuse the picture
        return picture


@lru_cache(maxsize=8)
def to_srgb(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The conversion to sRGB; None where it changes nothing but rounding, as for sRGB itself."""
    stated = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    transform = ImageCms.buildTransform(stated, ImageCms.createProfile("sRGB"), mode, "RGB")
    if mode == "CMYK":
        return transform
    samples = colours_of(mode)
    shown = ImageCms.applyTransform(samples, transform)
    changed = np.abs(np.asarray(shown, dtype=int) - np.asarray(samples.convert("RGB"), dtype=int)).max()
    return transform if changed > ROUNDING else None


def colours_of(mode: str) -> Image.Image:
    """Every fifteenth level of each channel, in all combinations, as one picture."""
    levels = np.arange(0, 256, 15, dtype=np.uint8)
    if mode == "L":
        return Image.fromarray(levels[None])
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1)
    return Image.fromarray(grid.reshape(1, -1, 3))
