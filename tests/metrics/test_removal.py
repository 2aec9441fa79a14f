"""What goes as a whole goes as a whole, and exactly as many pixels go as were asked for."""

import pytest
import torch

from core.metrics.curves import perturb, perturbed
from core.metrics.removal import Cells, regions, removal_counts, reversed_rank


def ties(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def gone(pictures: list[torch.Tensor]) -> list[int]:
    return sorted(int((picture == 0).sum()) for picture in pictures)


def test_regions_are_squares_and_those_at_the_far_borders_are_cut():
    cells = regions((5, 7), 3)
    assert torch.bincount(cells.flatten()).tolist() == [9, 9, 3, 6, 6, 2]
    assert cells[0, 6] == 2
    assert cells[4, 0] == 3


@pytest.mark.parametrize("side", [0, 9])
def test_a_side_that_gives_no_region_is_refused_in_words(side):
    with pytest.raises(ValueError, match="from 1 to 8 pixels here"):
        regions((6, 8), side)


def test_cells_go_by_their_mean_and_not_by_their_sum():
    cells = Cells(torch.tensor([0, 0, 0, 0, 1, 2]))
    rank = cells.rank(torch.tensor([1.0, 1.0, 1.0, 1.0, 3.0, 2.0]), ties())
    assert rank[4:].tolist() == [0, 1]
    assert sorted(rank[:4].tolist()) == [2, 3, 4, 5]


def test_two_cells_that_are_equal_never_mix():
    number = torch.arange(40) // 10
    for seed in range(20):
        rank = Cells(number).rank(torch.ones(40), ties(seed))
        assert sorted(rank.tolist()) == list(range(40))
        assert all(len(set((rank[number == cell] // 10).tolist())) == 1 for cell in range(4))


def test_equal_cells_go_in_random_order_and_so_do_the_pixels_of_one():
    number = torch.arange(40) // 10
    ranks = torch.stack([Cells(number).rank(torch.ones(40), ties(seed)) for seed in range(400)])
    assert torch.allclose(ranks.double().mean(dim=0), torch.tensor(19.5, dtype=torch.float64), atol=2.5)


def test_a_random_order_of_cells_keeps_them_whole():
    number = torch.arange(40) // 10
    rank = Cells(number).random_rank(ties())
    assert sorted(rank.tolist()) == list(range(40))
    assert all(len(set((rank[number == cell] // 10).tolist())) == 1 for cell in range(4))


def test_the_least_important_cell_goes_first_when_the_order_is_reversed():
    rank = Cells(torch.tensor([0, 0, 1, 1])).rank(torch.tensor([5.0, 5.0, 1.0, 1.0]), ties())
    assert sorted(reversed_rank(rank)[2:].tolist()) == [0, 1]


def test_a_region_goes_as_a_whole_and_at_most_one_is_gone_in_part(classifier_of, listening, pixels):
    values = {"map": pixels[0, 0]}
    perturb(classifier_of(listening), pixels, values, 0, ("mif", "lif", "random"), 12, "black", unit="region", side=2)
    cells = regions((6, 8), 2)
    for picture in listening.fed:
        removed = (picture == 0).all(dim=0)
        shares = [removed[cells == cell].float().mean().item() for cell in range(12)]
        assert sum(0 < share < 1 for share in shares) <= 1
    assert {count // 3 for count in gone(listening.fed)} == set(range(0, 49, 4))


def test_the_best_region_goes_first(classifier_of, linear, pixels):
    values = torch.zeros(6, 8)
    values[2:4, 4:6] = torch.tensor([[0.0, 0.0], [0.0, 9.0]])
    picture = perturbed(classifier_of(linear), pixels, values, "mif", 4 / 48, "black", unit="region", side=2)
    assert (picture == 0).all(dim=0).nonzero().tolist() == [[2, 4], [2, 5], [3, 4], [3, 5]]


def test_a_superpixel_goes_as_a_whole(classifier_of, linear):
    halves = torch.cat([torch.full((1, 3, 40, 40), 0.2), torch.full((1, 3, 40, 40), 0.9)], dim=3).double()
    values = torch.rand(40, 80, generator=ties()) + (torch.arange(80) >= 40)
    network = type(linear)(size=(40, 80))
    picture = perturbed(classifier_of(network, size=(40, 80)), halves, values, "mif", 0.5, "black", unit="superpixel")
    removed = (picture == 0).all(dim=0)
    assert removed[:, 40:].all()
    assert not removed[:, :40].any()


def test_a_feature_is_one_channel_of_a_pixel(classifier_of, listening, pixels):
    attribution = torch.rand(3, 6, 8, generator=ties())
    perturb(classifier_of(listening), pixels, {"map": attribution}, 0, ("mif",), 9, "black", unit="feature")
    assert gone(listening.fed) == removal_counts(9, 144)
    (first,) = [picture for picture in listening.fed if (picture == 0).sum() == 16]
    assert set((first == 0).flatten().nonzero().flatten().tolist()) == set(
        attribution.flatten().topk(16).indices.tolist()
    )


def test_the_exact_features_of_a_linear_model_beat_its_exact_pixels(classifier_of, linear, pixels):
    share = (linear.weight[2] * pixels[0]).detach()
    by_unit = {}
    for unit, values in (("feature", share), ("pixel", share.sum(dim=0))):
        curves = perturb(
            classifier_of(linear), pixels, {"map": values}, 2, ("mif", "lif"), 48, "black", "relative_logit", unit=unit
        )
        by_unit[unit] = curves["map", "lif"].area - curves["map", "mif"].area
    assert by_unit["feature"] > by_unit["pixel"] > 0


def test_a_map_with_channels_is_refused_where_pixels_go_whole(classifier_of, linear, pixels):
    with pytest.raises(ValueError, match=r"the map has shape \(3, 6, 8\), the picture \(6, 8\)"):
        perturb(classifier_of(linear), pixels, {"map": pixels[0]}, 0)


def test_an_unknown_unit_is_answered_with_those_there_are(classifier_of, linear, pixels):
    with pytest.raises(ValueError, match="pixel, region, superpixel, feature"):
        perturb(classifier_of(linear), pixels, {"map": pixels[0, 0]}, 0, unit="patch")


def test_shares_that_are_not_evenly_spaced_keep_their_true_place(classifier_of, linear, pixels):
    curves = perturb(
        classifier_of(linear), pixels, {"map": pixels[0, 0]}, 0, ("mif",), [0.1, 0.5, 0.9], "black", "accuracy"
    )
    assert curves["map", "mif"].fractions.tolist() == [0, 5 / 48, 24 / 48, 43 / 48, 1]


def test_accuracy_is_one_while_the_class_leads_and_zero_after(classifier_of, linear, pixels):
    classifier = classifier_of(linear)
    target = int(classifier(pixels)[0].argmax())
    curve = perturb(classifier, pixels, {"map": pixels[0, 0]}, target, ("mif",), 48, "black", "accuracy")["map", "mif"]
    rank = pixels[0, 0].flatten().argsort(descending=True)
    for step in (0, 7, 30):
        left = pixels.clone().flatten(2)
        left[..., rank[:step]] = 0
        leads = int(classifier(left.view_as(pixels))[0].argmax()) == target
        assert curve.values[step] == float(leads)
