"""Attention shows its weights in every form it is written in, and the network answers as it always does."""

import itertools

import pytest
import timm
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import VisionTransformer

from core.models.attention_weights import AttentionWeights

FORMS = ("fused", "softmax method", "softmax function", "softmax module", "dropped out")


def tokens(count: int = 5, width: int = 4, heads: int = 2, seed: int = 0) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(1, heads, count, width, generator=draw, dtype=torch.float64).requires_grad_()


def attended(form: str, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention, written in one of the ways people write it."""
    if form == "fused":
        return F.scaled_dot_product_attention(query, key, value)
    scores = query * query.shape[-1] ** -0.5 @ key.transpose(-2, -1)
    weights = {
        "softmax method": lambda: scores.softmax(dim=-1),
        "softmax function": lambda: F.softmax(scores, dim=3),
        "softmax module": lambda: nn.Softmax(dim=-1)(scores),
        "dropped out": lambda: nn.Dropout(0.3).eval()(torch.softmax(scores, -1)),
    }[form]()
    return torch.matmul(weights, value)


@pytest.mark.parametrize("form", FORMS)
def test_weights_and_their_gradients_are_found_however_attention_is_written(form):
    query, key, value = (tokens(seed=seed) for seed in range(3))
    cotangent = tokens(seed=3).detach()
    seen: list[Tensor] = []
    with AttentionWeights(seen.append) as mode:
        answer = attended(form, query, key, value)
    (weights,) = seen
    expected = torch.exp(torch.einsum("nhqc,nhkc->nhqk", query, key) / 2)
    torch.testing.assert_close(weights, expected / expected.sum(dim=-1, keepdim=True))
    (slope,) = torch.autograd.grad((answer * cotangent).sum(), weights)
    torch.testing.assert_close(slope, torch.einsum("nhqc,nhkc->nhqk", cotangent, value))
    assert mode.hidden == 0


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"is_causal": True},
        {"scale": 0.3},
        {"attn_mask": torch.rand(5, 5, generator=torch.Generator().manual_seed(1)) > 0.3},
        {"attn_mask": torch.randn(1, 2, 5, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)},
    ],
)
def test_fused_attention_answers_alike_with_every_option(named):
    query, key, value = (tokens(seed=seed) for seed in range(3))
    if named.get("attn_mask") is not None and named["attn_mask"].dtype == torch.bool:
        named["attn_mask"].fill_diagonal_(True)  # a token that sees nothing has no answer
    with AttentionWeights([].append):
        answer = F.scaled_dot_product_attention(query, key, value, **named)
    torch.testing.assert_close(answer, F.scaled_dot_product_attention(query, key, value, **named))


def test_fused_attention_with_shared_keys_answers_alike():
    query, shared = tokens(heads=4), tokens(heads=2, seed=1)
    with AttentionWeights([].append):
        answer = F.scaled_dot_product_attention(query, shared, shared, enable_gqa=True)
    torch.testing.assert_close(answer, F.scaled_dot_product_attention(query, shared, shared, enable_gqa=True))


@pytest.mark.parametrize(("asked", "averaged"), [*itertools.product([True, False], repeat=2)])
@pytest.mark.parametrize("batched", [True, False])
def test_multi_head_attention_gives_its_caller_what_was_asked_for(asked, averaged, batched):
    layer = nn.MultiheadAttention(8, 2, batch_first=True, dtype=torch.float64).eval().requires_grad_(False)
    given = torch.randn((3, 5, 8) if batched else (5, 8), dtype=torch.float64, requires_grad=True)
    options = {"need_weights": asked, "average_attn_weights": averaged}
    seen: list[Tensor] = []
    with AttentionWeights(seen.append):
        answer, handed = layer(given, given, given, **options)
    expected, expected_weights = layer(given, given, given, **options)
    torch.testing.assert_close(answer, expected)
    assert (handed is None) == (expected_weights is None)
    if handed is not None:
        torch.testing.assert_close(handed, expected_weights)
    assert seen[0].shape == (6 if batched else 2, 5, 5)


def test_the_gradient_of_multi_head_attention_s_weights_is_that_of_the_values_they_weigh():
    layer = nn.MultiheadAttention(8, 2, batch_first=True, dtype=torch.float64).eval().requires_grad_(False)
    given = torch.randn(1, 5, 8, dtype=torch.float64, requires_grad=True)
    cotangent = torch.randn(1, 5, 8, dtype=torch.float64)
    seen: list[Tensor] = []
    with AttentionWeights(seen.append):
        answer, _ = layer(given, given, given, need_weights=False)
    (slope,) = torch.autograd.grad((answer * cotangent).sum(), seen)
    values = (given[0] @ layer.in_proj_weight[16:].T + layer.in_proj_bias[16:]).view(5, 2, 4)
    before_output = (cotangent[0] @ layer.out_proj.weight).view(5, 2, 4)
    torch.testing.assert_close(slope, torch.einsum("qhc,khc->hqk", before_output, values).detach())


def test_the_fast_path_of_encoder_layers_does_not_hide_weights():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval()
    seen: list[Tensor] = []
    with torch.no_grad(), AttentionWeights(seen.append) as mode:
        layer(torch.rand(1, 5, 8))
    assert len(seen) == 1
    assert mode.hidden == 0


def small_torchvision() -> nn.Module:
    network = VisionTransformer(
        image_size=32, patch_size=8, num_layers=2, num_heads=2, hidden_dim=16, mlp_dim=32, num_classes=5
    )
    nn.init.normal_(network.heads.head.weight)  # torchvision starts it at zero
    return network


NETWORKS = {
    "timm's ViT": lambda: timm.create_model("vit_tiny_patch16_224", img_size=32, patch_size=8, depth=3),
    "rotary": lambda: timm.create_model("vit_small_patch16_dinov3", img_size=32, depth=2, num_classes=5),
    "registers": lambda: timm.create_model("vit_small_patch14_reg4_dinov2", img_size=28, depth=2, num_classes=5),
    "relative positions": lambda: timm.create_model("beit_base_patch16_224", img_size=32, depth=2, embed_dim=48),
    "windows": lambda: timm.models.SwinTransformer(
        img_size=32, patch_size=4, window_size=4, embed_dim=8, depths=(2, 1), num_heads=(2, 2), num_classes=5
    ),
    "torchvision's ViT": small_torchvision,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_answer_the_same_with_their_weights_read(name):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = NETWORKS[name]().eval().requires_grad_(False)
    side = 28 if name == "registers" else 32
    pixels = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(1)).requires_grad_()
    seen: list[Tensor] = []
    with AttentionWeights(seen.append) as mode:
        answer = network(pixels)
    torch.testing.assert_close(answer, network(pixels), rtol=1e-5, atol=1e-5)
    assert mode.hidden == 0
    assert seen
    slopes = torch.autograd.grad(answer[:, 1].sum(), seen)
    assert all(slope.abs().sum() > 0 for slope in slopes)


def test_weights_that_are_mixed_before_use_or_never_used_count_as_hidden():
    seen: list[Tensor] = []
    with AttentionWeights(seen.append) as mode:
        weights = tokens() @ tokens().transpose(-2, -1)
        (2 * weights.softmax(dim=-1)) @ tokens()
        weights.softmax(dim=2) @ tokens()  # over queries: no attention
        F.scaled_dot_product_attention(tokens(), tokens(), tokens(), dropout_p=0.5)
        torch.rand(3, 10).softmax(dim=-1)  # probabilities of classes
    assert seen == []
    assert mode.hidden == 2
