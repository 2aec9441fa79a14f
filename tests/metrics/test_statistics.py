"""Means over pictures come with intervals that hold what they promise, however the study was split."""

import random
import time
from dataclasses import astuple
from math import isnan, nan, sqrt

import numpy as np
import pytest
from scipy import stats

from core.metrics import statistics
from core.metrics.statistics import Score, Tally, intervals, published_fidelity

KINDS = {
    "normal": (lambda draw, size: draw.normal(0.3, 0.2, size), 0.3),
    "skewed": (lambda draw, size: draw.exponential(0.1, size), 0.1),
    "skewed the other way": (lambda draw, size: 1 - draw.exponential(0.1, size), 0.9),
    "bounded": (lambda draw, size: draw.uniform(0, 1, size), 0.5),
    "bounded and skewed": (lambda draw, size: draw.beta(1, 5, size), 1 / 6),
}


def coverage(kind: str, n: int, seeds: int, repeats: int) -> float:
    """How often the interval holds the true mean."""
    draw, (make, truth) = np.random.default_rng(n), KINDS[kind]
    held = []
    for seed in range(seeds):
        _, low, high = intervals(make(draw, (n, repeats)), seed)
        held += ((low <= truth) & (truth <= high)).tolist()
    return float(np.mean(held))


@pytest.mark.parametrize("kind", ["normal", "skewed", "bounded"])
@pytest.mark.parametrize("n", [10, 20, 50])
def test_intervals_hold_the_true_mean_in_about_95_of_100_studies(kind, n):
    assert 0.92 <= coverage(kind, n, seeds=2, repeats=1500) <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [10, 20, 50, 200])
def test_intervals_hold_the_true_mean_in_95_of_100_studies_told_sharply(kind, n):
    assert 0.92 <= coverage(kind, n, seeds=8, repeats=1500) <= 0.97


def test_the_interval_of_many_pictures_is_as_wide_as_the_standard_error_says():
    scores = np.random.default_rng(0).normal(0.3, 0.2, (4000, 3))
    mean, low, high = intervals(scores, seed=0)
    assert mean == pytest.approx(scores.mean(axis=0), abs=1e-12)
    assert high - low == pytest.approx(2 * 1.96 * scores.std(axis=0) / sqrt(4000), rel=0.06)


@pytest.mark.parametrize("n", [8, 40])
def test_the_ends_are_scipys_bca_moved_outwards_by_student_s_t_over_the_normal(n):
    scores = np.random.default_rng(3).exponential(1.0, n)
    theirs = stats.bootstrap((scores,), np.mean, n_resamples=40_000, method="BCa", rng=np.random.default_rng(4))
    wider = stats.t.ppf(0.975, n - 1) / stats.norm.ppf(0.975) * sqrt(n / (n - 1))
    ends = [scores.mean() + wider * (end - scores.mean()) for end in theirs.confidence_interval]
    _, *ours = intervals(scores[:, None], seed=0)
    assert np.ravel(ours) == pytest.approx(ends, abs=0.05 * (ends[1] - ends[0]))


def test_intervals_follow_when_scores_are_shifted_stretched_or_negated():
    scores = np.random.default_rng(1).exponential(0.2, (12, 4))
    mean, low, high = intervals(scores, seed=0)
    assert (low < mean).all()
    assert (mean < high).all()
    assert (high - mean > 1.1 * (mean - low)).all(), "the longer end is on the side of the long tail"
    assert intervals(3 * scores - 1, seed=0) == pytest.approx(np.stack([3 * mean - 1, 3 * low - 1, 3 * high - 1]))
    assert intervals(-scores, seed=0) == pytest.approx(np.stack([-mean, -high, -low]))


def test_a_column_does_not_depend_on_its_neighbours_and_the_seed_makes_the_draw():
    scores = np.random.default_rng(1).exponential(0.2, (12, 4))
    together = intervals(scores, seed=0)
    for column in range(4):
        assert intervals(scores[:, [column]], seed=0)[:, 0] == pytest.approx(together[:, column], abs=1e-12)
    assert not np.allclose(intervals(scores, seed=1), together, rtol=1e-6)


def test_resamples_draw_as_many_pictures_as_there_are_each_as_often_as_any_other(monkeypatch):
    often = statistics.how_often(2000, 7, statistics.generator(0, "here"))
    assert (often.sum(axis=1) == 7).all()
    assert often.mean(axis=0) == pytest.approx(np.ones(7), abs=0.1)
    assert often.var(axis=0) == pytest.approx(np.full(7, 1 - 1 / 7), rel=0.15)
    deviations = np.random.default_rng(0).normal(size=(7, 2))
    whole = statistics.resampled_means(deviations, seed=0)
    monkeypatch.setattr(statistics, "DRAWS_AT_ONCE", 7 * 300)
    parts = statistics.resampled_means(deviations, seed=0)
    assert whole.shape == parts.shape == (statistics.RESAMPLES, 2)
    assert parts.std(axis=0) == pytest.approx(whole.std(axis=0), rel=0.1)
    assert len(np.unique(parts[:, 0])) > 600, "every part draws anew"


def study() -> list[Score]:
    """Scores of four methods in three metrics, some of which could not be told."""
    draw = random.Random(5)
    return [
        Score(f"picture {picture}", method, metric, nan if draw.random() < 0.2 else draw.gauss(0.1 * len(method), 0.1))
        for picture in range(30)
        for method in ("random", "sobel", "gradient", "grad_cam")
        for metric in ("fidelity", "deletion", "artifact_share")
    ]


@pytest.mark.parametrize("seed", range(3))
def test_batches_and_orders_of_a_study_do_not_matter(seed):
    whole, parts, shuffled = Tally(), [Tally() for _ in range(4)], study()
    whole.add(study())
    draw = random.Random(seed)
    draw.shuffle(shuffled)
    for score in shuffled:
        draw.choice(parts).add([score])
    draw.shuffle(parts)
    merged = Tally()
    for part in parts:
        merged.merge(part)
    assert len(whole.summary()) == 12
    for ours, theirs in zip(merged.summary(), whole.summary(), strict=True):
        assert astuple(ours) == pytest.approx(astuple(theirs), abs=1e-6, nan_ok=True)
    assert [score[:3] for score in merged.scores()] == sorted(score[:3] for score in study())


def of(scores: dict[str, list[float]], metric: str = "fidelity") -> Tally:
    """A tally of one metric, a list of scores a method."""
    tally = Tally()
    for method, values in scores.items():
        tally.add(Score(f"picture {place:03d}", method, metric, value) for place, value in enumerate(values))
    return tally


def test_a_score_that_could_not_be_told_is_skipped_with_its_own_n():
    told = {each.method: each for each in of(
        {"gradient": [0.1, nan, 0.3, 0.5], "sobel": [nan, nan, 0.2, nan], "centre": [nan] * 4, "random": [0.0] * 4}
    ).summary()}  # fmt: skip
    assert set(told) == {"gradient", "sobel", "random"}
    assert (told["gradient"].n, told["gradient"].mean) == (3, pytest.approx(0.3))
    alone = intervals(np.array([[0.1], [0.3], [0.5]]), seed=0)[:, 0]
    assert [told["gradient"].mean, told["gradient"].low, told["gradient"].high] == pytest.approx(alone.tolist())
    assert (told["sobel"].n, told["sobel"].mean) == (1, 0.2)
    assert isnan(told["sobel"].low)
    assert isnan(told["sobel"].high)
    assert told["gradient"].difference == pytest.approx(0.3)


def test_what_is_infinite_could_not_be_told():
    (only,) = of({"gradient": [float("inf"), 0.5, 0.7, float("-inf")]}).summary()
    assert (only.n, only.mean) == (2, pytest.approx(0.6))


def test_the_difference_to_random_is_paired_and_over_pictures_that_have_both():
    draw = np.random.default_rng(2)
    base = draw.normal(0.0, 1.0, 25)
    gain = draw.normal(0.2, 0.05, 25)
    scores = {"random": [*base, nan, 9.0], "gradient": [*(base + gain), -7.0, nan]}
    gradient = next(each for each in of(scores).summary() if each.method == "gradient")
    assert gradient.n == 26
    assert gradient.difference == pytest.approx(gain.mean())
    _, low, high = intervals(gain[:, None], seed=0)
    assert (gradient.difference_low, gradient.difference_high) == pytest.approx((low[0], high[0]))
    assert gradient.verdict == "better", "though the interval of its own mean reaches far below zero"
    assert gradient.low < 0


def test_a_method_that_is_random_plus_a_constant_differs_by_just_that():
    base = np.random.default_rng(2).integers(0, 64, 20) / 64
    tally = of({"random": base.tolist(), "gradient": (base + 0.25).tolist()})
    gradient, control = tally.summary()
    assert (gradient.difference, gradient.difference_low, gradient.difference_high) == (0.25, 0.25, 0.25)
    assert (control.difference, control.difference_low, control.difference_high) == (0, 0, 0)
    assert (gradient.verdict, control.verdict) == ("better", "control")


def test_without_random_there_is_no_difference_and_no_verdict():
    (gradient,) = of({"gradient": [0.1, 0.2, 0.3]}).summary()
    assert isnan(gradient.difference)
    assert isnan(gradient.difference_low)
    assert gradient.verdict == "unclear"


@pytest.mark.parametrize(
    ("metric", "above", "below"),
    [("fidelity", "better", "worse"), ("deletion", "worse", "better"), ("artifact_share", "unclear", "unclear")],
)
def test_the_verdict_follows_the_metrics_direction(metric, above, below):
    draw = np.random.default_rng(0)
    base = draw.normal(0.5, 0.1, 20)
    scores = {"random": base, "gradient": base + draw.normal(0.2, 0.05, 20), "sobel": base}
    scores |= {"grad_cam": base - draw.normal(0.2, 0.05, 20), "lime": base + draw.normal(0, 0.1, 20)}
    told = {each.method: each.verdict for each in of(scores, metric).summary()}
    assert told == {"random": "control", "sobel": "control", "gradient": above, "grad_cam": below, "lime": "unclear"}


@pytest.mark.parametrize(("n", "told"), [(4, "unclear"), (5, "better")])
def test_fewer_than_five_pictures_give_no_verdict(n, told):
    scores = {"random": [0.0] * n, "gradient": [0.5 + 0.01 * picture for picture in range(n)]}
    assert {each.method: each.verdict for each in of(scores).summary()}["gradient"] == told


@pytest.mark.parametrize(("metric", "sign"), [("fidelity", 1), ("deletion", -1)])
def test_a_method_that_a_blind_control_equals_is_told_so_and_one_that_only_the_negated_map_beats_is_not(metric, sign):
    draw = np.random.default_rng(1)
    base = draw.normal(0.5, 0.05, 30)
    ahead = base + sign * draw.normal(0.2, 0.02, 30)
    scores = {"random": base, "centre": ahead + draw.normal(0, 0.05, 30), "gradient": ahead}
    scores |= {"grad_cam": ahead + sign * 0.1, "negated": base - sign * 0.1}
    told = {each.method: each.verdict for each in of(scores, metric).summary()}
    assert told == {
        "random": "control", "centre": "control", "gradient": "edge", "grad_cam": "better", "negated": "worse",
    }  # fmt: skip


def test_the_oracle_is_a_control_and_beats_nobody():
    scores = {"random": [0.1] * 8, "oracle": [1.0] * 8, "gradient": [0.5 + 0.01 * picture for picture in range(8)]}
    told = {each.method: each.verdict for each in of(scores, "relevance_mass").summary()}
    assert told == {"random": "control", "oracle": "control", "gradient": "better"}


def test_a_ratio_over_pictures_is_that_of_the_means_and_its_interval_covers():
    """The mean of ratios would hang on the pictures where next to nothing is divided by."""
    draw = np.random.default_rng(2)
    covered, runs = 0, 300
    for _ in range(runs):
        below = draw.exponential(0.3, 40)
        above = 0.4 * below + draw.normal(0, 0.05, 40)
        tally = Tally()
        for name, values in (("total_drop", below), ("artifact_bound", above), ("artifact_share", above / below)):
            tally.merge(of({"gradient": values}, name))
        (row,) = [each for each in tally.summary() if each.metric == "artifact_share"]
        assert row.mean == pytest.approx(above.mean() / below.mean())
        covered += row.low < 0.4 < row.high
    assert 0.91 < covered / runs < 0.98


@pytest.mark.parametrize("n", [2, 5, 6, 20])
def test_hits_on_every_picture_still_leave_room_for_a_miss(n):
    """Clopper and Pearson's interval for n of n; the difference may then be anything from there to what was seen."""
    exact = stats.binomtest(n, n).proportion_ci(method="exact").low
    gradient = next(
        each
        for each in of({"gradient": [1.0] * n, "random": [0.0] * n}, "increase_in_confidence").summary()
        if each.method == "gradient"
    )
    assert (gradient.mean, gradient.low, gradient.high) == pytest.approx((1, exact, 1))
    assert (gradient.difference_low, gradient.difference_high) == pytest.approx((2 * exact - 1, 1))
    assert gradient.verdict == ("better" if n >= 6 else "unclear")
    missed = of({"gradient": [0.0] * n}, "increase_in_confidence").summary()[0]
    assert (missed.low, missed.high) == pytest.approx((0, 1 - exact))


def test_intervals_keep_to_the_range_unless_a_score_has_left_it():
    few = {"gradient": [1.0, 0.0, 1.0 - 1e-6], "random": [0.0, 0.0, 0.2]}
    gradient = of(few, "deletion").summary()[0]
    assert (gradient.low, gradient.high) == (0, 1)
    assert (gradient.difference_low, gradient.difference_high) == (-1, 1)
    gradient, random = of({**few, "random": [0.0, 0.0, 1.2]}, "deletion").summary()
    assert gradient.low < -0.5
    assert gradient.high > 1.5
    assert gradient.difference_high > 2
    assert random.low < 0
    rounded = of({"gradient": [1.0 + 1e-12, 1.0 + 1e-12, 0.5]}, "deletion").summary()[0]
    assert rounded.high == 1


def test_one_hit_has_no_interval():
    assert isnan(of({"gradient": [1.0]}, "increase_in_confidence").summary()[0].low)


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("n", [5, 8, 20, 50])
def test_intervals_of_hits_hold_the_true_rate_in_at_least_95_of_100_studies(rate, n):
    """Also where most scores are equal and a resampled mean hardly moves."""
    chances = stats.binom.pmf(range(n + 1), n, rate)
    held = 0.0
    for count, chance in enumerate(chances):
        of_method = of({"gradient": [1.0] * count + [0.0] * (n - count)}, "increase_in_confidence")
        found = of_method.summary()[0]
        held += chance * (found.low <= rate <= found.high)
    assert held >= 0.95 - 1e-9


def test_scores_between_hit_and_miss_keep_the_bootstrap_interval():
    """A tie in the pointing game is half a hit, so the score is no share of hits."""
    scores = [1.0, 0.0, 0.5, 1.0, 0.0, 1.0]
    found = of({"gradient": scores}, "pointing_game").summary()[0]
    _, low, high = intervals(np.array(scores)[:, None], seed=0)[:, 0]
    assert (found.low, found.high) == pytest.approx((max(low, 0.0), min(high, 1.0)))


def test_equal_scores_have_themselves_as_mean_and_no_width():
    scores = np.full((7, 1), 0.1)
    assert intervals(scores, seed=0)[:, 0].tolist() == [0.1, 0.1, 0.1]


def test_two_pictures_make_a_wide_interval_and_one_makes_none():
    mean, low, high = intervals(np.array([[0.4], [0.6]]), seed=0)[:, 0]
    assert (mean, low, high) == pytest.approx((0.5, 0.5 - 0.1 * 9.17, 0.5 + 0.1 * 9.17), abs=0.01)
    assert np.isnan(intervals(np.array([[0.4]]), seed=0)[1:]).all()


def test_a_score_may_come_again_but_not_as_another():
    tally = Tally()
    tally.add([Score("cat", "gradient", "fidelity", 0.5), Score("cat", "sobel", "fidelity", nan)])
    tally.merge(tally)
    assert [each.n for each in tally.summary()] == [1]
    with pytest.raises(ValueError, match=r"cat has two scores of gradient in fidelity: 0\.5 and 0\.6"):
        tally.add([Score("cat", "gradient", "fidelity", 0.6)])
    with pytest.raises(ValueError, match="two scores"):
        tally.add([Score("cat", "sobel", "fidelity", 0.6)])


def test_an_empty_tally_has_no_means():
    assert Tally().summary() == ()


def test_the_published_interval_adds_variances_as_if_the_areas_were_independent():
    lif, mif = [0.8, 0.6, 0.7, 0.9, nan], [0.3, 0.2, 0.4, 0.4, 0.1]
    tally = of({"gradient": lif, "sobel": [nan] * 5}, "lif_area")
    tally.merge(of({"gradient": mif, "sobel": mif}, "mif_area"))
    tally.merge(of({"gradient": [0.5, 0.4, 0.3, 0.5, nan]}))
    found = published_fidelity(tally)
    variances = (0.25 * 0.05 / 3 + 0.0275 / 3, 0.05 / 3 + 0.0275 / 3)
    assert set(found) == {"gradient"}
    assert found["gradient"].n == 4
    assert found["gradient"].mean == pytest.approx(0.425)
    reach = 1.959964 * sqrt(variances[1] / 4)
    assert (found["gradient"].low, found["gradient"].high) == pytest.approx((0.425 - reach, 0.425 + reach))


def test_the_published_interval_is_the_wider_where_both_areas_rise_together():
    draw = np.random.default_rng(0)
    sure, noise = draw.normal(0.5, 0.2, 60), draw.normal(0, 0.02, (2, 60))
    lif, mif = sure + 0.2 + noise[0], sure - 0.2 + noise[1]
    tally = of({"gradient": lif}, "lif_area")
    tally.merge(of({"gradient": mif}, "mif_area"))
    published = published_fidelity(tally)["gradient"]
    paired = of({"gradient": lif - mif}).summary()[0]
    assert published.high - published.low > 5 * (paired.high - paired.low)


@pytest.mark.slow
def test_300_means_over_1000_pictures_take_a_fraction_of_a_second():
    draw, tally = random.Random(0), Tally()
    methods, metrics = ["random", *map(str, range(19))], list(map(str, range(15)))
    tally.add(
        Score(str(p), method, metric, draw.random()) for p in range(1000) for method in methods for metric in metrics
    )
    took = []
    for _ in range(4):
        begin = time.process_time()
        assert len(tally.summary()) == 300
        took.append(time.process_time() - begin)
    assert min(took) < 0.6
