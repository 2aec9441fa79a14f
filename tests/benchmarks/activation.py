"""The CAM family in one run against pytorch-grad-cam, one call after the other."""

from collections.abc import Callable

import pytorch_grad_cam as peer
from curves import AsModule
from interleaved import seconds_of
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor

import core

ROUNDS = 3
BY_GRADIENTS = {
    "grad_cam": peer.GradCAM,
    "grad_cam_plus_plus": peer.GradCAMPlusPlus,
    "hires_cam": peer.HiResCAM,
    "layer_cam": peer.LayerCAM,
}


def cam_call(classifier: core.Classifier, pixels: Tensor, target: int, cam: type) -> Callable[[], object]:
    """One of theirs on the layer that we take."""
    module = AsModule(classifier).eval()
    layer = module.network.get_submodule(classifier.anatomy.last_feature_map(len(classifier.labels)).layer)
    explainer = cam(model=module, target_layers=[layer])
    inputs = pixels.clone().requires_grad_()
    return lambda: explainer(input_tensor=inputs, targets=[ClassifierOutputTarget(target)])


def against_grad_cam(classifier: core.Classifier, pixels: Tensor, target: int) -> dict[str, tuple[float, str]]:
    """Our seconds as a share of theirs: four maps by gradients, and Score-CAM."""
    by_gradients = [cam_call(classifier, pixels, target, cam) for cam in BY_GRADIENTS.values()]
    score_cam = cam_call(classifier, pixels, target, peer.ScoreCAM)
    pairs = {
        "four by gradients": (BY_GRADIENTS, lambda: [call() for call in by_gradients], ROUNDS),
        "Score-CAM": (["score_cam"], score_cam, 1),
    }
    shares = {}
    for name, (methods, theirs, rounds) in pairs.items():
        took = seconds_of(
            {"ours": lambda methods=methods: core.explain(classifier, pixels, [*methods], target), "theirs": theirs},
            rounds,
        )
        shares[name] = took["ours"] / took["theirs"], f"{took['ours']:.2f} s; pytorch-grad-cam {took['theirs']:.2f} s"
    return shares
