"""The bundled networks are what was published, and see pictures as they were trained to."""

import hashlib

import numpy as np
import pytest
import torch
from PIL import Image
from timm.data.config import resolve_data_config
from timm.data.transforms_factory import create_transform
from torch import Tensor, nn
from torchvision.datasets import FashionMNIST

import core
from core.models.bundled import BUNDLED, WEIGHTS
from core.models.catalogue import load_classifier
from core.pictures.datasets import fashion_mnist, stored

FASHION = {"fashion_vit": 0.87, "fashion_cnn": 0.91, "fashion_cnn_erased": 0.88}
SUMS = dict(reversed(line.split()) for line in (WEIGHTS / "SHA256SUMS").read_text().splitlines())


@pytest.mark.parametrize("name", BUNDLED)
def test_the_weights_are_those_that_the_rebuild_script_makes(name):
    content = (WEIGHTS / f"{name}.safetensors").read_bytes()
    assert hashlib.sha256(content).hexdigest() == SUMS[f"{name}.safetensors"]


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("efficientnet_lite0", ["Apache License", "Version 2.0", "Copyright (c) 2020, ML Illustrated"]),
        ("squeezenet1_1", ["BSD LICENSE", "Redistributions in binary form must reproduce", "forresti/SqueezeNet"]),
        ("fashion_vit", ["Apache License", "Version 2.0", "Copyright (c) 2017 Zalando SE", "train_fashion_mnist.py"]),
        ("fashion_cnn", ["Apache License", "Version 2.0", "Copyright (c) 2017 Zalando SE", "train_fashion_mnist.py"]),
        (
            "fashion_cnn_erased",
            ["Apache License", "Version 2.0", "Copyright (c) 2017 Zalando SE", "train_fashion_mnist.py"],
        ),
    ],
)
def test_the_licence_lies_beside_the_weights(name, terms):
    notice = (WEIGHTS / f"{name}.LICENSE.txt").read_text()
    assert all(term in notice for term in terms)


def test_lite0_sees_what_timm_s_own_preprocessing_shows_it(lite0, uploads):
    reference = create_transform(**resolve_data_config(model=lite0.network))
    with torch.inference_mode():
        expected = lite0.network(torch.stack([reference(upload) for upload in uploads]))
        seen = lite0(torch.cat([lite0.prepare(upload) for upload in uploads]))
    torch.testing.assert_close(seen, expected, atol=1e-5, rtol=1e-5)


def test_squeezenet_sees_levels_less_the_caffe_mean(squeezenet, uploads):
    with torch.inference_mode():
        expected = squeezenet.network(torch.stack([caffe_levels(upload) for upload in uploads]))
        seen = squeezenet(torch.cat([squeezenet.prepare(upload) for upload in uploads]))
    torch.testing.assert_close(seen, expected, atol=1e-5, rtol=1e-5)


def caffe_levels(upload: Image.Image) -> Tensor:
    """0 to 255 less the mean: short side scaled to 256, the middle 224 cut out."""
    width, height = upload.size
    short = min(width, height)
    resized = upload.resize((256 * width // short, 256 * height // short), Image.Resampling.BILINEAR)
    left, top = round((resized.width - 224) / 2), round((resized.height - 224) / 2)
    levels = np.asarray(resized.crop((left, top, left + 224, top + 224)), np.float32)
    return torch.from_numpy(levels - np.array([123.68, 116.779, 103.939], np.float32)).permute(2, 0, 1)


SIDES = {"imagenet": (224, 224), "fashion_mnist": (28, 28)}


@pytest.mark.parametrize("name", BUNDLED)
def test_prepared_pixels_are_the_crop_between_black_and_white(name, uploads):
    classifier = load_classifier(name, device="cpu")
    for upload in uploads:
        pixels = classifier.prepare(upload)
        assert (pixels.shape, pixels.dtype) == ((1, 3, *SIDES[classifier.dataset]), torch.float32)
        assert 0 <= pixels.min() <= pixels.max() <= 1
        assert (pixels * 255 - (pixels * 255).round()).abs().max() < 1e-4


@pytest.mark.parametrize("name", BUNDLED)
def test_a_loaded_network_is_frozen_in_evaluation_mode_channels_last_and_single_precision(name):
    classifier = load_classifier(name, device="cpu")
    assert not any(module.training for module in classifier.network.modules())
    assert not any(parameter.requires_grad for parameter in classifier.network.parameters())
    assert {parameter.dtype for parameter in classifier.network.parameters()} == {torch.float32}
    assert all(
        parameter.is_contiguous(memory_format=torch.channels_last)
        for parameter in classifier.network.parameters()
        if parameter.dim() == 4
    )


@pytest.mark.parametrize("name", ["efficientnet_lite0", "squeezenet1_1"])
def test_networks_for_photos_know_imagenet(name):
    classifier = load_classifier(name, device="cpu")
    assert classifier.dataset == "imagenet"
    assert classifier.dataset_mean == (0.485, 0.456, 0.406)
    assert len(set(classifier.labels)) == 1000


@pytest.mark.parametrize("name", FASHION)
def test_networks_for_clothes_know_fashion_mnist(name):
    classifier = load_classifier(name, device="cpu")
    assert classifier.dataset == "fashion_mnist"
    assert list(classifier.labels) == FashionMNIST.classes
    everything = fashion_mnist("train").pixels
    assert classifier.dataset_mean == pytest.approx((float(everything.mean()),) * 3, abs=0.002)
    assert classifier.preprocessing.std == pytest.approx((float(everything.std()),) * 3, abs=0.002)


@pytest.mark.parametrize(("name", "share"), FASHION.items())
def test_networks_for_clothes_name_them_as_often_as_is_claimed(name, share):
    classifier, test = load_classifier(name, device="cpu"), fashion_mnist("test")
    right = classifier.logits(test.pixels).argmax(dim=1) == test.labels
    assert right.float().mean() >= share
    assert right.view(-1, 10).float().mean(dim=0).min() > 0.5, "some kind of clothes is hardly ever named"


@pytest.mark.parametrize("name", FASHION)
def test_a_picture_of_the_data_set_passes_through_to_the_bit(name):
    classifier, test = load_classifier(name, device="cpu"), fashion_mnist("test")
    for levels, pixels in zip(stored("test_pictures")[:20], test.pixels, strict=False):
        assert torch.equal(classifier.prepare(Image.fromarray(levels).convert("RGB"))[0], pixels)


@pytest.mark.parametrize("name", FASHION)
def test_a_photo_of_any_shape_is_seen_without_colour(name, uploads):
    classifier = load_classifier(name, device="cpu")
    for upload in uploads:
        pixels = classifier.prepare(upload)
        assert torch.equal(pixels[:, 0], pixels[:, 1])
        assert torch.equal(pixels[:, 0], pixels[:, 2])
        assert classifier(pixels).isfinite().all()


@pytest.mark.parametrize("name", FASHION)
def test_no_channel_of_a_network_for_clothes_counts_more_than_another(name):
    classifier = load_classifier(name, device="cpu")
    pixels = fashion_mnist("test").pixels[:4].clone().requires_grad_()
    (gradient,) = torch.autograd.grad(classifier(pixels)[:, 0].sum(), pixels)
    assert gradient.abs().max() > 0
    torch.testing.assert_close(gradient, gradient.mean(dim=1, keepdim=True).expand_as(gradient))


def test_the_transformer_has_a_class_token_and_seven_by_seven_others():
    network = load_classifier("fashion_vit", device="cpu").network
    assert (network.patch_embed.grid_size, network.num_prefix_tokens) == ((7, 7), 1)
    assert len(network.blocks) == 4


def test_the_small_cnn_ends_in_an_average_and_one_layer_and_uses_no_rectifier_twice():
    *_, before, average, flatten, head = load_classifier("fashion_cnn", device="cpu").network
    assert isinstance(before, nn.ReLU)
    assert (average.output_size, flatten.start_dim, head.out_features) == (1, 1, 10)
    calls = []
    classifier = load_classifier("fashion_cnn", device="cpu")
    for module in classifier.network:
        module.register_forward_hook(lambda module, *_: calls.append(module))
    classifier(fashion_mnist("test").pixels[:1])
    assert calls == list(classifier.network)
    assert not any(getattr(module, "inplace", False) for module in calls)


def test_the_network_trained_with_erased_pixels_is_the_small_cnn_with_other_weights():
    plain, erased = (load_classifier(name, device="cpu") for name in ("fashion_cnn", "fashion_cnn_erased"))
    assert str(plain.network) == str(erased.network)
    assert plain.weights_digest != erased.weights_digest


def test_erased_pixels_confuse_the_plain_network_and_not_its_twin():
    test = fashion_mnist("test")
    erased = torch.rand(len(test.labels), 1, 28, 28, generator=torch.Generator().manual_seed(0)) < 0.6
    right = {}
    for name in ("fashion_cnn", "fashion_cnn_erased"):
        classifier = load_classifier(name, device="cpu")
        mean = torch.tensor(classifier.dataset_mean).view(1, 3, 1, 1)
        named = classifier.logits(torch.where(erased, mean, test.pixels)).argmax(dim=1)
        right[name] = float((named == test.labels).float().mean())
    assert right["fashion_cnn"] < 0.3
    assert right["fashion_cnn_erased"] > 0.8


@pytest.mark.slow
@pytest.mark.parametrize("method", ["integrated_gradients", "occlusion"])
def test_the_twin_shows_how_much_of_a_curve_s_fall_is_the_artifact_of_erasing(method):
    """Brocki and Chung 2023, arXiv:2303.01538: with erasing in training LIF lies much higher, and F is larger."""
    areas = {}
    for name in ("fashion_cnn", "fashion_cnn_erased"):
        classifier = load_classifier(name, device="cpu")
        found = []
        for pixels in fashion_mnist("test").pixels[:50, None]:
            (heatmap,) = core.explain(classifier, pixels.contiguous(), [method]).values()
            curves = core.perturb(
                classifier,
                pixels.contiguous(),
                {method: heatmap.values},
                heatmap.target,
                ("mif", "lif"),
                steps=10,
                imputer="dataset_mean",
            )
            found.append((curves[method, "mif"].area, curves[method, "lif"].area))
        areas[name] = torch.tensor(found).mean(dim=0)
    (plain_mif, plain_lif), (mif, lif) = areas["fashion_cnn"].tolist(), areas["fashion_cnn_erased"].tolist()
    assert lif > plain_lif + 0.15
    assert lif - mif > plain_lif - plain_mif + 0.03


@pytest.mark.parametrize("name", ["squeezenet1_1", *FASHION])
def test_loading_leaves_the_global_generator_as_it_was_and_random_weights_are_always_the_same(name):
    state = torch.get_rng_state()
    first, second = (load_classifier(name, "cpu", pretrained=False) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), state)
    assert first.weights_digest == second.weights_digest
    assert first.weights_digest != load_classifier(name, "cpu").weights_digest
