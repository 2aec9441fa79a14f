"""Rollouts follow attention to the tokens that the answer is read from, and refuse networks where they can't."""

import pytest
import timm
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import VisionTransformer
from untrained import untrained

from core.methods.attention import AttentionLayers
from core.methods.explaining import explain, stream_heatmaps
from core.methods.heatmap import MethodRefused, Passes
from core.methods.readings import Question
from core.methods.registry import capability, find_method, first_reason
from core.models.sources import seeded_construction

BOTH = ["attention_rollout", "gradient_rollout"]


class TwoLayers(nn.Module):
    """Two layers of attention with two heads over a class token and 3 x 4 patches, in float64.

    Parameters
    ----------
    pooled
        Whether the answer is the mean of the patches instead of the class token.
    """

    def __init__(self, pooled: bool = False) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(4)
        self.pooled = pooled
        self.flat = nn.Parameter(torch.randn(2, 3, 2, 12, generator=draw, dtype=torch.float64) / 2)
        self.back = nn.Parameter(torch.randn(2, 2, 3, 4, generator=draw, dtype=torch.float64) / 2)
        self.start = nn.Parameter(torch.randn(13, 4, generator=draw, dtype=torch.float64))
        self.head = nn.Parameter(torch.randn(3, 4, generator=draw, dtype=torch.float64))
        self.patches, self.tokens = nn.Conv2d(3, 4, 2, 2, bias=False, dtype=torch.float64), nn.Identity()
        nn.init.normal_(self.patches.weight, std=0.5, generator=draw)

    @property
    def matrices(self) -> Tensor:
        """For each layer those of queries, keys and values, for each head."""
        return self.flat.view(2, 3, 2, 4, 3)

    def embedded(self, pixels: Tensor) -> Tensor:
        rows = self.patches(pixels.double()).flatten(2).transpose(1, 2)
        return self.tokens(F.pad(rows, (0, 0, 1, 0)) + self.start)

    def forward(self, pixels: Tensor) -> Tensor:
        stream = self.embedded(pixels)
        for (query, key, value), back in zip(self.matrices, self.back, strict=True):
            heads = [torch.einsum("ntc,hcd->nhtd", stream, matrix) for matrix in (query, key, value)]
            stream = stream + torch.einsum("nhtd,hdc->ntc", F.scaled_dot_product_attention(*heads), back)
        return self.read(stream) @ self.head.T

    def read(self, stream: Tensor) -> Tensor:
        return stream[:, 1:].mean(dim=1) if self.pooled else stream[:, 0]

    def by_hand(self, pixels: Tensor, target: int, nudges: Tensor) -> tuple[float, list[Tensor]]:
        """The answer where every weight is moved by a nudge, and the weights before they were."""
        stream, weights = self.embedded(pixels)[0].detach(), []
        for layer in range(2):
            moved = torch.zeros_like(stream)
            for head in range(2):
                query, key, value = (stream @ self.matrices[layer, kind, head].detach() for kind in range(3))
                scores = torch.exp(query @ key.T / 3**0.5)
                weights.append(scores / scores.sum(dim=1, keepdim=True))
                moved += (weights[-1] + nudges[layer, head]) @ value @ self.back[layer, head].detach()
            stream = stream + moved
        return float(self.read(stream[None])[0] @ self.head[target].detach()), weights


def at_patches(reached: Tensor, pooled: bool) -> Tensor:
    """The rows that the answer is read from, at the patches, as a heatmap of 6 x 8."""
    row = reached[1:].mean(dim=0) if pooled else reached[0]
    coarse = row[1:].view(3, 4)
    return F.interpolate((coarse / coarse.max())[None, None], (6, 8), mode="bilinear", align_corners=False)[0, 0]


@pytest.mark.parametrize("pooled", [False, True])
def test_rollout_of_two_layers_is_the_product_of_their_means_with_half_of_what_was_there(classifier_of, pixels, pooled):
    network = TwoLayers(pooled)
    heatmap = explain(classifier_of(network), pixels, ["attention_rollout"], 1)["attention_rollout"]
    _, weights = network.by_hand(pixels, 1, torch.zeros(2, 2, 13, 13, dtype=torch.float64))
    first, second = (((weights[at] + weights[at + 1]) / 2 + torch.eye(13)) / 2 for at in (0, 2))
    torch.testing.assert_close(heatmap.values, at_patches(second @ first, pooled))


@pytest.mark.parametrize("pooled", [False, True])
def test_gradient_rollout_of_two_layers_weighs_by_what_a_nudge_of_each_weight_does(classifier_of, pixels, pooled):
    network = TwoLayers(pooled)
    heatmap = explain(classifier_of(network), pixels, ["gradient_rollout"], 2)["gradient_rollout"]
    still, step = torch.zeros(2, 2, 13, 13, dtype=torch.float64), 1e-5
    _, weights = network.by_hand(pixels, 2, still)
    slopes = torch.zeros_like(still)
    for place in torch.cartesian_prod(*map(torch.arange, still.shape)).tolist():
        answers = []
        for sign in (1, -1):
            nudged = still.clone()
            nudged[tuple(place)] = sign * step
            answers.append(network.by_hand(pixels, 2, nudged)[0])
        slopes[tuple(place)] = (answers[0] - answers[1]) / (2 * step)
    relevance = (torch.stack(weights).view(2, 2, 13, 13) * slopes).clamp(min=0).mean(dim=1)
    reached = torch.eye(13, dtype=torch.float64)
    for layer in relevance:
        reached = reached + layer @ reached
    # A patch has not reached itself by attention: the identity that the paper starts from is not part of the map.
    expected = at_patches(reached - torch.eye(13), pooled)
    torch.testing.assert_close(heatmap.values, expected, rtol=1e-6, atol=1e-7)


def transformer(name: str = "vit_tiny_patch16_224", **arguments: object) -> nn.Module:
    """A transformer of three blocks for pictures of 24 x 32 in patches of 8, with random weights."""
    settings = {"img_size": (24, 32), "patch_size": 8, "depth": 3, "num_classes": 5, **arguments}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = timm.create_model(name, **settings).eval()
        for block in network.blocks:
            nn.init.normal_(block.attn.qkv.weight, std=0.2)  # as they come, weights are nearly alike
        return network


def photo(height: int = 24, width: int = 32) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(2))


def unfused_weights(network: nn.Module, picture: Tensor) -> list[Tensor]:
    """What timm's own attention multiplies values with, once its fused form is off."""
    kept: list[Tensor] = []
    handles = [
        block.attn.attn_drop.register_forward_hook(lambda *given: kept.append(given[2])) for block in network.blocks
    ]
    for block in network.blocks:
        block.attn.fused_attn = False
    network(picture)
    for handle in handles:
        handle.remove()
    return kept


@pytest.mark.parametrize(
    ("name", "arguments", "prefix", "rows"),
    [
        ("vit_tiny_patch16_224", {}, 1, [0]),
        ("vit_tiny_patch16_224", {"global_pool": "avg"}, 1, range(1, 13)),
        ("deit_tiny_distilled_patch16_224", {}, 2, [0, 1]),
        ("vit_small_patch14_reg4_dinov2", {}, 5, [0]),
        ("vit_small_patch16_dinov3", {}, 5, range(5, 17)),
    ],
)
def test_rollout_agrees_with_a_plain_loop_over_unfused_weights(classifier_of, name, arguments, prefix, rows):
    network = transformer(name, **arguments)
    heatmap = explain(classifier_of(network, (24, 32), 5), photo(), ["attention_rollout"], 1)["attention_rollout"]
    rolled = None
    for weights in unfused_weights(network, photo()):
        step = weights[0].detach().mean(dim=0) + torch.eye(weights.shape[-1])
        step = step / step.sum(dim=1, keepdim=True)
        rolled = step if rolled is None else step @ rolled
    coarse = rolled[[*rows]].mean(dim=0)[prefix:].view(1, 1, 3, 4)
    wide = F.interpolate(coarse / coarse.max(), (24, 32), mode="bilinear", align_corners=False)[0, 0]
    torch.testing.assert_close(heatmap.values, wide, rtol=1e-4, atol=1e-5)
    assert heatmap.notes == ("3 layers of attention over 3 × 4 patches of the picture, enlarged.",)
    assert heatmap.values.max() - heatmap.values.min() > 0.05


def test_fused_and_unfused_attention_give_the_same_maps(classifier_of):
    fused, unfused = transformer(), transformer()
    for block in unfused.blocks:
        assert block.attn.fused_attn
        block.attn.fused_attn = False
    maps = [explain(classifier_of(network, (24, 32), 5), photo(), BOTH, 3) for network in (fused, unfused)]
    for name in BOTH:
        torch.testing.assert_close(maps[0][name].values, maps[1][name].values, rtol=1e-4, atol=1e-5)


def small_torchvision() -> VisionTransformer:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = VisionTransformer(
            image_size=32, patch_size=8, num_layers=3, num_heads=2, hidden_dim=16, mlp_dim=32, num_classes=5
        )
        nn.init.normal_(network.heads.head.weight)  # torchvision starts it at zero
    return network.eval()


def test_torchvision_s_layers_are_read_as_its_own_attention_gives_them(classifier_of):
    network = small_torchvision()
    given: list[Tensor] = []
    handles = [
        layer.ln_1.register_forward_hook(lambda *seen: given.append(seen[2])) for layer in network.encoder.layers
    ]
    classifier, pictures = classifier_of(network, (32, 32), 5), torch.cat([photo(32, 32), photo(32, 32).flip(3)])
    layers = AttentionLayers()(classifier, Question(1), pictures)
    for handle in handles:
        handle.remove()
    assert layers.shape == (2, 2, 3, 17, 17)
    for place, (layer, tokens) in enumerate(zip(network.encoder.layers, given, strict=True)):
        _, weights = layer.self_attention(tokens, tokens, tokens, need_weights=True)
        torch.testing.assert_close(layers[:, 0, place], weights.detach(), rtol=1e-4, atol=1e-6)
    alone = AttentionLayers()(classifier, Question(1), pictures[1:])
    torch.testing.assert_close(layers[1:], alone, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("make", [transformer, small_torchvision])
def test_only_the_gradient_s_rollout_depends_on_the_class(classifier_of, make):
    size = (32, 32) if make is small_torchvision else (24, 32)
    classifier = classifier_of(make(), size, 5)
    one, other = (explain(classifier, photo(*size), BOTH, target) for target in (0, 3))
    assert torch.equal(one["attention_rollout"].values, other["attention_rollout"].values)
    assert not torch.allclose(one["gradient_rollout"].values, other["gradient_rollout"].values, atol=0.01)


def test_both_cost_one_pass_leave_the_network_alone_and_repeat_themselves(classifier_of, fingerprint):
    classifier = classifier_of(transformer(), (24, 32), 5)
    before = fingerprint(classifier)
    first, second = (explain(classifier, photo(), BOTH, 1) for _ in range(2))
    assert sum((heatmap.passes for heatmap in first.values()), Passes()) == Passes(forward=1, backward=1)
    assert fingerprint(classifier) == before
    assert all(torch.equal(first[name].values, second[name].values) for name in BOTH)


class SideBySide(TwoLayers):
    """The second layer reads what the first one read."""

    def forward(self, pixels: Tensor) -> Tensor:
        stream, gained = self.embedded(pixels), 0
        for (query, key, value), back in zip(self.matrices, self.back, strict=True):
            heads = [torch.einsum("ntc,hcd->nhtd", stream, matrix) for matrix in (query, key, value)]
            gained = gained + torch.einsum("nhtd,hdc->ntc", F.scaled_dot_product_attention(*heads), back)
        return self.read(stream + gained) @ self.head.T


class Mixed(TwoLayers):
    """Its weights are doubled after the softmax."""

    def forward(self, pixels: Tensor) -> Tensor:
        stream = self.embedded(pixels)
        weights = 2 * (stream @ stream.transpose(1, 2)).softmax(dim=-1)
        return self.read(weights @ stream) @ self.head.T


class OverChannels(TwoLayers):
    """Its attention is between channels, not between parts of the picture."""

    def forward(self, pixels: Tensor) -> Tensor:
        channels = self.embedded(pixels).transpose(1, 2)
        return self.read(F.scaled_dot_product_attention(channels, channels, channels).transpose(1, 2)) @ self.head.T


class Pooling(TwoLayers):
    """Its keys are fewer than its tokens."""

    def forward(self, pixels: Tensor) -> Tensor:
        stream = self.embedded(pixels)
        fewer = stream[:, 1:].unflatten(1, (6, 2)).mean(dim=2)
        return self.read(stream + F.scaled_dot_product_attention(stream, fewer, fewer)) @ self.head.T


class Detached(TwoLayers):
    def forward(self, pixels: Tensor) -> Tensor:
        return super().forward(pixels).detach()


def swin() -> nn.Module:
    return timm.models.SwinTransformer(
        img_size=(24, 32), patch_size=2, window_size=2, embed_dim=8, depths=(1, 1), num_heads=(2, 2), num_classes=3
    )


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: nn.Sequential(nn.Conv2d(3, 3, 2, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten()), "none were found"),
        (swin, "within windows of 4 tokens"),
        (SideBySide, "are parallel"),
        (Mixed, "1 of 1 attention layers here do not expose theirs"),
        (OverChannels, "the 4 tokens here do not correspond to patches"),
        (Pooling, "different numbers of tokens: 6 and 13"),
        (Detached, "gradients"),
    ],
)
@pytest.mark.parametrize("name", BOTH)
def test_networks_whose_attention_can_not_be_followed_are_refused_with_what_was_found(
    classifier_of, make, reason, name
):
    size = (24, 32) if make is swin else (6, 8)
    classifier = classifier_of(make(), size)
    told = capability(classifier)[name]
    assert told is not None
    assert reason in told
    dtype = next(classifier.network.parameters()).dtype
    assert [*stream_heatmaps(classifier, photo(*size).to(dtype), [name])] == [MethodRefused(name, told)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "side"),
    [("torchvision/vit_b_32", 7), ("timm/vit_tiny_patch16_224", 14), ("timm/deit_tiny_patch16_224", 14)],
)
def test_published_transformers_fit(name, side):
    maps = explain(untrained(name), photo(224, 224), BOTH, 3)
    assert all(heatmap.values.max() > 0 for heatmap in maps.values())
    assert maps["attention_rollout"].notes[0].startswith(f"12 layers of attention over {side} × {side}")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["torchvision/swin_t", "torchvision/convnext_tiny", "timm/cait_xxs24_224"])
def test_published_networks_that_do_not_fit_are_refused(classifier_of, name):
    if name == "timm/cait_xxs24_224":  # of its 24 blocks, which are alike, three tell as much
        with seeded_construction():
            classifier = classifier_of(timm.create_model("cait_xxs24_224", depth=3), (224, 224), 1000)
    else:
        classifier = untrained(name)
    assert all(first_reason(find_method(method), classifier) for method in BOTH)
