"""Rebuild the gallery's files from pictures inside the scikit-image and scikit-learn packages and the bundled data.

Run where both are installed: ``python assets/rebuild_gallery.py``. Who made the pictures stands in
``gallery/credits.toml``. A JPEG that is small enough is taken as it is, and so are the clothes.
"""

from importlib.util import find_spec
from pathlib import Path

from PIL import Image

from core.pictures.datasets import stored

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
CLOTHES = {
    "fashion_boot": 39,
    "fashion_bag": 18,
    "fashion_dress": 183,
    "fashion_sandal": 65,
    "fashion_shirt": 100,
    "fashion_trousers": 1,
}
"""Places among the bundled test pictures."""


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


def rebuild_clothes(name: str, place: int) -> Path:
    """Write one gallery file from the bundled test pictures."""
    target = GALLERY / f"{name}.png"
    Image.fromarray(stored("test_pictures")[place]).save(target, optimize=True)
    return target


def main() -> None:
    """Rebuild every file."""
    for package, names in PICTURES.items():
        for name in names:
            told(rebuild(installed(package) / ORIGINS[package] / name))
    for name, place in CLOTHES.items():
        told(rebuild_clothes(name, place))


def told(target: Path) -> None:
    print(f"{target.name}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
