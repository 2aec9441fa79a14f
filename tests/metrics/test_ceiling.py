"""The ceiling is the best order found: exact where the best is known, and never below what is at hand."""

import itertools
import re

import pytest
import torch
from torch import Tensor, nn

import core
from core.jobs.events import Progress
from core.metrics.ceiling import Ceiling, CeilingReady, OrderImproved
from core.metrics.ceiling_stream import stream_ceiling
from core.metrics.curve_plan import Perturbation
from core.metrics.curves import perturb
from core.metrics.search_plan import PASSES, PATCHES, count_measure, least_passes, stages_of, usual_passes

WIDE = (4, 6)


class Counting(nn.Module):
    """Counts the pictures that a network is sent."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.seen = network, 0

    def forward(self, pixels: Tensor) -> Tensor:
        self.seen += len(pixels)
        return self.network(pixels)


class Interacting(nn.Module):
    """The probability depends on products of patches of 2 x 2: no sum over patches gives it."""

    def __init__(self, seed: int, size: tuple[int, int]) -> None:
        super().__init__()
        patches = size[0] * size[1] // 4
        draw = torch.Generator().manual_seed(seed)
        self.inner = nn.Parameter(2 * torch.randn(8, patches, generator=draw, dtype=torch.float64))
        self.outer = nn.Parameter(torch.randn(2, 8, generator=draw, dtype=torch.float64))

    def forward(self, pixels: Tensor) -> Tensor:
        patches = nn.functional.avg_pool2d(pixels.double().mean(dim=1, keepdim=True), 2).flatten(1)
        return torch.tanh(4 * patches @ self.inner.T) @ self.outer.T


class Constant(nn.Module):
    def forward(self, pixels: Tensor) -> Tensor:
        return pixels.new_tensor([1.0, 0.0]).expand(len(pixels), 2)


def ceiling_of(*asked: object, **settings: object) -> Ceiling:
    *_, ready = stream_ceiling(*asked, **settings)
    assert isinstance(ready, CeilingReady)
    return ready.ceiling


def fidelity_of(classifier, pixels, values, target, **asked) -> float:
    curves = perturb(classifier, pixels, {"map": values}, target, ("mif", "lif"), **asked)
    return curves["map", "lif"].area - curves["map", "mif"].area


def patch_map(order, size, side) -> Tensor:
    """A map on which the patches fall in that order."""
    columns = size[1] // side
    values = torch.empty(size)
    for place, patch in enumerate(order):
        row, column = divmod(patch, columns)
        values[side * row : side * (row + 1), side * column : side * (column + 1)] = -place
    return values


@pytest.mark.parametrize("steps", [48, 12, 7])
def test_the_best_order_of_a_linear_network_is_found_exactly(classifier_of, linear, pixels, steps):
    share = (linear.weight[2] * pixels[0]).detach().sum(dim=0)
    asked = {"imputer": "black", "y": "relative_logit", "steps": steps}
    ceiling = ceiling_of(classifier_of(linear), pixels, 2, patches=8, passes=4000, **asked)
    assert ceiling.value == pytest.approx(fidelity_of(classifier_of(linear), pixels, share, 2, **asked))
    assert ceiling.found_by == "search"


def test_the_best_order_of_a_linear_network_is_found_on_patches_too(classifier_of, linear, pixels):
    share = (linear.weight[2] * pixels[0]).detach().sum(dim=0)
    means = nn.functional.avg_pool2d(share[None, None], 2)[0, 0].repeat_interleave(2, 0).repeat_interleave(2, 1)
    asked = {"imputer": "black", "y": "relative_logit", "steps": 12}
    ceiling = ceiling_of(classifier_of(linear), pixels, 2, patches=4, passes=300, **asked)
    assert ceiling.value == pytest.approx(fidelity_of(classifier_of(linear), pixels, means, 2, **asked))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", [(4, 4), WIDE])
def test_the_best_of_all_orders_is_found_where_all_can_be_tried(classifier_of, seed, size):
    network, count = Interacting(seed, size), size[0] * size[1] // 4
    classifier = classifier_of(network, size, 2, 64)
    pixels = 0.5 + torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) / 2
    asked = {"imputer": "black", "steps": count}
    maps = {str(order): patch_map(order, size, 2) for order in itertools.permutations(range(count))}
    curves = perturb(classifier, pixels, maps, 0, ("mif", "lif"), **asked)
    best = max(curves[name, "lif"].area - curves[name, "mif"].area for name in maps)
    ceiling = ceiling_of(classifier, pixels, 0, patches=size[1] // 2, passes=1500, **asked)
    assert ceiling.value == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("imputer", ["dataset_mean", "uniform_noise"])
def test_the_ceiling_s_map_reaches_it_pixel_by_pixel(small_squeezenet, small_chelsea, imputer):
    asked = {"imputer": imputer, "steps": 6}
    ceiling = ceiling_of(small_squeezenet, small_chelsea, 285, patches=6, passes=250, **asked)
    assert ceiling.values.unique().numel() == ceiling.values.numel()
    reached = fidelity_of(small_squeezenet, small_chelsea, ceiling.values, 285, **asked)
    assert reached == pytest.approx(ceiling.value, abs=1e-5)


def test_the_ceiling_is_never_below_a_map_that_was_passed(classifier_of, linear, pixels):
    """Pixels beat patches here, so the exact map is better than any order of patches."""
    share = (linear.weight[2] * pixels[0]).detach().sum(dim=0)
    maps = {"noise": pixels[0, 0], "exact": share}
    asked = {"imputer": "black", "y": "relative_logit", "steps": 12}
    ceiling = ceiling_of(classifier_of(linear), pixels, 2, maps=maps, patches=4, passes=400, **asked)
    assert ceiling.found_by == "exact"
    assert torch.equal(ceiling.values, share)
    assert ceiling.value == ceiling.fidelities["exact"] > ceiling.searched
    assert ceiling.value == pytest.approx(fidelity_of(classifier_of(linear), pixels, share, 2, **asked))
    assert ceiling.share(ceiling.fidelities["exact"]) == 1


def test_the_order_found_starts_from_the_best_map_s_patches(classifier_of, pixels):
    """With passes for hardly a swap, what is found is still not below the patches of any map."""
    network = Interacting(3, (6, 8))
    classifier, maps = classifier_of(network, (6, 8), 2, 64), {}
    for seed in range(8):
        order = torch.randperm(12, generator=torch.Generator().manual_seed(seed)).tolist()
        maps[str(seed)] = patch_map(order, (6, 8), 2)
    asked = {"imputer": "black", "steps": 12}
    for maps_ in (maps, {name: -values for name, values in maps.items()}):
        ceiling = ceiling_of(classifier, pixels, 0, maps=maps_, patches=4, passes=490, **asked)
        assert ceiling.searched >= max(ceiling.fidelities.values()) - 1e-9


@pytest.mark.parametrize("best", range(5))
def test_the_ceiling_is_no_lower_than_any_of_many_maps_whichever_is_the_best(classifier_of, linear, pixels, best):
    """The search starts from three of them at most, and every one is held against what it finds."""
    share = (linear.weight[2] * pixels[0]).detach().sum(dim=0)
    noise = torch.rand(5, 6, 8, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    maps = {str(number): share if number == best else values for number, values in enumerate(noise)}
    asked = {"imputer": "black", "y": "relative_logit", "steps": 12}
    ceiling = ceiling_of(classifier_of(linear), pixels, 2, maps=maps, patches=2, passes=500, **asked)
    own = {name: fidelity_of(classifier_of(linear), pixels, values, 2, **asked) for name, values in maps.items()}
    assert dict(ceiling.fidelities) == pytest.approx(own)
    assert ceiling.value >= max(own.values())
    assert ceiling.found_by == str(best)
    assert all(ceiling.share(value) <= 1 for value in own.values())


def test_better_orders_are_told_as_they_are_found(small_squeezenet, small_chelsea):
    *events, ready = stream_ceiling(small_squeezenet, small_chelsea, 285, steps=6, patches=8, passes=400)
    told = [event for event in events if isinstance(event, OrderImproved)]
    rough, exact = ([each for each in told if each.exact is which] for which in (False, True))
    assert told == [*rough, *exact]
    assert len(told) > 5
    assert [each.value for each in exact] == sorted(each.value for each in exact)
    assert exact[-1].value == pytest.approx(ready.ceiling.searched, abs=1e-6)
    assert [each.passes for each in told] == sorted(each.passes for each in told)
    assert {each.total for each in told} == {400}


@pytest.mark.parametrize("steps", [10, 20, 40, 200])
@pytest.mark.parametrize("size", [(28, 28), (224, 224), (299, 299)])
@pytest.mark.parametrize("lacking", [0, 30])
def test_the_usual_passes_leave_some_for_the_search_however_many_maps_there_are(steps, size, lacking):
    perturbation, stages = Perturbation(steps=steps), stages_of(size, PATCHES, steps)
    least = least_passes(stages, perturbation, size, 30, lacking)
    spare = usual_passes(size, perturbation, lacking) - least
    assert spare >= (least - count_measure(size, perturbation, lacking)) // 3
    assert usual_passes(size, perturbation) == PASSES or steps > 40


@pytest.mark.parametrize("target", [None, 2])
@pytest.mark.parametrize("known", [{}, {"one": 0.01}])
def test_passes_told_are_passes_spent_and_no_more_than_allowed(classifier_of, linear, pixels, target, known):
    counting = Counting(linear)
    maps = {"one": pixels[0, 0], "two": pixels[0, 1]}
    asked = {"maps": maps, "known": known, "imputer": "black", "steps": 10, "patches": 8}
    *progress, ready = stream_ceiling(classifier_of(counting), pixels, target, passes=431, **asked)
    assert ready.ceiling.passes == counting.seen <= 431
    done = [event.done if isinstance(event, Progress) else event.passes for event in progress]
    assert done == sorted(done)
    assert {event.total for event in progress} == {431}


def test_the_fewest_passes_named_are_enough(classifier_of, linear, pixels):
    asked = {"maps": {"one": pixels[0, 0], "two": pixels[0, 1]}, "imputer": "black", "steps": 5, "patches": 8}
    counting = Counting(linear)
    with pytest.raises(ValueError, match="at least") as refused:
        ceiling_of(classifier_of(counting), pixels, passes=2, **asked)
    assert counting.seen == 0
    least = int(re.search("at least ([0-9,]+) passes", str(refused.value))[1].replace(",", ""))
    for spare in range(9):
        counting.seen = 0
        assert ceiling_of(classifier_of(counting), pixels, passes=least + spare, **asked).passes == counting.seen
        assert counting.seen <= least + spare


def test_a_known_fidelity_is_taken_as_it_is_and_saves_its_passes(classifier_of, linear, pixels):
    asked = {"imputer": "black", "steps": 10, "patches": 4, "passes": 400}
    told = ceiling_of(classifier_of(linear), pixels, 0, maps={"one": pixels[0, 0]}, known={"one": 0.9}, **asked)
    assert told.value == told.fidelities["one"] == 0.9


def test_the_same_seed_finds_the_same_order_whatever_the_batches(classifier_of, pixels):
    network = Interacting(1, (6, 8))
    asked = {"imputer": "uniform_noise", "patches": 8, "steps": 12, "passes": 500}
    one, again, larger = (
        ceiling_of(classifier_of(network, (6, 8), 2, batch), pixels, 0, seed=4, **asked) for batch in (4, 4, 33)
    )
    assert torch.equal(one.values, again.values)
    assert one.value == again.value
    assert torch.equal(one.values, larger.values)
    assert one.value == pytest.approx(larger.value)


def test_more_passes_find_a_better_order(small_squeezenet, small_chelsea):
    few, many = (
        ceiling_of(small_squeezenet, small_chelsea, 285, steps=6, patches=6, passes=passes).value
        for passes in (220, 400)
    )
    assert many > few


def test_a_network_that_is_never_moved_has_no_ceiling_and_says_why(classifier_of, pixels):
    ceiling = ceiling_of(classifier_of(Constant(), (6, 8), 2), pixels, 0, steps=10, patches=8, passes=300)
    assert ceiling.share(0.0) is None
    assert "does better than chance" in ceiling.sentence


def test_a_ceiling_within_what_random_orders_reach_has_no_share():
    ceiling = Ceiling(0.5, torch.zeros(2, 2), "search", 0.5, {}, 0.1, 1200)
    assert ceiling.share(0.31) == pytest.approx(0.62)
    assert ceiling.sentence == "The best order found in 1,200 passes reaches an F of 0.50."
    assert Ceiling(0.09, torch.zeros(2, 2), "search", 0.09, {}, 0.1, 1200).share(0.05) is None


def test_the_network_is_left_as_it_was_found_also_where_the_search_is_cancelled(
    small_squeezenet, small_chelsea, fingerprint
):
    before = fingerprint(small_squeezenet)
    stream = stream_ceiling(small_squeezenet, small_chelsea, steps=6, patches=6)
    for _, event in zip(range(20), stream, strict=False):
        assert isinstance(event, Progress | OrderImproved)
        assert fingerprint(small_squeezenet) == before
    stream.close()
    assert list(stream) == []
    assert fingerprint(small_squeezenet) == before


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"passes": 50}, "at least .* passes here"),
        ({"patches": 1}, "at least 2 patches"),
        ({"maps": {"small": torch.zeros(3, 3)}}, "small: the map has shape"),
        ({"known": {"lost": 0.2}}, "no map of that name"),
        ({"steps": 0}, "at least 1 step"),
        ({"imputer": "snow"}, "snow"),
        ({"target": 7}, "no class 7"),
        ({"rather_than": 7}, "no class 7"),
        ({"target": 1, "rather_than": 1}, "both class 1"),
    ],
)
def test_requests_that_give_no_ceiling_are_refused_in_words_at_once(classifier_of, linear, pixels, changed, message):
    with pytest.raises(ValueError, match=message):
        stream_ceiling(classifier_of(linear), pixels, **changed)


def test_the_ceiling_is_part_of_the_public_api():
    assert core.stream_ceiling is stream_ceiling
