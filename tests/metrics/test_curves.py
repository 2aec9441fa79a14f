"""Curves remove what they say, in the order they say, and do not depend on how they were computed."""

import pytest
import torch
from torch import Tensor, nn

from core.metrics.curves import (
    Curve,
    CurvePoint,
    perturb,
    perturbed,
    stream_curves,
    visiting_order,
)
from core.metrics.removal import removal_counts, removal_rank


def ties(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def fidelity(curves, name: str) -> float:
    return curves[name, "lif"].area - curves[name, "mif"].area


@pytest.mark.parametrize("steps", [1, 2, 3, 20, 50, 64])
def test_every_step_is_visited_once_and_the_ends_come_first(steps):
    order = visiting_order(steps)
    assert sorted(order) == list(range(steps + 1))
    assert order[:2] == [0, steps]


def test_ranks_are_a_permutation_and_equal_pixels_fall_at_random():
    values = torch.zeros(40, 50)
    values[0, :5] = torch.arange(5.0)
    rank = removal_rank(values, ties())
    assert sorted(rank.flatten().tolist()) == list(range(2000))
    assert rank[0, 4] == 0
    places = rank[1:].flatten().double()
    raster = torch.arange(len(places), dtype=torch.float64)
    assert abs(float(torch.corrcoef(torch.stack([places, raster]))[0, 1])) < 0.1


def test_a_map_of_92_percent_zeros_removes_exactly_what_was_asked(classifier_of, listening, pixels):
    sparse = torch.zeros(6, 8)
    sparse[0, :4] = torch.tensor([4.0, 3.0, 2.0, 1.0])
    perturb(classifier_of(listening), pixels, {"sparse": sparse}, target=0, orders=("mif",), steps=4, imputer="black")
    gone = sorted(int((picture == 0).all(dim=0).sum()) for picture in listening.fed)
    assert gone == [0, 12, 24, 36, 48]


def test_the_curve_of_a_linear_model_is_known(classifier_of, linear, pixels):
    share = (linear.weight[2] * pixels[0]).detach().sum(dim=0)
    curves = perturb(
        classifier_of(linear), pixels, {"exact": share}, target=2, steps=48, imputer="black", y="relative_logit"
    )
    falling = share.flatten().sort(descending=True).values
    expected = 1 - torch.cat([torch.zeros(1, dtype=torch.float64), falling.cumsum(0)]) / share.sum()
    torch.testing.assert_close(curves["exact", "mif"].values, expected)
    rising = share.flatten().sort().values
    expected = 1 - torch.cat([torch.zeros(1, dtype=torch.float64), rising.cumsum(0)]) / share.sum()
    torch.testing.assert_close(curves["exact", "lif"].values, expected)


@pytest.mark.slow
def test_exact_attribution_of_a_linear_model_beats_every_random_order(classifier_of, linear, pixels):
    classifier = classifier_of(linear, batch=256)
    share = (linear.weight[2] * pixels[0]).detach().sum(dim=0)
    rivals = {str(seed): torch.rand(6, 8, generator=ties(seed)) for seed in range(250)}
    curves = perturb(
        classifier, pixels, {"exact": share, **rivals}, 2, ("mif", "lif"), steps=12, imputer="black", y="relative_logit"
    )
    best = max(fidelity(curves, name) for name in rivals)
    assert fidelity(curves, "exact") > best > 0


def test_negating_a_map_negates_its_fidelity(lite0, chelsea):
    values = torch.rand(224, 224, generator=ties()).cumsum(0)
    curves = perturb(lite0, chelsea, {"map": values, "negated": -values}, 282, ("mif", "lif"), steps=4)
    assert fidelity(curves, "negated") == pytest.approx(-fidelity(curves, "map"), abs=1e-6)


def test_curves_meet_at_both_ends_and_x_is_the_true_fraction(lite0, chelsea):
    curves = perturb(lite0, chelsea, {"map": chelsea[0, 0]}, 282, steps=3)
    ends = {(curve.values[0].item(), curve.values[-1].item()) for curve in curves.values()}
    assert len(ends) == 1
    assert curves["map", "mif"].fractions.tolist() == [round(step * 50176 / 3) / 50176 for step in range(4)]


@pytest.mark.parametrize("batch_size", [1, 7, 64])
def test_batch_size_does_not_change_a_curve(squeezenet, chelsea_for_squeezenet, batch_size):
    maps = {"map": chelsea_for_squeezenet[0, 1]}
    arguments = {"target": 285, "steps": 8, "randoms": 1}
    curves = perturb(squeezenet, chelsea_for_squeezenet, maps, **arguments)
    again = perturb(squeezenet, chelsea_for_squeezenet, maps, **arguments, batch_size=batch_size)
    for key, curve in curves.items():
        torch.testing.assert_close(curve.values, again[key].values, rtol=0, atol=1e-5)


def test_two_runs_are_bit_identical_and_other_methods_change_nothing(squeezenet, chelsea_for_squeezenet):
    map_, other = chelsea_for_squeezenet[0, 1], chelsea_for_squeezenet[0, 2]
    alone, again = (
        perturb(squeezenet, chelsea_for_squeezenet, {"map": map_}, 285, steps=4, imputer="uniform_noise")
        for _ in range(2)
    )
    together = perturb(
        squeezenet, chelsea_for_squeezenet, {"other": other, "map": map_}, 285, steps=4, imputer="uniform_noise"
    )
    for order in ("mif", "lif", "random"):
        assert torch.equal(alone["map", order].values, again["map", order].values)
        torch.testing.assert_close(alone["map", order].values, together["map", order].values, rtol=0, atol=1e-5)


def test_the_area_is_a_trapezoid_over_the_true_fractions():
    fractions = torch.tensor([0.0, 0.1, 1.0], dtype=torch.float64)
    values = torch.tensor([1.0, 0.5, 0.0], dtype=torch.float64)
    assert Curve(fractions, values, values[None]).area == pytest.approx(0.3)


@pytest.mark.parametrize("steps", [4, 50, 97])
def test_the_area_of_a_straight_curve_does_not_depend_on_the_number_of_steps(steps):
    fractions = torch.linspace(0, 1, steps + 1, dtype=torch.float64)
    assert Curve(fractions, 1 - fractions, (1 - fractions)[None]).area == pytest.approx(0.5, abs=1e-12)


def test_a_constant_map_is_a_random_order(classifier_of, linear, pixels):
    classifier = classifier_of(linear, batch=64)
    values = [
        fidelity(
            perturb(
                classifier,
                pixels,
                {"flat": torch.ones(6, 8)},
                2,
                ("mif", "lif"),
                8,
                "black",
                "relative_logit",
                seed=seed,
            ),
            "flat",
        )
        for seed in range(100)
    ]
    spread = torch.tensor(values).std() / 10
    assert abs(sum(values) / 100) < 3 * spread


def test_all_maps_meet_the_same_random_orders_and_each_comes_with_its_reverse(classifier_of, listening, pixels):
    maps = {"one": pixels[0, 0], "two": pixels[0, 1]}
    curves = perturb(classifier_of(listening), pixels, maps, 0, ("random",), steps=2, imputer="black", randoms=3)
    assert torch.equal(curves["one", "random"].draws, curves["two", "random"].draws)
    halves = [(picture == 0).all(dim=0) for picture in listening.fed if (picture == 0).all(dim=0).sum() == 24]
    assert len(halves) == 6
    assert all(torch.equal(forwards, ~backwards) for forwards, backwards in zip(halves[::2], halves[1::2], strict=True))


def test_what_is_shown_is_what_the_model_was_fed(classifier_of, listening, pixels):
    classifier = classifier_of(listening)
    values = pixels[0, 2]
    for order in ("mif", "lif", "random"):
        listening.fed.clear()
        perturb(classifier, pixels, {"map": values}, 0, (order,), steps=4, imputer="uniform_noise", randoms=1)
        shown = perturbed(classifier, pixels, values, order, 0.25, imputer="uniform_noise")
        assert any(torch.equal(shown, picture) for picture in listening.fed)


def test_pixels_that_stay_are_untouched_to_the_bit(lite0, chelsea):
    shown = perturbed(lite0, chelsea, chelsea[0, 0], "mif", 0.3, imputer="blur")
    changed = (shown != chelsea[0]).any(dim=0)
    assert changed.sum() <= round(0.3 * 224 * 224)
    assert torch.equal(shown[:, ~changed], chelsea[0][:, ~changed])


@pytest.mark.parametrize("imputer", ["blur", "picture_mean", "uniform_noise"])
def test_what_replaces_a_pixel_is_made_from_the_whole_picture_however_much_is_gone(lite0, chelsea, imputer):
    few, many, all_ = (perturbed(lite0, chelsea, chelsea[0, 0], "mif", share, imputer) for share in (0.3, 0.8, 1.0))
    first = chelsea[0, 0].flatten().argsort(descending=True)[:10000]
    for picture in (few, many):
        assert torch.equal(picture.flatten(1)[:, first], all_.flatten(1)[:, first])


def test_points_come_coarse_first_and_carry_the_model_s_answer(squeezenet, chelsea_for_squeezenet):
    events = stream_curves(
        squeezenet, chelsea_for_squeezenet, {"map": chelsea_for_squeezenet[0, 0]}, 285, ("mif",), steps=4
    )
    points = [event for event in events if isinstance(event, CurvePoint)]
    assert [round(point.fraction, 2) for point in points] == [0.0, 1.0, 0.5, 0.25, 0.75]
    assert len(points[0].top) == 3
    assert points[0].top[0][0] == 285
    assert points[0].top[0][1] == pytest.approx(points[0].value)


def test_the_random_band_holds_the_mean(squeezenet, chelsea_for_squeezenet):
    events = stream_curves(
        squeezenet, chelsea_for_squeezenet, {"map": chelsea_for_squeezenet[0, 0]}, 285, ("random",), 2
    )
    middle = [event for event in events if isinstance(event, CurvePoint)][-1]
    assert middle.low < middle.value < middle.high
    assert middle.value == pytest.approx(sum(middle.draws) / 10)


class RunsOutOfMemory(nn.Module):
    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def forward(self, pixels: Tensor) -> Tensor:
        if len(pixels) > self.most:
            raise torch.OutOfMemoryError("no memory left")
        return pixels.mean(dim=(2, 3))


def test_running_out_of_memory_halves_the_batch_and_loses_nothing(classifier_of, pixels):
    small, large = (classifier_of(RunsOutOfMemory(most), batch=32) for most in (3, 100))
    maps = {"map": pixels[0, 0]}
    halved, whole = (perturb(classifier, pixels, maps, 0, steps=16) for classifier in (small, large))
    assert small.batch_size("forward").size == 2
    for key in whole:
        torch.testing.assert_close(halved[key].values, whole[key].values)


def test_a_relative_logit_needs_a_positive_clean_logit(classifier_of, linear, pixels):
    classifier = classifier_of(linear)
    lowest = int(classifier(pixels)[0].argmin())
    linear.weight.data[lowest] = -linear.weight.data[lowest].abs()
    with pytest.raises(ValueError, match="a relative logit needs a positive one"):
        perturb(classifier, pixels, {"map": pixels[0, 0]}, lowest, y="relative_logit")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (torch.zeros(3, 3), "the map has shape \\(3, 3\\), the picture \\(6, 8\\)"),
        (torch.full((6, 8), torch.nan), "not finite"),
    ],
)
def test_maps_that_do_not_fit_are_refused(classifier_of, linear, pixels, values, message):
    with pytest.raises(ValueError, match=message):
        perturb(classifier_of(linear), pixels, {"map": values}, 0)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"orders": ("mif", "lfi")}, "Orders are mif, lif, random; got lfi"),
        ({"orders": ()}, "got none"),
        ({"maps": {}}, "no map to perturb by"),
        ({"target": -1}, "there is no class -1"),
        ({"target": 3}, "there is no class 3"),
        ({"steps": 0}, "at least 1 step"),
        ({"pixels": torch.zeros(2, 3, 6, 8)}, "needs pixels of shape"),
    ],
)
def test_requests_that_give_no_curve_are_refused_in_words(classifier_of, linear, pixels, changed, message):
    asked = {"pixels": pixels, "maps": {"map": pixels[0, 0]}, "target": 0, **changed}
    with pytest.raises(ValueError, match=message):
        perturb(classifier_of(linear), **asked)


def test_differences_that_float32_would_lose_still_rank():
    values = 1 + 1e-12 * torch.arange(48, dtype=torch.float64).view(6, 8)
    assert removal_rank(values, ties()).flatten().tolist() == list(range(47, -1, -1))


def test_counts_are_rounded_and_complete():
    assert removal_counts(3, 10) == [0, 3, 7, 10]
