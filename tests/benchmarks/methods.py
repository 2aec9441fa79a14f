"""Ten methods in one run against the same ten, one captum call after the other."""

from collections.abc import Callable

import captum.attr as captum
from curves import AsModule
from interleaved import seconds_of
from torch import Tensor

import core

ROUNDS = 1
SAMPLES = 15
STEPS = 50
TEN = (
    "gradient", "input_x_gradient", "guided_backprop", "deconvnet", "integrated_gradients", "smoothgrad",
    "smoothgrad_squared", "vargrad", "grad_cam", "occlusion",
)  # fmt: skip


def captum_calls(
    classifier: core.Classifier, pixels: Tensor, target: int, batch: int | None
) -> list[Callable[[], object]]:
    """The ten methods by captum: batched as its defaults have it, or by the batch that is given."""
    module = AsModule(classifier).eval()
    inputs = pixels.clone().requires_grad_()
    saliency = captum.Saliency(module)
    height, width = (round(side / 7) for side in classifier.size)
    mean = pixels.new_tensor(classifier.dataset_mean).view(1, 3, 1, 1).expand_as(pixels)
    layer = module.network.get_submodule(classifier.anatomy.last_feature_map(len(classifier.labels)).layer)
    spread = 0.15 * float(pixels.max() - pixels.min())

    def noisy(kind: str) -> Callable[[], object]:
        return lambda: captum.NoiseTunnel(saliency).attribute(
            inputs,
            nt_type=kind,
            nt_samples=SAMPLES,
            nt_samples_batch_size=batch,
            stdevs=spread,
            target=target,
            abs=False,
        )

    return [
        lambda: saliency.attribute(inputs, target=target),
        lambda: captum.InputXGradient(module).attribute(inputs, target=target),
        lambda: captum.GuidedBackprop(module).attribute(inputs, target=target),
        lambda: captum.Deconvolution(module).attribute(inputs, target=target),
        lambda: captum.IntegratedGradients(module).attribute(
            inputs, target=target, n_steps=STEPS, internal_batch_size=batch
        ),
        noisy("smoothgrad"),
        noisy("smoothgrad_sq"),
        noisy("vargrad"),
        lambda: captum.LayerGradCam(module, layer).attribute(inputs, target=target),
        lambda: captum.Occlusion(module).attribute(
            pixels,
            sliding_window_shapes=(3, height, width),
            strides=(3, height // 2, width // 2),
            baselines=mean,
            target=target,
            perturbations_per_eval=batch or 1,
        ),
    ]


def against_captum(classifier: core.Classifier, pixels: Tensor, target: int) -> tuple[dict[str, float], dict[str, str]]:
    """Seconds of ten methods: ours, captum as its defaults have it, and captum handed our batches."""
    size = classifier.batch_size("gradient").size
    default, batched = (captum_calls(classifier, pixels, target, batch) for batch in (None, size))
    assert len(TEN) == len(default)
    took = seconds_of(
        {
            "ours": lambda: core.explain(classifier, pixels, TEN, target),
            "default": lambda: [call() for call in default],
            "batched": lambda: [call() for call in batched],
        },
        ROUNDS,
    )
    told = {
        "default": f"{took['ours']:.1f} s; captum as called by default {took['default']:.1f} s",
        "batched": f"{took['ours']:.1f} s; captum handed batches of {size} {took['batched']:.1f} s",
    }
    return took, told
