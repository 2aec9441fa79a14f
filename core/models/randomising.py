"""Networks that have forgotten what they learned: layers in groups by forward order, re-drawn on a copy."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LayerGroup:
    """Neighbouring layers that are randomised together.

    Parameters
    ----------
    parameters
        Their names in the network.
    size
        How many numbers these hold.
    """

    name: str
    parameters: tuple[str, ...]
    size: int
