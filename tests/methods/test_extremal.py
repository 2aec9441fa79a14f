"""Extremal perturbation tries masks of just the areas it names, and moves to those that keep the score."""

import pytest
import torch
from torch import nn

from core.methods.explaining import explain
from core.methods.extremal import AREAS, AreaSearch, masks_of_areas, moved
from core.methods.passes import PassBank
from core.methods.readings import Question


def extremal(classifier, pixels, **settings):
    return explain(
        classifier, pixels, ["extremal_perturbation"], target=0, settings={"extremal_perturbation": settings}
    )["extremal_perturbation"]


class SeesABlock(nn.Module):
    """Class 0 scores by how much of one block of the picture is seen."""

    def forward(self, pixels):
        seen = pixels[:, :, 4:12, 12:20].mean(dim=(1, 2, 3))
        return torch.stack([seen, torch.zeros_like(seen)], dim=1)


@pytest.fixture
def block(classifier_of):
    return classifier_of(SeesABlock(), size=(24, 32), classes=2, batch=16)


@pytest.fixture
def white():
    return torch.ones(1, 3, 24, 32, dtype=torch.float64)


def test_what_keeps_the_score_is_found(block, white):
    values = extremal(block, white, cover="black").values
    inside = torch.zeros_like(values, dtype=torch.bool)
    inside[4:12, 12:20] = True
    assert values[inside].mean() > 3 * values[~inside].mean()
    top = torch.zeros_like(inside).flatten()
    top[values.flatten().topk(int(inside.sum())).indices] = True
    assert float((top & inside.flatten()).sum() / inside.sum()) > 0.75


def test_more_rounds_find_better_masks(block, white):
    def best(rounds):
        values = extremal(block, white, cover="black", rounds=rounds).values
        return float(values[4:12, 12:20].sum() / values.sum())

    first, *others = (best(rounds) for rounds in (1, 3, 7))
    assert first < others[0] < others[1]


def test_every_mask_shows_its_area_s_share_of_cells_and_areas_take_turns():
    likely = torch.full((len(AREAS), 64), 0.5)
    shown = masks_of_areas(likely, 50, torch.Generator().manual_seed(0))
    counts = shown.sum(dim=1).view(50, len(AREAS))
    assert counts.unique(dim=0).tolist() == [[3, 6, 13, 26]]
    assert len({tuple(mask) for mask in shown[3::4].tolist()}) == 50


def test_likely_cells_are_shown_more_often_in_proportion():
    likely = torch.full((len(AREAS), 64), 0.01)
    likely[:, :32] = 0.03
    shown = masks_of_areas(likely, 2000, torch.Generator().manual_seed(0))[0::4]
    first = shown[:, :32].sum() / shown.sum()
    assert float(first) == pytest.approx(0.75, abs=0.02)  # three cells of 64: hardly any is drawn for want of others


def test_likelihoods_move_half_way_to_the_best_two_fifths_of_each_area_s_own_masks():
    draw = torch.Generator().manual_seed(0)
    likely = torch.tensor(AREAS)[:, None].repeat(1, 64)
    shown, scores = masks_of_areas(likely, 10, draw), torch.rand(40, generator=draw)
    scores[0::4] += 100  # one area's scores are no measure for another's
    after = moved(likely, shown, scores)
    for area in range(4):
        order = scores[area::4].argsort(descending=True)
        best = shown[area::4][order[:4]].float().mean(dim=0)
        torch.testing.assert_close(after[area], (likely[area] + best).div(2).clamp(min=0.001))


def test_masks_that_score_alike_move_nothing():
    likely = torch.tensor(AREAS)[:, None].repeat(1, 64)
    shown = masks_of_areas(likely, 8, torch.Generator())
    assert torch.equal(moved(likely, shown, torch.ones(32)), likely)


def test_the_network_is_fed_what_the_areas_show_and_the_cover_elsewhere(classifier_of, listening, pixels):
    classifier = classifier_of(listening)
    extremal(classifier, torch.ones_like(pixels), rounds=1, masks=100, cover="black")
    masks = torch.stack(listening.fed[-400:])
    assert masks.min() >= 0
    assert masks.max() <= 1
    for area, share in enumerate((3 / 64, 6 / 64, 13 / 64, 26 / 64)):
        assert float(masks[area::4].mean()) == pytest.approx(share, abs=0.03)
    extremal(classifier, torch.ones_like(pixels), rounds=1, masks=100, cover="grey")
    torch.testing.assert_close(torch.stack(listening.fed[-400:]), 0.5 + 0.5 * masks)


def a_search(classifier, pixels):
    return AreaSearch(PassBank(classifier, pixels, Question(0)), masks=8, cells=4, cover="black")


def test_a_search_that_is_begun_again_forgets_what_it_knew(block, white):
    search = a_search(block, white).begin()
    fresh, untouched = search.pictures(range(32)), search.value()
    search.add(range(32), torch.arange(32.0))
    search.add(range(32, 40), torch.arange(8.0))
    assert not torch.equal(search.pictures(range(32)), fresh)
    again = search.begin()
    assert torch.equal(again.pictures(range(32)), fresh)
    assert torch.equal(again.value(), untouched)


def test_half_a_round_is_already_worth_something_and_does_not_change_what_comes_of_the_whole(block, white):
    halved, whole = a_search(block, white).begin(), a_search(block, white).begin()
    scores = torch.rand(32, generator=torch.Generator().manual_seed(0))
    halved.add(range(13), scores[:13])
    assert not torch.equal(halved.value(), whole.value())
    halved.add(range(13, 32), scores[13:])
    whole.add(range(32), scores)
    assert torch.equal(halved.value(), whole.value())
    assert torch.equal(halved.pictures([32, 35]), whole.pictures([32, 35]))
