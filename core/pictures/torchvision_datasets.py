"""torchvision's data sets, downloaded with its own code; an unreachable host is refused quickly."""

import ast
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import platformdirs

from core.lookup import find
from core.network import PATIENCE, answers

NO_SINGLE_PICTURES = {"MovingMNIST", "LFWPairs", "Middlebury2014Stereo"}
NOT_FETCHED = {"LFWPeople", "StanfordCars", "CelebA", "PCAM", "WIDERFace"}
"""Withdrawn by their hosts, or on a drive for which torchvision needs another package."""
TOO_LARGE = {"INaturalist", "Places365", "SUN397", "SBU"}
"""More than 20 GB, or a million files downloaded one by one."""
VALIDATED = {"Imagenette", "CLEVRClassification"}
"""Tested on their validation pictures: the first has no others, and test pictures of the second have no labels."""
BUNDLED_INSTEAD = "use fashion_mnist, which is bundled"


@cache
def list_torchvision_datasets() -> tuple[str, ...]:
    """Names of torchvision's data sets of single pictures that it downloads given only a folder.

    >>> "CIFAR10" in list_torchvision_datasets(), "FakeData" in list_torchvision_datasets()
    (True, False)
    """
    return tuple(sorted(available()))


def available() -> dict[str, type[Any]]:
    """The same data sets, by name."""
    from torchvision import datasets

    left_out = NO_SINGLE_PICTURES | NOT_FETCHED | TOO_LARGE
    return {
        name: each
        for name, each in vars(datasets).items()
        if name in datasets.__all__ and inspect.isclass(each) and name not in left_out and needs_root_alone(each)
    }


def needs_root_alone(dataset: type[Any]) -> bool:
    """Whether a data set can be downloaded, and all its other arguments have defaults."""
    parameters = inspect.signature(dataset).parameters
    needed = [name for name, each in parameters.items() if each.default is each.empty]
    return "download" in parameters and needed == ["root"]


def open_torchvision_dataset(name: str, part: Literal["train", "test"] = "train") -> Any:
    """The pictures of the data set, from the cache or downloaded into it.

    Parameters
    ----------
    part
        ``train``: torchvision's default split; ``test``: what its makers reserve for tests, where they do.

    Raises
    ------
    ValueError
        Where there is no such data set, or it cannot be downloaded, with the reason.
    """
    dataset = find(available(), name, "torchvision data set")
    root = Path(platformdirs.user_cache_dir("heatcheck")) / "datasets" / name
    split = held_out_split(name) if part == "test" else {}
    try:
        return dataset(root=root, download=False, **split)
    except (RuntimeError, OSError):  # each has its own way to report that it is missing
        return fetched(dataset, name, root, split)


def held_out_split(name: str) -> dict[str, bool | str]:
    """The argument that selects what a data set's makers reserve for tests; empty where they do not.

    >>> held_out_split("CIFAR10"), held_out_split("DTD"), held_out_split("EuroSAT")
    ({'train': False}, {'split': 'test'}, {})
    """
    parameters = inspect.signature(find(available(), name, "torchvision data set")).parameters
    if "train" in parameters:
        return {"train": False}
    if "split" in parameters:
        return {"split": "val" if name in VALIDATED else "test"}
    return {}


def fetched(dataset: type[Any], name: str, root: Path, split: Mapping[str, bool | str]) -> Any:
    """The data set, downloaded.

    Raises
    ------
    ValueError
        Where its host does not answer, or the download fails.
    """
    hosts = addresses(dataset)
    named = " and ".join(host for _, host in hosts)
    if hosts and not any(answers(host, scheme, PATIENCE / len(hosts)) for scheme, host in hosts):
        raise ValueError(
            f"The data set {name} is not on this machine and {named} cannot be reached: "
            f"connect to the internet, or {BUNDLED_INSTEAD}."
        )
    root.mkdir(parents=True, exist_ok=True)
    try:
        return dataset(root=root, download=True, **split)
    except Exception as error:  # unpacking and reading may raise anything
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ValueError(
            f"The data set {name} could not be downloaded from {named or 'its host'} ({reason}): "
            f"try again, or {BUNDLED_INSTEAD}."
        ) from error


def addresses(dataset: type[Any]) -> list[tuple[str, str]]:
    """Scheme and host of each download address of a data set, from its class, or else its module."""
    try:
        found = urls_in(inspect.getsource(dataset)) or urls_in(inspect.getsource(sys.modules[dataset.__module__]))
    except OSError:  # installed without its source
        return []
    return list(dict.fromkeys((parts.scheme, parts.hostname or "") for parts in map(urlsplit, found)))


def urls_in(source: str) -> list[str]:
    """Every string in some Python code that is an address.

    >>> urls_in('"See http://a.org."; mirror = "http://b.org/c"')
    ['http://b.org/c']
    """
    texts = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return [text for text in texts if isinstance(text, str) and text.startswith(("http://", "https://"))]
