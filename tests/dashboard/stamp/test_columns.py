"""What the table of a stamped picture says beside its numbers."""

import core
from dashboard.stamp.scores.columns import chance


def test_a_random_map_gets_the_share_that_the_stamp_covers() -> None:
    metrics = {metric.name: metric for metric in core.list_metrics()}
    assert chance(metrics["relevance_mass"], 20 / 2304) == "0.87 %"
    assert chance(metrics["stamp_distance"], 20 / 2304) == "2"
    assert chance(metrics["auroc"], 20 / 2304) == "0.5"
    assert chance(metrics["specificity"], 20 / 2304) == "0.5"
    assert chance(metrics["copies_as_near"], 20 / 2304) == "50 %"
