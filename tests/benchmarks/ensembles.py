"""The nine ensembles in one run against nine calls of captum's NoiseTunnel."""

from collections.abc import Callable

import captum.attr as captum
from curves import AsModule
from interleaved import seconds_of
from torch import Tensor

import core

ROUNDS = 1
SAMPLES = 15
STEPS = 10  # on each noisy path; fifty would only make the benchmark longer
STATISTICS = ("smoothgrad", "smoothgrad_squared", "vargrad")
THEIR_STATISTICS = ("smoothgrad", "smoothgrad_sq", "vargrad")


def noise_tunnel_calls(classifier: core.Classifier, pixels: Tensor, target: int) -> list[Callable[[], object]]:
    """Each statistic of each attribution, as captum's defaults batch them: gradients all at once, paths one by one."""
    module = AsModule(classifier).eval()
    inputs = pixels.clone().requires_grad_()
    spread = 0.15 * float(pixels.max() - pixels.min())
    path = {"n_steps": STEPS, "nt_samples_batch_size": 1}
    bases = [
        (captum.Saliency(module), {"abs": False}),
        (captum.GuidedBackprop(module), {}),
        (captum.IntegratedGradients(module), path),
    ]
    return [
        lambda base=base, kind=kind, options=options: captum.NoiseTunnel(base).attribute(
            inputs, nt_type=kind, nt_samples=SAMPLES, stdevs=spread, target=target, **options
        )
        for base, options in bases
        for kind in THEIR_STATISTICS
    ]


def against_noise_tunnel(classifier: core.Classifier, pixels: Tensor, target: int) -> tuple[float, str]:
    """Our seconds for the nine, as a share of captum's."""
    paths = {f"{name}_integrated_gradients": {"steps": STEPS} for name in STATISTICS}
    names = [*STATISTICS, *(f"{name}_guided_backprop" for name in STATISTICS), *paths]
    calls = noise_tunnel_calls(classifier, pixels, target)
    took = seconds_of(
        {
            "ours": lambda: core.explain(classifier, pixels, names, target, settings=paths),
            "theirs": lambda: [call() for call in calls],
        },
        ROUNDS,
    )
    told = f"{took['ours']:.1f} s; nine NoiseTunnel calls {took['theirs']:.1f} s, lent our allocator"
    return took["ours"] / took["theirs"], told
