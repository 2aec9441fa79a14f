"""Train the networks that ship with HeatCheck to see stamps.

Run from a checkout: ``python assets/train_stamps.py [NAME ...]``. Each takes half a minute at most. On one machine the
weights come out the same to the bit; another may round otherwise, so their digests are written anew.
"""

import argparse
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from storing import ON_CLOTHES, ON_PHOTOS, store

from core.models.trained import ENDING, home
from core.models.trained_file import PREFIX
from core.models.training import EpochDone
from core.pictures.stamps import Stamp
from core.stamping.gate import GateReady
from core.stamping.task import Task
from core.stamping.training import ModelTrained, stream_stamp_training

DISTRACTOR = Stamp("saltire", 6)
SIZES, OPACITIES = (4, 5, 6), (0.6, 0.8, 1.0)
WRITTEN = """\
Its weights were written down from the drawing of a stamp, ../stamps/cross.png, and learned from nothing.
"""


@dataclass(frozen=True)
class Recipe:
    """What a network is trained on, and where that came from."""

    title: str
    task: Task
    origin: str
    network: str = "stamp_cnn"


RECIPES = {
    "stamp_patches": Recipe(
        "Cross on patches of photos",
        Task("patches", (Stamp("cross", 6),), DISTRACTOR, SIZES, OPACITIES),
        ON_PHOTOS,
    ),
    "stamp_patches_designs": Recipe(
        "Cross, ring or bars on patches of photos",
        Task("patches", (Stamp("cross", 6), Stamp("ring", 6), Stamp("bars", 6)), DISTRACTOR, (5, 6), (0.75, 1.0)),
        ON_PHOTOS,
    ),
    "stamp_fashion": Recipe(
        "Cross on clothes (Fashion-MNIST)",
        Task("fashion_mnist", (Stamp("cross", 3),), Stamp("saltire", 3)),
        ON_CLOTHES,
    ),
    "matched_filter": Recipe(
        "Matched filter for a cross, with known weights",
        Task("patches", (Stamp("cross", 6),), DISTRACTOR),
        WRITTEN,
        "matched_filter",
    ),
}


def make(name: str) -> None:
    """Trains a network, tells its gate, and stores it with its licence and its digest."""
    recipe = RECIPES[name]
    for event in stream_stamp_training(recipe.task, recipe.network, title=recipe.title, device="cpu"):
        if isinstance(event, EpochDone):
            print(f"{name}, epoch {event.epoch} of {event.epochs}: loss {event.loss:.4f}, {event.seconds:.0f} s")
        if isinstance(event, GateReady):
            print(f"{name}: {event.gate.sentence}")
        if isinstance(event, ModelTrained):
            content = (home() / f"{event.name.removeprefix(PREFIX)}{ENDING}").read_bytes()
            store(name, content, recipe.title, Path(__file__).name, recipe.origin)


def main() -> None:
    """Train, examine and store each network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"networks to train: {', '.join(RECIPES)}")
    torch.set_num_threads(1)
    for name in parser.parse_args().names or RECIPES:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["HEATCHECK_HOME"] = folder
            make(name)


if __name__ == "__main__":
    main()
