"""How fast the network itself is: bare, as peers run it, and folded, which is the limit of what a run can reach."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from interleaved import seconds_of
from torch import nn

import core

CANDIDATES = (8, 12, 16, 32)
PICTURES = 96  # divided by every candidate
ROUNDS = 2


@dataclass(frozen=True)
class Limit:
    """A network, and the batch in which it does the most pictures a second."""

    network: nn.Module
    size: int
    height_width: tuple[int, int]

    def forward(self) -> None:
        """Sends pictures through the network that lie ready in batches."""
        ready = torch.rand(self.size, 3, *self.height_width).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            for _ in range(PICTURES // self.size):
                self.network(ready)


def find_limits(classifier: core.Classifier) -> dict[str, Limit]:
    """Each network at its best batch; all sizes of both take turns."""
    networks = {"bare": classifier.network, "folded": classifier.outputs_only().network}
    tried = {
        (name, size): Limit(network, size, classifier.size) for name, network in networks.items() for size in CANDIDATES
    }
    took = seconds_of({key: limit.forward for key, limit in tried.items()}, ROUNDS)
    best = {name: min(CANDIDATES, key=lambda size, name=name: took[name, size]) for name in networks}
    return {name: tried[name, size] for name, size in best.items()}


def share_of_limits(
    limits: Mapping[str, Limit], forwards: int, run: Callable[[], object]
) -> tuple[dict[str, float], str]:
    """The forwards per second of a run, as a share of what each network does."""
    took = seconds_of({"run": run, **{name: limit.forward for name, limit in limits.items()}}, ROUNDS)
    ours = forwards / took["run"]
    rates = {name: PICTURES / took[name] for name in limits}
    told = ", ".join(f"{name} {rate:.0f}/s in batches of {limits[name].size}" for name, rate in rates.items())
    return {name: ours / rate for name, rate in rates.items()}, f"{ours:.0f} forwards/s; {told}"
