"""A network of one's own becomes a classifier, and stays as it was."""

import pytest
import torch
from PIL import Image
from torch import nn

import core


def network():
    layers = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout()
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))


def state(module):
    return {
        name: (tensor.clone(), tensor.requires_grad, tensor.dtype, tensor.stride(), tensor.device)
        for name, tensor in (*module.named_parameters(), *module.named_buffers())
    }


def test_the_owner_s_network_is_left_as_it_was_and_can_be_trained_on():
    own = network().train()
    before = state(own)
    classifier = core.wrap(own, 16, ("cat", "dog"))
    core.explain(classifier, torch.rand(1, 3, 16, 16), ["gradient", "grad_cam", "occlusion", "deeplift"])
    assert own.training
    assert all(module.training for module in own.modules())
    for name, (tensor, *rest) in state(own).items():
        assert torch.equal(tensor, before[name][0])
        assert rest == list(before[name][1:])
    logits = classifier.logits(torch.ones(1, 3, 16, 16))
    loss = own(torch.rand(2, 3, 16, 16)).sum()
    loss.backward()
    torch.optim.SGD(own.parameters(), 1.0).step()
    assert torch.equal(classifier.logits(torch.ones(1, 3, 16, 16)), logits)


def test_what_an_owner_s_hook_does_to_the_answer_is_part_of_the_network():
    own = network().eval()
    own.register_forward_hook(lambda _module, _inputs, output: 2 * output)
    pixels = torch.rand(1, 3, 16, 16)
    torch.testing.assert_close(core.wrap(own, 16, ("cat", "dog")).logits(pixels), own(pixels).detach())


def test_pixels_are_normalised_and_cropped_as_the_owner_says():
    own = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    classifier = core.wrap(
        own, (20, 30), ("red", "green", "blue"), mean=(0.5, 0.25, 0.125), std=(0.5, 0.25, 2.0), crop=0.5
    )
    picture = Image.new("RGB", (60, 40))
    picture.paste((255, 255, 255), (15, 10, 45, 30))  # the inner half of each side
    pixels = classifier.prepare(picture)
    assert pixels.shape == (1, 3, 20, 30)
    assert pixels.min() == 1
    torch.testing.assert_close(classifier.logits(pixels), torch.tensor([[1.0, 3.0, 0.4375]]))
    assert classifier.dataset_mean == (0.5, 0.25, 0.125)


def test_a_crop_of_one_s_own_may_give_any_channels():
    bands = torch.rand(5, 8, 8)
    own = nn.Sequential(nn.Conv2d(5, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    classifier = core.wrap(own, 8, ("a", "b"), mean=[0.0] * 5, std=[1.0] * 5, crop=lambda _: bands)
    assert torch.equal(classifier.prepare(Image.new("RGB", (3, 3)))[0], bands)


def test_normalisation_has_to_fit_the_channels():
    own = nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with pytest.raises(ValueError, match="takes 1 channel, but its normalisation has 3 values"):
        core.wrap(own, 8, ("a", "b"), mean=(0.1, 0.2, 0.3))
    assert core.wrap(own, 8, ("a", "b"), mean=[0.1], std=[0.5]).channels == 1


@pytest.mark.parametrize("crop", [0.0, -0.5, 87.5, 1.01, float("nan")])
def test_a_crop_keeps_a_share_of_the_picture(crop):
    with pytest.raises(ValueError, match=r"above 0 and up to 1, such as 224 / 256 = 0\.875, not"):
        core.wrap(network(), 16, ("cat", "dog"), crop=crop)
    assert core.wrap(network(), 16, ("cat", "dog"), crop=1).size == (16, 16)


@pytest.mark.parametrize("std", [0, [0.2, 0.0, 0.2], -1.0, float("nan"), float("inf")])
def test_pixels_are_divided_by_a_spread_above_zero(std):
    with pytest.raises(ValueError, match="std must be above 0 for every channel"):
        core.wrap(network(), 16, ("cat", "dog"), std=std)


def test_a_failure_that_other_channels_may_explain_says_how_to_give_them():
    own, way_out = nn.Sequential(nn.Flatten(), nn.Linear(16 * 16, 2)), r"mat1 .*\. If it takes .* mean=\[0\.5\]\.$"
    with pytest.raises(ValueError, match=way_out):
        core.wrap(own, 16, ("cat", "dog"))
    assert core.wrap(own, 16, ("cat", "dog"), mean=[0.5]).channels == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: core.wrap(nn.Sequential(nn.Conv2d(3, 1, 3), nn.Flatten(), nn.Linear(100, 2)), 16, ("cat", "dog")),
        lambda: core.as_classifier(lambda pixels: pixels.reshape(7, 7), 16, ("cat", "dog")),
    ],
    ids=["a convolution of as many", "a function, which takes no mean"],
)
def test_a_failure_that_channels_cannot_explain_does_not_speak_of_them(make):
    with pytest.raises(ValueError, match="fails on pixels of shape") as refused:
        make()
    assert "mean=" not in str(refused.value)


def test_a_network_that_cannot_be_copied_is_used_itself():
    own = network()
    own.held = (value for value in ())  # generators cannot be copied
    classifier = core.wrap(own, 16, ("cat", "dog"))
    assert classifier.network is own
    assert own[0].weight.is_contiguous()


def test_labels_may_be_numbered_and_are_one_for_each_class():
    own = network()
    assert core.wrap(own, 16, {1: "dog", 0: "cat"}).labels == ("cat", "dog")
    with pytest.raises(ValueError, match=r"write \['cat'\]"):
        core.wrap(own, 16, "cat")
    with pytest.raises(ValueError, match="from 0 to 1"):
        core.wrap(own, 16, {1: "cat", 2: "dog"})


def test_every_number_about_a_wrapped_network_can_be_computed(tmp_path):
    Image.new("RGB", (32, 32), (200, 30, 60)).save(tmp_path / "one.png")
    classifier = core.wrap(network(), 16, ("cat", "dog"), reading="sigmoid")
    table = core.evaluate(classifier, tmp_path, methods=["gradient"], metrics=["fidelity", "average_drop"])
    assert set(table.frame["method"]) >= {"gradient", "random"}


def test_a_classifier_shows_what_it_takes_and_how_its_answers_are_read():
    several = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 4))
    shown = repr(core.wrap(several, (20, 30), tuple("abcd")))
    assert "3 x 20 x 30 pixels, 4 classes, probabilities by softmax" in shown
    assert "probabilities by sigmoid" in repr(core.wrap(several, (20, 30), tuple("abcd"), reading="sigmoid"))
