"""Pictures of torchvision and of a person's folder: which part and which class each of them has."""

import time
from dataclasses import astuple
from pathlib import Path

import numpy as np
import platformdirs
import pytest
import torch
from PIL import Image

from core.retraining import sources
from core.retraining.data import collect_data
from core.retraining.sources import MOST_MISSING, classes_given

DRAW = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of the person's own cache."""
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name: str(tmp_path / "cache" / name))
    return tmp_path / "cache" / "heatcheck" / "datasets"


def noise(*shape: int) -> np.ndarray:
    return DRAW.integers(0, 256, shape, dtype=np.uint8)


def as_idx(file: Path, levels: np.ndarray) -> None:
    """MNIST's own format."""
    file.parent.mkdir(parents=True, exist_ok=True)
    header = np.array([0x0800 + levels.ndim, *levels.shape], dtype=">i4").tobytes()
    file.write_bytes(header + levels.tobytes())


@pytest.fixture
def clothes(cache) -> dict[str, np.ndarray]:
    """Fashion-MNIST with 40 training and 20 test pictures, sorted by class, as torchvision keeps it."""
    raw = cache / "FashionMNIST" / "FashionMNIST" / "raw"
    kept = {}
    for part, count in (("train", 40), ("t10k", 20)):
        kept[part] = noise(count, 28, 28)
        as_idx(raw / f"{part}-images-idx3-ubyte", kept[part])
        as_idx(raw / f"{part}-labels-idx1-ubyte", np.repeat(np.arange(10, dtype=np.uint8), count // 10))
    return kept


def levels(part) -> set[bytes]:
    return {(picture[0] * 255).round().byte().numpy().tobytes() for picture in part.pixels}


def test_a_data_set_of_torchvision_keeps_its_own_training_and_test_pictures(clothes):
    data = collect_data("torchvision/FashionMNIST", side=28)
    assert (data.name, data.title) == ("torchvision/FashionMNIST", "FashionMNIST")
    assert (data.labels[0], len(data.labels)) == ("T-shirt/top", 10)
    assert levels(data.train) == {own.tobytes() for own in clothes["train"]}
    assert levels(data.test) == {own.tobytes() for own in clothes["t10k"]}
    assert data.division == "The training and test pictures are those of FashionMNIST itself."
    for part, kept, each in ((data.train, clothes["train"], 4), (data.test, clothes["t10k"], 2)):
        places = {own.tobytes(): place for place, own in enumerate(kept)}
        found = [places[(picture[0] * 255).round().byte().numpy().tobytes()] // each for picture in part.pixels]
        assert found == part.labels.tolist(), "each picture has its own class"
        assert found != sorted(found), "the first pictures are not all of one class"


@pytest.mark.usefixtures("clothes")
def test_a_bound_on_the_training_pictures_leaves_the_test_pictures_whole():
    data = collect_data("torchvision/FashionMNIST", side=28, most=38)
    assert (len(data.train.labels), len(data.test.labels)) == (38, 20)
    whole = collect_data("torchvision/FashionMNIST", side=28)
    assert torch.equal(data.train.pixels, whole.train.pixels[:38])


def test_test_pictures_that_are_also_training_pictures_are_not_learned(clothes, cache):
    clothes["train"][7] = clothes["t10k"][3]
    as_idx(cache / "FashionMNIST" / "FashionMNIST" / "raw" / "train-images-idx3-ubyte", clothes["train"])
    data = collect_data("torchvision/FashionMNIST", side=28)
    assert not levels(data.train) & levels(data.test)
    assert [each.picture for each in data.refused] == ["train 7"]
    assert "same picture as test 3" in data.refused[0].reason


def saved(place: Path, picture: np.ndarray) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(place)


def test_a_split_by_name_is_kept_too(cache):
    home = cache / "DTD" / "dtd" / "dtd"
    for part, count in (("train", 3), ("test", 2)):
        names = [f"{texture}/{part}{place}.png" for texture in ("banded", "dotted") for place in range(count)]
        for name in names:
            saved(home / "images" / name, noise(9, 12, 3))
        (home / "labels").mkdir(exist_ok=True)
        (home / "labels" / f"{part}1.txt").write_text("\n".join(names))
    data = collect_data("torchvision/DTD", side=8)
    assert (data.labels, data.size) == (("banded", "dotted"), (8, 8))
    assert torch.bincount(data.train.labels).tolist() == [3, 3]
    assert torch.bincount(data.test.labels).tolist() == [2, 2]
    assert data.division == "The training and test pictures are those of DTD itself."


def test_a_data_set_that_nobody_divided_is_divided_by_a_draw(cache):
    for land in ("Forest", "River"):
        for place in range(14):
            saved(cache / "EuroSAT" / "eurosat" / "2750" / land / f"{place}.png", noise(8, 8, 3))
    data = collect_data("torchvision/EuroSAT", side=8, seed=5)
    assert data.labels == ("Forest", "River")
    assert torch.bincount(data.test.labels).tolist() == [2, 2]
    assert "drawn with seed 5" in data.division


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("name", ["FashionMNIST", "CIFAR10", "GTSRB"])
def test_without_a_network_a_sentence_says_what_would_work_within_three_seconds(name):
    began = time.perf_counter()
    with pytest.raises(
        ValueError, match=rf"The data set {name} is not on this machine and .* cannot be reached"
    ) as told:
        collect_data(f"torchvision/{name}")
    assert time.perf_counter() - began < 3
    assert str(told.value).endswith("connect to the internet, or use fashion_mnist, which is bundled.")


@pytest.mark.usefixtures("no_network")
def test_test_pictures_that_were_not_fetched_with_the_others_are_missed_in_a_sentence(cache):
    for number in range(2):
        saved(cache / "GTSRB" / "gtsrb" / "GTSRB" / "Training" / f"{number:05}" / "a.ppm", noise(9, 9, 3))
    with pytest.raises(ValueError, match="The data set GTSRB is not on this machine"):
        collect_data("torchvision/GTSRB")


class Items(list):
    """A data set of torchvision's kind."""


def opening(monkeypatch, items, tested=None):
    parts = {"train": items, "test": tested}
    monkeypatch.setattr(sources, "open_torchvision_dataset", lambda _, part="train": parts[part])
    monkeypatch.setattr(sources, "held_out_split", lambda _: {"train": False} if tested is not None else {})


@pytest.mark.parametrize("target", [{"boxes": []}, torch.zeros(3), None, Image.new("L", (8, 8))])
def test_a_data_set_without_a_class_for_each_picture_is_refused(monkeypatch, target):
    opening(monkeypatch, Items([(Image.new("RGB", (8, 8)), target)]))
    with pytest.raises(ValueError, match="The pictures of Boxes have no class each"):
        collect_data("torchvision/Boxes")


def test_classes_may_be_numbers_of_any_kind(monkeypatch):
    kinds = (int, np.int64, lambda number: torch.tensor(number))
    opening(
        monkeypatch,
        Items((Image.fromarray(noise(8, 8)), kinds[place % 3](place % 2)) for place in range(42)),
    )
    data = collect_data("torchvision/Kinds", side=8)
    assert data.labels == ("0", "1")
    assert torch.bincount(data.train.labels).tolist() == [18, 18]


def test_parts_of_different_classes_are_refused(monkeypatch):
    learned, tested = Items([(Image.new("RGB", (8, 8)), 0)]), Items([(Image.new("RGB", (8, 8)), 0)])
    learned.classes, tested.classes = ["cat", "dog"], ["cat", "owl"]
    opening(monkeypatch, learned, tested)
    with pytest.raises(ValueError, match="The training and the test pictures of Pets have different classes"):
        collect_data("torchvision/Pets")


class Damaged(Items):
    def __getitem__(self, place):
        if place == 3:
            raise OSError("truncated")
        return super().__getitem__(place)


def test_an_item_that_cannot_be_read_is_left_out_with_the_reason(monkeypatch):
    opening(monkeypatch, Damaged((Image.fromarray(noise(8, 8)), place % 2) for place in range(28)))
    data = collect_data("torchvision/Damaged", side=8)
    assert len(data.train.labels) + len(data.test.labels) == 27
    assert [(each.picture, each.reason) for each in data.refused] == [
        ("picture 3", "The data set cannot read it (truncated).")
    ]


def pets(folder: Path, names: dict[str, int]) -> Path:
    """A folder of noise: so many pictures in each of its folders."""
    for name, count in names.items():
        for place in range(count):
            saved(folder / name / f"{place}.png", noise(9, 12, 3))
    return folder


@pytest.mark.parametrize("tests", ["test", "val", "valid", "validation", "Test"])
def test_folders_of_training_and_test_pictures_are_a_division(tmp_path, tests):
    folder = pets(tmp_path / "pets", {"train/cat": 3, "train/dog": 4, f"{tests}/cat": 2, f"{tests}/dog": 1})
    data = collect_data(folder, side=8)
    assert data.labels == ("cat", "dog")
    assert torch.bincount(data.train.labels).tolist() == [3, 4]
    assert torch.bincount(data.test.labels).tolist() == [2, 1]
    assert data.division == f"The training and test pictures are those of its folders train and {tests.lower()}."
    assert not data.refused


def test_test_pictures_go_before_validation_pictures_which_are_said_to_be_left_out(tmp_path):
    parts = {f"{part}/{pet}": 2 for part in ("train", "val", "test") for pet in ("cat", "dog")}
    data = collect_data(pets(tmp_path / "pets", parts), side=8)
    assert (len(data.train.labels), len(data.test.labels)) == (4, 4)
    assert [(each.picture, each.reason) for each in data.refused] == [
        ("val", "4 pictures are neither in train nor in test.")
    ]


def test_a_class_that_is_called_train_is_no_part(tmp_path):
    data = collect_data(pets(tmp_path / "vehicles", {"train": 7, "bus": 7}), side=8)
    assert data.labels == ("bus", "train")
    assert "drawn" in data.division


def test_parts_without_the_same_classes_are_one_sentence(tmp_path):
    folder = pets(tmp_path / "pets", {"train/cat": 3, "train/dog": 4, "test/cat": 2, "test/owl": 1})
    with pytest.raises(ValueError, match=r"pets has no training picture of owl\. Training and test pictures must be"):
        collect_data(folder, side=8)


def test_the_folder_of_a_part_is_no_label(tmp_path):
    folder = pets(tmp_path / "pets", {"train": 1, "train/cat": 3, "train/dog": 4, "test/cat": 2, "test/dog": 1})
    data = collect_data(folder, side=8)
    assert data.labels == ("cat", "dog")
    assert [(each.picture, each.reason) for each in data.refused] == [("train/0.png", "It has no label.")]


def test_labels_in_a_table_or_in_names_go_with_a_division_of_folders(tmp_path):
    folder, rows = tmp_path / "pets", ["file,label"]
    for part, count in (("train", 3), ("test", 2)):
        for place in range(count):
            for pet in ("cat", "dog"):
                saved(folder / "images" / part / f"{pet}_{place}.png", noise(9, 12, 3))
                rows.append(f"images/{part}/{pet}_{place}.png,{pet}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    for labels in ("names", tmp_path / "labels.csv"):
        data = collect_data(folder, labels, side=8)
        assert data.labels == ("cat", "dog")
        assert torch.bincount(data.train.labels).tolist() == [3, 3]
        assert torch.bincount(data.test.labels).tolist() == [2, 2]


def test_a_picture_that_was_saved_again_is_the_same_picture(tmp_path):
    """Another format, another compression, a name of its own, a label of its own: the pixels count."""
    folder = pets(tmp_path / "pets", {"cat": 9, "dog": 9})
    own = Image.open(folder / "cat" / "0.png")
    own.save(folder / "cat" / "again.bmp")
    own.save(folder / "cat" / "small.png", compress_level=9)
    own.convert("RGBA").save(folder / "dog" / "clear.png")
    for seed in range(3):
        data = collect_data(folder, side=8, seed=seed)
        assert len(data.train.labels) + len(data.test.labels) == 18
        told = {each.picture: each.reason for each in data.refused}
        assert set(told) == {"cat/again.bmp", "cat/small.png", "dog/clear.png"}
        assert all("same picture as cat/0.png" in reason for reason in told.values())
        assert [name for name, reason in told.items() if "another label" in reason] == ["dog/clear.png"]


def test_pictures_of_any_mode_and_size_become_three_channels_of_one_size(tmp_path):
    shapes = [(9, 12), (31, 17, 3), (8, 8, 4), (5, 5), (40, 11, 3), (64, 64), (13, 13, 3), (9, 10, 4)]
    for kind in ("a", "b"):
        for place, shape in enumerate(shapes):
            saved(tmp_path / "mixed" / kind / f"{place}.png", noise(*shape))
    data = collect_data(tmp_path / "mixed", side=11)
    assert data.train.pixels.shape == (14, 3, 11, 11)
    assert data.test.pixels.shape == (2, 3, 11, 11)
    assert not data.refused


def test_a_picture_too_narrow_for_a_square_is_left_out_with_the_reason(tmp_path):
    folder = pets(tmp_path / "pets", {"cat": 9, "dog": 9})
    saved(folder / "cat" / "line.png", noise(2, 400, 3))
    (told,) = collect_data(folder, side=8).refused
    assert told.picture == "cat/line.png"
    assert "too narrow" in told.reason


def labelled_by_a_table(folder: Path, listed: list[str]) -> Path:
    """A folder of 18 pictures of two pets, and a table that lists them and more."""
    pictures = [f"{place}.png" for place in range(18)]
    for name in pictures:
        saved(folder / name, noise(9, 12, 3))
    table = folder / "labels.csv"
    table.write_text(
        "\n".join(f"{name},{('cat', 'dog')[place % 2]}" for place, name in enumerate([*pictures, *listed]))
    )
    return table


def test_a_row_of_a_table_for_a_file_that_is_not_there_is_told(tmp_path):
    data = collect_data(tmp_path, labelled_by_a_table(tmp_path, ["gone.png"]), side=8)
    assert [astuple(each) for each in data.refused] == [
        ("gone.png", "labels.csv lists it, but there is no such picture.")
    ]
    assert len(data.train.labels) + len(data.test.labels) == 18


def test_of_many_files_that_are_not_there_the_first_are_named_and_the_others_counted(tmp_path):
    listed = [f"gone {place}.png" for place in range(MOST_MISSING + 3)]
    told = collect_data(tmp_path, labelled_by_a_table(tmp_path, listed), side=8).refused
    assert [each.picture for each in told] == [*listed[:MOST_MISSING], "labels.csv"]
    assert told[-1].reason == "3 further pictures are listed in it, but not there."


@pytest.mark.parametrize(
    ("small", "said"),
    [
        (0, ""),
        (1, " 1 of 18 pictures is smaller than 9 × 9 pixels and was enlarged."),
        (4, " 4 of 18 pictures are smaller than 9 × 9 pixels and were enlarged."),
        (18, " All pictures are smaller than 9 × 9 pixels and were enlarged."),
    ],
)
def test_how_many_pictures_were_smaller_and_are_enlarged_is_told(tmp_path, small, said):
    for place in range(18):
        saved(tmp_path / ("cat", "dog")[place % 2] / f"{place}.png", noise(8 if place < small else 9, 12, 3))
    division = collect_data(tmp_path, side=9).division
    assert division == f"One in seven pictures of each class is for tests, drawn with seed 0.{said}"


@pytest.mark.parametrize(
    ("names", "source", "classes"),
    [
        (["cat_1.png", "cat_2.png", "dog_1.png"], "names", {"cat": 2, "dog": 1}),
        (["cat_1.png", "dog_1.png"], "folders", {}),
        (["train/cat/1.png", "test/dog/1.png", "more/cup/1.png"], "folders", {"cat": 1, "dog": 1}),
        (["1.png"], "gone.csv", {}),
    ],
)
def test_the_classes_that_a_source_of_labels_would_give_are_counted(names, source, classes):
    assert classes_given(names, source) == classes
