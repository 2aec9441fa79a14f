"""Blurred and dilated maps: what they are on maps whose answer is known, and what is said of what they change."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter, grey_dilation

from core.metrics.statistics import Estimate
from core.randomness import generator
from core.retraining.outcomes import FRACTIONS, Accuracy, Curves
from core.retraining.probes import find_probes, in_words, probed

MAPS = torch.randn(2, 3, 28, 28, generator=generator(0, "maps"))


def test_a_single_point_becomes_a_square_by_dilation_and_a_round_hill_by_blurring():
    point = torch.zeros(1, 1, 28, 28)
    point[0, 0, 10, 14] = 1.0
    square = torch.zeros_like(point)
    square[0, 0, 9:12, 13:16] = 1.0
    assert torch.equal(probed(point, "dilate"), square)
    hill = probed(point, "blur")[0, 0]
    assert hill.sum() == pytest.approx(1.0, abs=1e-5)
    assert hill.argmax() == 10 * 28 + 14
    torch.testing.assert_close(hill[10, 11:18], hill[7:14, 14])
    variance = (hill[10] / hill[10].sum() * (torch.arange(28) - 14.0).square()).sum()
    assert variance.sqrt() == pytest.approx(0.04 * 28, rel=0.05)


def test_probes_are_what_scipy_makes_of_every_channel_also_of_negative_values():
    sides = (1, 1, 3, 3)
    assert np.array_equal(probed(MAPS, "dilate").numpy(), grey_dilation(MAPS.numpy(), size=sides, mode="nearest"))
    expected = gaussian_filter(MAPS.double().numpy(), (0, 0, 0.04 * 28, 0.04 * 28), mode="mirror", radius=(0, 0, 3, 3))
    np.testing.assert_allclose(probed(MAPS, "blur").numpy(), expected, atol=1e-5)


def test_small_maps_are_changed_by_a_pixel_and_maps_without_a_probe_not_at_all():
    small = MAPS[..., :8, :8]
    assert not torch.equal(probed(small, "dilate"), small)
    assert torch.equal(probed(small, None), small)


HARDNESS = np.random.default_rng(0).random((3, 400))


def curves(share, leak=0.3, forms=("roar", "kar")):
    own = {("gradient", form, each): share > HARDNESS for form in forms for each in FRACTIONS}
    masks = {("gradient", "roar", each): leak > HARDNESS for each in FRACTIONS}
    return Curves(own), Curves(masks)


def test_a_probe_s_change_is_that_of_the_area_and_of_the_leak():
    removal, keeping = find_probes(curves(0.7), {"blur": curves(0.5, leak=0.4)}, seed=0)
    gap = (HARDNESS < 0.7).mean() - (HARDNESS < 0.5).mean()
    assert (removal.form, keeping.form) == ("roar", "kar")
    assert removal.change.over_pictures.mean == pytest.approx(gap), "less is recognised, so more was removed"
    assert keeping.change.over_pictures.mean == pytest.approx(-gap), "less is recognised of what was kept"
    assert removal.leak.over_pictures.mean == pytest.approx((HARDNESS < 0.4).mean() - (HARDNESS < 0.3).mean())


def test_nothing_is_said_before_all_networks_of_both_are_known():
    assert find_probes(curves(0.7), {"blur": (Curves({}), Curves({}))}, seed=0) == ()
    [found] = find_probes(curves(0.7, forms=("roar",)), {"blur": (curves(0.5)[0], Curves({}))}, seed=0)
    assert (found.form, found.leak) == ("roar", None)


@pytest.mark.parametrize(
    ("low", "high", "by_seed", "said"),
    [
        (0.03, 0.07, (0.05, 0.04), "a smoother map gets a larger area, though it tells no more about the network."),
        (-0.07, -0.03, (-0.05, -0.04), "a smoother map gets a smaller area."),
        (-0.01, 0.03, (0.02, 0.01), "no clear change."),
        (0.03, 0.07, (0.11, -0.01), "no clear change."),
    ],
)
def test_what_follows_needs_the_interval_and_every_seed(low, high, by_seed, said):
    words = in_words("blur", Accuracy(Estimate((low + high) / 2, low, high, 60), by_seed), [])
    assert words.startswith("Blurring the map changes the area by ")
    assert words.endswith(said)
