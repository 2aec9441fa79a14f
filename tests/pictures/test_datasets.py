"""The bundled data are what was published, and each classifier's background is what it was trained on."""

import hashlib

import pytest
import torch

from core.models.catalogue import load_classifier
from core.pictures.datasets import FASHION_MNIST, background, examples, fashion_mnist, stored
from core.pictures.gallery import gallery
from core.pictures.opening import open_picture


@pytest.mark.parametrize(("part", "each"), [("train", 600), ("test", 100)])
def test_the_subset_has_as_many_of_each_class_and_any_ten_in_turn_are_one_of_each(part, each):
    labels = fashion_mnist(part).labels
    assert torch.equal(labels, torch.arange(10).repeat(each))


@pytest.mark.parametrize(("part", "count"), [("train", 6000), ("test", 1000)])
def test_pixels_are_the_stored_levels_between_black_and_white_in_three_equal_channels(part, count):
    pixels = fashion_mnist(part).pixels
    assert (pixels.shape, pixels.dtype) == ((count, 3, 28, 28), torch.float32)
    levels = torch.from_numpy(stored(f"{part}_pictures"))
    assert all(torch.equal((pixels[:, channel] * 255).round().byte(), levels) for channel in range(3))
    assert (pixels.amin(), pixels.amax()) == (0, 1)


def test_no_test_picture_is_a_training_picture():
    training = {levels.tobytes() for levels in stored("train_pictures")}
    assert len(training) > 5990
    assert not any(levels.tobytes() in training for levels in stored("test_pictures"))


def test_the_data_are_read_once_and_nobody_can_write_to_them():
    assert fashion_mnist("test") is fashion_mnist("test")
    with pytest.raises(RuntimeError, match="single memory location"):
        fashion_mnist("test").pixels.add_(1)


def test_the_licence_lies_beside_the_data_which_are_small():
    terms = (FASHION_MNIST.parent / "fashion_mnist.LICENSE.txt").read_text()
    assert "Copyright (c) 2017 Zalando SE" in terms
    assert "above copyright notice and this permission notice shall be included" in terms
    assert FASHION_MNIST.stat().st_size < 3_500_000


def test_the_background_of_a_network_for_clothes_is_ten_training_pictures_of_each_class():
    classifier = load_classifier("fashion_cnn", device="cpu")
    assert torch.equal(background(classifier.dataset, classifier.prepare), fashion_mnist("train").pixels[:100])


def test_the_background_of_a_network_for_photos_is_the_gallery_as_it_sees_it():
    classifier = load_classifier("squeezenet1_1", device="cpu")
    found = background(classifier.dataset, classifier.prepare)
    photos = [picture for picture in gallery() if picture.suits == "imagenet"]
    assert len(found) == len(photos) >= 8
    for pixels, photo in zip(found, photos, strict=True):
        assert torch.equal(pixels, classifier.prepare(open_picture(photo.path))[0]), photo.name


@pytest.mark.parametrize("dataset", ["imagenet", "fashion_mnist"])
def test_every_example_is_an_rgb_picture_of_its_own(dataset):
    pictures = list(examples(dataset))
    assert {picture.mode for picture in pictures} == {"RGB"}
    assert len({hashlib.sha256(picture.tobytes()).digest() for picture in pictures}) == len(pictures)
