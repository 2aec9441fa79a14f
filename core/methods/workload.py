"""How much something asks of a network, before it is asked."""

from dataclasses import dataclass, field

from core.methods.heatmap import Passes
from core.models.classifier import Classifier


@dataclass(frozen=True)
class Workload:
    """Pictures that will go through the network.

    Parameters
    ----------
    passes
        How many: what a person reads, and what progress counts.
    cost
        How often the network runs for them, forward and backward: what they take.
    beside
        Seconds of what is done beside the network, such as the fills of a prior.
    """

    passes: int = 0
    cost: Passes = field(default_factory=Passes)
    beside: float = 0.0

    def __add__(self, other: "Workload") -> "Workload":
        return Workload(self.passes + other.passes, self.cost + other.cost, self.beside + other.beside)

    def __mul__(self, times: int) -> "Workload":
        return Workload(self.passes * times, self.cost * times, self.beside * times)

    def seconds(self, classifier: Classifier) -> float:
        """About how long it takes, at the measured speed of a batch and with the device to itself."""
        forward, both = (classifier.seconds_a_pass(kind) for kind in ("forward", "gradient"))
        return self.beside + self.cost.forward * forward + self.cost.backward * max(0.0, both - forward)


def outputs(passes: int) -> Workload:
    """Passes of which only the outputs are read."""
    return Workload(passes, Passes(forward=passes))
