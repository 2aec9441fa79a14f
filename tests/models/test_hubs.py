"""Other people's networks see pictures exactly as their own libraries would show them."""

from collections.abc import Callable

import pytest
import timm
import torch
import torchvision
from PIL import Image
from timm.data.config import resolve_data_config
from timm.data.transforms_factory import create_transform
from torch import Tensor
from untrained import untrained

from core.models.catalogue import load_classifier
from core.models.classifier import Classifier
from core.models.hubs import timm_labels

RANDOM = {"device": "cpu", "pretrained": False}


def assert_sees_the_same(classifier: Classifier, reference: Callable[[Image.Image], Tensor], uploads) -> None:
    pixels = torch.cat([classifier.prepare(upload) for upload in uploads])
    with torch.inference_mode():
        expected = classifier.network(torch.stack([reference(upload) for upload in uploads]))
        torch.testing.assert_close(classifier(pixels), expected, atol=1e-5, rtol=1e-5)
    assert tuple(pixels.shape[2:]) == classifier.size
    assert expected.shape[1] == len(classifier.labels)


@pytest.mark.parametrize("name", ["vit_b_32", "swin_t", "resnet18", "efficientnet_b1"])
def test_torchvision_s_own_preprocessing_gives_the_same_logits(name, uploads):
    reference = torchvision.models.get_model_weights(name)["DEFAULT"].transforms()
    assert_sees_the_same(untrained(f"torchvision/{name}"), reference, uploads)


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224.augreg_in21k", "vit_tiny_patch16_224", "mobilenetv3_small_050"])
def test_timm_s_own_preprocessing_gives_the_same_logits(name, uploads):
    classifier = untrained(f"timm/{name}")
    reference = create_transform(**resolve_data_config(model=classifier.network))
    assert_sees_the_same(classifier, reference, uploads)


def test_a_timm_transformer_runs_and_has_gradients():
    classifier = untrained("timm/vit_tiny_patch16_224")
    pixels = torch.rand(2, 3, *classifier.size, generator=torch.Generator().manual_seed(0)).requires_grad_()
    (gradient,) = torch.autograd.grad(classifier(pixels)[:, 0].sum(), pixels)
    assert gradient.isfinite().all()
    assert all(parameter.grad is None for parameter in classifier.network.parameters())


def test_labels_are_words_where_the_list_is_known_and_numbers_where_it_is_not():
    assert load_classifier("torchvision/resnet18", **RANDOM).labels[282] == "tiger cat"
    assert load_classifier("timm/vit_tiny_patch16_224", **RANDOM).labels[282] == "tiger cat"
    many = load_classifier("timm/vit_tiny_patch16_224.augreg_in21k", **RANDOM).labels
    assert len(many) == 21843
    assert "tiger cat" in many
    network = timm.create_model("resnet18", num_classes=19)
    assert timm_labels(network)[17] == "class 17"


@pytest.mark.parametrize("name", ["torchvision/googlenet", "timm/vit_tiny_patch16_224"])
def test_random_weights_are_always_the_same_and_touch_no_global_generator(name):
    state = torch.get_rng_state()
    digests = {load_classifier(name, **RANDOM).weights_digest for _ in range(2)}
    assert len(digests) == 1
    assert torch.equal(torch.get_rng_state(), state)
