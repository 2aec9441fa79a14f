"""Which pictures go to whom: every one is finished once or given up, whatever is lost on the way."""

import random

import pytest

from core.studies.dispatch import BLOCK_SECONDS, IN_FLIGHT, TRIES, Dispatch


@pytest.mark.parametrize("seed", range(20))
def test_every_picture_is_finished_once_or_given_up_after_three_tries(seed):
    drawn = random.Random(seed)
    count, workers = drawn.randrange(1, 200), drawn.randrange(1, 9)
    deadly = {place for place in range(count) if drawn.random() < 0.05}
    work = Dispatch(range(count), workers)
    flights: list[list[int]] = []
    done: list[int] = []
    lost: dict[int, str] = {}
    began = dict.fromkeys(range(count), 0)
    while work.left:
        while len(flights) < workers * IN_FLIGHT and (block := work.next_block()):
            flights.append(block)
        assert flights, "what is left is always with somebody"
        block = flights.pop(drawn.randrange(len(flights)))
        if deadly & {*block} or drawn.random() < 0.02:
            for place in block:
                began[place] += 1
            lost |= dict(work.failed(block, "killed"))
            if flights and drawn.random() < 0.5:
                work.given_back(flights.pop())
        else:
            done += work.finished(block, drawn.random())
    assert sorted([*done, *lost]) == list(range(count))
    assert len({*done}) == len(done)
    assert not deadly & {*done}
    assert all(began[place] >= TRIES for place in lost)


def test_a_neighbour_of_a_deadly_picture_is_tried_by_itself_and_finished():
    work = Dispatch(range(40), workers=1)
    work.finished(work.next_block(), 0.01)
    block = work.next_block()
    assert len(block) > 2
    work.failed(block, "killed")
    while rest := work.next_block():
        if {*rest} & {*block}:
            assert len(rest) == 1
        if block[0] in rest:
            work.failed(rest, "killed")
        else:
            work.finished(rest, 0.01)
    assert work.left == 0


def test_a_second_result_of_a_picture_changes_nothing():
    work = Dispatch(range(3), workers=1)
    block = work.next_block()
    assert work.finished(block, 1.0) == block
    assert work.finished(block, 1.0) == []
    assert work.failed(block, "late") == []
    assert work.left == 2


@pytest.mark.parametrize("pace", [0.01, 0.3, 2.0, 60.0])
def test_a_block_takes_a_few_seconds_while_there_are_many_and_the_last_ones_are_shared(pace):
    work = Dispatch(range(100_000), workers=8)
    work.finished(work.next_block(), pace)
    assert len(work.next_block()) * pace == pytest.approx(max(pace, BLOCK_SECONDS), rel=0.2)
    few = Dispatch(range(33), workers=8)
    few.finished(few.next_block(), pace)
    assert len(few.next_block()) <= 2
