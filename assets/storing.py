"""Where the trained networks that ship with HeatCheck are kept, each with its licence and its digest."""

import hashlib
from pathlib import Path

from core.models.trained import ENDING
from core.models.trained_file import BUNDLED

SUMS = "SHA256SUMS"
LICENSE = Path(__file__).parents[1] / "LICENSE"
ON_CLOTHES = """\
Trained on Fashion-MNIST, Copyright (c) 2017 Zalando SE, under the MIT licence: see
../datasets/fashion_mnist.LICENSE.txt.
"""
ON_PHOTOS = """\
Trained on patches of the photos in ../gallery, whose authors and licences ../gallery/credits.toml names, and on
textures of our own.
"""


def store(name: str, content: bytes, title: str, script: str, origin: str, folder: Path = BUNDLED) -> None:
    """Writes the model, its licence and its digest.

    Parameters
    ----------
    script
        The file name of the script that made it.
    origin
        Where what it learned from came from, in lines.
    folder
        Where it is kept; its digest is in the list there.
    """
    folder.mkdir(exist_ok=True)
    target = folder / f"{name}{ENDING}"
    target.write_bytes(content)
    made = f"Part of HeatCheck, made for it by ../{script}, and under HeatCheck's licence, which is below.\n"
    notice = f"{title} ({target.name})\n\n{made}{origin}\n\n"
    (folder / f"{name}.LICENSE.txt").write_text(notice + LICENSE.read_text(encoding="utf-8"), encoding="utf-8")
    listed = folder / SUMS
    lines = listed.read_text().splitlines() if listed.exists() else []
    sums = {file: digest for digest, file in map(str.split, lines)}
    sums[target.name] = hashlib.sha256(content).hexdigest()
    listed.write_text("".join(f"{digest}  {file}\n" for file, digest in sorted(sums.items())))
    print(f"{target.name}: {len(content):,} bytes, sha256 {sums[target.name]}")
