"""The leak of masks: found where their shape is the class, absent where they are random, never learned from itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from core.jobs.events import Returning
from core.metrics.curve_plan import Perturbation
from core.metrics.curves import perturbed
from core.metrics.leak import (
    FEWEST_PICTURES,
    FOLDS,
    SHARES,
    WHOLE,
    WIDENED,
    Leak,
    LeakReady,
    LeakRefused,
    PictureMasks,
    folds_of,
    measure_leak,
    nearest_kind,
    picture_masks,
)
from core.metrics.statistics import Estimate, clopper_pearson

CELLS = 12


def ranked(values: Tensor) -> Tensor:
    """The masks of a map without equal values, at every share."""
    rank = values.flatten().argsort(descending=True).argsort()
    return torch.stack([WHOLE * (rank < round(share * len(rank))) for share in SHARES]).byte()


def noise(number: int, seed: int = 0) -> Tensor:
    return torch.rand(CELLS, CELLS, generator=torch.Generator().manual_seed(1000 * seed + number))


def planted(number: int, kind: int) -> Tensor:
    """A map whose highest values are a bar of the class's own, in noise."""
    values = noise(number)
    values[3 * kind : 3 * kind + 3] += 1
    return values


def unrelated(seed: int = 0) -> Callable[[int, int], Tensor]:
    """Maps that owe nothing to the class."""
    return lambda place, _: noise(place, seed)


def study(kinds: Sequence[int], of: Mapping[str, Callable[[int, int], Tensor]]) -> list[PictureMasks]:
    return [
        PictureMasks(f"picture {place:03}", kind, {name: ranked(make(place, kind)) for name, make in of.items()})
        for place, kind in enumerate(kinds)
    ]


def measured(pictures: Sequence[PictureMasks], seed: int = 0) -> LeakReady | LeakRefused:
    measuring = Returning(measure_leak(pictures, seed))
    list(measuring)
    return measuring.result


def found(pictures: Sequence[PictureMasks], seed: int = 0) -> LeakReady:
    result = measured(pictures, seed)
    assert isinstance(result, LeakReady)
    return result


FOUR = [place % 4 for place in range(60)]


def test_a_shape_that_is_the_class_is_read_from_almost_every_picture():
    (leak,) = found(study(FOUR, {"gradient": planted})).leaks
    assert leak.named.mean > 0.95
    assert min(leak.by_share) > 0.75
    assert leak.above_chance


def test_random_masks_are_at_chance_and_a_false_finding_is_rare():
    leaks = [found(study(FOUR, {"random": unrelated(seed)}), seed).leaks[0] for seed in range(40)]
    mean = sum(each.named.mean for each in leaks) / len(leaks)
    assert mean == pytest.approx(0.25, abs=0.02)
    assert [each.chance for each in leaks] == pytest.approx([0.25] * 40)
    assert sum(each.above_chance for each in leaks) <= 4


def test_shuffled_classes_are_at_chance_whatever_the_shape_is():
    pictures = study(FOUR, {"gradient": planted})
    means = []
    for seed in range(20):
        shuffled = torch.randperm(len(FOUR), generator=torch.Generator().manual_seed(seed)).tolist()
        given = [replace(each, kind=FOUR[place]) for each, place in zip(pictures, shuffled, strict=True)]
        means.append(found(given, seed).leaks[0].named.mean)
    assert sum(means) / len(means) == pytest.approx(0.25, abs=0.03)


def test_the_same_random_masks_would_tell_everything_to_who_has_learned_from_them():
    masks = torch.stack([ranked(noise(place)) for place in range(60)]).float() / WHOLE
    kinds = torch.tensor(FOUR)
    assert (nearest_kind(masks, kinds, masks) == kinds[:, None]).double().mean() > 0.6


def test_the_nearest_mean_is_that_of_a_plain_search():
    masks = torch.stack([ranked(planted(place, kind)) for place, kind in enumerate(FOUR)]).float() / WHOLE
    kinds, tested = torch.tensor(FOUR), torch.stack([ranked(noise(place, 7)) for place in range(9)]).float() / WHOLE
    for share in range(len(SHARES)):
        means = [masks[kinds == kind, share].mean(dim=0) for kind in range(4)]
        plain = [
            min(range(4), key=lambda kind: float((mask - means[kind]).square().sum())) for mask in tested[:, share]
        ]
        assert nearest_kind(masks, kinds, tested)[:, share].tolist() == plain


@pytest.mark.parametrize("sizes", [(250, 50), (200, 60, 40), (150, 90, *[12] * 5)], ids=str)
def test_no_class_is_predicted_more_often_for_being_rare_or_frequent(sizes):
    masks = torch.stack([ranked(noise(place)) for place in range(300)]).float() / WHOLE
    tested = torch.stack([ranked(noise(place, 3)) for place in range(300)]).float() / WHOLE
    kinds = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
    often = torch.bincount(nearest_kind(masks, kinds, tested).flatten(), minlength=len(sizes)) / tested[:, :, 0].numel()
    assert often.tolist() == pytest.approx([1 / len(sizes)] * len(sizes), abs=0.4 / len(sizes))


def test_every_fold_has_its_part_of_every_class():
    kinds = torch.tensor([0] * 17 + [1] * 5 + [2] * 11)
    folds = folds_of(kinds, seed=3)
    for kind in range(3):
        counts = torch.bincount(folds[kinds == kind], minlength=FOLDS)
        assert int(counts.max() - counts.min()) <= 1
    assert folds_of(kinds, 4).tolist() != folds.tolist()


def test_random_masks_of_uneven_classes_are_at_the_chance_that_is_told():
    for kinds in ([0] * 45 + [1] * 15, [0] * 60 + [1] * 20 + [2] * 8):
        leaks = [found(study(kinds, {"random": unrelated(seed)}), seed).leaks[0] for seed in range(20)]
        assert sum(each.named.mean - each.chance for each in leaks) / len(leaks) == pytest.approx(0, abs=0.03)


SKEWED = [0] * 100 + [kind for kind in range(1, 21) for _ in range(5)]


def test_masks_that_tell_nothing_of_very_uneven_classes_are_at_chance_within_the_interval():
    leaks = [found(study(SKEWED, {"random": unrelated(seed)}), seed).leaks[0] for seed in range(20)]
    assert sum(each.named.low <= each.chance <= each.named.high for each in leaks) >= 18
    assert sum(each.chance for each in leaks) / len(leaks) == pytest.approx(1 / 21, abs=0.02)  # no class is preferred


def test_a_faint_shape_of_very_uneven_classes_is_found_which_the_plain_nearest_mean_misses(monkeypatch):
    """Rare classes have noisy means, and of many noisy means one is near by luck: it takes pictures of the others."""
    draw = torch.Generator().manual_seed(2)
    shapes = torch.randn(21, CELLS, CELLS, generator=draw)

    def faint(seed: int) -> Callable[[int, int], Tensor]:
        return lambda place, kind: noise(place, seed) + 0.045 * shapes[kind]

    def times_found() -> int:
        return sum(found(study(SKEWED, {"gradient": faint(seed)}), seed).leaks[0].above_chance for seed in range(15))

    fairly = times_found()
    monkeypatch.setattr("core.metrics.leak.nearest_kind", plain_nearest_mean)
    assert fairly >= times_found() + 4


def plain_nearest_mean(masks: Tensor, kinds: Tensor, tested: Tensor) -> Tensor:
    """By distance alone, its expected noise taken off."""
    of_kind = [masks[kinds == kind] for kind in range(int(kinds.max()) + 1)]
    distances = [
        (tested - own.mean(dim=0)).square().sum(dim=2) - own.var(dim=0).sum(dim=1) / len(own) for own in of_kind
    ]
    return torch.stack(distances, dim=2).argmin(dim=2)


def test_half_as_wrong_as_chance_in_each_of_two_uneven_classes_is_a_leak():
    """Below the share of the larger class, and yet more than whoever knows the frequencies alone."""
    kinds = [0] * 90 + [1] * 30

    def often(place: int, kind: int) -> Tensor:
        return planted(place, kind if place % 10 < 7 else 1 - kind)

    (leak,) = found(study(kinds, {"gradient": often})).leaks
    assert leak.named.mean < 0.75
    assert leak.above_chance


def test_methods_are_measured_apart_and_share_the_folds():
    both = found(study(FOUR, {"gradient": planted, "random": unrelated()}))
    alone = found(study(FOUR, {"random": unrelated()}))
    assert {each.method: each for each in both.leaks}["random"] == alone.leaks[0]


def test_removing_the_least_important_first_leaks_exactly_as_much():
    both = found(study(FOUR, {"gradient": planted, "negated": lambda place, kind: -planted(place, kind)})).leaks
    assert {each.method: each.named.mean for each in both} == pytest.approx(
        dict.fromkeys(("gradient", "negated"), both[0].named.mean)
    )
    assert both[0].by_share == pytest.approx(both[1].by_share[::-1])


def test_the_order_of_the_pictures_changes_nothing():
    pictures = study(FOUR, {"gradient": planted})
    one, other = found(pictures), found(pictures[::-1])
    assert sorted(one.scores) == sorted(other.scores)
    assert one.leaks == other.leaks


def test_a_method_that_some_pictures_lack_has_no_leak():
    pictures = study(FOUR, {"gradient": planted, "oracle": planted})
    pictures[5] = replace(pictures[5], masks={"gradient": pictures[5].masks["gradient"]})
    result = found(pictures)
    assert [each.method for each in result.leaks] == ["gradient"]
    assert result.lacking == ("oracle",)
    assert "Not measured" not in result.words  # a control


def test_a_method_refused_on_some_pictures_is_named():
    pictures = study(FOUR, {"gradient": planted, "vargrad": planted})
    pictures[5] = replace(pictures[5], masks={"gradient": pictures[5].masks["gradient"]})
    assert "Not measured, since some pictures have no mask: VarGrad." in found(pictures).words
    pictures = study(FOUR, {"vargrad": planted})
    pictures[5] = replace(pictures[5], masks={})
    assert found(pictures).words.startswith("Leak: no method was measured.")


@pytest.mark.parametrize(
    "kinds",
    [
        [0, 1] * (FEWEST_PICTURES // 2 - 1) + [0],
        [0] * 60,
        list(range(50)),
        [0] * 39 + [1] * 4 + [2] * 4,
    ],
    ids=["39 pictures", "one class", "a class for each", "classes of four"],
)
def test_too_few_pictures_get_a_sentence_and_no_number(kinds):
    result = measured(study(kinds, {"gradient": unrelated()}))
    assert isinstance(result, LeakRefused)
    assert "at least 40 pictures in two or more classes of at least 5 each" in result.words
    assert "Judge more pictures" in result.words


def test_classes_of_too_few_are_left_out_and_that_is_said():
    result = found(study(FOUR + [9] * 4, {"gradient": planted_or_noise}))
    assert (result.pictures, result.classes, result.left_out) == (60, 4, 4)
    assert "4 left out, in classes of fewer than 5." in result.words


def planted_or_noise(place: int, kind: int) -> Tensor:
    return planted(place, kind) if kind < 4 else noise(place)


@pytest.mark.parametrize(("pictures", "told"), [(FEWEST_PICTURES, True), (FEWEST_PICTURES // 2, False)])
def test_three_of_four_in_two_classes_can_be_told_from_chance_with_the_fewest_and_not_with_half(pictures, told):
    named = Estimate(0.75, *clopper_pearson(0.75, pictures), pictures).widened(WIDENED)
    assert Leak("gradient", named, (0.75,) * 5, 0.5).above_chance == told


def test_of_two_classes_random_masks_are_rarely_above_chance_though_pictures_help_to_name_each_other():
    leaks = [found(study([0, 1] * 20, {"random": unrelated(seed)}), seed).leaks[0] for seed in range(100)]
    narrow = [each.named.mean - (each.named.mean - each.named.low) / WIDENED > each.chance for each in leaks]
    assert sum(each.above_chance for each in leaks) <= 4
    assert sum(narrow) > sum(each.above_chance for each in leaks)
    assert sum(each.named.low <= 0.5 <= each.named.high for each in leaks) >= 92


def test_the_sentence_claims_a_leak_only_where_the_whole_interval_is_above_chance():
    (leak,) = found(study(FOUR, {"gradient": planted})).leaks
    assert leak.words.startswith("Knowing only which pixels are missing, a simple classifier predicts the class of ")
    ready = LeakReady((), (leak, replace(leak, method="sobel")), 60, 4)
    assert "the masks of 1 of 1 method predict the class better than chance." in ready.words
    touching = replace(leak, named=Estimate(0.3, leak.chance, 0.4, 60))
    assert "no method's masks predict the class clearly better" in replace(ready, leaks=(touching,)).words


@pytest.mark.parametrize(("unit", "side"), [("pixel", 9), ("region", 2), ("feature", 9)])
def test_the_masks_are_those_of_the_curve(classifier_of, linear, pixels, unit, side):
    classifier = classifier_of(linear)
    shape = (3, 6, 8) if unit == "feature" else (6, 8)
    values = torch.rand(*shape, generator=torch.Generator().manual_seed(5)).mul(4).round()  # many are equal
    masks = picture_masks(classifier, pixels, {"mine": values}, Perturbation("black", unit, side), seed=3)["mine"]
    for share, mask in zip(SHARES, masks, strict=True):
        lost = perturbed(classifier, pixels, values, "mif", share, "black", 3, unit, side) == 0
        expected = lost if unit == "feature" else lost[:1]
        assert torch.equal(mask.view(expected.shape) == WHOLE, expected)


def test_a_mask_of_a_large_picture_holds_the_share_of_each_cell(classifier_of, linear):
    classifier, picture = classifier_of(linear, (56, 84)), torch.rand(1, 3, 56, 84)
    values = torch.arange(56 * 84.0).view(56, 84)
    masks = picture_masks(classifier, picture, {"mine": values}, Perturbation("black"), seed=0)["mine"].view(5, 28, 28)
    missing = masks.double().mean(dim=(1, 2)) / WHOLE
    assert missing.tolist() == pytest.approx(list(SHARES), abs=0.002)
    assert masks[2, 14:].min() == WHOLE
    assert masks[2, :14].max() == 0


def test_without_maps_there_are_no_masks(classifier_of, linear, pixels):
    assert picture_masks(classifier_of(linear), pixels, {}, Perturbation(), 0) == {}
