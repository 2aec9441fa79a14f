"""Activation maps read the right layer, keep what speaks for the class, and say when nothing does."""

import copy

import pytest
import timm
import torch
from captum.attr import LayerGradCam
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, GuidedBackpropReLUModel, HiResCAM, LayerCAM, ScoreCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn
from torch.nn import functional as F
from untrained import untrained

from core.methods.explaining import explain, stream_heatmaps
from core.methods.heatmap import HeatmapReady, MethodRefused, Passes
from core.methods.readings import FeatureGradients, Question
from core.methods.registry import Unfit, capability
from core.models.classifier import Classifier

PEERS = {
    "grad_cam": GradCAM,
    "grad_cam_plus_plus": GradCAMPlusPlus,
    "hires_cam": HiResCAM,
    "layer_cam": LayerCAM,
    "score_cam": ScoreCAM,
}
FAMILY = [*PEERS, "guided_grad_cam"]
BY_GRADIENT = ["grad_cam", "grad_cam_plus_plus", "hires_cam", "layer_cam"]


class AsModule(nn.Module):
    """A classifier as other libraries want it."""

    def __init__(self, classifier: Classifier) -> None:
        super().__init__()
        self.network, self._classifier = classifier.network, classifier

    def forward(self, pixels: Tensor) -> Tensor:
        return self._classifier(pixels)


class CentredUpsampling(nn.UpsamplingBilinear2d):
    """Scales as the paper's own code does; pytorch-grad-cam's Score-CAM aligns the corners instead."""

    def forward(self, values: Tensor) -> Tensor:
        return F.interpolate(values, self.size, mode="bilinear", align_corners=False)


def peer_map(name: str, classifier: Classifier, pixels: Tensor, layer: nn.Module, target: int, planes=None) -> Tensor:
    """What pytorch-grad-cam has before it stretches a map to 0 … 1, which shifts maps that are positive everywhere."""
    with PEERS[name](AsModule(classifier), [layer], planes) as cam:
        targets = [ClassifierOutputTarget(target)]
        given = pixels.clone().requires_grad_()
        cam(given, targets)
        kept = cam.activations_and_grads
        activations, gradients = (
            values[0].numpy() if values else None for values in (kept.activations, kept.gradients)
        )
        with torch.no_grad():
            coarse = torch.as_tensor(cam.get_cam_image(given, layer, targets, activations, gradients, False)).relu()
    return F.interpolate(coarse[None] / coarse.max(), pixels.shape[2:], mode="bilinear", align_corners=False)[0, 0]


class Bumpy(nn.Module):
    """A small network whose gradients differ from place to place at its last plane, and are not small."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale
        with torch.random.fork_rng():
            torch.manual_seed(5)
            self.early, self.late = nn.Conv2d(3, 6, 3, 2, 1), nn.Conv2d(6, 4, 3, 1, 1)
            self.hidden, self.head = nn.Linear(48, 9), nn.Linear(9, 3)
        nn.init.constant_(self.late.bias, 0.1)

    def forward(self, pixels: Tensor) -> Tensor:
        pixels = pixels.to(self.early.weight.dtype)
        plane = F.relu(self.late(F.relu(self.early(pixels), inplace=True)))
        return self.scale * self.head(F.relu(self.hidden(plane.flatten(1))))


@pytest.fixture
def bumpy(classifier_of) -> Classifier:
    return classifier_of(Bumpy(9.0).double())


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("target", [0, 1, 2])
def test_maps_of_a_convolutional_network_agree_with_pytorch_grad_cam_s(
    classifier_of, pixels, name, target, monkeypatch
):
    """In Grad-CAM++ they add 1e-6 to squared gradients, so theirs is right only where gradients are large."""
    monkeypatch.setattr(nn, "UpsamplingBilinear2d", CentredUpsampling)
    bumpy = classifier_of(Bumpy(1e4 if name == "grad_cam_plus_plus" else 9.0).double())
    heatmap = explain(bumpy, pixels, [name], target, settings={name: {"layer": "late"}})[name]
    theirs = peer_map(name, bumpy, pixels, bumpy.network.late, target)
    torch.testing.assert_close(heatmap.values, theirs.to(heatmap.values), rtol=1e-4, atol=1e-5)
    assert heatmap.values.max() > 0.5


@pytest.mark.parametrize("name", PEERS)
def test_maps_of_a_transformer_agree_with_pytorch_grad_cam_s(classifier_of, name, monkeypatch):
    monkeypatch.setattr(nn, "UpsamplingBilinear2d", CentredUpsampling)
    network = vit()
    network.head.weight.data *= 1e6 if name == "grad_cam_plus_plus" else 10  # see above
    classifier, picture = classifier_of(Precise(network), (24, 32), 5), photo(24, 32).double()
    heatmap = explain(classifier, picture, [name], 2)[name]
    assert heatmap.notes[0] == "Layer network.blocks.2.norm1: a 3 × 4 map, enlarged."
    theirs = peer_map(
        name, classifier, picture, network.blocks[2].norm1, 2,
        planes=lambda tokens: tokens[:, 1:].reshape(len(tokens), 3, 4, -1).permute(0, 3, 1, 2),
    )  # fmt: skip
    torch.testing.assert_close(heatmap.values, theirs.to(heatmap.values), rtol=1e-4, atol=1e-5)
    assert heatmap.values.max() > 0.5


class Precise(nn.Module):
    """A network that reckons in float64."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network.double()

    def forward(self, pixels: Tensor) -> Tensor:
        return self.network(pixels.double())


@pytest.mark.parametrize("name", ["grad_cam", "hires_cam", "layer_cam"])
def test_maps_of_a_photo_agree_with_pytorch_grad_cam_s(squeezenet, chelsea_for_squeezenet, name):
    layer = squeezenet.anatomy.last_feature_map(1000).layer
    heatmap = explain(squeezenet, chelsea_for_squeezenet, [name])[name]
    theirs = peer_map(name, squeezenet, chelsea_for_squeezenet, squeezenet.network.get_submodule(layer), heatmap.target)
    torch.testing.assert_close(heatmap.values, theirs, rtol=1e-4, atol=1e-4)


def test_grad_cam_agrees_with_captum_s_after_relu_and_division_by_its_maximum(lite0, chelsea):
    heatmap = explain(lite0, chelsea, ["grad_cam"])["grad_cam"]
    theirs = LayerGradCam(lite0, lite0.network.bn2).attribute(
        chelsea.clone().requires_grad_(), target=heatmap.target, relu_attributions=True
    )
    wide = F.interpolate((theirs / theirs.max()).detach(), heatmap.values.shape, mode="bilinear", align_corners=False)
    torch.testing.assert_close(heatmap.values, wide[0, 0], rtol=1e-4, atol=1e-4)


def test_guided_grad_cam_is_guided_backprop_times_grad_cam_by_pytorch_grad_cam_s_first_call(
    squeezenet, chelsea_for_squeezenet
):
    """Its first call, since its later ones add to the gradient that the first one left behind."""
    heatmap = explain(squeezenet, chelsea_for_squeezenet, ["guided_grad_cam"])["guided_grad_cam"]
    layer = squeezenet.network.get_submodule(squeezenet.anatomy.last_feature_map(1000).layer)
    region = peer_map("grad_cam", squeezenet, chelsea_for_squeezenet, layer, heatmap.target)
    guided = GuidedBackpropReLUModel(copy.deepcopy(squeezenet.network))
    prepared = squeezenet.normalise(chelsea_for_squeezenet)
    once = torch.as_tensor(guided(prepared, heatmap.target).copy())
    lines = once.permute(2, 0, 1) * squeezenet._scale[0]
    top = float(heatmap.attribution.abs().max())
    torch.testing.assert_close(heatmap.attribution, lines * region, rtol=1e-4, atol=1e-4 * top)
    torch.testing.assert_close(torch.as_tensor(guided(prepared, heatmap.target)), 2 * once)


class Weighed(nn.Module):
    """A plane and a weight for every place of it: every map is known in closed form."""

    def __init__(self, rectify: bool = True) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(3)
        self.kernel = nn.Parameter(torch.randn(4, 3, 2, 2, generator=draw, dtype=torch.float64))
        self.weight = nn.Parameter(torch.randn(3, 4, 3, 4, generator=draw, dtype=torch.float64))
        self.layer, self.rectify = nn.Identity(), rectify

    def plane(self, pixels: Tensor) -> Tensor:
        plane = F.conv2d(pixels.double(), self.kernel, stride=2)
        return plane.relu() if self.rectify else plane + 2

    def forward(self, pixels: Tensor) -> Tensor:
        return torch.einsum("nchw,kchw->nk", self.layer(self.plane(pixels)), self.weight)


def scaled_up(coarse: Tensor) -> Tensor:
    coarse = coarse.clamp(min=0)
    return F.interpolate((coarse / coarse.max())[None, None], (6, 8), mode="bilinear", align_corners=False)[0, 0]


def exponential_shares(weighed: Weighed, plane: Tensor, target: int) -> Tensor:
    """Grad-CAM++'s shares by its definition: derivatives of exp(score), taken one place at a time."""
    shares = torch.zeros_like(plane)
    for place in torch.cartesian_prod(*map(torch.arange, plane.shape)).tolist():
        value = plane[tuple(place)].clone().requires_grad_()
        filled = plane.index_put(tuple(map(torch.tensor, place)), value)
        derivative = torch.exp((filled * weighed.weight[target]).sum() / 10)
        powers = []
        for _ in range(3):
            (derivative,) = torch.autograd.grad(derivative, value, create_graph=True)
            powers.append(derivative.detach())
        shares[tuple(place)] = powers[1] / (2 * powers[1] + plane[place[0]].sum() * powers[2])
    return shares


@pytest.mark.parametrize("target", [0, 1, 2])
def test_every_map_is_its_closed_form_where_the_score_weighs_each_place(classifier_of, pixels, target):
    weighed = Weighed()
    weighed.weight.data /= 10
    maps = explain(classifier_of(weighed), pixels, [*PEERS], target)
    weighed.weight.data *= 10
    plane, weight = weighed.plane(pixels)[0].detach(), weighed.weight[target].detach()
    shares = exponential_shares(weighed, plane, target)
    weights = {
        "grad_cam": weight.mean(dim=(1, 2), keepdim=True),
        "grad_cam_plus_plus": (shares * weight.clamp(min=0)).sum(dim=(1, 2), keepdim=True),
        "hires_cam": weight,
        "layer_cam": weight.clamp(min=0),
    }
    for name, by_channel in weights.items():
        torch.testing.assert_close(maps[name].values, scaled_up((by_channel * plane).sum(dim=0)), msg=name)


def test_score_cam_is_a_softmax_over_the_scores_under_each_channel(classifier_of, pixels):
    weighed = Weighed(rectify=False)
    heatmap = explain(classifier_of(weighed), pixels, ["score_cam"], 1)["score_cam"]
    plane = weighed.plane(pixels)[0].detach()
    scores = []
    for channel in plane:
        wide = F.interpolate(channel[None, None], (6, 8), mode="bilinear", align_corners=False)
        mask = (wide - wide.min()) / (wide.max() - wide.min())
        scores.append(weighed(pixels * mask)[0, 1].detach())
    shares = torch.exp(torch.stack(scores)) / torch.exp(torch.stack(scores)).sum()
    torch.testing.assert_close(heatmap.values, scaled_up((shares[:, None, None] * plane).sum(dim=0)))


class Listened(Weighed):
    """Keeps what it was fed; its first channel is is constant here."""

    def __init__(self) -> None:
        super().__init__(rectify=False)
        self.fed: list[Tensor] = []

    def plane(self, pixels: Tensor) -> Tensor:
        means = torch.tensor([9.0, 1.0, 3.0, 2.0], dtype=torch.float64).view(4, 1, 1)
        varying = super().plane(pixels) * torch.tensor([0.0, 1.0, 1.0, 1.0]).view(4, 1, 1)
        return varying - varying.mean(dim=(2, 3), keepdim=True) + means

    def forward(self, pixels: Tensor) -> Tensor:
        self.fed += list(pixels.detach().clone())
        return super().forward(pixels)


def test_score_cam_hides_in_black_tries_strong_channels_first_and_leaves_constant_ones_out(classifier_of, pixels):
    network = Listened()
    classifier = classifier_of(network, batch=1)
    classifier.anatomy  # noqa: B018 (its blank picture is fed now)
    network.fed.clear()
    heatmap = explain(classifier, pixels, ["score_cam"], 0)["score_cam"]
    assert torch.equal(network.fed[0], pixels[0])
    plane = network.plane(pixels)[0].detach()
    for fed, channel in zip(network.fed[1:], (2, 3, 1), strict=True):
        wide = F.interpolate(plane[None, channel : channel + 1], (6, 8), mode="bilinear", align_corners=False)[0]
        torch.testing.assert_close(fed, pixels[0] * (wide - wide.min()) / (wide.max() - wide.min()))
    assert heatmap.passes == Passes(forward=4, backward=1)


def test_score_cam_weighs_the_channels_tried_so_far(classifier_of, pixels):
    weighed = Weighed(rectify=False)
    weighed.weight.data *= 0  # every channel scores alike
    events = stream_heatmaps(classifier_of(weighed, batch=1), pixels, ["score_cam"], 1)
    maps = [event for event in events if isinstance(event, HeatmapReady)]
    plane = weighed.plane(pixels)[0].detach()
    ordered = plane[plane.mean(dim=(1, 2)).argsort(descending=True)]
    assert [shown.final for shown in maps] == [False] * (len(maps) - 1) + [True]
    for shown, tried in ((maps[0], 1), (maps[1], 2), (maps[-1], 4)):
        torch.testing.assert_close(shown.heatmap.values, scaled_up(ordered[:tried].mean(dim=0)))


def test_score_cam_without_a_channel_that_varies_is_refused(classifier_of, pixels):
    black = torch.zeros_like(pixels)
    with pytest.raises(Unfit, match="is constant here"):
        explain(classifier_of(Pooled().double()), black, ["score_cam"], 0)


class Pooled(nn.Module):
    """Global average pooling and one linear layer."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.layer, self.head, self.mix = nn.Conv2d(3, 7, 3, padding=1), nn.Linear(7, 3), nn.Linear(7, 7)

    def forward(self, pixels: Tensor) -> Tensor:
        return self.head(F.relu(self.layer(pixels)).mean(dim=(2, 3)))


def test_grad_cam_is_hires_cam_on_a_network_that_ends_in_pooling_and_one_linear_layer(lite0, chelsea):
    maps = explain(lite0, chelsea, ["grad_cam", "hires_cam"])
    torch.testing.assert_close(maps["grad_cam"].values, maps["hires_cam"].values, rtol=1e-4, atol=1e-5)


def test_grad_cam_is_not_hires_cam_elsewhere(bumpy, pixels):
    maps = explain(bumpy, pixels, ["grad_cam", "hires_cam"], target=0)
    assert not torch.allclose(maps["grad_cam"].values, maps["hires_cam"].values, atol=0.05)


def test_no_map_of_the_family_is_silently_another(bumpy, pixels):
    maps = explain(bumpy, pixels, FAMILY, target=1)
    values = [maps[name].values / maps[name].values.max() for name in FAMILY]
    for place, one in enumerate(values):
        assert not any(torch.allclose(one, other, atol=0.01) for other in values[:place]), FAMILY[place]


def test_all_maps_by_gradient_cost_one_pass_together(bumpy, pixels):
    maps = explain(bumpy, pixels, BY_GRADIENT, target=0)
    assert sum((heatmap.passes for heatmap in maps.values()), Passes()) == Passes(forward=1, backward=1)
    whole = explain(bumpy, pixels, [*FAMILY, "guided_backprop"], target=0)
    # One pass for the family, a guided one, and one mask for each of four channels.
    assert sum((heatmap.passes for heatmap in whole.values()), Passes()) == Passes(forward=2 + 4, backward=2)


def test_the_layer_is_the_last_that_keeps_the_plane_and_has_no_scores_yet(lite0, squeezenet):
    assert lite0.anatomy.last_feature_map(1000).layer == "bn2"
    assert squeezenet.anatomy.last_feature_map(1000).channels == 512


@pytest.mark.parametrize("name", FAMILY)
def test_the_layer_s_size_is_told_and_another_can_be_named(bumpy, pixels, name):
    maps = {
        layer: explain(bumpy, pixels, [name], 1, settings={name: {"layer": layer}})[name] for layer in ("early", "late")
    }
    assert all(f"Layer {layer}: a 3 × 4 map, enlarged." in heatmap.notes for layer, heatmap in maps.items())
    assert not torch.allclose(maps["early"].values, maps["late"].values)
    assert torch.equal(explain(bumpy, pixels, [name], 1)[name].values, maps["late"].values)


def test_a_layer_that_does_not_exist_is_refused_with_those_that_do(lite0, chelsea):
    with pytest.raises(Unfit, match=r"'layer4' is not a layer .* bn2"):
        explain(lite0, chelsea, ["grad_cam"], settings={"grad_cam": {"layer": "layer4"}})


class Negative(nn.Module):
    """All that the layer sees speaks against class 0."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Identity()

    def forward(self, pixels: Tensor) -> Tensor:
        pooled = self.layer(pixels).mean(dim=(2, 3))
        return torch.cat([-pooled.sum(dim=1, keepdim=True), pooled], dim=1)


@pytest.mark.parametrize("name", BY_GRADIENT)
def test_a_map_without_anything_for_the_class_says_that_it_is_blank(classifier_of, pixels, name):
    heatmap = explain(classifier_of(Negative(), classes=4), pixels, [name], target=0)[name]
    assert heatmap.values.abs().max() == 0
    assert any(note.startswith("Blank") for note in heatmap.notes)


def test_a_layer_without_a_gradient_at_this_picture_is_told_beside_the_blank_map(classifier_of, pixels):
    network = Pooled()
    network.head.weight.data.zero_()
    heatmap = explain(classifier_of(network), pixels.float(), ["grad_cam"], target=0)["grad_cam"]
    assert any(note.startswith("The gradient is zero all over this layer") for note in heatmap.notes)


def test_negative_activations_are_told_where_the_formula_supposes_none(classifier_of, pixels):
    for rectify, told in ((True, False), (False, True)):
        heatmap = explain(classifier_of(Weighed(rectify)), pixels, ["grad_cam_plus_plus"], 0)["grad_cam_plus_plus"]
        assert any("negative" in note for note in heatmap.notes) == told


def test_in_place_work_after_the_layer_does_not_change_what_was_captured(classifier_of, pixels):
    class InPlace(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.relu = nn.Identity(), nn.ReLU(inplace=True)

        def forward(self, pixels: Tensor) -> Tensor:
            return self.relu(self.layer(pixels - 0.5)).mean(dim=(2, 3)) @ pixels.new_ones(3, 4)

    heatmap = explain(
        classifier_of(InPlace(), classes=4), pixels, ["grad_cam"], target=1, settings={"grad_cam": {"layer": "layer"}}
    )["grad_cam"]
    shifted = pixels[0] - 0.5
    weighted = ((shifted > 0).double().mean(dim=(1, 2), keepdim=True) * shifted).sum(dim=0)
    torch.testing.assert_close(heatmap.values, weighted.relu() / weighted.max())


@pytest.mark.parametrize("name", FAMILY)
def test_a_network_without_a_plane_is_refused_in_words(classifier_of, linear, pixels, name):
    (event,) = stream_heatmaps(classifier_of(linear), pixels, [name])
    assert isinstance(event, MethodRefused)
    assert "spatial feature map" in event.reason or "ReLU" in event.reason


@pytest.mark.parametrize("name", FAMILY)
def test_a_network_without_gradients_is_refused_in_words(classifier_of, name):
    class Detached(Pooled):
        def forward(self, pixels: Tensor) -> Tensor:
            return super().forward(pixels).detach()

    reason = capability(classifier_of(Detached()))[name]
    assert reason is not None
    assert "gradients" in reason


def vit(**arguments: object) -> nn.Module:
    """A transformer of three blocks for pictures of 24 x 32 in patches of 8, with random weights."""
    settings = {"img_size": (24, 32), "patch_size": 8, "depth": 3, "num_classes": 5, **arguments}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return timm.create_model("vit_tiny_patch16_224", **settings)


def photo(height: int, width: int) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(2))


def test_the_gradient_at_a_transformer_s_layer_is_not_zero_but_after_its_last_attention_it_is(classifier_of):
    classifier, picture = classifier_of(vit(), (24, 32), 5), photo(24, 32)
    layer = classifier.anatomy.last_feature_map(5).layer
    slopes = FeatureGradients(layer)(classifier, Question(1), picture)[0, 1]
    assert layer == "blocks.2.norm1"
    assert (slopes != 0).any(dim=0).all()
    kept: list[Tensor] = []
    classifier.network.blocks[2].norm2.register_forward_hook(lambda *given: kept.append(given[2]))
    (after,) = torch.autograd.grad(classifier(picture.requires_grad_())[0, 1], kept)
    assert (after[0, 1:] == 0).all()


@pytest.mark.parametrize("name", ["grad_cam", "hires_cam"])
def test_channels_behind_the_plane_are_weighed_like_channels_before_it(classifier_of, pixels, name):
    class Behind(Pooled):
        def __init__(self) -> None:
            super().__init__()
            self.moved = nn.Identity()

        def forward(self, pixels: Tensor) -> Tensor:
            plane = self.layer(pixels.to(self.mix.weight.dtype)).tanh()
            moved = self.moved(plane.permute(0, 2, 3, 1))
            return self.head(self.mix(moved).relu().mean(dim=(1, 2)))

    classifier = classifier_of(Behind().double())
    layer = {"layer": "moved"}
    found = explain(classifier, pixels, [name], 0, settings={name: layer})[name]
    theirs = peer_map(
        name, classifier, pixels, classifier.network.moved, 0, planes=lambda output: output.permute(0, 3, 1, 2)
    )
    torch.testing.assert_close(found.values, theirs.to(found.values), rtol=1e-4, atol=1e-5)


def test_second_calls_give_the_same_maps_and_the_network_stays_as_it_was(classifier_of, bumpy, pixels, fingerprint):
    transformer, picture = classifier_of(vit(), (24, 32), 5), photo(24, 32)
    for classifier, given, names in ((bumpy, pixels, FAMILY), (transformer, picture, [*PEERS])):
        before = fingerprint(classifier)
        first, second = (explain(classifier, given, names, 1) for _ in range(2))
        assert fingerprint(classifier) == before
        assert all(torch.equal(first[name].values, second[name].values) for name in names)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["torchvision/vit_b_32", "torchvision/swin_t", "torchvision/convnext_tiny"])
def test_the_gradient_at_a_big_network_s_layer_is_not_zero_anywhere(name):
    classifier = untrained(name)
    layer = classifier.anatomy.last_feature_map(1000).layer
    slopes = FeatureGradients(layer)(classifier, Question(3), photo(224, 224))[0, 1]
    assert (slopes != 0).any(dim=0).all()


@pytest.mark.parametrize(("scale", "tells"), [(1e-6, True), (10.0, False)])
def test_grad_cam_plus_plus_says_where_it_is_layer_cam(classifier_of, pixels, scale, tells):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    draw = torch.Generator().manual_seed(5)
    for parameter in network.parameters():
        parameter.data = torch.rand(parameter.shape, generator=draw) + 0.1
    network[4].weight.data *= scale
    settings = {name: {"layer": "1"} for name in ("grad_cam_plus_plus", "layer_cam", "hires_cam")}
    maps = explain(classifier_of(network), pixels.float(), [*settings], target=0, settings=settings)
    assert any("Identical to LayerCAM" in note for note in maps["grad_cam_plus_plus"].notes) is tells
    assert any("Identical to Grad-CAM" in note for note in maps["hires_cam"].notes)
    together = torch.allclose(maps["grad_cam_plus_plus"].values, maps["layer_cam"].values, rtol=1e-3, atol=1e-4)
    assert together is tells


class TwoViews(nn.Module):
    """Sees the picture and its mirror image through one body, as test-time flips and siamese networks do."""

    def __init__(self, views: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1), nn.ReLU())
        self.head = nn.Linear(4, 3)
        self._views = views

    def forward(self, pixels: Tensor) -> Tensor:
        seen = [pixels if view % 2 else pixels.flip(3) for view in range(self._views)]
        return torch.stack([self.head(self.body(each).mean((2, 3))) for each in seen]).sum(dim=0)


@pytest.mark.parametrize("views", [1, 2, 3])
def test_a_layer_that_a_pass_runs_several_times_is_said_to_show_its_last_run(classifier_of, views):
    small = classifier_of(TwoViews(views), size=(16, 16))
    notes = " ".join(explain(small, torch.rand(1, 3, 16, 16), ["grad_cam"])["grad_cam"].notes)
    assert (f"runs this layer {views} times" in notes) == (views > 1)
    assert ("last run alone" in notes) == (views > 1)
