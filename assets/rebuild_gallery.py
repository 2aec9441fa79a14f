"""Rebuild the gallery's files from the pictures inside the scikit-image and scikit-learn packages.

Run where both are installed: ``python assets/rebuild_gallery.py``. Who made the pictures stands in
``gallery/credits.toml``. A JPEG that is small enough is taken as it is.
"""

from importlib.util import find_spec
from pathlib import Path

from PIL import Image

GALLERY = Path(__file__).parent / "gallery"
LONG_SIDE = 640
ORIGINS = {
    "skimage": "data",
    "sklearn": "datasets/images",
}
PICTURES = {
    "skimage": (
        "astronaut.png",
        "brick.png",
        "camera.png",
        "chelsea.png",
        "coffee.png",
        "hubble_deep_field.jpg",
        "retina.jpg",
        "rocket.jpg",
    ),
    "sklearn": ("china.jpg", "flower.jpg"),
}


def installed(package: str) -> Path:
    """Folder of an installed package, without importing it."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"Install {package} first: pip install scikit-image scikit-learn")
    return Path(spec.origin).parent


def rebuild(origin: Path) -> Path:
    """Write one gallery file from the picture that a package carries."""
    target = GALLERY / f"{origin.stem}.jpg"
    picture = Image.open(origin)
    if origin.suffix == ".jpg" and max(picture.size) <= LONG_SIDE:
        target.write_bytes(origin.read_bytes())
    else:
        picture.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
        picture.save(target, quality=92, optimize=True)
    return target


def main() -> None:
    """Rebuild every file."""
    for package, names in PICTURES.items():
        for name in names:
            target = rebuild(installed(package) / ORIGINS[package] / name)
            print(f"{target.name}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
