"""torchvision's data sets are fetched by its own code, or a sentence says soon why they aren't."""

import functools
import gzip
import hashlib
import http.server
import inspect
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import platformdirs
import pytest
import torchvision

from core.pictures import torchvision_datasets
from core.pictures.bases import collect_bases
from core.pictures.torchvision_datasets import (
    addresses,
    available,
    held_out_split,
    list_torchvision_datasets,
    open_torchvision_dataset,
)

DAMAGED = r"FashionMNIST could not be downloaded from fashion-mnist.*: try again"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of the person's own cache."""
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name: str(tmp_path / "cache" / name))
    return tmp_path / "cache" / "heatcheck" / "datasets"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """torchvision believes that Fashion-MNIST, forty pictures of it, lies on a server of this machine."""
    folder = tmp_path / "site"
    folder.mkdir()
    draw = np.random.default_rng(0)
    resources = []
    for part, count in (("train", 40), ("t10k", 5)):
        pictures = draw.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        for name, kind, levels in (
            (f"{part}-images-idx3-ubyte.gz", 3, pictures),
            (f"{part}-labels-idx1-ubyte.gz", 1, np.arange(count, dtype=np.uint8)),
        ):
            header = np.array([0x0800 + kind, *levels.shape], dtype=">i4").tobytes()
            content = gzip.compress(header + levels.tobytes())
            (folder / name).write_bytes(content)
            resources.append((name, hashlib.md5(content).hexdigest()))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = ("127.0.0.1", server.server_port)
        monkeypatch.setattr("core.network.next_hop", lambda *_: here)
        monkeypatch.setattr(torchvision.datasets.FashionMNIST, "mirrors", [f"http://127.0.0.1:{here[1]}/"])
        monkeypatch.setattr(torchvision.datasets.FashionMNIST, "resources", resources)
        yield folder
        server.shutdown()


def test_data_sets_of_single_pictures_that_can_be_fetched_are_listed():
    listed = list_torchvision_datasets()
    assert list(listed) == sorted(set(listed))
    assert {"CIFAR10", "SVHN", "DTD", "Flowers102", "OxfordIIITPet", "EuroSAT", "STL10", "VOCDetection"} <= set(listed)
    videos, pairs, more_needed = {"MovingMNIST", "Kinetics"}, {"LFWPairs", "KittiFlow"}, {"EMNIST", "PhotoTour"}
    not_fetched = {"ImageNet", "FakeData", "ImageFolder", "CelebA", "StanfordCars", "INaturalist"}
    assert not set(listed) & (videos | pairs | more_needed | not_fetched)


@pytest.mark.parametrize("name", list_torchvision_datasets())
def test_each_listed_data_set_needs_nothing_but_a_folder_and_says_where_it_comes_from(name):
    dataset = available()[name]
    assert dataset.__name__ == name
    assert issubclass(dataset, torchvision.datasets.VisionDataset)
    inspect.signature(dataset).bind(root="somewhere", download=True)
    hosts = addresses(dataset)
    assert hosts
    assert all(scheme in ("http", "https") and "." in host for scheme, host in hosts)


@pytest.mark.parametrize("name", list_torchvision_datasets())
def test_what_is_reserved_for_tests_is_another_split_that_the_data_set_has(name, tmp_path):
    """A split that it does not have would be a ValueError."""
    split, parameters = held_out_split(name), inspect.signature(available()[name]).parameters
    assert all(parameters[argument].default != value for argument, value in split.items())
    with pytest.raises((RuntimeError, OSError)):
        available()[name](root=tmp_path, download=False, **split)


def test_what_was_left_out_is_still_there_to_be_left_out():
    left_out = (
        torchvision_datasets.NO_SINGLE_PICTURES | torchvision_datasets.NOT_FETCHED | torchvision_datasets.TOO_LARGE
    )
    assert left_out <= set(torchvision.datasets.__all__)


@pytest.mark.parametrize(
    ("name", "host", "trouble"),
    [
        ("CIFAR10", "www.cs.toronto.edu", "no_network"),
        ("MNIST", "ossci-datasets.s3.amazonaws.com and yann.lecun.com", "slow_name_server"),
        ("USPS", "www.csie.ntu.edu.tw", "no_network"),  # which looks for its file before it says that there is none
        ("VOCDetection", "thor.robots.ox.ac.uk", "no_network"),  # whose address stands beside the class
    ],
)
def test_without_a_network_one_sentence_names_data_set_host_and_way_out_within_three_seconds(
    name, host, trouble, request, cache
):
    request.getfixturevalue(trouble)
    start = time.perf_counter()
    with pytest.raises(ValueError, match="cannot be reached") as refusal:
        collect_bases(f"torchvision/{name}")
    assert time.perf_counter() - start < 3
    sentence = str(refusal.value)
    assert name in sentence
    assert host in sentence
    assert sentence.endswith("connect to the internet, or use fashion_mnist, which is bundled.")
    assert "\n" not in sentence
    assert not list(cache.rglob("*.*"))


def test_a_data_set_is_fetched_once_and_its_labels_do_not_matter(site, monkeypatch, cache):
    bases = collect_bases("torchvision/FashionMNIST", most=21)
    assert (bases.name, bases.title) == ("torchvision/FashionMNIST", "torchvision's FashionMNIST")
    assert bases.size == (28, 28)
    assert (len(bases.train), len(bases.test)) == (21, 7)
    assert (cache / "FashionMNIST" / "FashionMNIST" / "raw").is_dir()  # some lay their files down without a folder

    for file in site.iterdir():
        file.unlink()
    monkeypatch.setattr(torchvision_datasets, "answers", lambda *_: pytest.fail("asked for the host of what is there"))
    assert (collect_bases("torchvision/FashionMNIST", most=21).train == bases.train).all()


@pytest.mark.usefixtures("site")
def test_pictures_are_those_of_the_part_that_torchvision_gives_by_default():
    dataset = open_torchvision_dataset("FashionMNIST")
    assert len(dataset) == 40
    picture, label = dataset[7]
    assert picture.size == (28, 28)
    assert label == 7


@pytest.mark.usefixtures("site")
def test_test_pictures_are_those_that_the_makers_reserve():
    assert len(open_torchvision_dataset("FashionMNIST", "test")) == 5


def test_what_came_damaged_or_not_at_all_is_told_in_a_sentence(site):
    name = "train-images-idx3-ubyte.gz"
    (site / name).write_bytes(b"something else")
    with pytest.raises(ValueError, match=DAMAGED) as refusal:
        collect_bases("torchvision/FashionMNIST")
    assert "\n" not in str(refusal.value)
    (site / name).unlink()
    with pytest.raises(ValueError, match=DAMAGED) as refusal:
        collect_bases("torchvision/FashionMNIST")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ["FakeData", "CelebA", "cifar10", ""])
def test_what_is_not_listed_is_not_opened(name):
    with pytest.raises(ValueError, match="There is no torchvision data set"):
        open_torchvision_dataset(name)
