"""Removing features and retraining on what is left, in a world whose accuracies are known."""

from math import isnan, pi, sqrt

import pytest
import torch

from core.jobs.events import Progress
from core.retraining import toy
from core.retraining.toy import FEATURES, INFORMATIVE, RANKINGS, ToyReady, accuracies, stream_retraining_toy

EXPECTED = {
    ("best_first", 4): (0.50, 0.50),
    ("random", 4): (0.67, 0.78),
    ("random", 8): (0.59, 0.73),
    ("worst_first", 8): (0.68, 0.83),
    ("worst_first", 12): (0.64, 0.81),
}
"""Accuracy over 20 seeds of another implementation, without and with retraining, by ranking and features removed."""
ROUNDING = 0.005
FEW = 20
MANY = 400
LARGE = 200_000


@pytest.fixture(scope="module")
def many():
    """Accuracies by seed, without and with retraining, ranking and number of removed features."""
    return torch.stack([accuracies(seed) for seed in range(MANY)])


def found(results, ranking, removed):
    return results[:, :, RANKINGS.index(ranking), removed]


@pytest.mark.parametrize("cell", EXPECTED)
def test_twenty_seeds_give_the_expected_accuracies(many, cell):
    """Up to three standard errors of the difference of two means over 20 seeds, .014 to .105, and rounding."""
    ours = found(many[:FEW], *cell)
    error = found(many, *cell).std(0) * sqrt(2 / FEW)
    assert ((ours.mean(0) - torch.tensor(EXPECTED[cell])).abs() <= 3 * error + ROUNDING).all()


@pytest.mark.parametrize("cell", EXPECTED)
def test_the_expected_accuracies_are_what_twenty_of_many_seeds_may_give(many, cell):
    """Up to two standard errors of a mean over 20 seeds, .007 to .049, and rounding."""
    error = found(many, *cell).std(0) / sqrt(FEW)
    assert ((found(many, *cell).mean(0) - torch.tensor(EXPECTED[cell])).abs() <= 2 * error + ROUNDING).all()


@pytest.fixture(scope="module")
def world():
    """One set of features with many examples to learn from and many to test on, and every removal of each ranking."""
    draw = torch.Generator().manual_seed(5)
    vectors = toy.draw_vectors(draw)
    training, test = (toy.draw_examples(vectors, LARGE, draw) for _ in range(2))
    removed = torch.stack([toy.removals(order) for order in toy.orders(vectors.a, draw)])
    return vectors, training, test, removed


def population_weights(vectors, removed):
    """The least-squares weights for endless examples, by the covariances of the features and of the class."""
    covariance = vectors.a.outer(vectors.a) / 100 + vectors.d.outer(vectors.d) + torch.eye(FEATURES) / 100
    weights = torch.zeros(FEATURES, dtype=torch.float64)
    kept = ~removed
    weights[kept] = torch.linalg.solve(covariance[kept][:, kept], sqrt(2 / pi) * vectors.a[kept] / 10)
    return weights


def population_accuracy(vectors, weights):
    """1/2 + asin(r) / pi: how often two normal variables of correlation r, here z and the score, have the same sign."""
    signal, disturbance = weights @ vectors.a / 10, weights @ vectors.d
    spread = sqrt(signal**2 + disturbance**2 + weights.square().sum() / 100)
    return 0.5 + torch.asin(signal / spread) / pi if spread else torch.tensor(0.5, dtype=torch.float64)


def population_accuracies(vectors, removed):
    """Without and with retraining."""
    complete = population_weights(vectors, torch.zeros(FEATURES, dtype=torch.bool))
    retrained = population_accuracy(vectors, population_weights(vectors, removed))
    return torch.stack([population_accuracy(vectors, complete * ~removed), retrained])


def test_accuracies_are_those_that_the_normal_distribution_gives_for_endless_examples(world):
    """Up to four standard errors of a share of the test examples, and as much for the weights, which are learned."""
    vectors, training, test, removed = world
    complete = toy.fit(training, torch.zeros(FEATURES, dtype=torch.bool))
    learned = torch.stack(
        [
            toy.accuracy(complete, removed, training, test),
            toy.accuracy(toy.fit(training, removed), removed, training, test),
        ]
    )
    known = torch.stack([torch.stack([population_accuracies(vectors, mask) for mask in order]) for order in removed])
    assert (learned - known.movedim(-1, 0)).abs().max() < 8 * 0.5 / sqrt(LARGE)


def test_weights_are_those_of_least_squares_with_an_intercept_on_the_replaced_features(world):
    _, training, _, removed = world
    few = toy.Examples(training.features[:500], training.positive[:500])
    mean = few.features.mean(0)
    for mask, weights in zip(removed.flatten(0, 1), toy.fit(few, removed).flatten(0, 1), strict=True):
        replaced = few.features.where(~mask, mean)
        columns = torch.cat([replaced[:, ~mask], torch.ones(len(replaced), 1, dtype=torch.float64)], 1)
        told = torch.linalg.lstsq(columns, toy.signs(few.positive)[:, None], driver="gelsd").solution[:-1, 0]
        torch.testing.assert_close(weights[~mask], told, rtol=1e-6, atol=1e-8)
        assert not weights[mask].any()


def test_uninformative_features_are_needed_only_by_the_model_that_saw_them(many):
    """After the worst twelve the four informative ones are left: retraining gives back nearly all that was lost."""
    complete, left = found(many, "worst_first", 0).mean(0), found(many, "worst_first", FEATURES - INFORMATIVE).mean(0)
    without, retrained = (complete - left).tolist()
    assert without > 0.15
    assert retrained < 0.03


def test_all_rankings_start_and_end_alike(many):
    same = many[:, :, :, [0, FEATURES]]
    assert torch.equal(same, same[:, :, :1].expand_as(same))
    assert torch.equal(many[:, 0, :, 0], many[:, 1, :, 0])


def test_the_best_go_first_and_the_worst_first_is_the_reverse():
    vectors = toy.draw_vectors(torch.Generator().manual_seed(0))
    best, shuffled, worst = toy.orders(vectors.a, torch.Generator().manual_seed(1))
    assert best.tolist() == worst.tolist()[::-1]
    assert sorted(best[:INFORMATIVE].tolist()) == list(range(INFORMATIVE))
    assert vectors.a[best].abs().diff().max() <= 0
    assert sorted(shuffled.tolist()) == list(range(FEATURES))


def test_more_seeds_continue_fewer_with_narrower_intervals():
    few, many = (last(stream_retraining_toy(seeds)) for seeds in (10, 160))
    assert (few.seeds, many.seeds) == (10, 160)
    half = [next(p for p in each.points if (p.ranking, p.removed) == ("random", 8)) for each in (few, many)]
    widths = [point.retrained.high - point.retrained.low for point in half]
    assert widths[1] < widths[0] / 2
    assert half[0].retrained.mean == pytest.approx(sum(seed_of(seed) for seed in range(10)) / 10)


def last(events):
    return [event for event in events if isinstance(event, ToyReady)][-1]


def seed_of(seed):
    return float(accuracies(seed)[1, RANKINGS.index("random"), 8])


def test_the_gain_is_the_paired_difference():
    for point in last(stream_retraining_toy(6)).points:
        assert point.gain.mean == pytest.approx(point.retrained.mean - point.without.mean)
        assert point.gain.n == 6


def test_one_seed_has_no_interval():
    point = last(stream_retraining_toy(1)).points[0]
    assert point.without.mean > 0.5
    assert isnan(point.without.low)


def test_the_first_result_comes_after_one_seed_and_the_last_covers_all():
    events = list(stream_retraining_toy(20))
    ready = [event.seeds for event in events if isinstance(event, ToyReady)]
    assert ready[0] == 1
    assert ready[-1] == 20
    assert [event.done for event in events if isinstance(event, Progress)] == list(range(1, 21))


def test_no_seeds_are_refused():
    with pytest.raises(ValueError, match="at least one seed, not 0"):
        stream_retraining_toy(0)
