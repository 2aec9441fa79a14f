"""What a stream says about its own course."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """Pictures through the network so far, of those known to be needed; yielded after every batch."""

    done: int
    total: int
    what: str

    @property
    def replaces(self) -> str:
        return "progress"
