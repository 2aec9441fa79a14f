"""Randomising a network: which layers go together, what is drawn, and what stays as it was."""

import itertools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torchvision.ops import FrozenBatchNorm2d
from untrained import untrained

import core
from core.models.classifier import Classifier
from core.models.randomising import Layer, find_groups, grouped, randomised

ARCHITECTURES = (
    "torchvision/resnet18",
    "torchvision/mobilenet_v3_small",
    "torchvision/convnext_tiny",
    "torchvision/vit_b_32",
    "torchvision/swin_t",
)


def test_share_reaches_all_of_a_residual_network_and_each_number_changes() -> None:
    every_parameter_is_redrawn("torchvision/resnet18")


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES[1:])
def test_share_reaches_all_of_a_network_and_each_number_changes(name: str) -> None:
    every_parameter_is_redrawn(name)


def every_parameter_is_redrawn(name: str) -> None:
    """Norms, tokens, positions, scales and projections, whatever module owns them and however it is called."""
    classifier = untrained(name)
    groups = find_groups(classifier)
    named = list(itertools.chain(*(group.parameters for group in groups)))
    assert sorted(named) == sorted(name for name, _ in classifier.network.named_parameters())
    assert sum(group.size for group in groups) == sum(each.numel() for each in classifier.network.parameters())
    assert 8 <= len(groups) <= 16
    lost = randomised(classifier, groups, torch.rand(1, 3, *classifier.size), 0)
    for (name, before), after in zip(classifier.network.named_parameters(), lost.network.parameters(), strict=True):
        assert (before != after).double().mean() > 0.999, name
    assert torch.isfinite(lost.logits(torch.rand(1, 3, *classifier.size))).all()


def test_bundled_networks_fall_into_eight_to_sixteen_groups(lite0: Classifier, squeezenet: Classifier) -> None:
    for classifier in (lite0, squeezenet, core.load_classifier("fashion_vit", device="cpu")):
        assert 8 <= len(find_groups(classifier)) <= 16


def test_groups_follow_the_forward_pass_and_not_the_order_of_construction(
    classifier_of: Callable[..., Classifier],
) -> None:
    class Backwards(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(4 * 6 * 8, 3)
            self.stem = nn.Conv2d(3, 4, 3, padding=1)

        def forward(self, pixels: Tensor) -> Tensor:
            return self.head(self.stem(pixels).flatten(1))

    assert [group.name for group in find_groups(classifier_of(Backwards()))] == ["stem", "head"]


def test_layers_that_no_pass_reaches_are_randomised_with_the_last_and_make_no_stage(
    classifier_of: Callable[..., Classifier],
) -> None:
    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.spare = nn.Linear(2, 2)
            self.stem = nn.Conv2d(3, 3, 1)
            self.head = nn.Linear(3 * 6 * 8, 3)
            self.token = nn.Parameter(torch.ones(5))

        def forward(self, pixels: Tensor) -> Tensor:
            return self.head(self.stem(pixels).flatten(1))

    first, last = find_groups(classifier_of(Idle()))
    assert set(first.parameters) == {"token", "stem.weight", "stem.bias"}
    assert set(last.parameters) == {"head.weight", "head.bias", "spare.weight", "spare.bias"}


def test_projections_that_an_attention_reads_itself_go_with_it() -> None:
    groups = find_groups(untrained("torchvision/vit_b_32"))
    for name in ("in_proj_weight", "out_proj.weight"):
        (group,) = [g for g in groups if f"encoder.layers.encoder_layer_5.self_attention.{name}" in g.parameters]
        assert "encoder.layers.encoder_layer_5.mlp.0.weight" in group.parameters


def test_modules_that_one_depth_splits_are_made_whole_where_enough_groups_remain() -> None:
    fires = [f"features.{fire}.{layer}" for fire in range(9) for layer in ("squeeze", "expand1x1", "expand3x3")]
    layers = [Layer("stem", (), 1), *(Layer(name, (), 1) for name in fires), Layer("head", (), 1)]
    assert [len(group) for group in grouped(layers, 12)] == [1, *[3] * 9, 1]


@pytest.mark.parametrize("norm", [FrozenBatchNorm2d(3), type("Own", (nn.Module,), {"forward": lambda _, x: x})()])
def test_a_norm_that_keeps_what_it_learned_in_buffers_is_refused_in_words(
    classifier_of: Callable[..., Classifier], norm: nn.Module
) -> None:
    norm.register_buffer("running_mean", torch.zeros(3))
    network = nn.Sequential(nn.Conv2d(3, 3, 1), norm, nn.Flatten(), nn.Linear(3 * 6 * 8, 3))
    with pytest.raises(ValueError, match=r"keeps learned values in buffers \(1\)"):
        find_groups(classifier_of(network))


@pytest.mark.parametrize(
    "norm", [nn.BatchNorm2d(3, affine=False), nn.InstanceNorm2d(3, affine=True, track_running_stats=True)]
)
def test_norms_of_other_kinds_forget_their_statistics_too(
    classifier_of: Callable[..., Classifier], norm: nn.Module
) -> None:
    norm.running_mean.fill_(7)
    network = nn.Sequential(nn.Conv2d(3, 3, 1), norm, nn.Flatten(), nn.Linear(3 * 6 * 8, 3))
    classifier = classifier_of(network)
    lost = randomised(classifier, find_groups(classifier), torch.rand(1, 3, 6, 8), 0)
    assert (lost.network[1].running_mean - 7).abs().min() > 1


def test_what_was_zero_is_drawn_faintly(classifier_of: Callable[..., Classifier]) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 6 * 8, 300))
    nn.init.zeros_(network[1].bias)
    lost = randomised(
        classifier_of(network, classes=300), find_groups(classifier_of(network, classes=300)), torch.rand(1, 3, 6, 8), 0
    )
    assert float(lost.network[1].bias.std()) == pytest.approx(0.01, rel=0.2)


def test_a_weight_that_two_layers_share_counts_once(classifier_of: Callable[..., Classifier]) -> None:
    first, second = nn.Conv2d(3, 3, 1, bias=False), nn.Conv2d(3, 3, 1, bias=False)
    second.weight = first.weight
    classifier = classifier_of(nn.Sequential(first, second, nn.Flatten(), nn.Linear(3 * 6 * 8, 3, bias=False)))
    assert sum(group.size for group in find_groups(classifier)) == 9 + 3 * 6 * 8 * 3


def test_layers_of_one_block_are_joined_before_blocks() -> None:
    names = [f"blocks.{block}.{layer}" for block in range(4) for layer in ("one", "two", "three")]
    groups = grouped([Layer("stem", (), 1), *(Layer(name, (), 1) for name in names), Layer("head", (), 1)], 6)
    assert [[layer.name.rpartition(".")[0] for layer in group] for group in groups] == [
        [""],
        *([f"blocks.{block}"] * 3 for block in range(4)),
        [""],
    ]


def test_the_original_is_untouched(
    lite0: Classifier, chelsea: Tensor, fingerprint: Callable[[Classifier], str]
) -> None:
    before, logits, digest = fingerprint(lite0), lite0.logits(chelsea), lite0.weights_digest
    lost = randomised(lite0, find_groups(lite0), chelsea, 0)
    assert fingerprint(lite0) == before
    assert torch.equal(lite0.logits(chelsea), logits)
    assert lost.weights_digest != digest == lite0.weights_digest
    assert not any(module.training for module in lost.network.modules())


def test_nothing_global_is_reseeded(lite0: Classifier, chelsea: Tensor) -> None:
    before = torch.get_rng_state()
    randomised(lite0, find_groups(lite0), chelsea, 0)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_group_is_drawn_alike_whatever_else_is_randomised(lite0: Classifier, chelsea: Tensor) -> None:
    groups = find_groups(lite0)
    alone, all_of_them = randomised(lite0, groups[-1:], chelsea, 0), randomised(lite0, groups, chelsea, 0)
    other = randomised(lite0, groups[-1:], chelsea, 1)
    for name in groups[-1].parameters:
        drawn = alone.network.get_parameter(name)
        assert torch.equal(drawn, all_of_them.network.get_parameter(name))
        assert not torch.equal(drawn, other.network.get_parameter(name))
    for name in groups[0].parameters:
        assert torch.equal(alone.network.get_parameter(name), lite0.network.get_parameter(name))


def test_what_is_drawn_is_as_large_as_what_it_replaces_and_knows_nothing_of_it(
    classifier_of: Callable[..., Classifier],
) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 6 * 8, 400), nn.Linear(400, 3))
    with torch.no_grad():
        network[1].weight.copy_(5 + 0.1 * torch.randn(400, 144, generator=torch.Generator().manual_seed(0)))
    classifier = classifier_of(network)
    lost = randomised(classifier, find_groups(classifier), torch.rand(1, 3, 6, 8), 0)
    before, after = (each.network[1].weight.flatten().double() for each in (classifier, lost))
    assert float(after.square().mean().sqrt()) == pytest.approx(5, rel=0.02)
    assert abs(float(after.mean())) < 0.1
    assert abs(float(torch.corrcoef(torch.stack([before, after]))[0, 1])) < 0.02


def test_running_statistics_are_those_of_the_picture_and_its_mirror_images(
    classifier_of: Callable[..., Classifier], lived: Callable[[nn.Module], None]
) -> None:
    network = nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(3 * 6 * 8, 3))
    lived(network)
    classifier, pixels = classifier_of(network), torch.rand(1, 3, 6, 8)
    groups = find_groups(classifier)
    lost = randomised(classifier, groups, pixels, 0).network
    received = lost[0](torch.cat([pixels, pixels.flip(-1), pixels.flip(-2), pixels.flip(-1, -2)]))
    assert torch.allclose(lost[1].running_mean, received.mean(dim=(0, 2, 3)), atol=1e-6)
    assert torch.allclose(lost[1].running_var, received.var(dim=(0, 2, 3)), atol=1e-6)
    assert lost[1].momentum == network[1].momentum
    kept = randomised(classifier, groups[1:], pixels, 0).network[1]
    assert torch.equal(kept.running_mean, network[1].running_mean)


def test_a_network_without_parameters_is_refused_in_words(classifier_of: Callable[..., Classifier]) -> None:
    class Mean(nn.Module):
        def forward(self, pixels: Tensor) -> Tensor:
            return pixels.mean(dim=(2, 3))

    with pytest.raises(ValueError, match="no parameters, so there is nothing to randomise"):
        find_groups(classifier_of(Mean()))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_weights_are_drawn_on_the_device() -> None:
    classifier = core.load_classifier("squeezenet1_1", device="cuda")
    lost = randomised(classifier, find_groups(classifier), classifier.blank(1), 0)
    assert {each.device.type for each in lost.network.parameters()} == {"cuda"}
    assert torch.isfinite(lost.logits(classifier.blank(1))).all()
