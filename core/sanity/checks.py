"""Quick checks of a method on one picture."""

from dataclasses import dataclass

from core.sanity.verdict import Standing


@dataclass(frozen=True)
class CheckReady:
    """What a check says of a method so far; a later one takes its place."""

    method: str
    check: str
    value: float | None
    low: float | None
    high: float | None
    standing: Standing | None
    sentence: str
    final: bool

    @property
    def replaces(self) -> tuple[str, str, str]:
        return "check", self.check, self.method
