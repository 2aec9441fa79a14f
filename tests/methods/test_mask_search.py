"""Mask search stays with masks that show the class, and its rules are those of the released algorithm."""

import pytest
import torch
from torch import nn

from core.methods.explaining import explain
from core.methods.mask_search import Chains, Probabilities, carried_on, peaks, total_variation, won_or_lost
from core.methods.passes import PassBank
from core.methods.readings import Question
from core.models.answering import Answering

FORMS = ["win_stay", "total_variation"]


def searched(classifier, pixels, output="logit", **settings):
    return explain(classifier, pixels, ["mask_search"], target=0, settings={"mask_search": settings}, output=output)[
        "mask_search"
    ]


@pytest.fixture
def masks():
    return (torch.rand(20, 8, 8, generator=torch.Generator().manual_seed(0)) < 0.3).double()


@pytest.fixture
def draws():
    return torch.rand(20, 8, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def every(value, like):
    return torch.full((len(like),), value, dtype=like.dtype)


def test_a_sure_class_leaves_the_mask_unchanged(masks, draws):
    for change in (0.0, 0.6, -0.6):
        assert torch.equal(won_or_lost(masks, every(1.0, masks), every(change, masks), draws), masks)


def test_a_class_that_is_out_of_the_question_turns_every_cell_over_and_back(masks, draws):
    turned = won_or_lost(masks, every(0.0, masks), every(0.0, masks), draws)
    assert torch.equal(turned, 1 - masks)
    assert torch.equal(won_or_lost(turned, every(0.0, masks), every(0.0, masks), draws), masks)


def test_a_cell_stays_as_often_as_the_class_is_probable():
    masks = (torch.rand(2000, 8, 8, generator=torch.Generator().manual_seed(2)) < 0.3).double()
    draws = torch.rand(masks.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    moved = won_or_lost(masks, every(0.8, masks), every(0.0, masks), draws)
    assert float(moved[masks > 0].mean()) == pytest.approx(0.8, abs=0.01)
    assert float(moved[masks == 0].mean()) == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("change", [0.5, -0.5])
def test_new_cells_weigh_less_by_how_much_the_probability_changed_and_old_ones_do_not(masks, draws, change):
    moved = won_or_lost(masks, every(0.4, masks), every(change, masks), draws)
    new, old = (moved > 0) & (masks == 0), (moved > 0) & (masks > 0)
    torch.testing.assert_close(moved[new], torch.full_like(moved[new], 0.99))
    assert (moved[old] == 1).all()
    assert torch.equal(won_or_lost(moved, every(1.0, masks), every(-change, masks), draws), moved)


def test_each_chain_goes_by_its_own_probability(masks, draws):
    probabilities = torch.tensor([1.0, 0.0] * 10, dtype=torch.float64)
    moved = won_or_lost(masks, probabilities, every(0.0, masks), draws)
    assert torch.equal(moved[0::2], masks[0::2])
    assert torch.equal(moved[1::2], 1 - masks[1::2])


def test_total_variation_is_the_mean_difference_of_neighbours():
    mask = torch.tensor([[[0.0, 1.0, 1.0], [0.0, 0.5, 1.0]]])
    assert float(total_variation(mask)) == pytest.approx((0.5 / 3 + (1 + 0 + 0.5 + 0.5) / 4) / 2)


def test_the_second_form_weighs_a_mask_by_its_change_and_what_came_before_by_its_variation(masks, draws):
    change = torch.linspace(-1, 1, 20, dtype=torch.float64)
    carried = carried_on(masks, change, draws)
    for chain in (0, 7, 19):
        expected = masks[chain] * change[chain] + draws[chain] * total_variation(draws[chain : chain + 1])
        torch.testing.assert_close(carried[chain], expected)


def a_search(classifier, pixels, form="win_stay", chains=64):
    return Chains(PassBank(classifier, pixels, Question(0)), form, chains, cells=8)


def test_a_class_as_probable_as_not_leaves_the_sum_flat(classifier_of, linear, pixels):
    search, steps = a_search(classifier_of(linear), pixels).begin(), 100
    for step in range(steps):
        search.add(range(64 * step, 64 * (step + 1)), torch.full((64,), 0.5))
    flat = search.value().sum(dim=0) / (64 * steps)
    torch.testing.assert_close(flat, torch.full_like(flat, 0.5), rtol=0, atol=0.03)


def test_even_a_sure_class_does_not_freeze_a_chain(classifier_of, linear, pixels):
    search = a_search(classifier_of(linear), pixels, chains=200).begin()
    first = search._masks.clone()
    search.add(range(200), torch.ones(200))
    turned = ((search._masks > 0) != (first > 0)).double().mean()
    assert float(turned) == pytest.approx(0.05, abs=0.01)


def test_chains_begin_with_three_cells_of_ten_and_black_elsewhere(classifier_of, listening, pixels):
    searched(classifier_of(listening, batch=100), pixels, chains=200, steps=1)
    shown = torch.stack(listening.fed[-200:]) / pixels
    assert float(shown.mean()) == pytest.approx(0.3, abs=0.02)
    assert shown.min() >= 0
    assert shown.max() <= 1 + 1e-9


def test_what_is_fed_next_is_what_the_last_answers_made(classifier_of, listening, pixels):
    """A network that finds class 0 impossible is fed the complement, shifted anew."""
    listening.weight.data.zero_()
    network = nn.Sequential(listening, Bias([-100.0, 0.0, 0.0]))
    searched(classifier_of(network, batch=100), torch.ones_like(pixels), chains=100, steps=2)
    first, second = torch.stack(listening.fed[-200:]).chunk(2)
    assert float(second.mean()) == pytest.approx(1 - float(first.mean()) * 0.9 - 0.05, abs=0.02)


class Bias(nn.Module):
    def __init__(self, amounts):
        super().__init__()
        self.amounts = amounts

    def forward(self, logits):
        return logits + logits.new_tensor(self.amounts)


def test_a_search_that_is_begun_again_forgets_what_it_knew(classifier_of, linear, pixels):
    search = a_search(classifier_of(linear), pixels).begin()
    fresh = search.pictures(range(64))
    search.add(range(64), torch.rand(64, generator=torch.Generator().manual_seed(0)))
    assert not torch.equal(search.pictures(range(64, 128)), fresh)
    again = search.begin()
    assert torch.equal(again.pictures(range(64)), fresh)
    assert again.value().abs().max() == 0


@pytest.mark.parametrize("form", FORMS)
def test_chains_that_answer_in_pieces_are_the_same_chains(classifier_of, linear, pixels, form):
    whole, pieces = (a_search(classifier_of(linear), pixels, form).begin() for _ in range(2))
    answers = torch.rand(128, generator=torch.Generator().manual_seed(0))
    for start in (0, 64):
        whole.add(range(start, start + 64), answers[start : start + 64])
        pieces.add(range(start, start + 9), answers[start : start + 9])
        pieces.add(range(start + 9, start + 64), answers[start + 9 : start + 64])
    torch.testing.assert_close(pieces.value(), whole.value())
    assert torch.equal(pieces.pictures(range(128, 192)), whole.pictures(range(128, 192)))


def test_the_map_is_what_rises_above_the_mean():
    summed = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    assert peaks(summed).tolist() == [[0.0, 0.0], [0.0, 1.0]]
    assert peaks(torch.ones(2, 2)).abs().max() == 0


class SeesABlock(nn.Module):
    """Class 0 is probable where one block of the picture is seen."""

    def forward(self, pixels):
        seen = pixels[:, :, 4:14, 12:22].mean(dim=(1, 2, 3))
        return torch.stack([12 * seen - 5, torch.zeros_like(seen)], dim=1)


@pytest.mark.parametrize("form", FORMS)
def test_what_makes_the_class_probable_stands_out_and_the_chains_agree(classifier_of, form):
    classifier = classifier_of(SeesABlock(), size=(24, 32), classes=2, batch=48)
    heatmap = searched(classifier, torch.ones(1, 3, 24, 32, dtype=torch.float64), form=form, steps=80)
    inside = torch.zeros(24, 32, dtype=torch.bool)
    inside[4:14, 12:22] = True
    assert heatmap.values[inside].mean() > 3 * heatmap.values[~inside].mean()
    (note,) = heatmap.notes
    assert note.startswith("Two halves of the chains agree with r = 0.")
    assert float(note.rpartition("= ")[2].rstrip(".")) > 0.5


@pytest.mark.parametrize("form", FORMS)
def test_the_probability_is_read_whatever_number_is_explained(classifier_of, linear, pixels, form):
    linear.weight.data *= 0.1
    maps = [
        searched(classifier_of(linear), pixels, output=output, form=form, chains=10, steps=5).values
        for output in ("logit", "probability", "logit_margin")
    ]
    assert torch.equal(maps[0], maps[1])
    assert torch.equal(maps[0], maps[2])


class OneOutput(nn.Module):
    def forward(self, pixels):
        return pixels.square().mean(dim=(1, 2, 3))[:, None]


def test_of_a_network_with_one_output_the_sigmoid_is_searched(classifier_of, pixels):
    classifier = classifier_of(OneOutput(), classes=1)
    classifier.answering = Answering("sigmoid")
    answers = Probabilities()(classifier, Question(0, reading="sigmoid"), pixels)
    torch.testing.assert_close(answers, OneOutput()(pixels)[:, 0].sigmoid())
