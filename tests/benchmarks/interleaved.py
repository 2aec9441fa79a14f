"""Timing that a busy machine can't bend: the alternatives take turns, and only their ratio is believed."""

import time
from collections.abc import Callable, Mapping
from statistics import median


def seconds_of(alternatives: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each alternative over rounds in which each runs once, after one round that doesn't count."""
    taken: dict[str, list[float]] = {name: [] for name in alternatives}
    for number in range(rounds + 1):
        for name, run in alternatives.items():
            start = time.perf_counter()
            run()
            if number:
                taken[name].append(time.perf_counter() - start)
    return {name: median(seconds) for name, seconds in taken.items()}
