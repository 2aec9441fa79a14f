"""A study that was made in parts says where its parts differ."""

from itertools import combinations

import pytest
import torch

from core.studies.runs import DECISIVE, mixture, this_run

RUN = this_run(torch.device("cpu"))


def test_runs_that_only_begin_at_other_times_do_not_differ():
    assert set(DECISIVE) < set(RUN)
    later = this_run(torch.device("cpu"))
    assert later["began"] > RUN["began"]
    assert mixture([]) == mixture([RUN]) == mixture([RUN, later]) == ""


@pytest.mark.parametrize("names", [*((name,) for name in DECISIVE), *combinations(DECISIVE, 2)])
def test_everything_in_which_two_runs_differ_is_said_with_both_values_and_nothing_else(names):
    other = {**RUN, **dict.fromkeys(names, "another")}
    told = mixture([RUN, other, RUN])
    for name, words in DECISIVE.items():
        assert (f"{words} ({RUN[name]}, another)" in told) == (name in names)
