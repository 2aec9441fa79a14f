"""The data sets that torchvision publishes, fetched by its own download code; refused soon when nobody answers."""

import ast
import inspect
import sys
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs

from core.lookup import find
from core.reaching import PATIENCE, answers

NO_SINGLE_PICTURES = {"MovingMNIST", "LFWPairs", "Middlebury2014Stereo"}
NOT_FETCHED = {"LFWPeople", "StanfordCars", "CelebA", "PCAM", "WIDERFace"}
"""Withdrawn by their hosts, or on a drive that torchvision needs another package for."""
TOO_LARGE = {"INaturalist", "Places365", "SUN397", "SBU"}
"""More than 20 GB, or a million files fetched one by one."""
BUNDLED_INSTEAD = "take patches or fashion_mnist, which are bundled"


@cache
def list_torchvision_datasets() -> tuple[str, ...]:
    """Names of torchvision's data sets that give single pictures and that it fetches if told where to put them.

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
    """Whether a data set can be fetched, and all else that it may be told has a default."""
    parameters = inspect.signature(dataset).parameters
    needed = [name for name, each in parameters.items() if each.default is each.empty]
    return "download" in parameters and needed == ["root"]


def open_torchvision_dataset(name: str) -> Any:
    """The pictures of the data set that torchvision gives by default, from the cache or fetched into it.

    Raises
    ------
    ValueError
        Where there is no such data set, or it can't be fetched, with why.
    """
    dataset = find(available(), name, "torchvision data set")
    root = Path(platformdirs.user_cache_dir("heatcheck")) / "datasets" / name
    try:
        return dataset(root=root, download=False)
    except (RuntimeError, OSError):  # each has its own way to say that it is not there
        return fetched(dataset, name, root)


def fetched(dataset: type[Any], name: str, root: Path) -> Any:
    """The data set, downloaded.

    Raises
    ------
    ValueError
        Where its host does not answer, or the download fails.
    """
    hosts = addresses(dataset)
    told = " and ".join(host for _, host in hosts)
    if hosts and not any(answers(host, scheme, PATIENCE / len(hosts)) for scheme, host in hosts):
        raise ValueError(
            f"The data set {name} is not on this machine and {told} can't be reached: "
            f"connect to the internet, or {BUNDLED_INSTEAD}."
        )
    root.mkdir(parents=True, exist_ok=True)
    try:
        return dataset(root=root, download=True)
    except Exception as error:  # unpacking and reading raise whatever they stumble over
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ValueError(
            f"The data set {name} could not be fetched from {told or 'its host'} ({reason}): "
            f"try again, or {BUNDLED_INSTEAD}."
        ) from error


def addresses(dataset: type[Any]) -> list[tuple[str, str]]:
    """Scheme and host of each place that a data set is fetched from, as its class says, or else its module."""
    try:
        found = urls_in(inspect.getsource(dataset)) or urls_in(inspect.getsource(sys.modules[dataset.__module__]))
    except OSError:  # installed without its source
        return []
    return list(dict.fromkeys((parts.scheme, parts.hostname or "") for parts in map(urlsplit, found)))


def urls_in(source: str) -> list[str]:
    """Every text of some Python code that is an address.

    >>> urls_in('"See http://a.org."; mirror = "http://b.org/c"')
    ['http://b.org/c']
    """
    texts = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return [text for text in texts if isinstance(text, str) and text.startswith(("http://", "https://"))]
