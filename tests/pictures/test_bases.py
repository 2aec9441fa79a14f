"""Tests are made of pictures that training has not seen, wherever the base pictures come from."""

import random
import re
import shutil
import time
from collections import Counter

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image

from core.pictures import own_pictures
from core.pictures.bases import Bases, collect_bases, shares
from core.pictures.datasets import fashion_mnist
from core.pictures.gallery import GALLERY, gallery
from core.pictures.opening import open_picture
from core.pictures.textures import KINDS

ORIGIN = re.compile(r"(.+)\[(\d+):(\d+), (\d+):(\d+)\]")
PHOTOS = {each.name: each.path for each in gallery() if each.cut_into_patches}


@pytest.fixture(scope="module")
def patches() -> Bases:
    return collect_bases("patches")


def region(origin: str) -> tuple[str, int, int, int, int]:
    """The picture, and its first and last rows and columns."""
    name, *edges = ORIGIN.fullmatch(origin).groups()
    return name, *map(int, edges)


def regions(origins: tuple[str, ...]) -> list[tuple[str, int, int, int, int]]:
    return [region(origin) for origin in origins if ORIGIN.fullmatch(origin)]


def pictures_of(origins: tuple[str, ...]) -> set[str]:
    return {name for name, *_ in regions(origins)}


def contents(pixels: torch.Tensor) -> set[bytes]:
    return {picture.numpy().tobytes() for picture in pixels}


def noisy(seed: int, width: int = 90, height: int = 60) -> Image.Image:
    levels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(levels)


@pytest.fixture
def folder(tmp_path):
    """A folder with twelve different pictures."""
    home = tmp_path / "holiday"
    for number in range(12):
        place = home / ("more" if number % 2 else "")
        place.mkdir(parents=True, exist_ok=True)
        noisy(number).save(place / f"{number:02}.png")
    return home


def assert_sound(bases: Bases) -> None:
    """What holds for base pictures of every source."""
    for pixels, origins in ((bases.train, bases.train_origins), (bases.test, bases.test_origins)):
        assert pixels.dtype == torch.float32
        assert pixels.shape[1:] == (3, *bases.size)
        assert len(pixels) == len(origins) > 0
        levels = (pixels * 255).round()
        assert 0 <= levels.min() <= levels.max() <= 255
        assert torch.equal(levels / 255, pixels)
    assert not contents(bases.train) & contents(bases.test)
    assert not set(bases.train_origins) & set(bases.test_origins)
    if bases.name != "patches":  # of the gallery's photos both parts see other columns
        assert not pictures_of(bases.train_origins) & pictures_of(bases.test_origins)


def test_no_column_of_a_photo_is_seen_in_training_and_in_tests(patches):
    assert pictures_of(patches.train_origins) == pictures_of(patches.test_origins) == set(PHOTOS)
    # What a JPEG encodes together spans 16 columns.
    for name, path in PHOTOS.items():
        width, height = open_picture(path).size
        trained = [place for place in regions(patches.train_origins) if place[0] == name]
        tested = [place for place in regions(patches.test_origins) if place[0] == name]
        for _, top, bottom, left, right in trained + tested:
            assert 0 <= top < bottom <= height
            assert 0 <= left < right <= width
        assert max(place[4] for place in trained) + 16 <= min(place[3] for place in tested)
        assert min(place[3] for place in tested) >= 0.7 * width - 1
        assert not set(trained) & set(tested)


def test_each_patch_is_its_region_in_blocks_mirrored_or_not(patches):
    photos = {name: np.asarray(open_picture(path), dtype=np.float64) for name, path in PHOTOS.items()}
    ways: Counter[tuple[int, bool]] = Counter()
    for pixels, origins in ((patches.train, patches.train_origins), (patches.test, patches.test_origins)):
        for picture, origin in zip(pixels, origins, strict=True):
            if not ORIGIN.fullmatch(origin):
                continue
            name, top, bottom, left, right = region(origin)
            times = (bottom - top) // 48
            assert (bottom - top) == (right - left) == 48 * times
            blocks = photos[name][top:bottom, left:right].reshape(48, times, 48, times, 3).mean(axis=(1, 3))
            shown = picture.permute(1, 2, 0).double().numpy() * 255
            upright, mirrored = (np.abs(shown - each).max() for each in (blocks, blocks[:, ::-1]))
            assert min(upright, mirrored) < 0.6, origin  # Pillow rounds nearly to the nearest
            ways[times, bool(upright > mirrored)] += 1
    assert {times for times, _ in ways} >= {1, 2, 3}
    for times in (1, 2, 3):
        assert min(ways[times, False], ways[times, True]) > 0.4 * (ways[times, False] + ways[times, True])


def test_photos_take_equal_shares_and_textures_a_fifth_of_both_parts(patches):
    assert_sound(patches)
    assert (len(patches.train), len(patches.test), patches.size) == (3000, 1000, (48, 48))
    for origins in (patches.train_origins, patches.test_origins):
        cut = Counter(name for name, *_ in regions(origins))
        assert max(cut.values()) - min(cut.values()) <= 1
        kinds = Counter(origin.split()[0] for origin in origins if not ORIGIN.fullmatch(origin))
        assert kinds.total() == len(origins) // 5
        assert set(kinds) == set(KINDS)
        assert max(kinds.values()) - min(kinds.values()) <= 1
    scales = [
        {(name, bottom - top) for name, top, bottom, *_ in regions(origins)}
        for origins in (patches.train_origins, patches.test_origins)
    ]
    assert scales[0] == scales[1]


def test_two_photos_of_one_size_are_not_cut_at_the_same_places(patches):
    rocket, china = (
        {place[1:] for place in regions(patches.train_origins) if place[0] == name} for name in ("rocket", "china")
    )
    assert len(rocket & china) < 0.1 * len(rocket)


def test_the_first_few_are_a_fair_sample(patches):
    for origins in (patches.train_origins, patches.test_origins):
        first = origins[:200]
        assert pictures_of(first) == set(PHOTOS)
        assert 20 <= sum(not ORIGIN.fullmatch(origin) for origin in first) <= 60


def test_the_mean_is_the_training_part_s(patches):
    np.testing.assert_allclose(patches.mean, patches.train.double().numpy().mean(axis=(0, 2, 3)), rtol=1e-12)


def test_the_seed_decides_and_the_global_state_is_left_alone():
    before = torch.random.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    once, again, other = (collect_bases("patches", side=24, seed=seed, most=60) for seed in (3, 3, 4))
    assert torch.equal(torch.random.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    assert random.getstate() == before[2]
    assert torch.equal(once.train, again.train)
    assert torch.equal(once.test, again.test)
    assert (once.train_origins, once.test_origins) == (again.train_origins, again.test_origins)
    assert not set(regions(once.train_origins)) & set(regions(other.train_origins))
    assert not contents(once.train) & contents(other.train)


@pytest.mark.parametrize("seed", [1, 2])
def test_dark_corners_that_are_equal_to_the_pixel_count_once(seed):
    bases = collect_bases("patches", side=28, seed=seed)  # of which some are plain black
    assert_sound(bases)
    for pixels in (bases.train, bases.test):
        assert len(contents(pixels)) == len(pixels)


def test_patches_larger_than_the_held_out_part_are_enlarged_from_within_it():
    bases = collect_bases("patches", side=224, most=60)
    assert bases.train.shape == (60, 3, 224, 224)
    assert bases.test.shape == (20, 3, 224, 224)
    for name, path in PHOTOS.items():
        border = round(open_picture(path).width * 0.7)
        assert all(place[4] <= border - 16 for place in regions(bases.train_origins) if place[0] == name)
        assert all(place[3] >= border for place in regions(bases.test_origins) if place[0] == name)
        # Smaller than the patch, since enlarged.
        assert all(place[4] - place[3] < 224 for place in regions(bases.train_origins) if place[0] == name)


def test_patches_come_in_about_a_second(patches):
    assert len(patches.train) == 3000  # read and decoded once before
    start = time.perf_counter()
    collect_bases("patches")
    assert time.perf_counter() - start < 3


def test_fashion_mnist_keeps_its_own_parts():
    bases = collect_bases("fashion_mnist", most=600)
    assert_sound(bases)
    assert (len(bases.train), len(bases.test), bases.size) == (600, 200, (28, 28))
    for part, pixels, origins in (
        ("train", bases.train, bases.train_origins),
        ("test", bases.test, bases.test_origins),
    ):
        places = [int(origin.removeprefix(f"fashion_mnist {part} ")) for origin in origins]
        assert len(set(places)) == len(places)
        assert torch.equal(fashion_mnist(part).pixels[places], pixels)
    assert len(collect_bases("fashion_mnist", most=9000).train) == 6000
    assert collect_bases("fashion_mnist", side=40, most=30).size == (40, 40)


def test_clothes_that_are_scaled_keep_their_brightness():
    as_they_are, smaller = (collect_bases("fashion_mnist", side=side, most=60) for side in (28, 14))
    assert smaller.train_origins == as_they_are.train_origins
    torch.testing.assert_close(
        smaller.train.mean(dim=(1, 2, 3)), as_they_are.train.mean(dim=(1, 2, 3)), atol=0.01, rtol=0
    )


def test_a_folder_is_split_by_picture_and_cut_until_there_are_enough(folder):
    bases = collect_bases(folder, most=300)
    assert_sound(bases)
    assert (len(bases.train), len(bases.test), bases.size) == (300, 100, (48, 48))
    assert (bases.name, bases.title, bases.refused) == (str(folder), "holiday", ())
    trained, tested = pictures_of(bases.train_origins), pictures_of(bases.test_origins)
    assert (len(trained), len(tested)) == (9, 3)
    assert trained | tested == {f"more/{n:02}.png" if n % 2 else f"{n:02}.png" for n in range(12)}
    for name, top, bottom, left, right in regions(bases.train_origins):
        place = bases.train_origins.index(f"{name}[{top}:{bottom}, {left}:{right}]")
        expected = np.asarray(noisy(int(name[-6:-4])))[top:bottom, left:right]
        shown = (bases.train[place] * 255).round().permute(1, 2, 0).numpy()
        assert np.array_equal(shown, expected) or np.array_equal(shown, expected[:, ::-1])


def test_another_seed_holds_other_pictures_out(folder):
    held_out = {frozenset(pictures_of(collect_bases(folder, seed=seed, most=30).test_origins)) for seed in range(4)}
    assert len(held_out) > 1


def test_equal_pictures_count_as_one_whatever_their_files_are_called(folder):
    for number in range(12):
        source = next(folder.rglob(f"{number:02}.png"))
        shutil.copy(source, folder / f"copy of {number:02}.png")
        Image.open(source).save(folder / f"again {number:02}.bmp")  # other bytes, the same pixels
    bases = collect_bases(folder, most=120)
    assert_sound(bases)
    numbers = [{name[-6:-4] for name in pictures_of(origins)} for origins in (bases.train_origins, bases.test_origins)]
    assert [len(each) for each in numbers] == [9, 3]
    assert not numbers[0] & numbers[1]
    assert len(pictures_of(bases.train_origins)) == 9


def test_pictures_of_other_proportions_are_not_equal_for_having_the_same_bytes():
    one, other = noisy(0, 60, 40), Image.frombytes("RGB", (40, 60), noisy(0, 60, 40).tobytes())
    bases = collect_bases([one, other, *(noisy(number, 60, 40) for number in range(1, 7))], most=24)
    assert len(pictures_of(bases.train_origins) | pictures_of(bases.test_origins)) == 8


def test_what_cannot_be_opened_is_named_with_its_reason(folder):
    (folder / "broken.png").write_bytes(b"\x89PNG and then nothing")
    (folder / "letter.jpg").write_bytes(b"%PDF-1.7")
    (folder / "notes.txt").write_text("no picture, and none expected")
    bases = collect_bases(folder, most=30)
    assert sorted(each.partition(":")[0] for each in bases.refused) == ["broken.png", "letter.jpg"]
    assert any("PDF document" in each for each in bases.refused)
    assert_sound(bases)


def test_fewer_than_eight_different_pictures_are_refused_with_what_to_do(folder):
    for number in range(7, 12):
        next(folder.rglob(f"{number:02}.png")).unlink()
    shutil.copy(folder / "00.png", folder / "one more.png")
    (folder / "broken.png").write_bytes(b"\x89PNG and then nothing")
    with pytest.raises(ValueError, match="at least 8 different pictures; 7 were found") as refusal:
        collect_bases(folder)
    assert "Add some, or use patches." in str(refusal.value)
    assert "broken.png: This PNG picture is damaged" in str(refusal.value)
    noisy(99).save(folder / "the eighth.png")
    assert len(pictures_of(collect_bases(folder, most=30).test_origins)) == 2


def test_labels_are_ignored():
    pictures = [noisy(number, 30, 30) for number in range(16)]
    plain, labelled, mislabelled = (
        collect_bases(source, most=12)
        for source in (
            pictures,
            [(picture, number % 2) for number, picture in enumerate(pictures)],
            [(picture, "all the same", "and more") for picture in pictures],
        )
    )
    for bases in (labelled, mislabelled):
        assert torch.equal(bases.train, plain.train)
        assert torch.equal(bases.test, plain.test)
    assert_sound(plain)
    assert plain.size == (30, 30)
    assert (plain.name, plain.refused) == ("pictures", ())


def test_sixteen_bits_transparency_and_orientation_are_seen_as_a_viewer_shows_them(tmp_path):
    turned = Image.new("RGB", (30, 60), "red")
    turned.paste("blue", (0, 0, 30, 30))  # above; told to lie on its side
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.png", exif=exif)
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    Image.fromarray(np.full((40, 40), 51 * 257, dtype=np.uint16)).save(tmp_path / "deep.png")
    for number in range(6):
        noisy(number, 40, 40).save(tmp_path / f"{number}.png")
    bases = collect_bases(tmp_path, side=30, most=90)
    seen: dict[str, list[torch.Tensor]] = {}
    for pixels, origins in ((bases.train, bases.train_origins), (bases.test, bases.test_origins)):
        for picture, origin in zip(pixels, origins, strict=True):
            seen.setdefault(region(origin)[0], []).append(picture)
    assert all((each == 1).all() for each in seen["clear.png"])
    assert all((each == torch.tensor(51 / 255)).all() for each in seen["deep.png"])
    for each in seen["turned.png"]:
        assert (each == each[:, :1]).all()  # columns of one colour each: blue and red lie side by side
    assert any((each != each[:, :, :1]).any() for each in seen["turned.png"])


def test_small_pictures_keep_their_size_and_others_become_48_pixels_wide():
    mixed = [noisy(number, 32, 32) for number in range(8)] + [noisy(9, 20, 25), noisy(10, 200, 100)]
    assert collect_bases(mixed, most=12).size == (32, 32)
    assert collect_bases([noisy(number, 64, 50) for number in range(8)], most=12).size == (50, 50)
    assert collect_bases([noisy(number, 65, 50) for number in range(8)], most=12).size == (48, 48)
    assert collect_bases([noisy(number, 64, 50) for number in range(8)], side=24, most=12).size == (24, 24)


def test_a_large_picture_is_scaled_down_and_its_patches_tell_the_pixels_that_they_show():
    corner = noisy(0, 1600, 1200)
    bases = collect_bases([corner, *(noisy(number, 50, 50) for number in range(1, 8))], side=48, most=200)
    for pixels, origins in ((bases.train, bases.train_origins), (bases.test, bases.test_origins)):
        for picture, origin in zip(pixels, origins, strict=True):
            name, top, bottom, left, right = region(origin)
            if name != "picture 0":
                continue
            times = (bottom - top) // 48
            assert times in (6, 12, 18, 24)  # three at opening, then two to eight
            assert (bottom - top, right - left) == (48 * times, 48 * times)
            levels = np.asarray(corner, dtype=np.float64)[top:bottom, left:right]
            blocks = levels.reshape(48, times, 48, times, 3).mean(axis=(1, 3))
            shown = picture.permute(1, 2, 0).double().numpy() * 255
            assert min(np.abs(shown - each).max() for each in (blocks, blocks[:, ::-1])) <= 1.01  # rounded twice


def test_no_more_pictures_are_opened_than_are_needed(monkeypatch):
    class Counted(list):
        opened = 0

        def __getitem__(self, place):
            Counted.opened += 1
            return noisy(place, 30, 30), 0

    assert len(collect_bases(Counted(range(5000)), most=30).train) == 30
    assert Counted.opened == 40

    Counted.opened = 0
    monkeypatch.setattr(own_pictures, "ENOUGH_PIXELS", 900 * 50)
    assert len(collect_bases(Counted(range(5000)), most=3000).test_origins) > 0
    assert Counted.opened == 51

    Counted.opened = 0
    monkeypatch.setattr(own_pictures, "ENOUGH_PIXELS", 900 * 10)
    collect_bases(Counted(range(5000)), most=3000)
    assert Counted.opened == 40


def test_a_data_set_of_tensors_is_given_up_soon():
    class Tensors:
        asked = 0

        def __len__(self) -> int:
            return 50_000

        def __getitem__(self, place: int) -> tuple[torch.Tensor, int]:
            Tensors.asked += 1
            return torch.zeros(3, 8, 8), 0

    with pytest.raises(ValueError, match="use a data set without a transform"):
        collect_bases(Tensors())
    assert Tensors.asked <= 200


def test_a_torchvision_data_set_in_hand_is_a_list_of_pictures():
    bases = collect_bases(torchvision.datasets.FakeData(40, (3, 32, 32)), most=30)
    assert_sound(bases)
    assert bases.size == (32, 32)
    assert (len(bases.train), len(bases.test)) == (30, 10)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("no/such/folder", "There is no folder at no/such/folder. Use a folder, patches"),
        ("torchvision/CIFAR", "There is no torchvision data set 'CIFAR'. Did you mean CIFAR10"),
        ([], "There is no picture in"),
        (iter([1]), "a folder, a list or a data set, not from list_iterator"),
        ([Image.new("RGB", (40 + number, 40)) for number in range(9)], "too similar to test"),
    ],
)
def test_a_source_without_pictures_is_refused_in_a_sentence(source, sentence):
    with pytest.raises(ValueError, match=sentence.replace(".", r"\.")) as refusal:
        collect_bases(source)
    assert "\n" not in str(refusal.value)


def test_sides_and_numbers_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="at least 8 pixels wide; 7 is too small"):
        collect_bases("patches", side=7)
    with pytest.raises(ValueError, match="Use 3 or more"):
        collect_bases("patches", most=2)
    assert collect_bases("patches", side=8, most=3).test.shape == (1, 3, 8, 8)


def test_shares_add_up_and_differ_by_one_at_most():
    for total in range(30):
        for among in range(1, 9):
            parts = shares(total, among)
            assert (len(parts), sum(parts)) == (among, total)
            assert max(parts) - min(parts) <= 1


def test_the_gallery_s_own_folder_will_do():
    bases = collect_bases(GALLERY, most=90)
    assert_sound(bases)
    assert bases.size == (48, 48)
