"""Timing that a busy machine can't bend: the alternatives take turns, and only their ratio is believed."""

import time
from collections.abc import Callable, Mapping
from statistics import median

LONG = 3.0
"""Seconds: what a first run has to warm (buffers, algorithms) is lost in a run as long as this."""


def seconds_of(alternatives: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each alternative over rounds in which each runs once; a short first run doesn't count."""
    taken: dict[str, list[float]] = {name: [] for name in alternatives}
    for number in range(rounds + 1):
        for name, run in alternatives.items():
            if len(taken[name]) == rounds:
                continue
            start = time.perf_counter()
            run()
            seconds = time.perf_counter() - start
            if number or seconds > LONG:
                taken[name].append(seconds)
    return {name: median(seconds) for name, seconds in taken.items()}
