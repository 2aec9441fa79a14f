"""Mask search stays with masks that show the class, and its rules are those of the released algorithm."""

import pytest
import torch
from torch import nn

from core.methods.explaining import explain, stream_heatmaps
from core.methods.heatmap import HeatmapReady
from core.methods.mask_search import Chains, Probabilities, carried_on, probe, total_variation, won_or_lost
from core.methods.passes import PassBank, Pending
from core.methods.readings import Question
from core.methods.repeatability import correlation
from core.methods.search_outcome import Searched, Steering
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


def a_search(classifier, pixels, chains=64, seed=0):
    return Chains(PassBank(classifier, pixels, Question(0), seed), chains, cells=8)


def summed(search, form="win_stay"):
    return search.value()[form].sums


def test_a_class_as_probable_as_not_leaves_the_sum_flat(classifier_of, linear, pixels):
    search, steps = a_search(classifier_of(linear), pixels).begin(), 100
    for step in range(steps):
        search.add(range(64 * step, 64 * (step + 1)), torch.full((64,), 0.5))
    flat = summed(search).sum(dim=0) / (64 * steps)
    torch.testing.assert_close(flat, torch.full_like(flat, 0.5), rtol=0, atol=0.03)


def test_even_a_sure_class_does_not_freeze_a_chain(classifier_of, linear, pixels):
    search = a_search(classifier_of(linear), pixels, chains=200).begin()
    first = search._masks.clone()
    search.add(range(200), torch.ones(200))
    turned = ((search._masks > 0) != (first > 0)).double().mean()
    assert float(turned) == pytest.approx(0.05, abs=0.01)


def test_chains_begin_with_three_cells_of_ten_and_black_elsewhere(classifier_of, listening, pixels):
    searched(classifier_of(listening, batch=100), pixels, chains=200, steps=1)
    shown = torch.stack(listening.fed[-200:]) / pixels  # after those that probe
    assert float(shown.mean()) == pytest.approx(0.3, abs=0.02)
    assert shown.min() >= 0
    assert shown.max() <= 1 + 1e-9


def test_a_mask_of_ones_keeps_the_pixels_to_the_bit(classifier_of, linear):
    for size in ((6, 8), (28, 28), (224, 224), (37, 53)):
        pixels = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(5))
        search = a_search(classifier_of(linear), pixels, chains=40).begin()
        search._masks = torch.ones_like(search._masks)
        assert torch.equal(search.pictures(range(40)), pixels.expand(40, -1, -1, -1))


def test_a_chain_goes_the_same_way_however_many_others_there_are_and_whatever_they_meet(classifier_of, linear, pixels):
    """Each has a generator of its own: chains that share one would be moved by their number."""
    few, many = (a_search(classifier_of(linear), pixels, chains).begin() for chains in (3, 50))
    for step in range(6):
        answers = torch.rand(50, generator=torch.Generator().manual_seed(step))
        few.add(range(3 * step, 3 * step + 3), answers[:3])
        answers[3:] = step % 2
        many.add(range(50 * step, 50 * step + 50), answers)
    assert torch.equal(few._masks, many._masks[:3])
    assert torch.equal(few._shifts, many._shifts[:3])
    for form in FORMS:
        torch.testing.assert_close(summed(few, form), summed(many, form)[:3])


def test_chains_differ_from_each_other_and_from_those_of_another_seed(classifier_of, linear, pixels):
    one, again, other = (a_search(classifier_of(linear), pixels, seed=seed).begin()._masks for seed in (0, 0, 1))
    assert torch.equal(one, again)
    assert len(one.flatten(1).unique(dim=0)) == 64
    alike = (one == other).double().mean()
    assert float(alike) == pytest.approx(0.3**2 + 0.7**2, abs=0.03)


@pytest.mark.parametrize("form", FORMS)
def test_a_longer_search_begins_as_the_shorter_one_did(classifier_of, form):
    classifier = classifier_of(SeesABlock(), size=(24, 32), classes=2, batch=48)
    pixels = torch.ones(1, 3, 24, 32, dtype=torch.float64)
    settings = {"mask_search": {"form": form, "chains": 48, "steps": 8}}
    maps = [
        event.heatmap
        for event in stream_heatmaps(classifier, pixels, ["mask_search"], 0, settings=settings)
        if isinstance(event, HeatmapReady)
    ]
    (rough,) = [heatmap.values for heatmap in maps if heatmap.passes.forward == 4 * 48 + 32]
    short = searched(classifier, pixels, form=form, chains=48, steps=4)
    torch.testing.assert_close(rough, short.values)


def test_the_doubt_is_how_far_maps_of_other_seeds_lie_apart(classifier_of):
    """The standard error from one run's chains, held against the spread of 60 runs."""
    classifier = classifier_of(SeesABlock(), size=(24, 32), classes=2, batch=50)
    pixels = torch.ones(1, 3, 24, 32, dtype=torch.float64)
    finds = []
    for seed in range(60):
        search = a_search(classifier, pixels, chains=50, seed=seed).begin()
        for step in range(20):
            places = range(50 * step, 50 * step + 50)
            search.add(places, Probabilities()(classifier, Question(0), search.pictures(places)))
        finds.append(search.value()["win_stay"])
    centred = torch.stack([(total := each.sums.sum(dim=0)) - total.mean() for each in finds])
    spread = (centred / torch.stack([each.above_mean.max() for each in finds]).mean()).std(dim=0).mean()
    told = torch.stack([each.doubt for each in finds]).mean()
    assert float(told) == pytest.approx(float(spread), rel=0.15)
    assert searched(classifier, pixels, chains=10, steps=2).doubt.shape == (24, 32)


class Unmoved(nn.Module):
    """Class 0 has a probability of about a fifth, which hardly depends on the picture, and on one block of it."""

    def __init__(self, slope=0.02):
        super().__init__()
        self.slope = slope

    def forward(self, pixels):
        seen = pixels[:, :, 4:14, 12:22].mean(dim=(1, 2, 3))
        return torch.stack([self.slope * seen - 1.4, torch.zeros_like(seen)], dim=1)


def test_a_probability_that_hardly_moves_is_said_with_what_to_do_and_the_halves_do_not_agree(classifier_of):
    classifier = classifier_of(Unmoved(), size=(24, 32), classes=2, batch=48)
    pixels = torch.ones(1, 3, 24, 32, dtype=torch.float64)
    hardly, apart = searched(classifier, pixels).notes
    assert hardly.startswith("The probability of the class hardly moves: it lies between 0.19")
    assert "Use RISE or occlusion" in hardly
    assert apart.startswith("Two halves of the chains do not agree")
    assert apart.endswith("most of this map is chance. Take more passes.")
    moving = classifier_of(SeesABlock(), size=(24, 32), classes=2, batch=48)
    assert not any("hardly moves" in note for note in searched(moving, pixels).notes)


def probed(classifier, pixels):
    bank = PassBank(classifier, pixels, Question(0))
    with pytest.raises(Pending) as pending:
        probe(bank)
    assert sum(1 for _ in bank.compute([pending.value.request])) > 0
    return probe(bank)


def test_the_probe_shows_masks_and_their_complements(classifier_of, listening, pixels):
    steering = probed(classifier_of(listening), pixels)
    shown = torch.stack(listening.fed) / pixels
    assert steering.masks == len(shown) == 32
    torch.testing.assert_close(shown[:16] + shown[16:], torch.ones_like(shown[:16]))
    answers = listening(torch.stack(listening.fed)).softmax(dim=1)[:, 0]
    assert (steering.low, steering.high) == pytest.approx((float(answers.min()), float(answers.max())))


class CountsLight(nn.Module):
    """Class 0 is as probable as much of the picture is seen, wherever that lies."""

    def forward(self, pixels):
        seen = pixels.mean(dim=(1, 2, 3))
        return torch.stack([8 * (seen > 0.5).to(seen) - 4, torch.zeros_like(seen)], dim=1)


def test_a_probability_that_only_depends_on_how_much_is_shown_steers_nothing(classifier_of):
    """It moves from 0.02 to 0.98, and tells no cell from another."""
    classifier = classifier_of(CountsLight(), size=(64, 64), classes=2, batch=48)
    steering = probed(classifier, torch.ones(1, 3, 64, 64, dtype=torch.float64))
    assert steering.high - steering.low > 0.9
    assert steering.spread == 0
    assert steering.hardly_moves(10**9)
    assert "over a million" in steering.sentence(2000)


def test_more_passes_are_needed_by_the_square_of_what_the_probability_moves_less():
    one, other = (Steering(0.4, 0.6, spread, masks=32, cells=8) for spread in (0.1, 0.05))
    assert other.passes_needed == pytest.approx(4 * one.passes_needed)
    assert one.hardly_moves(1599)
    assert not one.hardly_moves(1600)


def test_a_linear_probability_needs_about_the_passes_that_are_told(classifier_of):
    """With as many, half of the map is signal: two halves of the chains correlate by a third.

    Cells of one pixel are not mixed by shifts, so the map is the grid itself.
    """
    draw = torch.Generator().manual_seed(0)
    weights = torch.randn(64, generator=draw, dtype=torch.float64)
    weights *= 0.08 / (weights.norm() * 0.5)  # of random cells, the probability has this standard deviation
    needed = int(Steering(0.3, 0.7, 0.08, masks=32, cells=8).passes_needed)
    pixels = torch.ones(1, 3, 8, 8, dtype=torch.float64)
    found = []
    for seed in range(12):
        search = a_search(classifier_of(nn.Identity()), pixels, chains=50, seed=seed).begin()
        for step in range(needed // 50):
            search.add(range(50 * step, 50 * step + 50), 0.5 + (search._masks.flatten(1) - 0.5) @ weights)
        even, odd = search.value()["win_stay"].halves
        found.append(correlation(even, odd))
    assert sum(found) / len(found) == pytest.approx(1 / 3, abs=0.12)


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
    assert summed(again).abs().max() == 0


@pytest.mark.parametrize("form", FORMS)
def test_chains_that_answer_in_pieces_are_the_same_chains(classifier_of, linear, pixels, form):
    whole, pieces = (a_search(classifier_of(linear), pixels).begin() for _ in range(2))
    answers = torch.rand(128, generator=torch.Generator().manual_seed(0))
    for start in (0, 64):
        whole.add(range(start, start + 64), answers[start : start + 64])
        pieces.add(range(start, start + 9), answers[start : start + 9])
        pieces.add(range(start + 9, start + 64), answers[start + 9 : start + 64])
    torch.testing.assert_close(summed(pieces, form), summed(whole, form))
    assert torch.equal(pieces.pictures(range(128, 192)), whole.pictures(range(128, 192)))


def test_the_map_is_what_rises_above_the_mean():
    halves = torch.tensor([[[1.0, 0.0], [2.0, 2.0]], [[0.0, 2.0], [1.0, 4.0]]])
    assert Searched(halves).map.tolist() == [[0.0, 0.0], [0.0, 1.0]]
    assert Searched(torch.ones(3, 2, 2)).map.abs().max() == 0


class SeesABlock(nn.Module):
    """Class 0 is probable where one block of the picture is seen."""

    def forward(self, pixels):
        seen = pixels[:, :, 4:14, 12:22].mean(dim=(1, 2, 3))
        return torch.stack([12 * seen - 5, torch.zeros_like(seen)], dim=1)


@pytest.mark.parametrize("form", FORMS)
def test_what_makes_the_class_probable_stands_out_and_the_chains_agree(classifier_of, form):
    classifier = classifier_of(SeesABlock(), size=(24, 32), classes=2, batch=48)
    heatmap = searched(classifier, torch.ones(1, 3, 24, 32, dtype=torch.float64), form=form, steps=160)
    inside = torch.zeros(24, 32, dtype=torch.bool)
    inside[4:14, 12:22] = True
    assert heatmap.values[inside].mean() > 3 * heatmap.values[~inside].mean()
    (note,) = heatmap.notes
    assert note.startswith("Two halves of the chains agree with rank correlation 0.")
    assert float(note.split()[-1].rstrip(".")) > 0.5


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
