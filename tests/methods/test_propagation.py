"""DeepLIFT and LRP add up, agree with captum and zennit where these are sound, and are refused by name where not."""

import functools
import gc
import weakref
from collections import Counter

import pytest
import torch
from captum.attr import DeepLift
from captum.attr._core import deep_lift as captum_rules
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.resnet import BasicBlock, ResNet
from torchvision.models.vgg import make_layers
from untrained import untrained
from zennit.composites import (
    COMPOSITES,
    EpsilonPlusFlat,
    LayerMapComposite,
    SpecialFirstLayerMapComposite,
    layer_map_base,
)
from zennit.rules import AlphaBeta, Epsilon, Norm, ZBox
from zennit.torchvision import ResNetCanonizer, VGGCanonizer
from zennit.types import Linear as ZennitLinear

import core
from core.methods import propagation, step_rules
from core.methods.explaining import explain
from core.methods.propagation import handed_back
from core.methods.readings import Question
from core.methods.registry import Unfit, capability, find_method, first_reason
from core.methods.rescaling import logit_weights
from core.models.batching import BatchSize
from core.models.classifier import Classifier, Preprocessing
from core.models.functions import as_classifier
from core.models.unrolled import Mean, Sum, taken_apart

METHODS = ("deeplift", "lrp", "lrp_alpha_beta")
RULED = ["efficientnet_lite0", "squeezenet1_1", "torchvision/resnet18"]


def ruled(name, lived, side: int = 224) -> Classifier:
    """A network that has rules for all its steps; on smaller pictures than its own, the same steps cost a fifth."""
    classifier = core.load_classifier(name, device="cpu", pretrained="/" not in name)
    lived(classifier.network)
    if side != 224:
        seen = classifier.preprocessing
        classifier = core.wrap(classifier.network, side, classifier.labels, seen.mean, seen.std, name=name)
    classifier._batch_sizes.update(forward=BatchSize(4), gradient=BatchSize(2))
    return classifier


@pytest.fixture(scope="module")
def ruled_once(lived):
    """The same, made once for all tests that only ask it."""
    return functools.cache(lambda name, side: ruled(name, lived, side))


def shares_of(classifier, pixels, method="deeplift", target=0, output="logit", **settings):
    return explain(classifier, pixels, [method], target=target, output=output, settings={method: settings})[method]


def seeded(network: nn.Module, bias: bool = True) -> nn.Module:
    """Weights that are the same on every machine, in float64."""
    draw = torch.Generator().manual_seed(7)
    for parameter in network.double().parameters():
        parameter.data.normal_(0, 0.5, generator=draw)
    for module in network.modules():
        if not bias and getattr(module, "bias", None) is not None:
            module.bias = None
    return network.eval()


class Residual(nn.Module):
    """Convolutions, a skip, overlapping windows, a mean and a dense layer; one ReLU module for all."""

    def __init__(self, ceiling: float | None = None) -> None:
        super().__init__()
        self.stem, self.middle, self.head = (
            nn.Conv2d(3, 4, 3, padding=1),
            nn.Conv2d(4, 4, 3, padding=1),
            nn.Linear(4, 3),
        )
        self.relu = nn.ReLU(inplace=True) if ceiling is None else nn.Hardtanh(0.0, ceiling, inplace=True)

    def forward(self, pixels: Tensor) -> Tensor:
        seen = self.relu(self.stem(pixels))
        seen = self.relu(self.middle(seen) + seen)
        return self.head(self.relu(F.max_pool2d(seen, 3, 2, 1, ceil_mode=True).mean((2, 3))))


# DeepLIFT ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("baseline", "value"), [("black", 0.0), ("grey", 0.5)])
def test_deeplift_of_a_linear_model_is_the_weight_times_the_change_from_the_baseline(
    classifier_of, linear, pixels, baseline, value
):
    heatmap = shares_of(classifier_of(linear), pixels, target=1, baseline=baseline)
    torch.testing.assert_close(heatmap.attribution, (linear.weight[1] * (pixels[0] - value)).detach())


def test_the_baseline_is_named_in_pixel_space_whatever_the_network_is_normalised_with(linear, pixels):
    shifted = Preprocessing(lambda _: torch.zeros(3, 6, 8), (6, 8), (0.4, 0.5, 0.6), (0.2, 0.3, 0.4))
    classifier = Classifier("shifted", linear, shifted, ("a", "b", "c"))
    std = torch.tensor(shifted.std)[:, None, None]
    torch.testing.assert_close(shares_of(classifier, pixels).attribution, (linear.weight[0] * pixels[0] / std).detach())


def test_deeplift_agrees_with_captum_where_no_rule_of_captum_s_meets_another(classifier_of, pixels):
    network = nn.Sequential(
        *(nn.Conv2d(3, 4, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(4, 4, 3, padding=1), nn.Tanh(), nn.AvgPool2d(3), nn.Flatten(), nn.Linear(4, 5), nn.ELU()),
        nn.Linear(5, 3),
    )
    classifier = classifier_of(seeded(network))
    grey = torch.full_like(pixels, 0.5)
    theirs = DeepLift(classifier.network).attribute(pixels.clone().requires_grad_(), grey, 2)
    ours = shares_of(classifier, pixels, target=2, baseline="grey").attribution
    torch.testing.assert_close(ours, theirs[0].detach())


@pytest.mark.parametrize("output", ["logit", "probability", "logit_margin"])
@pytest.mark.parametrize("name", RULED)
def test_deeplift_adds_up_to_the_score_s_difference(name, output, chelsea, ruled_once):
    side = 224 if (name, output) == ("efficientnet_lite0", "logit") else 96
    classifier, picture = ruled_once(name, side), F.adaptive_avg_pool2d(chelsea, side)
    heatmap = shares_of(classifier, picture, target=None, output=output)
    question = Question(heatmap.target, output)
    change = (question(classifier.logits(picture)) - question(classifier.logits(torch.zeros_like(picture)))).item()
    assert heatmap.values.sum().item() == pytest.approx(change, rel=1e-3)
    assert heatmap.notes == ("Completeness: the shares miss the score difference by 0.0 %.",)


class Flat(nn.Module):
    """One score: the sum of what a step makes of the pixels."""

    def __init__(self, *steps) -> None:
        super().__init__()
        self.steps = nn.Sequential(*steps)

    def forward(self, pixels: Tensor) -> Tensor:
        return self.steps(pixels - 0.3).flatten(1).sum(1, keepdim=True).expand(-1, 3)


@pytest.mark.parametrize(
    ("steps", "sound"),
    [
        ((nn.MaxPool2d(2),), True),
        ((nn.ReLU(), nn.MaxPool2d(2)), False),
        ((nn.MaxPool2d(3, 1),), False),
        ((nn.MaxPool2d((2, 3), (1, 2), 1, ceil_mode=True),), False),
        ((nn.ReLU6(),), False),
        ((nn.Hardtanh(-0.1, 0.2),), False),
    ],
)
def test_deeplift_adds_up_where_captum_by_itself_does_not(classifier_of, pixels, steps, sound):
    """Captum loses one of two rules that meet, and what a pooling hands back where its windows overlap."""
    classifier = classifier_of(Flat(*steps))
    start = torch.rand(pixels.shape, generator=torch.Generator().manual_seed(9), dtype=pixels.dtype)
    change = (classifier.logits(pixels) - classifier.logits(start))[0, 0]
    theirs = DeepLift(classifier.network).attribute(pixels.clone().requires_grad_(), start, 0).sum()
    assert torch.isclose(theirs, change) == sound
    ours = propagation.RescaledShares("uniform_noise", start)(classifier, Question(0), pixels).sum()
    torch.testing.assert_close(ours, change)


def test_captum_itself_breaks_on_torchvision_s_resnets(lived):
    """They use one ReLU module twice; the day that captum can, the copy may go."""
    network = ruled("torchvision/resnet18", lived).network
    with pytest.raises(RuntimeError, match="more than once"):
        DeepLift(network).attribute(torch.rand(1, 3, 64, 64, requires_grad=True), torch.zeros(1, 3, 64, 64), 0)


@pytest.mark.parametrize("ceiling", [None, 0.7])
def test_deeplift_adds_up_through_reused_in_place_overlapping_and_clamped_steps(classifier_of, pixels, ceiling):
    classifier = classifier_of(seeded(Residual(ceiling)))
    change = classifier.logits(pixels)[0, 1] - classifier.logits(torch.zeros_like(pixels))[0, 1]
    torch.testing.assert_close(shares_of(classifier, pixels, target=1).values.sum(), change)


def test_relu6_takes_its_own_change_over_the_change_of_what_it_reads(classifier_of, pixels):
    class Clamped(nn.Module):
        def forward(self, seen: Tensor) -> Tensor:
            return F.relu6(20 * seen - 5).flatten(1).sum(1, keepdim=True).expand(-1, 3)

    expected = F.relu6(20 * pixels[0] - 5) - F.relu6(torch.tensor(-5.0))
    torch.testing.assert_close(shares_of(classifier_of(Clamped()), pixels).attribution, expected)


def test_what_a_non_linearity_shares_its_input_with_keeps_its_part(classifier_of, pixels):
    """A skip taken before the ReLU: captum would replace the gradient of both."""

    class Before(nn.Module):
        def forward(self, pixels: Tensor) -> Tensor:
            seen = pixels - 0.5
            return (seen.relu() * 2 + seen).flatten(1).sum(1, keepdim=True).expand(-1, 3)

    expected = 2 * (pixels[0] - 0.5).relu() + pixels[0]
    torch.testing.assert_close(shares_of(classifier_of(Before()), pixels).attribution, expected)


def test_windows_with_gaps_add_up(classifier_of, pixels):
    classifier = classifier_of(Flat(nn.MaxPool2d((2, 3), (1, 2), 1, (2, 1), ceil_mode=True)))
    change = classifier.logits(pixels)[0, 0] - classifier.logits(torch.zeros_like(pixels))[0, 0]
    torch.testing.assert_close(shares_of(classifier, pixels).values.sum(), change)


def test_overlapping_windows_each_hand_back_their_own_change(classifier_of, pixels):
    class Pooled(nn.Module):
        def forward(self, pixels: Tensor) -> Tensor:
            return F.max_pool2d(pixels, 3, 1).flatten(1).sum(1, keepdim=True).expand(-1, 3)

    windows = F.max_pool2d(pixels[0], 3, 1, return_indices=True)
    expected = torch.zeros(3, 48).double().scatter_add_(1, windows[1].flatten(1), windows[0].flatten(1))
    torch.testing.assert_close(shares_of(classifier_of(Pooled()), pixels).attribution.flatten(1), expected)


def test_functions_and_a_reused_module_give_what_modules_give(classifier_of, pixels):
    class InModules(Residual):
        def __init__(self) -> None:
            super().__init__()
            self.others, self.pool = nn.ModuleList([nn.ReLU(), nn.ReLU()]), nn.MaxPool2d(3, 2, 1, ceil_mode=True)

        def forward(self, pixels: Tensor) -> Tensor:
            seen = self.relu(self.stem(pixels))
            seen = self.others[0](self.middle(seen) + seen)
            return self.head(self.others[1](self.pool(seen).mean((2, 3))))

    for method in METHODS:
        one, other = (shares_of(classifier_of(seeded(kind())), pixels, method) for kind in (Residual, InModules))
        torch.testing.assert_close(one.attribution, other.attribution)


def test_a_probability_is_shared_out_where_some_logits_stay_as_far_behind_as_they_were():
    logits, starts = torch.tensor([[2.0, 1.0, 0.5, -3.0]]), torch.tensor([[1.0, 0.0, 1.0, -4.0]])
    question = Question(0, "probability")
    weights = logit_weights(question, logits, starts)
    torch.testing.assert_close((weights * (logits - starts)).sum(dim=1), question(logits) - question(starts))
    same = logit_weights(question, logits, logits)
    probabilities = logits.softmax(dim=1)
    torch.testing.assert_close(same, probabilities[:, :1] * (torch.eye(4)[:1] - probabilities))


def test_a_step_that_goes_back_wrongly_is_refused_with_the_figure(classifier_of, pixels, monkeypatch):
    monkeypatch.setattr(propagation, "with_rules", lambda network: network)
    with pytest.raises(Unfit, match=r"miss the score difference by \d+ % here"):
        shares_of(classifier_of(seeded(Residual(0.7))), pixels, target=1)


def test_a_picture_that_scores_like_its_baseline_is_called_degenerate(classifier_of, linear, pixels):
    heatmap = shares_of(classifier_of(linear), torch.full_like(pixels, 0.5), baseline="grey")
    assert heatmap.notes[0].startswith("Degenerate path")


def test_integrated_gradients_and_deeplift_share_the_scores_of_both_ends(classifier_of, linear, pixels):
    maps = explain(classifier_of(linear), pixels, ["integrated_gradients", "deeplift"])
    assert maps["deeplift"].passes == propagation.RescaledShares.cost


# LRP -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["lrp", "lrp_alpha_beta"])
@pytest.mark.parametrize("output", ["logit", "logit_margin"])
def test_relevance_adds_up_to_the_score_where_nothing_has_a_bias(classifier_of, pixels, method, output):
    classifier = classifier_of(seeded(Residual(), bias=False))
    target = int(classifier.logits(pixels).argmax())
    heatmap = shares_of(classifier, pixels, method, target, output)
    score = Question(target, output)(classifier.logits(pixels))[0]
    torch.testing.assert_close(heatmap.values.sum(), score, rtol=1e-4, atol=0)
    assert heatmap.notes == (
        "The relevance adds up to 100.00 % of the score. These rules preserve the sum only without biases.",
    )


def test_with_epsilon_near_zero_everywhere_relevance_is_input_times_gradient(classifier_of, pixels):
    network = seeded(Residual(), bias=False)
    everywhere = [((Mean, Sum), Norm(1e-12)), *layer_map_base(1e-12), ((ZennitLinear,), Epsilon(1e-12))]
    copy = taken_apart(network, pixels)
    relevance = handed_back(copy, LayerMapComposite(everywhere), Question(1), pixels)
    expected = explain(classifier_of(network), pixels, ["input_x_gradient"], target=1)["input_x_gradient"].attribution
    torch.testing.assert_close(relevance[0], expected, rtol=1e-6, atol=1e-9)


def by_zennit(network, composite, pictures, target):
    """What zennit makes of a network that nobody has taken apart."""
    pictures = pictures.clone().requires_grad_()
    with composite.context(network) as ruled_network:
        logits = ruled_network(pictures)
        start = F.one_hot(torch.tensor([target]), logits.shape[1]) * logits.detach()
        return torch.autograd.grad(logits, pictures, grad_outputs=start)[0][0]


def small_vgg() -> nn.Module:
    dense = (nn.AdaptiveAvgPool2d((2, 2)), nn.Flatten(), nn.Linear(64, 10), nn.ReLU(inplace=True), nn.Linear(10, 3))
    return nn.Sequential(make_layers([8, "M", 16, 16, "M"], batch_norm=True), *dense).eval()


def small_resnet() -> nn.Module:
    return ResNet(BasicBlock, [1, 1, 1, 1]).eval()


@pytest.fixture
def of_zennit_s_kinds(classifier_of, lived):
    """A network in float64 that zennit has a canonizer for, with that canonizer."""

    def make(kind: str):
        torch.manual_seed(8)
        network, canonizer = (small_resnet(), ResNetCanonizer()) if kind == "resnet" else (small_vgg(), VGGCanonizer())
        lived(network)
        for norm in network.modules():
            if isinstance(norm, nn.BatchNorm2d):
                norm.eps = 0.0  # zennit folds a norm and leaves its epsilon behind: five millionths a layer
        return classifier_of(network.double(), (48, 64)), canonizer

    return make


@pytest.fixture
def larger() -> Tensor:
    return torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(10), dtype=torch.float64)


@pytest.mark.parametrize("kind", ["resnet", "vgg"])
def test_epsilon_plus_flat_agrees_with_zennit_s_own_on_the_untouched_network(kind, larger, of_zennit_s_kinds):
    classifier, canonizer = of_zennit_s_kinds(kind)
    heatmap = shares_of(classifier, larger, "lrp", target=2)
    theirs = by_zennit(classifier.network, EpsilonPlusFlat(canonizers=[canonizer]), larger, 2)
    torch.testing.assert_close(heatmap.attribution, theirs, rtol=1e-6, atol=1e-9 * float(theirs.abs().max()))


@pytest.mark.parametrize("kind", ["resnet", "vgg"])
def test_alpha_beta_agrees_with_zennit_s_own_rules_on_the_untouched_network(kind, larger, of_zennit_s_kinds):
    classifier, canonizer = of_zennit_s_kinds(kind)
    everywhere = [*layer_map_base(), ((ZennitLinear,), AlphaBeta(1.0, 0.0))]
    composite = SpecialFirstLayerMapComposite(everywhere, [((ZennitLinear,), ZBox(0.0, 1.0))], canonizers=[canonizer])
    heatmap = shares_of(classifier, larger, "lrp_alpha_beta", target=2)
    theirs = by_zennit(classifier.network, composite, larger, 2)
    torch.testing.assert_close(heatmap.attribution, theirs, rtol=1e-6, atol=1e-9 * float(theirs.abs().max()))


@pytest.mark.parametrize("method", ["lrp", "lrp_alpha_beta"])
def test_the_first_layer_shares_evenly_or_by_the_distance_from_black_and_white(pixels, method):
    dense = nn.Linear(3 * 6 * 8, 3, bias=False).double()
    mean, std = (0.4, 0.5, 0.6), (0.2, 0.3, 0.4)
    normalised = Preprocessing(lambda _: torch.zeros(3, 6, 8), (6, 8), mean, std)
    classifier = Classifier("dense", nn.Sequential(nn.Flatten(), dense), normalised, ("a", "b", "c"))
    score = classifier.logits(pixels)[0, 1]
    weights = dense.weight[1].view(3, 6, 8).detach()
    shift, scale = (torch.tensor(values).view(3, 1, 1) for values in (mean, std))
    counts = (pixels[0] - shift) / scale * weights
    counts = counts - (-shift / scale) * weights.clamp(min=0) - (1 - shift) / scale * weights.clamp(max=0)
    counts = torch.ones_like(weights) if method == "lrp" else counts
    expected = counts / counts.sum() * score
    torch.testing.assert_close(shares_of(classifier, pixels, method, target=1).attribution, expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize("method", ["lrp", "lrp_alpha_beta"])
def test_a_probability_is_refused_since_softmax_has_no_rule(classifier_of, pixels, method):
    with pytest.raises(Unfit, match="softmax"):
        shares_of(classifier_of(seeded(Residual())), pixels, method, output="probability")


def test_a_score_below_zero_is_told(classifier_of, pixels):
    network = seeded(Residual(), bias=False)
    network.head.weight.data.abs_().neg_()
    heatmap = shares_of(classifier_of(network), pixels, "lrp")
    assert heatmap.values.sum() < 0
    assert any("below zero" in note for note in heatmap.notes)


@pytest.mark.parametrize(("scale", "told"), [(1e-12, "vanished"), (1e12, "exploded")])
def test_relevance_that_vanishes_or_explodes_is_refused_with_the_figure(
    classifier_of, pixels, monkeypatch, scale, told
):
    kept = propagation.handed_back
    monkeypatch.setattr(propagation, "handed_back", lambda *given: scale * kept(*given))
    with pytest.raises(Unfit, match=rf"Relevance {told} .* \de[+-]\d\d times the score"):
        shares_of(classifier_of(seeded(Residual())), pixels, "lrp")


# Where they apply ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "layer"),
    [
        ("torchvision/vit_b_32", "LayerNorm", "encoder.layers.encoder_layer_0.ln_1"),
        ("torchvision/swin_t", "LayerNorm", "features.0.2"),
        ("torchvision/convnext_tiny", "LayerNorm", "features.0.1"),
        ("torchvision/mobilenet_v3_small", "Hardswish", "features.0.2"),
        ("timm/vit_tiny_patch16_224", "LayerNorm", "blocks.0.norm1"),
        ("torchvision/efficientnet_b0", "SiLU", "features.0.2"),
        ("torchvision/regnet_y_400mf", "Sigmoid", "trunk_output.block1.block1-0.f.se.scale_activation"),
    ],
)
def test_networks_with_other_layers_are_refused_by_the_name_of_the_first(name, kind, layer):
    reasons = {method: first_reason(find_method(method), untrained(name)) for method in METHODS}
    assert reasons["lrp"] == reasons["lrp_alpha_beta"] == f"LRP has no rule for {kind} ({layer})."
    if kind != "Sigmoid":
        assert reasons["deeplift"] == f"DeepLIFT has no rule for {kind} ({layer})."
    else:
        assert reasons["deeplift"].startswith("DeepLIFT has no rule for a product of two activations (trunk_output.")


class Doing(nn.Module):
    def __init__(self, what) -> None:
        super().__init__()
        self.what, self.layer = what, nn.Conv2d(3, 3, 1)

    def forward(self, pixels: Tensor) -> Tensor:
        return self.what(self.layer(pixels)).mean((2, 3))


@pytest.mark.parametrize(
    ("what", "deeplift", "lrp"),
    [
        (lambda x: x * x, "a product of two activations", "a product of two activations"),
        (lambda x: x * x.mean((2, 3), keepdim=True).sigmoid(), "a product of two activations", "Sigmoid"),
        (lambda x: x @ x.transpose(2, 3), "a product of two activations", "a product of two activations"),
        (lambda x: 1 / x, "a division by an activation", "a division by an activation"),
        (lambda x: F.gelu(x), "GELU", "GELU"),
        (lambda x: F.silu(x), "SiLU", "SiLU"),
        (lambda x: x.softmax(1), "softmax", "softmax"),
        (lambda x: F.layer_norm(x, (8,)), "LayerNorm", "LayerNorm"),
        (lambda x: F.scaled_dot_product_attention(x, x, x), "attention", "attention"),
        (lambda x: x**2, "pow", "pow"),
        (lambda x: x.abs(), "abs", "abs"),
        (lambda x: F.batch_norm(x, None, None, training=True), "batch_norm", "batch_norm"),
        (lambda x: F.dropout(x), "dropout", "dropout"),
        (nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3)), None, "BatchNorm2d"),
        (nn.BatchNorm2d(3, track_running_stats=False), "BatchNorm2d", "BatchNorm2d"),
        (nn.Hardtanh(-1, 1), None, "Hardtanh"),
        (nn.Tanh(), None, "Tanh"),
        (lambda x: F.adaptive_max_pool2d(x, 1), "AdaptiveMaxPool2d", None),
        (lambda x: x * 2 + 1, None, "a product with a number"),
        (lambda x: torch.cat([x.relu(), F.relu6(x)], 1)[:, :3], None, None),
        (lambda x: x.chunk(3, 1)[0].reshape(-1, 1, 8, 6).expand(-1, 3, -1, -1), None, None),
    ],
)
def test_functions_without_a_rule_are_named_whatever_module_calls_them(classifier_of, what, deeplift, lrp):
    reasons = capability(classifier_of(Doing(what).eval()))
    for reason, rules, kind in ((reasons["deeplift"], "DeepLIFT", deeplift), (reasons["lrp"], "LRP", lrp)):
        assert reason is None if kind is None else reason.startswith(f"{rules} has no rule for {kind}")


def test_a_network_whose_steps_cannot_be_told_is_refused_with_what_stands_in_the_way(classifier_of):
    class Looks(nn.Module):
        def forward(self, pixels: Tensor) -> Tensor:
            return pixels.mean((2, 3)) if pixels.sum() > 0 else -pixels.mean((2, 3))

    reason = capability(classifier_of(Looks()))["deeplift"]
    assert reason.startswith("DeepLIFT needs to trace a network step by step, and its steps cannot be traced")


def test_a_plain_function_is_refused_for_its_lack_of_gradients():
    answers = as_classifier(lambda x: x.mean((2, 3)), (6, 8), ("a", "b", "c"))
    assert {"gradients" in capability(answers)[name] for name in METHODS} == {True}


def test_a_copy_that_answers_otherwise_is_refused(classifier_of, pixels):
    class Wavers(nn.Module):
        calls = 0

        def forward(self, pixels: Tensor) -> Tensor:
            Wavers.calls += 1
            return (pixels * Wavers.calls).mean((2, 3))

    with pytest.raises(Unfit, match="the copy's answers differ"):
        shares_of(classifier_of(Wavers()), pixels)


def test_networks_are_looked_through_once_and_not_kept_alive(classifier_of, monkeypatch):
    classifier = classifier_of(Residual().eval())
    first = capability(classifier)
    monkeypatch.setattr(step_rules, "taken_apart", lambda *_: pytest.fail("looked through again"))
    assert capability(classifier) == first
    kept = weakref.ref(classifier)
    del classifier
    gc.collect()
    assert kept() is None


@pytest.mark.parametrize("name", RULED)
def test_the_network_and_its_libraries_stay_as_they_were_and_a_second_call_gives_the_same(
    name, chelsea, lived, fingerprint
):
    classifier, picture = ruled(name, lived, 96), F.adaptive_avg_pool2d(chelsea, 96)
    before = fingerprint(classifier)
    tables = dict(captum_rules.SUPPORTED_NON_LINEAR), dict(COMPOSITES)
    first, second = (explain(classifier, picture, METHODS) for _ in range(2))
    assert fingerprint(classifier) == before
    assert tables == (captum_rules.SUPPORTED_NON_LINEAR, COMPOSITES)
    for method in METHODS:
        assert first[method].attribution.dtype == torch.float32
        assert torch.equal(first[method].attribution, second[method].attribution)


@pytest.mark.parametrize("method", METHODS)
def test_the_pictures_told_are_those_that_went_forward(classifier_of, pixels, method, monkeypatch):
    network = nn.Sequential(
        nn.Conv2d(3, 3, 3), nn.ReLU(), nn.Conv2d(3, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(45, 3)
    )
    for parameter in seeded(network).parameters():
        parameter.data.abs_()
    classifier = classifier_of(network)
    assert capability(classifier)[method] is None
    seen: Counter[int] = Counter()
    convolve = nn.Conv2d._conv_forward

    def counted(layer: nn.Conv2d, values: Tensor, *weights: Tensor) -> Tensor:
        seen[layer.kernel_size[0]] += len(values)
        return convolve(layer, values, *weights)

    monkeypatch.setattr(nn.Conv2d, "_conv_forward", counted)
    told = shares_of(classifier, pixels, method).passes.forward
    assert seen[2] == told
