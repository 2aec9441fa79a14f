"""``heatcheck retraining-toy``: the paper's lesson as a table."""

import re

import pytest

import core
from core.cli.retraining_toy import toy_table
from core.retraining.toy import ToyReady

EXPECTED = {(4, "best_first"): (50, 50), (4, "random"): (67, 78), (8, "random"): (59, 73),
            (8, "worst_first"): (68, 83), (12, "worst_first"): (64, 81)}  # fmt: skip
"""SCIENCE 5: without and with retraining, by number removed and order."""
ORDERS = ("best_first", "random", "worst_first")
OFF = 5


def test_the_table_agrees_with_the_paper_s_expected_accuracies(heatcheck):
    result = heatcheck("retraining-toy", "--seeds", 100)
    assert result.exit_code == 0, result.output
    lines = [re.findall(r"(\d+) \[", line) for line in result.stdout.splitlines() if re.match(r"\d+ ", line)]
    assert len(lines) == 17
    for (removed, order), (without, retrained) in EXPECTED.items():
        at = 2 * ORDERS.index(order)
        told = tuple(map(int, lines[removed][at : at + 2]))
        assert abs(told[0] - without) <= OFF, (removed, order)
        assert abs(told[1] - retrained) <= OFF, (removed, order)


def test_the_expected_figures_are_in_the_help(heatcheck):
    told = " ".join(heatcheck("retraining-toy", "--help").stdout.split())
    assert "random order, 4 removed: 67 % and 78 %, 8 removed: 59 % and 73 %" in told


def test_an_interrupt_shows_the_seeds_so_far(heatcheck, monkeypatch):
    [*events] = core.stream_retraining_toy(2)

    def interrupted(*_):
        yield from events
        raise KeyboardInterrupt

    monkeypatch.setattr(core, "stream_retraining_toy", interrupted)
    result = heatcheck("retraining-toy", "--seeds", 9)
    assert result.exit_code == 130
    assert "Stopped. The table is of 2 of 9 seeds." in result.stderr
    assert "means over 2 seeds" in " ".join(result.stdout.split())


@pytest.mark.parametrize("seeds", [0, 1])
def test_fewer_than_two_seeds_are_refused_since_one_has_no_interval(heatcheck, seeds):
    assert heatcheck("retraining-toy", "--seeds", seeds).exit_code == 2


def test_an_interrupt_after_one_seed_claims_no_interval():
    [*_, ready] = (event for event in core.stream_retraining_toy(1) if isinstance(event, ToyReady))
    assert toy_table(ready).caption == "Accuracy in %, means over 1 seed. 50 is chance."
