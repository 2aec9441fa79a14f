"""Which of a stamp's pixels a network uses: Shapley values, checked where they are known in closed form."""

import itertools
import math

import pytest
import torch
from torch import nn

from core.jobs.events import Returning
from core.stamping.causal import Causal, causal_of, cells_of, draw_orders, find_causal, pictured
from core.studies.scoring import Subject

MASK = torch.zeros(6, 8, dtype=torch.bool)
MASK[1:4, 2:5] = True


@pytest.fixture
def without():
    return torch.rand(1, 3, 6, 8, generator=torch.Generator().manual_seed(7), dtype=torch.float64)


@pytest.fixture
def stamped(without):
    return torch.where(MASK, torch.rand(without.shape, generator=torch.Generator().manual_seed(8)).double(), without)


def causal(*arguments):
    searching = Returning(find_causal(*arguments))
    assert len(list(searching)) > 1  # in steps, so that others get a turn
    return searching.result


def margin(logits, target):
    others = (logits.sum(dim=1) - logits[:, target]) / (logits.shape[1] - 1)
    return logits[:, target] - others


class TwoOfThree(nn.Module):
    """Says yes where at least two of three pixels are bright: what one does depends on the others."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(4.0, dtype=torch.float64))

    def forward(self, pixels):
        bright = (pixels.mean(dim=1)[:, 0, :3] > 0.5).double().sum(dim=1)
        yes = self.scale * (bright >= 2)
        return torch.stack([torch.full_like(yes, 1.0), yes], dim=1)


def test_for_a_linear_network_each_pixel_does_its_weight_times_its_change(classifier_of, linear, without, stamped):
    found = causal(classifier_of(linear), without, stamped, MASK, 1)
    weights = linear.weight[1] - (linear.weight[0] + linear.weight[2]) / 2
    expected = (weights * (stamped - without)[0]).sum(dim=0)
    torch.testing.assert_close(found.effects, expected.detach(), rtol=1e-9, atol=1e-9)


def test_effects_add_up_to_what_the_whole_stamp_does(classifier_of, without):
    stamped = torch.where(MASK, 1.0, without)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    classifier = classifier_of(network.double())
    found = causal(classifier, without, stamped, MASK, 2)
    whole = margin(classifier.logits(stamped), 2) - margin(classifier.logits(without), 2)
    torch.testing.assert_close(found.effects.sum(), whole[0], rtol=1e-9, atol=1e-9)


def test_where_pixels_work_together_each_has_its_share_of_all_orders(classifier_of):
    black, mask = torch.zeros(1, 3, 1, 5, dtype=torch.float64), torch.tensor([[True, True, True, True, False]])
    stamped = torch.where(mask, 1.0, black)
    classifier = classifier_of(TwoOfThree(), size=(1, 5), classes=2)
    orders = list(itertools.permutations(range(4)))
    exact = [sum(one_tips(order, pixel) for order in orders) / math.factorial(4) * 4.0 for pixel in range(4)]
    draws = torch.stack([causal(classifier, black, stamped, mask, 1, seed).effects[0] for seed in range(40)])
    assert exact == pytest.approx([4 / 3, 4 / 3, 4 / 3, 0])
    torch.testing.assert_close(draws.mean(dim=0)[:4], torch.tensor(exact, dtype=torch.float64), rtol=0, atol=0.25)


def one_tips(order, pixel):
    """Whether the pixel is the second of the three that count."""
    return [each for each in order if each < 3].index(pixel) == 1 if pixel < 3 else False


def test_what_a_network_does_not_look_at_is_not_causal(classifier_of, linear, without):
    stamped = torch.where(MASK, 1.0, without)
    seen = torch.zeros(6, 8, dtype=torch.bool)
    seen[1, 2:5] = True
    linear.weight.data = torch.stack([-1.0 * seen, 1.0 * seen, 0.0 * seen])[:, None].expand(-1, 3, -1, -1).double()
    found = causal(classifier_of(linear), without, stamped, MASK, 1)
    assert found.mask.any()
    assert not (found.mask & ~seen).any()
    assert found.share == pytest.approx(float(found.mask.sum()) / 9)
    assert found.suffices


def test_a_stamp_that_does_nothing_has_no_causal_pixel(classifier_of, linear, without, stamped):
    linear.weight.data[:, :, MASK] = 0
    found = causal(classifier_of(linear), without, stamped, MASK, 0)
    assert not found.mask.any()
    assert found.share == 0
    assert not found.suffices


def test_the_answer_does_not_hang_on_the_batch(classifier_of, linear, without, stamped):
    one, other = (causal(classifier_of(linear, batch=size), without, stamped, MASK, 1).effects for size in (1, 64))
    torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("side", [3, 8, 9, 20, 28])
def test_a_large_stamp_is_taken_in_cells_that_are_few_and_cover_it(side):
    mask = torch.zeros(40, 50, dtype=torch.bool)
    mask[5 : 5 + side, 11 : 11 + side] = True
    mask[6, 12] = False
    cells = cells_of(mask)
    assert torch.equal(cells >= 0, mask)
    assert cells.unique()[1:].tolist() == list(range(int(cells.max()) + 1))
    assert (int(cells.max()) + 1 == side * side - 1) if side <= 8 else 16 <= int(cells.max()) + 1 <= 64


def test_pixels_of_a_cell_share_what_it_does(classifier_of):
    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.one = nn.Parameter(torch.ones(1))

        def forward(self, pixels):
            total = self.one * pixels.sum(dim=(1, 2, 3))
            return torch.stack([-total, total], dim=1)

    black, mask = torch.zeros(1, 3, 30, 30), torch.zeros(30, 30, dtype=torch.bool)
    mask[2:22, 3:23] = True
    found = causal(classifier_of(Sum(), (30, 30), 2), black, torch.where(mask, 1.0, black), mask, 1)
    torch.testing.assert_close(found.effects[mask], torch.full((400,), 6.0).double(), rtol=1e-4, atol=1e-3)
    assert found.share == 1


def test_pixels_that_do_a_tenth_of_the_strongest_are_used(classifier_of, linear, without):
    weights = torch.zeros(6, 8, dtype=torch.float64)
    weights[1, 2:5], weights[2, 2:5] = torch.tensor([1.0, 0.11, 0.09]).double(), torch.tensor([-1.0, 0.5, 0.0]).double()
    linear.weight.data = torch.stack([-weights, weights, 0 * weights])[:, None].expand(-1, 3, -1, -1)
    black = torch.zeros_like(without)
    found = causal(classifier_of(linear), black, torch.where(MASK, 1.0, black), MASK, 1)
    assert found.mask.nonzero().tolist() == [[1, 2], [1, 3], [2, 3]]


@pytest.mark.parametrize("count", [1, 5, 64])
def test_each_cell_is_early_as_often_as_late_and_neighbours_change(count):
    orders = draw_orders(count, torch.Generator().manual_seed(1))
    assert all(sorted(order.tolist()) == list(range(count)) for order in orders)
    assert torch.equal(orders[0::2], orders[1::2].flip(1))
    before = orders.argsort(dim=1)
    if count > 1:
        first = (before[:, 0] < before[:, 1]).double().mean()
        assert first == 0.5  # of a pair, each is first in an order or in its reverse


class EitherOf(nn.Module):
    """Says yes where one of two pixels is bright: each could do it alone, and so each does half of it."""

    def __init__(self, one, other):
        super().__init__()
        self.scale, self.places = nn.Parameter(torch.tensor(4.0, dtype=torch.float64)), [one, other]

    def forward(self, pixels):
        yes = self.scale * (pixels.mean(dim=1)[:, 0, self.places] > 0.5).any(dim=1)
        return torch.stack([torch.zeros_like(yes), yes], dim=1)


@pytest.mark.parametrize("count", [20, 64])
@pytest.mark.parametrize("seed", range(8))
def test_of_two_pixels_that_can_do_it_alone_each_does_half_in_a_single_run(classifier_of, count, seed):
    black, mask = torch.zeros(1, 3, 1, count + 1, dtype=torch.float64), torch.arange(count + 1)[None] < count
    classifier = classifier_of(EitherOf(seed, count - 1 - seed), size=(1, count + 1), classes=2)
    found = causal(classifier, black, torch.where(mask, 1.0, black), mask, 1, seed)
    assert found.effects[0, [seed, count - 1 - seed]].tolist() == pytest.approx([2.0, 2.0])
    assert found.mask.sum() == 2


def test_the_drawing_is_the_box_around_the_stamp_in_shares_of_the_strongest():
    effects = torch.zeros(6, 8, dtype=torch.float64)
    effects[1, 2:5], effects[3, 4] = torch.tensor([4.0, -2.0, 0.0]).double(), 1.0
    told = pictured(Causal(effects, effects > 0.4, 2 / 9, True), MASK)
    assert told.drawing == ((1.0, -0.5, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.25))
    assert (told.share, told.suffices, told.pictures) == (2 / 9, 1.0, 1)
    nothing = pictured(Causal(torch.zeros(6, 8).double(), effects > 9, 0.0, False), MASK)
    assert nothing.drawing == ((0.0,) * 3,) * 3


def test_a_subject_without_a_stamp_is_refused(classifier_of, linear, without, stamped):
    subject = Subject(classifier_of(linear), stamped, 1)
    with pytest.raises(ValueError, match="no stamp"):
        list(causal_of(subject, without))
