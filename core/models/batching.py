"""How many pictures go through a network at once: measured, kept, and halved when memory runs out."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeVar

import platformdirs
import torch

Kind = Literal["forward", "gradient"]
CANDIDATES: dict[str, dict[Kind, tuple[int, ...]]] = {
    "cpu": {"forward": (1, 2, 4, 8, 12, 16, 24, 32), "gradient": (1, 2, 4, 8, 12, 16)},
    "cuda": {"forward": (16, 32, 64, 128, 256), "gradient": (16, 32, 64, 128)},
    "mps": {"forward": (4, 8, 16, 32, 64), "gradient": (4, 8, 16, 32)},
}
OUT_OF_MEMORY = (
    "can't allocate memory",
    "not enough memory",
    "MPS backend out of memory",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_ALLOC_FAILED",
)
LONGEST_STEP = 0.4
ROUNDS = 3
NEARLY = 1.02
Work = TypeVar("Work")
Answer = TypeVar("Answer")


Run = Callable[[int], object]
"""Sends that many pictures through the network and waits for the answer."""
Timing = Callable[[Run, int], float]
"""Seconds that a batch of that size takes; the device may be somebody else's between two of them."""


def timed(run: Run, size: int) -> float:
    """Seconds that a batch of that size takes on a device that nobody else uses."""
    start = time.perf_counter()
    run(size)
    return time.perf_counter() - start


class BatchSize:
    """A number of pictures that only ever decreases."""

    def __init__(self, size: int) -> None:
        self.size = size

    def halve(self) -> None:
        self.size = max(1, self.size // 2)


def run_in_batches(
    work: Sequence[Work], run: Callable[[Sequence[Work]], Answer], size: BatchSize
) -> Iterator[tuple[Sequence[Work], Answer]]:
    """Each batch of the work with its answer; where memory runs out, batches become smaller from there on.

    Raises
    ------
    torch.OutOfMemoryError
        When a single item does not fit.
    """
    start = 0
    while start < len(work):
        batch = work[start : start + size.size]
        try:
            answer = run(batch)
        except RuntimeError as error:
            if len(batch) == 1 or not is_out_of_memory(error):
                raise
            size.halve()
            continue
        yield batch, answer
        start += len(batch)


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether the error means that a device or the host has run out of memory."""
    return isinstance(error, torch.OutOfMemoryError) or any(phrase in str(error) for phrase in OUT_OF_MEMORY)


def fastest_batch(run: Run, candidates: Sequence[int], key: str, timing: Timing = timed) -> BatchSize:
    """The candidate with the highest throughput; measured once per machine, then read from its cache.

    Kept on disk because the last bits of a sum depend on the batch that computed it: two runs on one machine must be
    bit-identical.

    Parameters
    ----------
    key
        Identifies what was measured: network, device, kind of pass.
    """
    store = Path(platformdirs.user_cache_dir("heatcheck")) / "batch_sizes.json"
    known = already_measured(store)
    if key not in known:
        known[key] = measured_best(run, candidates, timing)
        with suppress(OSError):  # without a writable cache the measurement is repeated, and the run goes on
            store.parent.mkdir(parents=True, exist_ok=True)
            draft = store.with_suffix(f".{time.monotonic_ns()}")
            draft.write_text(json.dumps(known, indent=1, sort_keys=True))
            draft.replace(store)
    return BatchSize(known[key])


def already_measured(store: Path) -> dict[str, int]:
    """What earlier runs found; nothing where there is no such file or it cannot be read."""
    try:
        known = json.loads(store.read_text())
    except (OSError, ValueError):
        return {}
    entries = known.items() if isinstance(known, dict) else ()
    return {key: size for key, size in entries if isinstance(size, int) and size > 0}


def measured_best(run: Run, candidates: Sequence[int], timing: Timing = timed) -> int:
    """The smallest candidate that is nearly as fast per picture as the best.

    A batch is a step of the queue, so a smaller one lets others in sooner, and sizes stop growing where memory or
    patience ends. Every size runs once before any is timed: the first run of a size pays for memory allocation. The
    sizes then take turns, so that a busy moment does not affect only one of them.
    """
    tried = list(sizes_that_fit(run, candidates, timing))
    rounds = [{size: timing(run, size) for size in tried} for _ in range(ROUNDS)]
    seconds = {size: min(taken[size] for taken in rounds) / size for size in tried}
    return min((size for size in tried if seconds[size] <= NEARLY * min(seconds.values())), default=1)


def sizes_that_fit(run: Run, candidates: Sequence[int], timing: Timing) -> Iterator[int]:
    """The candidates up to the first that runs out of memory, or that takes too long for a step."""
    for size in candidates:
        try:
            took = timing(run, size)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            return
        yield size
        if took > LONGEST_STEP:
            return


def seconds_a_picture(run: Run, size: int, timing: Timing = timed) -> float:
    """Seconds that each picture of a batch takes when nothing else is in the way."""
    return min(timing(run, size) for _ in range(ROUNDS)) / size
