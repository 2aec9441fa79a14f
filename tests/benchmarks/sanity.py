"""What the randomisation check costs beyond the heatmaps that it makes."""

from interleaved import seconds_of
from torch import Tensor

import core
from core.models.randomising import find_groups

METHODS = ("gradient", "input_x_gradient", "guided_backprop", "deconvnet", "smoothgrad", "grad_cam")
ROUNDS = 1


def against_explaining(classifier: core.Classifier, pixels: Tensor, target: int) -> tuple[float, str]:
    """The seconds of a cascade over those of explaining the trained network as often.

    Copies of the network, their weights, and four similarities of every map are what it adds.
    """
    controls = [entry.name for entry in core.list_methods() if entry.control and not entry.needs_truth]
    networks = 1 + len(find_groups(classifier))

    def explain() -> None:
        for _ in range(networks):
            core.explain(classifier, pixels, [*METHODS, *controls], target)

    took = seconds_of(
        {"check": lambda: core.check_randomisation(classifier, pixels, METHODS, target), "explain": explain}, ROUNDS
    )
    told = f"{len(METHODS)} methods, {networks} networks: {took['check']:.1f} s, explaining {took['explain']:.1f} s"
    return took["check"] / took["explain"], told
