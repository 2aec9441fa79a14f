"""Methods are ranked picture by picture, and told apart only where tests corrected for their number tell them apart."""

from itertools import product
from math import isnan, nan

import numpy as np
import pytest
from scipy import stats

from core.metrics.ranking import Pair, friedman, holm, indistinguishable, mean_ranks, rank_methods, signed_rank
from core.metrics.statistics import Score, Tally


def of(scores: dict[str, list[float]], metric: str = "fidelity") -> Tally:
    """A tally of one metric, a list of scores a method."""
    tally = Tally()
    for method, values in scores.items():
        tally.add(Score(f"picture {place:03d}", method, metric, value) for place, value in enumerate(values))
    return tally


def by_enumeration(differences: list[float]) -> float:
    """Wilcoxon's two-sided p from all ways in which the signs could have fallen."""
    moved = [difference for difference in differences if difference]
    ranks = [
        sum(abs(other) < abs(each) for other in moved) + (1 + sum(abs(other) == abs(each) for other in moved)) / 2
        for each in moved
    ]
    middle = sum(ranks) / 2
    seen = abs(sum(rank for rank, each in zip(ranks, moved, strict=True) if each > 0) - middle)
    ways = [
        abs(sum(rank for rank, up in zip(ranks, signs, strict=True) if up) - middle) >= seen - 1e-9
        for signs in product([False, True], repeat=len(moved))
    ]
    return sum(ways) / len(ways)


@pytest.mark.parametrize(
    "differences",
    [
        [0.3, 0.1, -0.2, 0.5, 0.4, 0.7],
        [0.1, 0.2, 0.3, 0.4, 0.5],
        [0.0, 0.3, 0.1, -0.2, 0.0, 0.5, 0.4, 0.7],
        [1.0, 1.0, -1.0, 1.0, 0.0, 1.0, 1.0, 1.0],
        [0.25, 0.5, 0.5, -0.25, 0.75, 0.5, -0.5, 1.0, 0.25],
    ],
)
def test_few_pictures_are_tested_exactly_with_ties_and_zeros(differences):
    assert signed_rank(np.array(differences)) == pytest.approx(by_enumeration(differences))


def test_many_pictures_are_tested_as_scipy_does():
    differences = np.random.default_rng(0).normal(0.1, 1, 80)
    assert signed_rank(differences) == pytest.approx(stats.wilcoxon(differences, method="asymptotic").pvalue)
    assert signed_rank(-differences) == pytest.approx(signed_rank(differences))


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.5]) == [1.0, 1.0]
    assert holm([0.02]) == [0.02]
    assert holm([]) == []


def test_holm_rejects_what_stepping_down_rejects():
    draw = np.random.default_rng(0)
    for _ in range(50):
        found = (draw.random(12) ** 3).tolist()
        rejected = set()
        for step, index in enumerate(sorted(range(12), key=found.__getitem__)):
            if found[index] > 0.05 / (12 - step):
                break
            rejected.add(index)
        assert {index for index, p in enumerate(holm(found)) if p <= 0.05} == rejected


def test_equal_scores_share_their_places_whatever_the_column():
    assert mean_ranks(np.array([[0.5, 0.5, 0.1, 0.5]])).tolist() == [3, 3, 1, 3]
    assert mean_ranks(np.array([[0.0, 0.0], [1.0, 1.0]])).tolist() == [1.5, 1.5]


def test_friedman_by_its_formula():
    scores = np.random.default_rng(4).normal(size=(9, 4)) + np.array([0.0, 0.3, 0.6, 0.9])
    places = scores.argsort(axis=1).argsort(axis=1) + 1
    statistic = 12 * 9 / (4 * 5) * ((places.mean(axis=0) - 2.5) ** 2).sum()
    assert friedman(scores) == pytest.approx(stats.chi2.sf(statistic, 3))
    assert friedman(np.ones((9, 4))) == 1
    assert isnan(friedman(scores[:, :2]))


def test_identical_methods_never_differ():
    scores = np.random.default_rng(0).normal(size=40).tolist()
    ranking = rank_methods(of({"a": scores, "b": scores, "c": scores}), "fidelity")
    assert ranking.ranks == {"a": 2, "b": 2, "c": 2}
    assert [(pair.difference, pair.p, pair.adjusted) for pair in ranking.pairs] == [(0, 1, 1)] * 3
    assert ranking.friedman == 1
    assert ranking.groups == (("a", "b", "c"),)


def test_ranks_turn_with_the_direction():
    draw = np.random.default_rng(1)
    scores = {name: draw.normal(place, 1, 12).tolist() for place, name in enumerate("abcd")}
    higher, lower = (rank_methods(of(scores, metric), metric) for metric in ("fidelity", "deletion"))
    assert list(higher.ranks) == list("dcba")
    assert list(lower.ranks) == list("abcd")
    assert {name: 5 - rank for name, rank in higher.ranks.items()} == pytest.approx(lower.ranks)
    assert higher.friedman == pytest.approx(lower.friedman)


def test_pairs_name_the_better_rank_first_and_say_what_was_found():
    draw = np.random.default_rng(1)
    base = draw.normal(size=30)
    scores = {"worst": base, "best": base + draw.normal(1, 0.1, 30), "middle": base + draw.normal(0, 0.1, 30)}
    scores["worst"] = [*base[:25], *[nan] * 5]
    ranking = rank_methods(of(scores), "fidelity")
    assert ranking.n == 25
    pairs = {(pair.first, pair.second): pair for pair in ranking.pairs}
    assert len(pairs) == 3
    assert next(iter(ranking.ranks)) == "best"
    found = pairs["best", "worst"]
    assert found.n == 25
    assert found.difference == pytest.approx((scores["best"][:25] - base[:25]).mean())
    assert found.p == pytest.approx(stats.wilcoxon(scores["best"][:25], base[:25]).pvalue)
    assert pairs["best", "middle"].n == 30
    assert [pair.adjusted for pair in ranking.pairs] == pytest.approx(holm([pair.p for pair in ranking.pairs]))
    assert set(ranking.groups[0]) == {"middle", "worst"}
    assert len(ranking.groups) == 1


def pair(first: str, second: str, adjusted: float) -> Pair:
    return Pair(first, second, 10, 0.0, adjusted, adjusted)


def differing(methods: str, *differ: str) -> tuple[Pair, ...]:
    return tuple(
        pair(first, second, 0.01 if first + second in differ else 0.5)
        for place, first in enumerate(methods)
        for second in methods[place + 1 :]
    )


@pytest.mark.parametrize(
    ("differ", "groups"),
    [
        ((), ["abcd"]),
        (("ad",), ["abc", "bcd"]),
        (("ac", "ad", "bd"), ["ab", "bc", "cd"]),
        (("ab", "ac", "ad"), ["bcd"]),
        (("ab", "ac", "ad", "bc", "bd", "cd"), []),
        (("bc", "ac", "bd", "ad"), ["ab", "cd"]),
        (("ac",), ["ab", "bcd"]),
        (("bc",), ["ab", "cd"]),
        (("ab",), ["bcd"]),
    ],
)
def test_groups_are_the_longest_runs_without_a_pair_that_differs(differ, groups):
    assert indistinguishable("abcd", differing("abcd", *differ)) == tuple(map(tuple, groups))


def test_a_pair_differs_below_five_per_cent_after_correction():
    assert indistinguishable("ab", [pair("a", "b", 0.05)]) == (("a", "b"),)
    assert indistinguishable("ab", [pair("a", "b", 0.0499)]) == ()


def test_many_alike_methods_are_seldom_told_apart():
    """Without correction most of these studies would find a pair that differs; Holm lets at most one in twenty."""
    draw = np.random.default_rng(0)
    found = uncorrected = 0
    for _ in range(60):
        scores = {name: draw.normal(size=20).tolist() for name in "abcdefg"}
        pairs = rank_methods(of(scores), "fidelity").pairs
        found += any(pair.adjusted < 0.05 for pair in pairs)
        uncorrected += any(pair.p < 0.05 for pair in pairs)
    assert found <= 6
    assert uncorrected >= 20


def test_a_method_without_any_score_is_left_out():
    ranking = rank_methods(of({"a": [0.1, 0.2], "b": [0.3, 0.4], "c": [nan, nan]}), "fidelity")
    assert set(ranking.ranks) == {"a", "b"}
    assert isnan(ranking.friedman)


@pytest.mark.parametrize(
    ("scores", "metric", "said"),
    [
        ({"a": [0.1], "b": [0.2]}, "artifact_share", "without judging it"),
        ({"a": [0.1, nan], "b": [nan, 0.2]}, "fidelity", "No picture"),
        ({}, "fidelity", "No picture"),
        ({"a": [0.1]}, "fidelitty", "fidelity"),
    ],
)
def test_what_cannot_be_ranked_is_refused_in_words(scores, metric, said):
    with pytest.raises(ValueError, match=said):
        rank_methods(of(scores, metric), metric)


def test_no_pair_can_differ_before_there_are_pictures_enough():
    """All differences have one sign, which is the most that pictures can say."""
    scores = np.arange(15)[None] + np.linspace(0, 0.5, 13)[:, None]
    for n, some_differ in ((12, False), (13, True)):
        tally = Tally()
        tally.add(
            Score(f"{picture:02}", f"method {method:02}", "fidelity", scores[picture, method])
            for picture in range(n)
            for method in range(15)
        )
        ranking = rank_methods(tally, "fidelity")
        assert ranking.enough == 13
        assert any(pair.adjusted < 0.05 for pair in ranking.pairs) == some_differ


def test_a_score_that_was_not_asked_for_ranks_nothing_and_says_so():
    tally = Tally()
    tally.add([Score("a", "gradient", "fidelity", 0.1)])
    with pytest.raises(ValueError, match="deletion is not part of this study; its metrics are fidelity"):
        rank_methods(tally, "deletion")
