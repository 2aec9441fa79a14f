"""Train the priors that ship with HeatCheck: what fills hidden regions of clothes and of patches of photos.

Run from a checkout: ``python assets/train_priors.py [NAME ...]``. Each takes at most twenty minutes of one core. On one
machine the weights come out the same to the bit; another may round otherwise, so their digests are written anew.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from jaxtyping import Float
from storing import ON_CLOTHES, ON_PHOTOS, store
from torch import Tensor, nn

from core.generation.dcgan import FILE, Adversaries
from core.generation.dcgan_training import train_dcgan
from core.generation.flow import FLOWS, FOLDER
from core.generation.flow_training import Learned, train_flow
from core.generation.pools import CLOTHES, PATCHES
from core.generation.velocity import Velocity
from core.pictures.bases import collect_bases
from core.pictures.datasets import fashion_mnist

SEED = 0
MOST_PATCHES = 12000


@dataclass(frozen=True)
class Recipe:
    """How a prior is trained, and where what it learns from came from."""

    title: str
    train: Callable[[], Iterator[Learned | nn.Module]]
    origin: str


def clothes() -> Float[Tensor, "n 1 28 28"]:
    """The training pictures of the bundled Fashion-MNIST."""
    return fashion_mnist("train").pixels[:, :1].contiguous()


def patches() -> Float[Tensor, "n 3 48 48"]:
    """Patches of the left parts of the gallery's photos, and textures."""
    return collect_bases(PATCHES, most=MOST_PATCHES).train


RECIPES = {
    CLOTHES: Recipe("Flow of clothes", lambda: train_flow(clothes(), FLOWS[CLOTHES].block, 5500, SEED), ON_CLOTHES),
    PATCHES: Recipe(
        "Flow of patches of photos", lambda: train_flow(patches(), FLOWS[PATCHES].block, 2200, SEED), ON_PHOTOS
    ),
    FILE: Recipe("DCGAN of clothes", lambda: train_dcgan(clothes(), 3000, SEED), ON_CLOTHES),
}


def make(name: str) -> None:
    """Trains a prior and stores it as float16, with its licence and its digest."""
    recipe = RECIPES[name]
    for event in recipe.train():
        match event:
            case Learned(step, steps, loss, seconds):
                print(f"{name}, batch {step} of {steps}: loss {loss:.4f}, {seconds:.0f} s")
            case Velocity() | Adversaries():
                weights = {
                    key: tensor.half().contiguous() if tensor.is_floating_point() else tensor
                    for key, tensor in event.state_dict().items()
                }
                content = safetensors.torch.save(weights)
                store(name, content, recipe.title, Path(__file__).name, recipe.origin, FOLDER)


def listed(name: str) -> str:
    """The name, if a prior has it; what argparse's own choices do, which refuse to be given none.

    Raises
    ------
    argparse.ArgumentTypeError
        With the names there are.
    """
    if name not in RECIPES:
        raise argparse.ArgumentTypeError(f"there is no prior {name}; choose from {', '.join(RECIPES)}")
    return name


def main() -> None:
    """Train and store each prior."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", type=listed, metavar="NAME", help=f"priors to train: {', '.join(RECIPES)}")
    torch.set_num_threads(1)
    for name in parser.parse_args().names or RECIPES:
        make(name)


if __name__ == "__main__":
    main()
