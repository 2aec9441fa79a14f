"""How alike two maps are: known for equal, opposite, moved and unrelated ones, and never 0 where it can't be told."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from scipy.stats import rankdata, spearmanr

from core.metrics.similarity import (
    Original,
    Similarities,
    as_shown,
    direction,
    edge_directions,
    map_entropy,
    mean_ranks,
    rank_correlation,
)

NAMES = ("spearman", "spearman_abs", "ssim", "hog")
CONSTANT = torch.full((24, 32), -0.3)


def drawn(seed: int, size: tuple[int, int] = (24, 32)) -> torch.Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture
def one():
    return drawn(1)


@pytest.fixture
def other():
    return drawn(2)


def read(similarities: Similarities) -> list[float | None]:
    return [getattr(similarities, name) for name in NAMES]


@pytest.mark.parametrize("size", [(24, 32), (32, 24), (28, 28), (60, 224)])
def test_a_map_is_itself(size):
    values = drawn(3, size)
    assert read(Original(values).compared(values)) == pytest.approx([1, 1, 1, 1])


def test_upside_down_only_the_signed_one_tells(one):
    assert read(Original(one).compared(-one)) == pytest.approx([-1, 1, 1, 1])


def test_unrelated_maps_are_near_0_but_for_noise_having_no_even_directions():
    one, other = drawn(4, (224, 224)), drawn(5, (224, 224))
    found = Original(one).compared(other)
    assert read(found)[:3] == pytest.approx([0, 0, 0], abs=0.05)
    assert 0 < found.hog < 0.2


@pytest.mark.parametrize("factor", [1e-30, 7.0, 1e30])
def test_a_factor_does_not_count(one, other, factor):
    expected = read(Original(one).compared(other))
    assert read(Original(factor * one).compared(other)) == pytest.approx(expected)
    assert read(Original(one).compared(factor * other)) == pytest.approx(expected)


def test_it_goes_both_ways_and_may_be_asked_again(one, other):
    original = Original(one)
    expected = read(Original(other).compared(one))
    assert read(original.compared(other)) == pytest.approx(expected)
    original.compared(one)
    assert read(original.compared(other)) == pytest.approx(expected)


@pytest.mark.parametrize("kind", [torch.float16, torch.float32])
def test_less_precise_values_do(one, other, kind):
    rough = read(Original(one.to(kind)).compared(other.to(kind)))
    assert rough == pytest.approx(read(Original(one).compared(other)), abs=0.01)


def test_ranks_are_scipys_for_ties_too(one, other):
    with_ties, signed_zeros = (4 * one).round(), torch.tensor([[0.0, -0.0, 1.0]]).double()
    for values in (one, with_ties, signed_zeros):
        assert mean_ranks(values.numpy()).tolist() == rankdata(values.numpy().ravel()).tolist()
    found = Original(with_ties).compared((3 * other).round())
    expected = spearmanr(with_ties.flatten(), (3 * other).round().flatten()).statistic
    expected_abs = spearmanr(with_ties.abs().flatten(), (3 * other).round().abs().flatten()).statistic
    assert [found.spearman, found.spearman_abs] == pytest.approx([expected, expected_abs], abs=1e-12)


def test_spearman_has_the_closed_form_where_there_are_no_ties(one, other):
    apart = (mean_ranks(one.numpy()) - mean_ranks(other.numpy())) ** 2
    n = one.numel()
    assert Original(one).compared(other).spearman == pytest.approx(1 - 6 * apart.sum() / (n * (n**2 - 1)), abs=1e-12)


@pytest.mark.parametrize("constant", [CONSTANT, torch.zeros(24, 32)])
def test_nothing_is_told_of_a_constant_map(one, constant):
    nothing = Similarities(None, None, None, None)
    assert Original(one).compared(constant) == nothing
    assert Original(constant).compared(one) == nothing
    assert Original(constant).compared(constant) == nothing


@pytest.mark.parametrize("count", [7, 11, 99])
def test_equal_numbers_have_no_direction_though_their_mean_is_rounded(count):
    assert direction(np.full(count, 0.1)) is None
    assert direction(np.full(count, 1e-200)) is None


def test_rank_correlation_alone_is_the_same(one, other):
    assert rank_correlation(one, other) == Original(one).compared(other).spearman
    assert rank_correlation(one, CONSTANT) is None


def test_of_a_map_of_one_magnitude_only_the_sign_is_told(one):
    signs = one.sign()
    found = Original(one).compared(signs)
    assert found.spearman == pytest.approx(spearmanr(one.flatten(), signs.flatten()).statistic)
    assert read(found)[1:] == [None, None, None]


def test_a_small_picture_has_no_windows_but_ranks():
    found = Original(drawn(1, (6, 8))).compared(drawn(2, (6, 8)))
    assert found.ssim is None
    assert None not in (found.spearman, found.spearman_abs, found.hog)
    tiny = Original(drawn(1, (3, 3))).compared(drawn(2, (3, 3)))
    assert (tiny.ssim, tiny.hog) == (None, None)
    assert tiny.spearman is not None


def test_magnitudes_are_shown_up_to_their_99th_percentile():
    magnitudes = torch.arange(1000.0, dtype=torch.float64).view(20, 50).numpy()
    shown = as_shown(magnitudes)
    limit = 0.99 * 999
    assert shown == pytest.approx(np.minimum(magnitudes / limit, 1))
    assert (shown == 1).sum() == 10


@pytest.mark.parametrize("ground", [0.0, 1.0])
def test_few_strong_pixels_on_an_even_ground_are_still_seen(ground):
    magnitudes = np.full((20, 50), ground)
    magnitudes[3, 4], magnitudes[8, 9] = 4.0, 2.0
    assert as_shown(magnitudes) == pytest.approx(magnitudes / 4)


def test_one_wild_pixel_changes_neither_ssim_nor_hog(one, other):
    # Only where it is not among those that set the 99th percentile is the picture of all others the same.
    wild = one.clone()
    place = one.abs().flatten().argmax()
    wild.view(-1)[place] *= 1e6
    calm, found = Original(one).compared(other), Original(wild).compared(other)
    assert [found.ssim, found.hog] == pytest.approx([calm.ssim, calm.hog])


def test_ssim_is_that_of_gaussian_windows(one, other):
    """Wang et al. 2004, written anew: means, variances and covariance under a Gaussian of 11 x 11."""
    shown = [as_shown(each.abs().numpy()) for each in (one, other)]

    def mean(values: np.ndarray) -> np.ndarray:
        return gaussian_filter(values, 1.5, radius=5, mode="reflect")

    x, y = shown
    x_mean, y_mean = mean(x), mean(y)
    x_spread, y_spread = mean(x * x) - x_mean**2, mean(y * y) - y_mean**2
    together = mean(x * y) - x_mean * y_mean
    top = (2 * x_mean * y_mean + 0.01**2) * (2 * together + 0.03**2)
    bottom = (x_mean**2 + y_mean**2 + 0.01**2) * (x_spread + y_spread + 0.03**2)
    expected = (top / bottom)[5:-5, 5:-5].mean()
    assert Original(one).compared(other).ssim == pytest.approx(expected, abs=1e-9)


def stripes(size: tuple[int, int], across: bool) -> torch.Tensor:
    rows, columns = torch.meshgrid(*(torch.arange(length) for length in size), indexing="ij")
    return torch.sin((columns if across else rows) / 2).abs().double()


@pytest.mark.parametrize("size", [(28, 28), (224, 224)])
def test_hog_tells_edges_of_other_directions_apart(size):
    upright, level = stripes(size, True), stripes(size, False)
    found = Original(upright).compared(level).hog
    assert found < 0
    assert Original(upright).compared(2 * upright).hog == pytest.approx(1)


@pytest.mark.parametrize(
    ("size", "length"),
    [((224, 224), 14 * 14), ((28, 28), 7 * 7), ((112, 224), 14 * 28), ((448, 448), 14 * 14)],
)
def test_cells_grow_with_the_picture_and_are_never_tiny(size, length):
    rows = {14 * 14: (12, 12), 7 * 7: (5, 5), 14 * 28: (12, 26)}[length]
    found = edge_directions(drawn(1, size).abs().numpy())
    assert found.size == rows[0] * rows[1] * 3 * 3 * 9


def test_hog_is_a_correlation_of_edges_and_none_without_any():
    assert edge_directions(np.zeros((24, 32))) is None
    found = edge_directions(drawn(1).abs().numpy())
    assert [found.mean(), np.linalg.norm(found)] == pytest.approx([0, 1])


@pytest.mark.parametrize("levels", [2, 5, 100])
def test_so_many_equally_frequent_values_have_the_logarithm_of_their_number(levels):
    values = torch.arange(levels).repeat(7).view(7, levels).double()
    assert map_entropy(values) == pytest.approx(math.log(levels))
    assert map_entropy(-3 * values + 2) == pytest.approx(math.log(levels))


def test_one_pixel_apart_has_next_to_no_entropy():
    values = torch.zeros(10, 10)
    values[3, 4] = 1
    assert map_entropy(values) == pytest.approx(-0.99 * math.log(0.99) - 0.01 * math.log(0.01))


def test_a_constant_map_has_no_entropy_to_tell():
    assert map_entropy(CONSTANT) is None


def test_noise_has_more_than_its_cube(one):
    assert map_entropy(one**3) < map_entropy(one)
