"""LIME is a weighted ridge regression, KernelSHAP gives Shapley values, and both say how far they can be repeated."""

import math
from itertools import combinations

import pytest
import torch
from captum.attr import KernelShap, ShapleyValues
from scipy.spatial.distance import cdist
from sklearn.linear_model import Ridge
from torch import nn

from core.methods.explaining import explain, stream_heatmaps
from core.methods.heatmap import HeatmapReady
from core.methods.registry import Unfit
from core.methods.repeatability import correlation
from core.methods.surrogates import (
    all_coalitions,
    coin_coalitions,
    lime_kernel,
    ridge_weights,
    shapley_coalitions,
    shapley_kernel,
    shapley_values,
)
from core.pictures.superpixels import superpixels

ENOUGH = {"samples": 1000}
MEAN = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64).view(3, 1, 1)


def surrogate(classifier, pixels, name, **settings):
    return explain(classifier, pixels, [name], target=0, settings={name: settings})[name]


def each_part(heatmap, parts):
    """One value for each superpixel, which all of its pixels must have."""
    values = [heatmap.values[parts == part].unique() for part in range(int(parts.max()) + 1)]
    assert all(len(found) == 1 for found in values)
    return torch.cat(values)


class Together(nn.Module):
    """An answer in which parts matter together: a product of weighted sums."""

    def __init__(self) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(4)
        self.weight = nn.Parameter(torch.randn(2, 3, 6, 8, generator=draw, dtype=torch.float64))

    def forward(self, pixels):
        sums = torch.einsum("nchw,kchw->nk", pixels, self.weight)
        return torch.stack([sums.prod(dim=1) + sums[:, 0], sums[:, 1], sums[:, 0].sin()], dim=1)


def exact_shapley(classifier, pixels, parts, fill):
    """Each part's gain averaged over all coalitions of the others, with its factorial weights."""
    players = int(parts.max()) + 1

    def worth(coalition):
        kept = torch.tensor([part in coalition for part in range(players)])[parts]
        return float(classifier(torch.where(kept, pixels, fill))[0, 0])

    values = []
    for player in range(players):
        others = [part for part in range(players) if part != player]
        values.append(
            sum(
                math.factorial(size) * math.factorial(players - size - 1) / math.factorial(players)
                * (worth({*coalition, player}) - worth(coalition))
                for size in range(players)
                for coalition in combinations(others, size)
            )
        )  # fmt: skip
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.parametrize(("segments", "players"), [(4, 2), (5, 6), (8, 8)])
def test_kernel_shap_over_all_coalitions_is_the_shapley_value(classifier_of, pixels, segments, players):
    classifier = classifier_of(Together())
    parts = superpixels(pixels, segments)
    heatmap = surrogate(classifier, pixels, "kernel_shap", segments=segments, cover="grey")
    expected = exact_shapley(classifier, pixels, parts, 0.5)
    torch.testing.assert_close(each_part(heatmap, parts), expected)
    assert heatmap.notes == (
        f"All {2**players - 2} coalitions of {players} superpixels are evaluated: the values are exact.",
    )


def test_kernel_shap_over_all_coalitions_agrees_with_captum_s_shapley_values(classifier_of, pixels):
    classifier = classifier_of(Together())
    parts = superpixels(pixels, 5)
    theirs = ShapleyValues(classifier).attribute(
        pixels, torch.zeros_like(pixels), 0, feature_mask=parts[None, None], perturbations_per_eval=6
    )
    heatmap = surrogate(classifier, pixels, "kernel_shap", segments=5, cover="black")
    torch.testing.assert_close(heatmap.values, theirs[0, 0].double(), rtol=1e-4, atol=1e-4)


def test_sampled_kernel_shap_agrees_with_captum_s_where_both_have_samples_enough(classifier_of, pixels):
    classifier = classifier_of(Together())
    parts = superpixels(pixels, 20)
    heatmap = surrogate(classifier, pixels, "kernel_shap", segments=20, cover="black", samples=1000)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = KernelShap(classifier).attribute(
            pixels, torch.zeros_like(pixels), 0, feature_mask=parts[None, None], n_samples=1000
        )[0, 0]
    assert 2 ** (int(parts.max()) + 1) - 2 > 1000
    spread = float(theirs.max() - theirs.min())
    assert float((heatmap.values - theirs).abs().max()) < 0.1 * spread


@pytest.mark.parametrize(("name", "settings"), [("kernel_shap", {}), ("lime", {"ridge": 0.0})])
def test_a_linear_model_s_parts_get_what_they_contribute(classifier_of, linear, pixels, name, settings):
    parts = superpixels(pixels, 20)
    heatmap = surrogate(classifier_of(linear), pixels, name, segments=20, samples=300, **settings)
    contribution = (linear.weight[0].detach() * (pixels[0] - MEAN)).sum(dim=0)
    expected = torch.stack([contribution[parts == part].sum() for part in range(int(parts.max()) + 1)])
    torch.testing.assert_close(each_part(heatmap, parts), expected, rtol=1e-6, atol=1e-6)
    assert heatmap.notes == ("Two halves of the samples agree with r = 1.00.",)


@pytest.mark.parametrize("samples", [20, 21, 500])
def test_shapley_values_add_up_to_the_score_s_difference_however_few_the_samples(classifier_of, pixels, samples):
    classifier = classifier_of(Together())
    heatmap = surrogate(classifier, pixels, "kernel_shap", segments=50, samples=samples, cover="black")
    parts = superpixels(pixels, 50)
    assert int(parts.max()) + 1 > 21
    total = float(classifier(pixels)[0, 0] - classifier(torch.zeros_like(pixels))[0, 0])
    assert float(each_part(heatmap, parts).sum()) == pytest.approx(total, rel=1e-10)


def test_too_few_coalitions_leave_equal_shares_for_those_that_they_do_not_tell_apart():
    kept = torch.tensor([[True, False, False], [False, True, True]])
    values = shapley_values(kept, torch.tensor([5.0, 4.0]).double(), torch.ones(2).double(), torch.tensor(9.0).double())
    torch.testing.assert_close(values, torch.tensor([5.0, 2.0, 2.0]).double())


def test_all_coalitions_are_all_once_each_before_its_complement_and_single_players_first():
    kept = all_coalitions(5)
    assert len({tuple(row) for row in kept.tolist()}) == len(kept) == 30
    assert (kept.sum(dim=1) > 0).all()
    assert (kept.sum(dim=1) < 5).all()
    assert torch.equal(kept[1::2], ~kept[::2])
    smaller = torch.minimum(kept.sum(dim=1), 5 - kept.sum(dim=1))
    assert torch.equal(smaller, smaller.sort().values)


def test_coalitions_are_drawn_as_the_shapley_kernel_weighs_them_and_complements_follow():
    kept = shapley_coalitions(40_000, 6, torch.Generator().manual_seed(0))
    assert torch.equal(kept[1::2], ~kept[::2])
    sizes = kept.sum(dim=1).bincount(minlength=7)[1:6] / len(kept)
    kernel = torch.tensor([1 / (size * (6 - size)) for size in range(1, 6)])
    torch.testing.assert_close(sizes, kernel / kernel.sum(), rtol=0.05, atol=0.0)
    of_two = kept[kept.sum(dim=1) == 2].float().mean(dim=0)
    torch.testing.assert_close(of_two, torch.full((6,), 1 / 3), rtol=0.05, atol=0.0)
    assert len(shapley_coalitions(21, 6, torch.Generator())) == 21


def test_the_kernel_spreads_each_size_s_weight_over_its_coalitions():
    kept = all_coalitions(6)
    kernel, sizes = shapley_kernel(kept), kept.sum(dim=1)
    for size in range(1, 6):
        assert float(kernel[sizes == size].sum()) == pytest.approx(1 / (size * (6 - size)))


def test_ridge_weights_are_scikit_learn_s():
    draw = torch.Generator().manual_seed(0)
    kept = coin_coalitions(200, 12, draw)
    answers = torch.randn(200, generator=draw, dtype=torch.float64)
    closeness = lime_kernel(kept, 0.25)
    for ridge in (0.5, 1.0, 20.0):
        theirs = Ridge(alpha=ridge).fit(kept.numpy(), answers.numpy(), sample_weight=closeness.numpy()).coef_
        torch.testing.assert_close(ridge_weights(kept, answers, closeness, ridge), torch.from_numpy(theirs))


def test_copies_count_by_their_cosine_distance_from_the_whole_picture():
    kept = coin_coalitions(50, 12, torch.Generator().manual_seed(1))
    distance = cdist(kept.double().numpy(), torch.ones(1, 12).numpy(), "cosine")[:, 0]
    expected = torch.from_numpy(distance / 0.3).square().neg().exp().sqrt()
    torch.testing.assert_close(lime_kernel(kept, 0.3), expected)
    assert kept[0].all()
    assert float(kept[1:].double().mean()) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("name", ["lime", "kernel_shap"])
def test_whole_superpixels_are_covered_and_half_of_the_picture_on_average(classifier_of, listening, pixels, name):
    parts = superpixels(pixels, 12)
    surrogate(classifier_of(listening), pixels, name, segments=12, samples=400, cover="black")
    fed = torch.stack(listening.fed[-400:])
    covered = (fed == 0).all(dim=1)
    assert torch.equal(torch.where(covered[:, None], 0.0, pixels), fed)
    for part in parts.unique():
        inside = covered[:, parts == part]
        assert torch.equal(inside.all(dim=1), inside.any(dim=1))
        assert float(inside[:, 0].double().mean()) == pytest.approx(0.5, abs=0.1)


def test_lime_starts_from_the_picture_itself(classifier_of, listening, pixels):
    surrogate(classifier_of(listening), pixels, "lime", samples=20)
    assert torch.equal(listening.fed[-20], pixels[0])


@pytest.mark.parametrize("name", ["lime", "kernel_shap"])
def test_one_superpixel_alone_is_refused(classifier_of, name):
    network = nn.Sequential(nn.Flatten(), nn.Linear(3, 3))
    with pytest.raises(Unfit, match="one superpixel"):
        surrogate(classifier_of(network, size=(1, 1)), torch.full((1, 3, 1, 1), 0.3), name)


@pytest.fixture(scope="module", params=["lime", "kernel_shap"])
def growing(request, small_squeezenet, small_chelsea):
    """A method's name and its maps of a photo while its samples grow to 1000."""
    events = stream_heatmaps(small_squeezenet, small_chelsea, [request.param], settings={request.param: ENOUGH})
    return request.param, [event.heatmap for event in events if isinstance(event, HeatmapReady)]


def agreement(heatmap):
    (note,) = heatmap.notes
    return float(note.rpartition("= ")[2].rstrip("."))


@pytest.mark.slow
def test_few_samples_are_told_apart_from_enough(small_squeezenet, small_chelsea, growing):
    """25 samples over too many parts repeat hardly at all; a reader is told."""
    name, maps = growing
    few = explain(small_squeezenet, small_chelsea, [name], settings={name: {"samples": 25}})[name]
    assert agreement(few) < 0.6
    assert agreement(maps[-1]) > 0.6


@pytest.mark.slow
def test_the_first_map_of_64_passes_is_on_average_already_like_the_final_one(small_squeezenet, small_chelsea, growing):
    """Over seeds: one draw of 64 samples may miss much. A batch has as many passes as are fast on this machine."""
    name, maps = growing
    alike = []
    for seed in range(6):
        stream = stream_heatmaps(small_squeezenet, small_chelsea, [name], settings={name: ENOUGH}, seed=seed)
        shown = (event.heatmap for event in stream if isinstance(event, HeatmapReady))
        early = next(heatmap for heatmap in shown if heatmap.passes.forward >= 64)
        assert early.passes.forward < 130
        alike.append(correlation(early.values, maps[-1].values))
    assert sum(alike) / len(alike) > 0.5
