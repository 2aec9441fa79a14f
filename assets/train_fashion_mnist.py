"""Train the small networks on Fashion-MNIST, and cut out the subset that ships with HeatCheck.

Run from a checkout: ``python assets/train_fashion_mnist.py [FOLDER] [--only NAME ...]``. FOLDER has the four files as
published (Debian's package ``dataset-fashion-mnist`` puts them into ``/usr/share/datasets/fashion-mnist``); without it
they are downloaded. Each network takes one core and some ten minutes. On one machine the weights come out the same to
the bit; another may round otherwise, so their digests are written anew.
"""

import argparse
import gzip
import hashlib
import math
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.datasets import FashionMNIST

from core.models.bundled import BUNDLED, WEIGHTS
from core.models.catalogue import load_classifier
from core.pictures.datasets import FASHION_MNIST

DIGESTS = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
SUMS = WEIGHTS / "SHA256SUMS"
SEED = 0
BATCH = 64
SMOOTHING = 0.05
DECAY = 0.05


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Parameters
    ----------
    peak
        The highest learning rate on the way.
    erasing
        Whether each picture loses a random share of its pixels to the mean colour, drawn anew each time it is seen.
    """

    epochs: int
    peak: float
    erasing: bool = False


RECIPES = {
    "fashion_vit": Recipe(epochs=9, peak=2e-3),
    "fashion_cnn": Recipe(epochs=6, peak=4e-3),
    "fashion_cnn_erased": Recipe(epochs=6, peak=4e-3, erasing=True),
}


@dataclass(frozen=True)
class Part:
    """Pictures ``(n, 28, 28)`` in levels of grey, and the class of each."""

    pictures: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    def pixels(self) -> Tensor:
        return torch.from_numpy(self.pictures)[:, None] / 255

    def classes(self) -> Tensor:
        return torch.from_numpy(self.labels).long()


def read_part(folder: Path, name: str) -> Part:
    """The training or the test pictures, as they were published."""
    pictures = read_checked(folder, f"{name}-images-idx3-ubyte")[16:].reshape(-1, 28, 28)
    return Part(pictures, read_checked(folder, f"{name}-labels-idx1-ubyte")[8:])


def read_checked(folder: Path, name: str) -> NDArray[np.uint8]:
    content = gzip.decompress((folder / f"{name}.gz").read_bytes())
    if hashlib.sha256(content).hexdigest() != DIGESTS[name]:
        raise SystemExit(f"{folder / name}.gz is not what was published.")
    return np.frombuffer(content, np.uint8).copy()


def first_of_each(part: Part, count: int) -> Part:
    """The first pictures of each class, one of each in turn, so that any beginning is a fair sample."""
    places = np.stack([np.flatnonzero(part.labels == each)[:count] for each in range(10)], axis=1).ravel()
    return Part(part.pictures[places], part.labels[places])


def trained(name: str, part: Part) -> nn.Module:
    """The network after its epochs, in which the learning rate rises once and falls."""
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    recipe, bundled = RECIPES[name], BUNDLED[name]
    network, seen = bundled.build(), bundled.preprocessing()
    pixels, classes = (part.pixels() - seen.mean[0]) / seen.std[0], part.classes()
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=DECAY)
    steps = recipe.epochs * math.ceil(len(pixels) / BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.peak, steps)
    for epoch in range(recipe.epochs):
        begin, total = time.monotonic(), 0.0
        for places in torch.randperm(len(pixels)).split(BATCH):
            shown = erased(pixels[places]) if recipe.erasing else pixels[places]
            logits = network(shown.expand(-1, 3, -1, -1))
            loss = F.cross_entropy(logits, classes[places], label_smoothing=SMOOTHING)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(places)
        took = time.monotonic() - begin
        print(f"{name}, epoch {epoch + 1} of {recipe.epochs}: loss {total / len(pixels):.3f}, {took:.0f} s", flush=True)
    share_among_channels(network)
    return network


def erased(normalised: Tensor) -> Tensor:
    """Each picture without a share of its pixels that is anything from none to all; the mean colour is 0 here."""
    shares = torch.rand(len(normalised), 1, 1, 1)
    return normalised * (torch.rand_like(normalised) >= shares)


def share_among_channels(network: nn.Module) -> None:
    """Gives the first layer equal weights for the three channels.

    They are always equal, so its answers stay as they are; what goes is the noise that the weights began with, which
    would show as colours in a gradient.
    """
    first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
    with torch.no_grad():
        first.weight.copy_(first.weight.mean(dim=1, keepdim=True).expand_as(first.weight))


def store(name: str, network: nn.Module) -> None:
    """Writes the weights as float16, and their digest."""
    state = {key: tensor.half().contiguous() for key, tensor in network.state_dict().items()}
    content = safetensors.torch.save(state)
    target = WEIGHTS / f"{name}.safetensors"
    target.write_bytes(content)
    sums = {file: digest for digest, file in (line.split() for line in SUMS.read_text().splitlines())}
    sums[target.name] = hashlib.sha256(content).hexdigest()
    SUMS.write_text("".join(f"{digest}  {file}\n" for file, digest in sorted(sums.items())))
    print(f"{target.name}: {len(content):,} bytes, sha256 {sums[target.name]}")


def accuracy(name: str, part: Part) -> float:
    """Share of the pictures that the stored network gets right."""
    classifier = load_classifier(name, device="cpu")
    logits = classifier.logits(part.pixels().expand(-1, 3, -1, -1))
    return float((logits.argmax(dim=1) == part.classes()).float().mean())


def published(folder: str) -> Path:
    """Where torchvision puts the files that it downloads."""
    return Path(FashionMNIST(folder, download=True).raw_folder)


def main() -> None:
    """Cut out the subset, then train, store and examine each network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="has the four files as published")
    parser.add_argument(
        "--only", nargs="+", choices=RECIPES, default=list(RECIPES), metavar="NAME", help="networks to train"
    )
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = asked.folder or published(folder)
        training, test = read_part(source, "train"), read_part(source, "t10k")
    few, fewer = first_of_each(training, 600), first_of_each(test, 100)
    np.savez_compressed(
        FASHION_MNIST,
        train_pictures=few.pictures,
        train_labels=few.labels,
        test_pictures=fewer.pictures,
        test_labels=fewer.labels,
    )
    with ProcessPoolExecutor(len(asked.only), get_context("spawn")) as processes:
        networks = processes.map(trained, asked.only, repeat(training))
        for name, network in zip(asked.only, networks, strict=True):
            store(name, network)
            print(f"{accuracy(name, test):.2%} of all test pictures right, {accuracy(name, fewer):.1%} of the bundled")


if __name__ == "__main__":
    main()
