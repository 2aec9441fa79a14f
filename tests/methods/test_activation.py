"""Grad-CAM reads the right layer, keeps what speaks for the class, and says when nothing does."""

import pytest
import torch
from captum.attr import LayerGradCam
from torch import Tensor, nn
from torch.nn import functional as F

import core
from core.methods.explaining import explain, stream_heatmaps
from core.methods.heatmap import MethodRefused
from core.methods.registry import Unfit, capability


def test_grad_cam_agrees_with_captum_s_after_relu_and_division_by_its_maximum(lite0, chelsea):
    heatmap = explain(lite0, chelsea, ["grad_cam"])["grad_cam"]
    theirs = LayerGradCam(lite0, lite0.network.bn2).attribute(
        chelsea.clone().requires_grad_(), target=heatmap.target, relu_attributions=True
    )
    wide = F.interpolate((theirs / theirs.max()).detach(), heatmap.values.shape, mode="bilinear", align_corners=False)
    torch.testing.assert_close(heatmap.values, wide[0, 0], rtol=1e-4, atol=1e-4)


def test_the_layer_is_the_last_that_keeps_the_plane_and_has_no_scores_yet(lite0, squeezenet):
    assert lite0.anatomy.last_feature_map(1000).layer == "bn2"
    assert squeezenet.anatomy.last_feature_map(1000).channels == 512


def test_the_layer_s_size_is_told_and_another_can_be_named(lite0, chelsea):
    heatmap = explain(lite0, chelsea, ["grad_cam"], settings={"grad_cam": {"layer": "blocks.4"}})["grad_cam"]
    assert heatmap.notes == ("Layer blocks.4: a map of 14 × 14, scaled up.",)


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


def test_a_map_without_anything_for_the_class_says_that_it_is_blank(classifier_of, pixels):
    heatmap = explain(classifier_of(Negative(), classes=4), pixels, ["grad_cam"], target=0)["grad_cam"]
    assert heatmap.values.abs().max() == 0
    assert any(note.startswith("Blank") for note in heatmap.notes)


def test_in_place_work_after_the_layer_does_not_change_what_was_captured(classifier_of, pixels):
    class InPlace(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.relu = nn.Identity(), nn.ReLU(inplace=True)

        def forward(self, pixels: Tensor) -> Tensor:
            shifted = self.relu(self.layer(pixels - 0.5))
            return torch.cat([shifted, shifted[:, :1]], dim=1).mean(dim=(2, 3))

    heatmap = explain(
        classifier_of(InPlace(), classes=4), pixels, ["grad_cam"], target=1, settings={"grad_cam": {"layer": "layer"}}
    )["grad_cam"]
    shifted = pixels[0, 1] - 0.5
    weight = (shifted > 0).double().mean()
    torch.testing.assert_close(heatmap.values, ((weight * shifted).relu() / (weight * shifted).max()))


def test_a_network_without_a_plane_is_refused_in_words(classifier_of, linear, pixels):
    (event,) = stream_heatmaps(classifier_of(linear), pixels, ["grad_cam"])
    assert isinstance(event, MethodRefused)
    assert "plane" in event.reason


@pytest.mark.parametrize(
    "name", ["timm/vit_tiny_patch16_224", "timm/swin_tiny_patch4_window7_224", "torchvision/vit_b_16"]
)
def test_transformers_without_a_late_plane_are_refused(name):
    classifier = core.load_classifier(name, device="cpu", pretrained=False)
    assert "plane" in (capability(classifier)["grad_cam"] or "")


@pytest.mark.parametrize(
    ("name", "channels"), [("torchvision/resnet18", 512), ("timm/resnet18", 512), ("torchvision/swin_t", 768)]
)
def test_the_last_plane_of_known_networks_is_found(name, channels):
    classifier = core.load_classifier(name, device="cpu", pretrained=False)
    found = classifier.anatomy.last_feature_map(1000)
    assert (found.channels, found.height, found.width) == (channels, 7, 7)


class AsManyChannelsAsClasses(nn.Module):
    """Its last plane has three channels, and a linear layer reads them."""

    def __init__(self) -> None:
        super().__init__()
        self.early, self.late, self.head = nn.Conv2d(3, 5, 3, padding=1), nn.Conv2d(5, 3, 3, padding=1), nn.Linear(3, 3)

    def forward(self, pixels: Tensor) -> Tensor:
        return self.head(self.late(self.early(pixels)).mean(dim=(2, 3)))


def test_a_plane_with_as_many_channels_as_classes_counts_unless_it_is_the_scores(classifier_of):
    whole = AsManyChannelsAsClasses()
    assert classifier_of(whole).anatomy.last_feature_map(3).layer == "late"
    whole.head = nn.Identity()
    assert classifier_of(whole).anatomy.last_feature_map(3).layer == "early"
