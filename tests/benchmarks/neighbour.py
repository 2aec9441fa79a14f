"""What is left of the speed beside a neighbour that never rests: threads that wait must not hold its core."""

import os
import signal
import subprocess
import sys

from interleaved import seconds_of

import core

PICTURES = 96
ROUNDS = 7


def beside_a_busy_core(classifier: core.Classifier) -> tuple[float, str]:
    """Forwards per second beside one busy core, as a share of those alone, at the batch that was tuned."""
    size = classifier.batch_size("forward").size
    neighbour = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    neighbour.send_signal(signal.SIGSTOP)

    def forward() -> None:
        for _ in range(PICTURES // size):
            classifier.blank_pass("forward", size)

    def beside() -> None:
        neighbour.send_signal(signal.SIGCONT)
        forward()
        neighbour.send_signal(signal.SIGSTOP)

    try:
        took = seconds_of({"alone": forward, "beside": beside}, ROUNDS)
    finally:
        neighbour.kill()
        neighbour.wait()
    alone, besides = (PICTURES // size * size / seconds for seconds in took.values())
    told = f"{besides:.0f} forwards/s in batches of {size}; alone {alone:.0f}/s on {os.cpu_count()} cores"
    return took["alone"] / took["beside"], told
