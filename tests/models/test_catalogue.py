"""Names lead to models, and wrong names to the right ones."""

from collections import Counter

import pytest
import torch

from core.models import catalogue
from core.models.catalogue import chosen_device, full_name, list_models, load_classifier
from core.models.sources import ListedModel, ModelError


def test_bundled_models_come_first_and_every_library_is_there():
    models = list_models()
    bundled = [(model.name, model.dataset) for model in models if model.source == "bundled"]
    assert bundled == [
        ("efficientnet_lite0", "imagenet"),
        ("squeezenet1_1", "imagenet"),
        ("fashion_vit", "fashion_mnist"),
        ("fashion_cnn", "fashion_mnist"),
        ("fashion_cnn_erased", "fashion_mnist"),
    ]
    assert [model.name for model in models[: len(bundled)]] == [name for name, _ in bundled]
    sources = Counter(model.source for model in models)
    assert sources["torchvision"] >= 80
    assert sources["timm"] >= 1000
    assert len({model.name for model in models}) == len(models)
    assert all(model.label and model.note for model in models)


def test_what_ends_in_an_embedding_is_not_listed_and_says_so():
    assert not any("clip_laion2b." in f"{model.name}." for model in list_models())
    with pytest.raises(ModelError, match="embedding"):
        load_classifier("timm/convnext_base.clip_laion2b")


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("efficientnet-lite0", "efficientnet_lite0"),
        ("resnet51", "torchvision/resnet50"),
        ("torchvision/resnet51", "torchvision/resnet50"),
        ("torchvision/ViT_B_16", "torchvision/vit_b_16"),
        ("timm/vit_small_patch16_244.augreg_in1k", "timm/vit_small_patch16_224.augreg_in1k"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(wrong, meant):
    with pytest.raises(ModelError) as refusal:
        load_classifier(wrong, device="cpu")
    assert f"{wrong!r}. Did you mean" in str(refusal.value)
    assert meant in str(refusal.value)


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("resnet50", "torchvision/resnet50"),
        ("ResNet50", "torchvision/resnet50"),
        ("vit_small_patch16_224.augreg_in1k", "timm/vit_small_patch16_224.augreg_in1k"),
        ("squeezenet1_1", "squeezenet1_1"),
        ("timm/resnet50", "timm/resnet50"),
        ("qqqqqqqq", "qqqqqqqq"),
    ],
)
def test_the_library_may_be_left_out_where_only_one_has_the_name(short, full):
    assert full_name(short) == full


def test_a_name_that_two_libraries_have_is_answered_with_both(monkeypatch):
    both = tuple(ListedModel(f"{source}/twin", "twin", source, "") for source in ("torchvision", "timm"))
    monkeypatch.setattr(catalogue, "list_models", lambda: both)
    with pytest.raises(ModelError, match="torchvision/twin and timm/twin"):
        load_classifier("twin", device="cpu")


@pytest.mark.parametrize("name", ["", "qqqqqqqq", "timm/", "nowhere/qqqqqqqq"])
def test_a_name_near_to_nothing_is_sent_to_the_list(name):
    with pytest.raises(ModelError, match="list_models"):
        load_classifier(name, device="cpu")


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_takes_cuda_then_mps_then_the_cpu(monkeypatch, cuda, mps, expected):
    monkeypatch.setattr("torch.cuda.is_available", lambda: cuda)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: mps)
    assert chosen_device("auto") == torch.device(expected)


def test_a_device_that_is_not_there_is_refused_in_words(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ModelError, match="no cuda device"):
        load_classifier(device="cuda:0")
    with pytest.raises(ModelError, match="no device 'abacus'"):
        load_classifier(device="abacus")
    assert chosen_device(torch.device("cpu")) == torch.device("cpu")
