"""One forward pass tells what a network is made of: where the plane is kept, and how tokens look at each other."""

import pytest
import timm
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from untrained import untrained

from core.models.anatomy import Anatomy, examine
from core.models.sources import seeded_construction

SHORT = {"depth": 3, "num_classes": 10}


def anatomy_of(network: nn.Module, height: int, width: int) -> Anatomy:
    network = network.eval().requires_grad_(False)
    return examine(network, network, torch.full((1, 3, height, width), 0.5))


def timm_vit(name: str = "vit_tiny_patch16_224", **arguments: object) -> Anatomy:
    settings = {"img_size": (24, 32), "patch_size": 8, **SHORT, **arguments}
    return anatomy_of(timm.create_model(name, **settings), 24, 32)


@pytest.mark.parametrize(
    ("name", "arguments", "layer", "prefix", "answering"),
    [
        ("vit_tiny_patch16_224", {}, "blocks.2.norm1", 1, {0}),
        ("vit_tiny_patch16_224", {"global_pool": "avg"}, "norm", 1, set(range(1, 13))),
        ("vit_tiny_patch16_224", {"global_pool": "avg", "class_token": False}, "norm", 0, set(range(12))),
        ("deit_tiny_distilled_patch16_224", {}, "blocks.2.norm1", 2, {0, 1}),
        ("vit_small_patch14_reg4_dinov2", {}, "blocks.2.norm1", 5, {0}),
        ("vit_small_patch16_dinov3", {}, "norm", 5, set(range(5, 17))),
    ],
)
def test_tokens_are_read_where_the_answer_still_depends_on_all_of_them(name, arguments, layer, prefix, answering):
    anatomy = timm_vit(name, **arguments)
    found = anatomy.last_feature_map(10)
    assert (found.layer, found.layout.tokens, found.prefix) == (layer, 12 + prefix, prefix)
    assert (found.height, found.width) == (3, 4)
    assert set(anatomy.attention.answering) == answering
    assert len(anatomy.attention.shapes) == 3
    assert anatomy.attention.in_series
    assert anatomy.last_tokens(12 + prefix).layer == layer


def test_tokens_that_the_class_token_no_longer_looks_at_are_not_offered():
    layers = [found.layer for found in timm_vit().feature_maps]
    assert "blocks.1.norm2" in layers
    assert not {"blocks.2", "blocks.2.attn", "blocks.2.norm2", "norm"} & {*layers}


def test_queries_keys_and_values_are_not_offered():
    assert not [found.layer for found in timm_vit().feature_maps if ".attn." in found.layer]


def test_a_head_of_zeros_hides_nothing():
    network = timm.create_model("vit_tiny_patch16_224", img_size=32, **SHORT)
    nn.init.zeros_(network.head.weight)
    assert anatomy_of(network, 32, 32).last_feature_map(10).layer == "blocks.2.norm1"


class TalkingHeads(nn.Module):
    """Attention whose heads are mixed before values are weighted: its weights are as square as the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.norm, self.head = nn.Conv2d(3, 8, 2, 2), nn.LayerNorm(8), nn.Linear(8, 3)
        self.talk = nn.Conv2d(2, 2, 1)

    def forward(self, pixels: Tensor) -> Tensor:
        tokens = self.norm(self.embed(pixels).flatten(2).transpose(1, 2))
        heads = tokens.unflatten(2, (2, 4)).transpose(1, 2)
        weights = self.talk((heads @ heads.transpose(-2, -1)).softmax(dim=-1))
        return self.head((weights @ heads).transpose(1, 2).flatten(2).mean(dim=1))


@pytest.mark.parametrize("seed", range(4))
def test_rows_of_attention_are_no_planes_and_mixed_weights_are_hidden(seed):
    torch.manual_seed(seed)
    anatomy = anatomy_of(TalkingHeads(), 8, 8)
    assert [found.layer for found in anatomy.feature_maps] == ["embed", "norm"]
    assert anatomy.attention.hidden == 1


def test_planes_behind_and_before_the_channels_are_both_read():
    swin = timm.models.SwinTransformer(
        img_size=(24, 32), patch_size=2, window_size=2, embed_dim=8, depths=(1, 1), num_heads=(2, 2), num_classes=5
    )
    found = anatomy_of(swin, 24, 32).last_feature_map(5)
    assert (found.layer, found.channels, found.height, found.width) == ("norm", 16, 6, 8)
    output = torch.rand(1, 6, 8, 16)
    assert torch.equal(found.layout.planes(output, 1), output.permute(0, 3, 1, 2))


class WindowByWindow(nn.Module):
    """Works on the four quarters of its plane as if they were pictures of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.norm, self.head = nn.Conv2d(3, 8, 1), nn.LayerNorm(8), nn.Linear(8, 3)

    def forward(self, pixels: Tensor) -> Tensor:
        plane = self.embed(F.max_pool2d(self.embed(pixels), 2)[:, :3])
        quarters = plane.unflatten(2, (2, -1)).unflatten(4, (2, -1)).permute(0, 2, 4, 3, 5, 1).flatten(0, 2)
        return self.head(self.norm(quarters).reshape(len(pixels), -1, 8).mean(dim=1))


def test_windows_in_place_of_pictures_are_laid_side_by_side():
    late = anatomy_of(WindowByWindow(), 12, 16).last_feature_map(3)
    assert (late.layer, late.channels, late.height, late.width) == ("norm", 8, 6, 8)
    plane = torch.rand(2, 8, 6, 8)
    quarters = plane.unflatten(2, (2, -1)).unflatten(4, (2, -1)).permute(0, 2, 4, 3, 5, 1).flatten(0, 2)
    assert torch.equal(late.layout.planes(quarters, 2), plane)


class SideBySide(nn.Module):
    """Two attentions that read the same tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.norm, self.head = nn.Conv2d(3, 8, 2, 2), nn.LayerNorm(8), nn.Linear(8, 3)

    def forward(self, pixels: Tensor) -> Tensor:
        tokens = self.norm(self.embed(pixels).flatten(2).transpose(1, 2))
        both = [F.scaled_dot_product_attention(scale * tokens, tokens, tokens) for scale in (1, 2)]
        return self.head((both[0] - both[1]).mean(dim=1))


class OneByOne(SideBySide):
    """Two attentions, the second on what the first gave."""

    def forward(self, pixels: Tensor) -> Tensor:
        tokens = self.norm(self.embed(pixels).flatten(2).transpose(1, 2))
        for _ in range(2):
            tokens = tokens + F.scaled_dot_product_attention(tokens, tokens, tokens)
        return self.head(tokens.mean(dim=1))


def test_attention_side_by_side_is_told_from_attention_in_series():
    assert not anatomy_of(SideBySide(), 6, 8).attention.in_series
    assert anatomy_of(OneByOne(), 6, 8).attention.in_series


class Detached(nn.Module):
    """Answers without a graph, as a plain function does."""

    def forward(self, pixels: Tensor) -> Tensor:
        return pixels.detach().mean(dim=(2, 3))


def test_an_answer_without_a_graph_is_not_differentiable(linear):
    assert not anatomy_of(Detached(), 6, 8).differentiable
    assert anatomy_of(linear, 6, 8).differentiable


def test_a_network_is_as_it_was_after_an_examination(fingerprint, classifier_of):
    classifier = classifier_of(timm.create_model("vit_tiny_patch16_224", img_size=32, **SHORT), (32, 32), 10)
    before = fingerprint(classifier)
    _ = classifier.anatomy
    assert fingerprint(classifier) == before


@pytest.mark.parametrize(
    ("name", "channels"),
    [("torchvision/resnet18", 512), ("timm/resnet18", 512), ("torchvision/swin_t", 768)],
)
def test_the_last_plane_of_known_networks_is_found(name, channels):
    found = untrained(name).anatomy.last_feature_map(1000)
    assert (found.channels, found.height, found.width) == (channels, 7, 7)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "layer", "shape"),
    [
        ("torchvision/vit_b_32", "encoder.layers.encoder_layer_11.ln_1", (768, 7, 7)),
        ("torchvision/convnext_tiny", "features", (768, 7, 7)),
        ("torchvision/mobilenet_v3_large", "features", (960, 7, 7)),
        ("torchvision/swin_t", "permute", (768, 7, 7)),
        ("timm/swin_tiny_patch4_window7_224", "norm", (768, 7, 7)),
        ("timm/pit_ti_224", "transformers.2.blocks.3.norm1", (256, 7, 7)),
    ],
)
def test_the_layer_before_the_answer_of_big_networks_is_found(name, layer, shape):
    if name == "timm/swin_tiny_patch4_window7_224":  # its third stage has six blocks, which are alike
        with seeded_construction():
            anatomy = anatomy_of(timm.create_model("swin_tiny_patch4_window7_224", depths=(2, 2, 2, 2)), 224, 224)
    else:
        anatomy = untrained(name).anatomy
    found = anatomy.last_feature_map(1000)
    assert (found.layer, (found.channels, found.height, found.width)) == (layer, shape)


@pytest.mark.slow
def test_a_mixer_is_read_where_its_tokens_still_lie_somewhere():
    """With random weights, every token of its later blocks sees all of the picture alike."""
    found = untrained("timm/mixer_s32_224").anatomy.last_feature_map(1000)
    assert found.layer.startswith("blocks.")
    assert (found.channels, found.height, found.width) == (512, 7, 7)


class AsManyChannelsAsClasses(nn.Module):
    """Its last plane has three channels, and a linear layer reads them."""

    def __init__(self) -> None:
        super().__init__()
        self.early, self.late, self.head = nn.Conv2d(3, 5, 3, padding=1), nn.Conv2d(5, 3, 3, padding=1), nn.Linear(3, 3)

    def forward(self, pixels: Tensor) -> Tensor:
        return self.head(self.late(self.early(pixels)).mean(dim=(2, 3)))


def test_a_plane_with_as_many_channels_as_classes_counts_unless_it_is_the_scores():
    whole = AsManyChannelsAsClasses()
    assert anatomy_of(whole, 6, 8).last_feature_map(3).layer == "late"
    whole.head = nn.Identity()
    assert anatomy_of(whole, 6, 8).last_feature_map(3).layer == "early"
