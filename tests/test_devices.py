"""The engine works where the picture is: nothing crosses to the host per point, and a GPU gives the CPU's answers."""

from collections import Counter

import pytest
import torch
from torch import nn

import core
from core.generation.reconstruction import VariationsReady
from core.models.answering import AnswerError
from core.models.batching import BatchSize
from core.pictures.datasets import fashion_mnist
from core.randomness import generator


def test_curves_cross_to_the_host_once_a_batch(small_squeezenet, small_chelsea, monkeypatch):
    crossings: Counter[str] = Counter()
    for name in ("item", "tolist", "cpu", "numpy", "__float__", "__int__", "__bool__"):
        original = getattr(torch.Tensor, name)

        def counted(tensor, *arguments, name=name, original=original, **named):
            crossings[name] += 1
            return original(tensor, *arguments, **named)

        monkeypatch.setattr(torch.Tensor, name, counted)
    monkeypatch.setattr("core.models.classifier.LOOKED_AT", ())  # as on a GPU
    maps = {"one": small_chelsea[0, 0], "two": small_chelsea[0, 1]}

    def crossings_of(steps: int) -> int:
        crossings.clear()
        monkeypatch.setitem(small_squeezenet._batch_sizes, "forward", BatchSize(8))
        list(core.stream_curves(small_squeezenet, small_chelsea, maps, 285, steps=steps, randoms=2))
        return crossings.total()

    points_more = (32 - 16) * (2 * 2 + 2 * 2)
    assert crossings_of(32) - crossings_of(16) == points_more / 8


class Means(nn.Module):
    """The mean of each colour, as long as it is well."""

    def __init__(self) -> None:
        super().__init__()
        self.well = True

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return pixels.mean(dim=(2, 3)) if self.well else pixels.mean(dim=(2, 3)) / 0


def test_answers_that_are_not_finite_are_told_where_they_reach_the_host(monkeypatch):
    monkeypatch.setattr("core.models.classifier.LOOKED_AT", ())  # as on a GPU
    classifier, pixels = core.wrap(Means(), size=6, labels=("red", "green", "blue")), torch.rand(1, 3, 6, 6)
    assert core.perturb(classifier, pixels, {"map": pixels[0, 0]}, 0, steps=2)
    classifier.network.well = False
    with pytest.raises(AnswerError, match="not finite"):
        core.perturb(classifier, pixels, {"map": pixels[0, 0]}, 0, steps=2)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_a_gpu_gives_the_cpu_s_maps_and_curves(chelsea):
    here, there = (core.load_classifier("efficientnet_lite0", device=device) for device in ("cpu", "cuda"))
    fits = core.capability(here)  # a GPU draws other numbers
    names = [entry.name for entry in core.list_methods() if fits[entry.name] is None and not entry.drawn]
    maps = core.explain(here, chelsea, names)
    same = core.explain(there, chelsea.cuda(), names)
    for name in names:
        # As a whole: rounding turns a ReLU here and there that stands at its kink, and with it a few pixels' gradient.
        assert (same[name].values - maps[name].values).norm() <= 1e-2 * maps[name].values.norm(), name
    values = {"centre": maps["centre"].values}
    for asked in ({}, {"unit": "region"}, {"unit": "superpixel"}, {"unit": "feature"}, {"imputer": "noisy_linear"}):
        curve, again = (
            core.perturb(classifier, pixels, values, 282, ("mif", "lif"), 10, **asked)["centre", "mif"]
            for classifier, pixels in ((here, chelsea), (there, chelsea.cuda()))
        )
        torch.testing.assert_close(again.values, curve.values, rtol=0, atol=1e-2)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_convolutions_on_a_gpu_keep_all_digits(chelsea):
    """Ten bits of mantissa, cuDNN's default, would move this gradient by some percent."""
    here, there = (core.load_classifier("efficientnet_lite0", device=device) for device in ("cpu", "cuda"))
    one, other = (
        core.explain(classifier, pixels, ["guided_backprop"])["guided_backprop"].values
        for classifier, pixels in ((here, chelsea), (there, chelsea.cuda()))
    )
    assert (one - other).norm() < 1e-4 * one.norm()


def mean_colour(pixels, hole, count, _seed):
    """A prior of one's own, which counts on its picture and the hole being in one place."""
    seen = pixels[:, :, ~hole]
    return seen.mean(dim=2)[:, :, None, None].expand(count, *pixels.shape[1:])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("prior", ["donors", "refined_donors", "flow", "dcgan", "exemplars", mean_colour])
def test_every_prior_fills_on_a_gpu_what_it_fills_on_the_cpu(prior):
    marked = torch.rand(28, 28, generator=generator(0)) < 0.5  # a person's mark stays on the host
    found = []
    for device in ("cpu", "cuda"):
        classifier = core.load_classifier("fashion_cnn", device=device)
        pixels = fashion_mnist("test").pixels[:1].to(device)
        events = core.stream_reconstruct(classifier, pixels, {"mine": marked}, prior=prior)
        found.append([each.pictures.cpu() for each in events if isinstance(each, VariationsReady)])
    for here, there in zip(*found, strict=True):
        torch.testing.assert_close(there, here, rtol=0, atol=1e-2)
