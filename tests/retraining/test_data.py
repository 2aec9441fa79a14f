"""Labelled pictures: where they come from, how they are divided, and what fills a removed place."""

import numpy as np
import pytest
import torch
from PIL import Image

from core.pictures.datasets import fashion_mnist
from core.retraining.data import LabelledData, collect_data, divided


def test_the_bundled_pictures_are_fashion_mnist_with_its_own_training_mean():
    data = collect_data()
    assert (len(data.train.labels), len(data.test.labels), data.size) == (6000, 1000, (28, 28))
    exact = fashion_mnist("train").pixels.double().mean().item()
    assert data.mean == pytest.approx((exact,) * 3)
    assert data.mean != pytest.approx((fashion_mnist("test").pixels.double().mean().item(),) * 3, abs=1e-5)
    normalised = data.normalised(data.train.pixels[:500])
    assert torch.allclose(normalised * data.std[0] + data.mean[0], data.train.pixels[:500], atol=1e-6)


def test_fewer_training_pictures_are_the_first_ones():
    assert torch.equal(collect_data(most=50).train.labels, fashion_mnist("train").labels[:50])
    with pytest.raises(ValueError, match="The first 5 pictures do not show each of the 10 classes"):
        collect_data(most=5)


def test_every_class_gives_a_seventh_of_its_pictures_to_the_test_and_none_is_in_both():
    pixels = [torch.full((3, 8, 8), place / 84) for place in range(84)]
    data = divided("n", "Many", ("a", "b"), pixels, [int(place % 4 == 0) for place in range(84)], seed=0)
    assert torch.bincount(data.test.labels).tolist() == [9, 3]
    assert torch.bincount(data.train.labels).tolist() == [54, 18]
    means = torch.cat([data.train.pixels, data.test.pixels]).mean(dim=(1, 2, 3))
    assert sorted((means * 84).round().int().tolist()) == list(range(84))


def folder_of(place, classes, count=8):
    for name, colour in classes.items():
        (place / name).mkdir(parents=True)
        for number in range(count):
            pixels = np.full((40, 60, 3), colour, dtype=np.uint8)
            pixels[number, number] = 200
            Image.fromarray(pixels).save(place / name / f"{number}.png")
    return place


def test_a_folder_of_class_folders_becomes_small_pictures_with_labels(tmp_path):
    folder = folder_of(tmp_path / "shades", {"dark": 20, "light": 180})
    (folder / "dark" / "broken.png").write_text("no picture")
    data = collect_data(folder, side=16)
    assert (data.labels, data.size, data.title) == (("dark", "light"), (16, 16), "shades")
    bright = data.train.pixels.mean(dim=(1, 2, 3)) > 0.5
    assert torch.equal(bright.long(), data.train.labels)
    assert len(data.refused) == 1
    assert data.refused[0].picture.endswith("broken.png")


def test_a_class_of_too_few_pictures_is_named(tmp_path):
    folder = folder_of(tmp_path / "few", {"dark": 20}, count=8)
    folder_of(folder, {"light": 180}, count=3)
    with pytest.raises(ValueError, match=r"at least two classes with 7 pictures each; too few of light \(3\)"):
        collect_data(folder)


def test_a_single_class_is_refused(tmp_path):
    with pytest.raises(ValueError, match="single has one"):
        collect_data(folder_of(tmp_path / "single", {"dark": 20}))


def test_pictures_too_small_for_the_networks_are_refused(tmp_path):
    with pytest.raises(ValueError, match="at least 8 pixels wide"):
        collect_data(folder_of(tmp_path / "any", {"dark": 20, "light": 90}), side=4)


def test_data_that_were_collected_before_are_taken_as_they_are(squares):
    assert collect_data(squares) is squares
    assert isinstance(collect_data(squares, most=10), LabelledData)
