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


class BatchSize:
    """A number of pictures that only ever shrinks."""

    def __init__(self, size: int) -> None:
        self.size = size

    def halve(self) -> None:
        self.size = max(1, self.size // 2)


def run_in_batches(
    work: Sequence[Work], run: Callable[[Sequence[Work]], Answer], size: BatchSize
) -> Iterator[tuple[Sequence[Work], Answer]]:
    """Each batch of the work with its answer; where memory runs out, in smaller batches from there on.

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
    """Whether the error says that a device or the host has no memory left."""
    return isinstance(error, torch.OutOfMemoryError) or any(phrase in str(error) for phrase in OUT_OF_MEMORY)


def fastest_batch(run: Callable[[int], object], candidates: Sequence[int], key: str) -> BatchSize:
    """The candidate with the most pictures a second; measured once per machine, then read from its cache.

    Kept on disk because a sum depends in its last bits on the batch that computed it:
    two runs on one machine shall be bit-identical.

    Parameters
    ----------
    run
        Sends that many pictures through the network and waits for the answer.
    key
        Names what was measured: network, device, kind of pass.
    """
    store = Path(platformdirs.user_cache_dir("heatcheck")) / "batch_sizes.json"
    known = already_measured(store)
    if key not in known:
        known[key] = measured_best(run, candidates)
        with suppress(OSError):  # a cache that can't be written costs a measurement, not the run
            store.parent.mkdir(parents=True, exist_ok=True)
            draft = store.with_suffix(f".{time.monotonic_ns()}")
            draft.write_text(json.dumps(known, indent=1, sort_keys=True))
            draft.replace(store)
    return BatchSize(known[key])


def already_measured(store: Path) -> dict[str, int]:
    """What earlier runs found; nothing where there is no such file or it can't be read."""
    try:
        known = json.loads(store.read_text())
    except (OSError, ValueError):
        return {}
    entries = known.items() if isinstance(known, dict) else ()
    return {key: size for key, size in entries if isinstance(size, int) and size > 0}


def measured_best(run: Callable[[int], object], candidates: Sequence[int]) -> int:
    """The smallest candidate nearly as fast per picture as the best.

    A batch is a step of the queue, so a smaller one lets others in sooner, and growing stops where memory or patience
    ends. Every size runs once before any is timed: the first run of a size pays for memory that the kernel hands out.
    The sizes then take turns, so that a busy moment does not fall on one of them.
    """
    tried = list(sizes_that_fit(run, candidates))
    rounds = [{size: timed(run, size) for size in tried} for _ in range(ROUNDS)]
    seconds = {size: min(taken[size] for taken in rounds) / size for size in tried}
    return min((size for size in tried if seconds[size] <= NEARLY * min(seconds.values())), default=1)


def sizes_that_fit(run: Callable[[int], object], candidates: Sequence[int]) -> Iterator[int]:
    """The candidates up to the first that memory is too small for, or that takes too long for a step."""
    for size in candidates:
        try:
            took = timed(run, size)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            return
        yield size
        if took > LONGEST_STEP:
            return


def timed(run: Callable[[int], object], size: int) -> float:
    start = time.perf_counter()
    run(size)
    return time.perf_counter() - start
