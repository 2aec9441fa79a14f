"""Numbers of things and lengths of time, as a person would say them."""

MANY = 90
"""Seconds from which on they are told in minutes, and minutes from which on in hours."""


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "pass", "passes"), counted(1377, "pass", "passes")
    ('1 pass', '1,377 passes')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def about(seconds: float) -> str:
    """A duration that is not known exactly.

    >>> about(0.4), about(6.2), about(41), about(400), about(9000)
    ('under a second', 'about 6\xa0s', 'about 40\xa0s', 'about 7\xa0min', 'about 2.5\xa0h')
    """
    if seconds < 1:
        return "under a second"
    if seconds < MANY:
        return f"about {round(seconds) if seconds < 20 else round(seconds, -1):.0f}\u00a0s"
    if seconds < 60 * MANY:
        return f"about {round(seconds / 60)}\u00a0min"
    hours = seconds / 3600
    return f"about {hours:.1f}\u00a0h" if hours < 10 else f"about {round(hours)}\u00a0h"


def lasting(seconds: float) -> str:
    """A duration that was measured.

    >>> lasting(0.62), lasting(41.2), lasting(200), lasting(9000)
    ('0.6\xa0s', '41\xa0s', '3\xa0min 20\xa0s', '2\xa0h 30\xa0min')
    """
    if seconds < 10:
        return f"{seconds:.1f}\u00a0s"
    whole = round(seconds)
    if whole < MANY:
        return f"{whole}\u00a0s"
    if whole < 60 * MANY:
        return f"{whole // 60}\u00a0min {whole % 60}\u00a0s"
    return f"{whole // 3600}\u00a0h {whole % 3600 // 60}\u00a0min"


def room(size: int) -> str:
    """A number of bytes on a disk.

    >>> room(200), room(340_000_000), room(15_400_000_000)
    ('under 1\xa0MB', '340\xa0MB', '15.4\xa0GB')
    """
    if size < 1_000_000:
        return "under 1\u00a0MB"
    return f"{round(size / 1e6)}\u00a0MB" if size < 1e9 else f"{size / 1e9:.1f}\u00a0GB"
