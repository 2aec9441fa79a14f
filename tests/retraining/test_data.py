"""Labelled pictures: what a source becomes, and what fills a removed place."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from core.pictures.datasets import Labelled, fashion_mnist
from core.retraining.data import LabelledData, collect_data
from core.retraining.training import shown


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
    with pytest.raises(ValueError, match="The first 5 training pictures do not show each of the 10 classes"):
        collect_data(most=5)


def folder_of(place, classes, count=8):
    for name, colour in classes.items():
        (place / name).mkdir(parents=True)
        for number in range(count):
            pixels = np.full((40, 60, 3), colour, dtype=np.uint8)
            pixels[number, 20:40] = 200
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
    with pytest.raises(
        ValueError, match=r"at least two classes with 7 different pictures each; too few of light \(3\)"
    ):
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


def test_the_first_training_pictures_keep_who_divided_them():
    whole = collect_data()
    assert whole.division == "The training and test pictures are a tenth of those of Fashion-MNIST itself."
    assert collect_data(most=50).division == whole.division


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [((1, 8, 8), r"3 channels, not 1; pixels.expand\(-1, 3, -1, -1\)"), ((3, 7, 9), "at least 8 pixels wide")],
)
def test_given_pictures_that_no_network_can_take_are_one_sentence(squares, shape, sentence):
    part = Labelled(torch.rand(4, *shape), torch.arange(4) % 2)
    with pytest.raises(ValueError, match=sentence):
        collect_data(replace(squares, train=part, test=part))


def test_the_inputs_that_are_kept_are_the_normalised_pictures_and_no_gap_stays_in_them(squares):
    gone = torch.ones(60, 1, 8, 8, dtype=torch.bool)
    assert not shown(squares, "test", gone).any()
    assert torch.equal(squares.inputs["test"], squares.normalised(squares.test.pixels))
    assert torch.equal(squares.inputs["train"], squares.normalised(squares.train.pixels))
