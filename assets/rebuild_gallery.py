"""Rebuild the gallery's files from pictures inside three packages and the bundled data.

Run where scikit-image, scikit-learn and Debian's gcompris-qt-data are installed: ``python assets/rebuild_gallery.py``.
Who made the pictures stands in ``gallery/credits.toml``; for those of GCompris it was taken from the README beside each
picture. A JPEG that is small enough is taken as it is, and so are the clothes.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

from core.pictures.datasets import stored

GALLERY = Path(__file__).parent / "gallery"
LONG_SIDE = 640
LONG_SIDE_OF_MANY = 480
"""Of the photos that are there for their number."""
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
GCOMPRIS = Path("/usr/share/gcompris-qt/rcc")
ACTIVITIES = "/gcompris/src/activities"
PHOTOS = {
    "explore_world_animals": {
        "bison": "resource/animals/bison.webp",
        "jaguars": "resource/animals/jaguar.webp",
        "kangaroo": "resource/animals/kangaroo.webp",
        "koala": "resource/animals/koala.webp",
        "komodo_dragon": "resource/animals/dragon.webp",
        "lemur": "resource/animals/lemur.webp",
        "hedgehog": "resource/animals/hedgehog.webp",
        "macaw": "resource/animals/scarlet_macaw.webp",
        "panda": "resource/animals/panda.webp",
        "polar_bear": "resource/animals/polar_bear.webp",
    },
    "explore_farm_animals": {
        "cow": "resource/animals/cow.webp",
        "dog": "resource/animals/dog.webp",
        "duck": "resource/animals/duck.webp",
        "hens": "resource/animals/chicken.webp",
        "kitten": "resource/animals/cat.webp",
        "sheep": "resource/animals/sheep.webp",
    },
    "erase": {
        "crab": "resource/crab.webp",
        "kingfisher": "resource/kingfisher.webp",
        "red_panda": "resource/red_panda.webp",
    },
    "explore_monuments": {
        "castle": "resource/france/citedeCarcassonne.webp",
        "aqueduct": "resource/france/pontduGard.webp",
    },
    "categorization": {"clownfish": "resource/images/fishes/fish9.webp"},
}
"""By the activity of GCompris whose resources hold them: the name here and the place there."""
IS_DEFLATED, IS_FOLDER = 1, 2
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
        target.write_bytes(without_profile(origin.read_bytes()))
    else:
        save(picture, target, LONG_SIDE, quality=92)
    return target


def rebuild_photos(activity: str, places: dict[str, str]) -> Iterator[Path]:
    """Write the gallery files of one activity of GCompris."""
    container = GCOMPRIS / f"{activity}.rcc"
    if not container.is_file():
        raise SystemExit("Install GCompris's data first: apt-get install gcompris-qt-data")
    resources = dict(read_resources(container.read_bytes()))
    for name, place in places.items():
        picture = Image.open(io.BytesIO(resources[f"{ACTIVITIES}/{activity}/{place}"])).convert("RGB")
        yield save(picture, GALLERY / f"{name}.jpg", LONG_SIDE_OF_MANY, quality=88)


def without_profile(jpeg: bytes) -> bytes:
    """The same pixels as they are stored, for every viewer: the bundled networks learned from those of the rocket.

    Its profile is a segment of its own, by its marker and its length.
    """
    start = jpeg.find(b"ICC_PROFILE\0") - 4
    if start < 0:
        return jpeg
    length = int.from_bytes(jpeg[start + 2 : start + 4], "big")
    return jpeg[:start] + jpeg[start + 2 + length :]


def save(picture: Image.Image, target: Path, long_side: int, quality: int) -> Path:
    picture.thumbnail((long_side, long_side), Image.Resampling.LANCZOS)
    picture.save(target, quality=quality, optimize=True)
    return target


def read_resources(content: bytes, node: int = 0, folder: str = "") -> Iterator[tuple[str, bytes]]:
    """Path and content of every file below a node of Qt's binary resources, of their second version or a later one."""
    _, _, tree, data, names = struct.unpack_from(">4s4I", content)
    name_at, flags, first, second = struct.unpack_from(">IHII", content, tree + 22 * node)
    length = struct.unpack_from(">H", content, names + name_at)[0] if node else 0
    path = f"{folder}/{content[names + name_at + 6 :][: 2 * length].decode('utf-16-be')}" if node else ""
    if flags & IS_FOLDER:
        for child in range(second, second + first):
            yield from read_resources(content, child, path)
    else:
        size = struct.unpack_from(">I", content, data + second)[0]
        stored_bytes = content[data + second + 4 :][:size]
        yield path, zlib.decompress(stored_bytes[4:]) if flags & IS_DEFLATED else stored_bytes


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
    for activity, places in PHOTOS.items():
        for target in rebuild_photos(activity, places):
            told(target)
    for name, place in CLOTHES.items():
        told(rebuild_clothes(name, place))


def told(target: Path) -> None:
    print(f"{target.name}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
