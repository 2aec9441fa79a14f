"""How long a study takes on a number of workers, and what they wait for: simulated with the same rules of dispatch.

Times of units are drawn from measured ones. The cluster is a queue with one server: whoever asks takes results one
after the other, keeps their scores and writes their files, and hands out the next blocks.
"""

import heapq
import random
from collections.abc import Sequence
from typing import NamedTuple

from core.studies.dispatch import IN_FLIGHT, Dispatch


class Costs(NamedTuple):
    """What a study takes beside its units, in seconds.

    Parameters
    ----------
    start
        Until a worker has loaded its model.
    block
        Of the one who asks, for a block: to hand it out and to take what came of it.
    unit
        Of the one who asks, for a unit: to keep its scores and to write its files.
    """

    start: float
    block: float
    unit: float


MEASURED = Costs(start=20.0, block=0.008, unit=0.009)
"""Of a unit with 25 maps, 12 metrics and curves of 10 steps, on a core of a server; its result has 108 kB."""


class Simulated(NamedTuple):
    """How a study would go.

    Parameters
    ----------
    seconds
        From the beginning to the last unit.
    waiting
        Share of the workers' time, once they have started, in which they compute nothing.
    asking
        Share of the time in which the one who asks is at work: near 1 it is the bottleneck.
    """

    seconds: float
    waiting: float
    asking: float


def simulate(
    pictures: int, seconds: Sequence[float], workers: int, costs: Costs = MEASURED, seed: int = 0
) -> Simulated:
    """A study of these pictures.

    Parameters
    ----------
    seconds
        Of units, measured; each picture draws one of them.

    >>> simulate(100, [2.0], workers=1, costs=Costs(start=10.0, block=0.0, unit=0.0))
    Simulated(seconds=210.0, waiting=0.0, asking=0.0)
    """
    drawn = random.Random(seed)
    work = Dispatch(range(pictures), workers)
    free = [costs.start] * workers
    flights = [0] * workers
    results: list[tuple[float, int, list[int], float]] = []
    now, asking, computed = costs.start, 0.0, 0.0

    def hand_out(worker: int, idle: bool) -> None:
        block = work.next_block(idle)
        if block:
            taken = sum(drawn.choices(seconds, k=len(block)))
            free[worker] = max(now, free[worker]) + taken
            flights[worker] += 1
            heapq.heappush(results, (free[worker], worker, block, taken))

    for depth in range(IN_FLIGHT):
        for worker in range(workers):
            hand_out(worker, not depth)
    last = now
    while results:
        finished, worker, block, taken = heapq.heappop(results)
        spent = costs.block + costs.unit * len(block)
        now = max(now, finished) + spent
        asking, computed, last = asking + spent, computed + taken, max(last, now)
        work.finished(block, taken)
        flights[worker] -= 1
        hand_out(worker, not flights[worker])
    at_work = last - costs.start
    if not at_work:
        return Simulated(last, 0.0, 0.0)
    return Simulated(last, 1 - computed / (workers * at_work), asking / at_work)
