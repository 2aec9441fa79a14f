"""How far contributions are from adding up to what they share out."""

from core.methods.passes import PassBank

DEGENERATE = 0.01  # of the larger of the two scores


def note_completeness(passes: PassBank, total: float, start: float, end: float) -> None:
    """Tells how far the shares are from adding up, or that there is next to nothing to add up to."""
    if abs(end - start) <= DEGENERATE * max(abs(start), abs(end)):
        passes.note("Path degenerate: baseline and picture score almost the same, so there is nothing to share out.")
    else:
        missed = abs(total / (end - start) - 1)
        passes.note(f"Completeness: the shares miss the score's difference by {missed:.1%}.")
