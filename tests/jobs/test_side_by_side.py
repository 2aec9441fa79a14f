"""Streams at the same time: what is read, what ends them, and what they leave as it was."""

import threading
import time
from functools import partial

import pytest
import torch

from core.jobs.side_by_side import AHEAD, side_by_side


def counting(most):
    yield from range(most)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_every_event_comes_once_and_those_of_a_stream_in_order(threads):
    lengths = (5, 0, 7, 1)
    found = list(side_by_side([partial(counting, each) for each in lengths], threads))
    assert sorted(found) == [(place, each) for place, most in enumerate(lengths) for each in range(most)]
    for place in range(len(lengths)):
        assert [event for own, event in found if own == place] == list(range(lengths[place]))


def test_two_streams_are_on_their_way_at_once():
    meeting = threading.Barrier(2)

    def meet():
        meeting.wait(20)
        yield "met"

    assert [event for _, event in side_by_side([meet, meet], threads=2)] == ["met", "met"]


def test_each_computes_with_one_thread_until_the_last_reader_leaves():
    def threads():
        yield torch.get_num_threads()
        yield torch.get_num_threads()

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        first, second = (side_by_side([threads, threads], threads=2) for _ in range(2))
        assert [next(first)[1], next(second)[1]] == [1, 1]
        first.close()
        assert torch.get_num_threads() == 1
        assert [event for _, event in second] == [1, 1, 1]
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_what_a_stream_raises_is_raised_where_it_is_read_and_no_thread_stays():
    def fail():
        yield 1
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        list(side_by_side([fail, partial(counting, 1000)], threads=2))
    assert left() == 0


def test_a_stream_that_nobody_reads_stands_still_and_ends_when_the_reader_does():
    made = []

    def long():
        for each in range(1000):
            made.append(each)
            yield each

    reading = side_by_side([long, long], threads=2)
    next(reading)
    time.sleep(0.3)
    assert len(made) <= AHEAD + 4
    reading.close()
    assert left() == 0
    assert len(made) <= AHEAD + 8


def left():
    """Threads of this kind that still run."""
    return sum(thread.name.endswith("(_work)") for thread in threading.enumerate())
