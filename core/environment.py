"""Variables that make passes faster on a CPU; they only take effect if they are set before torch is imported."""

import os
import sys
from collections.abc import Sequence

KEEP_LARGE_BLOCKS = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000"}
"""Otherwise glibc returns large blocks to the kernel after each pass and faults them in again at the next one."""

SPIN_BRIEFLY = {"GOMP_SPINCOUNT": "1000"}
"""A thread of libgomp, torch's OpenMP on Linux, checks this often whether the others are done, and then sleeps.

By default it checks for milliseconds, on a core that somebody else needs: with one of two cores busy, Lite0 has a
quarter of its speed left. A thread that sleeps at once has to be woken for every layer. From batches of 8 up this
setting lost -1 to 4 % of the speed on a quiet machine, and kept 52 to 57 % of it beside a busy core; a third
as many checks or fewer lost more, three times as many kept less.
"""

NUMPY_ALONE = {"OPENBLAS_NUM_THREADS": "1"}
"""NumPy's own threads spin on after each of its small products, on a core that a pass needs.

They took an eighth of the processor's time of one fine-tune, which bootstraps intervals while networks answer.
"""

VARIABLES = KEEP_LARGE_BLOCKS | SPIN_BRIEFLY | NUMPY_ALONE


def restart_unless_set() -> None:
    """Restarts this process where a variable is missing: glibc and torch's OpenMP read theirs once, when they are
    loaded.

    Only on Linux: elsewhere torch comes with another allocator and another OpenMP, which do not use them.
    """
    if sys.platform == "linux" and not VARIABLES.keys() <= os.environ.keys():
        restart(sys.orig_argv[1:])


def restart(arguments: Sequence[str]) -> None:
    """Restarts this Python with these arguments and with the variables; what a person has set stays."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, *arguments], {**VARIABLES, **os.environ})
