"""The bundled networks are what was published, and see pictures as they were trained to."""

import hashlib

import numpy as np
import pytest
import torch
from PIL import Image
from timm.data.config import resolve_data_config
from timm.data.transforms_factory import create_transform
from torch import Tensor

from core.models.bundled import BUNDLED, WEIGHTS
from core.models.catalogue import load_classifier

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


@pytest.mark.parametrize("name", BUNDLED)
def test_prepared_pixels_are_the_crop_between_black_and_white(name, uploads):
    classifier = load_classifier(name, device="cpu")
    for upload in uploads:
        pixels = classifier.prepare(upload)
        assert (pixels.shape, pixels.dtype) == ((1, 3, 224, 224), torch.float32)
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
    assert len(set(classifier.labels)) == 1000
    assert classifier.dataset_mean == (0.485, 0.456, 0.406)


def test_loading_leaves_the_global_generator_as_it_was_and_random_weights_are_always_the_same():
    state = torch.get_rng_state()
    first, second = (load_classifier("squeezenet1_1", "cpu", pretrained=False) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), state)
    assert first.weights_digest == second.weights_digest
    assert first.weights_digest != load_classifier("squeezenet1_1", "cpu").weights_digest
