"""Own weights fit an architecture wholly, with their own number of classes, or are explained name by name."""

import pytest
import torch
import torchvision

import core
from core.models.fitting import build, fit, fitted, list_architectures, usual_input
from core.models.sources import ModelError


@pytest.fixture(scope="module")
def five_classes():
    torch.manual_seed(6)
    return torchvision.models.resnet18(num_classes=5).eval()


def test_a_head_of_another_size_is_fitted_to_the_file(five_classes):
    found = fit("torchvision/resnet18", five_classes.state_dict())
    assert (found.whole, found.classes, found.prefix) == (True, 5, "")
    network, picture = fitted(found, five_classes.state_dict()).eval(), torch.rand(1, 3, 64, 64)
    assert torch.equal(network(picture), five_classes(picture))


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.module.", "model."])
def test_what_a_wrapper_put_before_every_name_is_left_out(five_classes, prefix):
    wrapped = {prefix + name: tensor for name, tensor in five_classes.state_dict().items()}
    found = fit("torchvision/resnet18", wrapped)
    assert (found.whole, found.prefix) == (True, prefix)
    assert found.matching.endswith(f"with 5 classes. The prefix `{prefix}` was removed from every name.")
    picture = torch.rand(1, 3, 64, 64)
    assert torch.equal(fitted(found, wrapped).eval()(picture), five_classes(picture))


def test_a_partial_match_is_explained_name_by_name_and_not_loaded(five_classes):
    weights = dict(five_classes.state_dict())
    weights["layer9.weight"] = weights.pop("layer1.0.conv1.weight")
    weights["conv1.weight"] = torch.zeros(64, 1, 7, 7)
    found = fit("torchvision/resnet18", weights)
    assert found.missing == ("layer1.0.conv1.weight",)
    assert found.unexpected == ("layer9.weight",)
    assert found.misshapen == {"conv1.weight": ((64, 3, 7, 7), (64, 1, 7, 7))}
    assert [row["weights"] for row in found.rows()] == ["conv1.weight", "layer1.0.conv1.weight", "layer9.weight"]
    assert "64 × 1 × 7 × 7, needs 64 × 3 × 7 × 7" in found.rows()[0]["problem"]
    with pytest.raises(ModelError, match="3 names differ"):
        fitted(found, weights)


def problems(weights):
    found = fit("torchvision/resnet18", weights)
    with pytest.raises(ModelError, match="do not fit"):
        fitted(found, weights)
    return {row["weights"]: row["problem"] for row in found.rows()}


def test_a_head_of_no_classes_does_not_fit(five_classes):
    said = problems({**five_classes.state_dict(), "fc.weight": torch.zeros(0, 512), "fc.bias": torch.zeros(0)})
    assert said == dict.fromkeys(("fc.weight", "fc.bias"), "is for 0 classes; save the network with its head")


@pytest.mark.parametrize("kind", [torch.uint8, torch.int64, torch.bool])
def test_integers_do_not_fit_where_the_network_computes_with_fractions(five_classes, kind):
    weights = five_classes.state_dict()
    said = problems({**weights, "conv1.weight": weights["conv1.weight"].to(kind)})
    assert [*said] == ["conv1.weight"]
    assert "save it as float32" in said["conv1.weight"]


@pytest.mark.parametrize("kind", [torch.float16, torch.float64])
def test_every_floating_type_fits_and_counts_may_be_of_it_too(five_classes, kind):
    assert fit("torchvision/resnet18", {name: each.to(kind) for name, each in five_classes.state_dict().items()}).whole


def test_one_is_said_in_the_singular():
    weights = torchvision.models.resnet18(num_classes=1).state_dict()
    assert fit("torchvision/resnet18", weights).matching == "All weights fit torchvision/resnet18, with 1 class."
    del weights["conv1.weight"]
    assert "1 weight is missing." in fit("torchvision/resnet18", weights).matching


def test_a_file_without_a_head_says_that_it_is_missing(five_classes):
    weights = {name: tensor for name, tensor in five_classes.state_dict().items() if not name.startswith("fc.")}
    assert fit("torchvision/resnet18", weights).missing == ("fc.weight", "fc.bias")


def test_another_architecture_is_seen(five_classes):
    assert not fit("torchvision/resnet34", five_classes.state_dict()).whole
    with pytest.raises(ModelError, match="resnet19"):
        fit("torchvision/resnet19", five_classes.state_dict())


@pytest.mark.parametrize(
    "architecture",
    [
        "torchvision/squeezenet1_1",
        "torchvision/inception_v3",
        "timm/vit_tiny_patch16_224",
        "timm/resnet10t",
        "timm/convnext_atto",
    ],
)
def test_heads_of_many_kinds_tell_their_number_of_classes(architecture):
    found = fit(architecture, build(architecture, 3).state_dict())
    assert (found.whole, found.classes) == (True, 3)


def test_files_from_before_norms_counted_their_batches_fit(five_classes):
    weights = {name: each for name, each in five_classes.state_dict().items() if "num_batches" not in name}
    assert fit("torchvision/resnet18", weights).whole


@pytest.mark.parametrize("architecture", ["torchvision/resnet18", "timm/vit_tiny_patch16_224"])
def test_pictures_are_usually_prepared_as_the_library_does(architecture):
    usual = usual_input(architecture)
    classifier = core.load_classifier(architecture, pretrained=False)
    assert (usual.side, usual.side) == tuple(classifier.size)
    assert (usual.mean, usual.std) == (tuple(classifier.preprocessing.mean), tuple(classifier.preprocessing.std))
    assert usual.crop == pytest.approx({"torchvision": 224 / 256, "timm": 0.9}[architecture.partition("/")[0]])


def test_every_architecture_that_is_listed_is_known():
    names = list_architectures()
    assert {"torchvision/resnet18", "timm/resnet18", "timm/vit_tiny_patch16_224"} <= {*names}
    assert len({*names}) == len(names)
