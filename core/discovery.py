"""Files that register something are found by being there."""

from collections.abc import Iterable, Sequence
from importlib import import_module
from pkgutil import iter_modules


def import_files(package: str, folder: Iterable[str], first: Sequence[str] = (), last: Sequence[str] = ()) -> None:
    """Imports every file of a package, sorted by name except for those that come first and those that come last.

    Parameters
    ----------
    folder
        The package's ``__path__``.
    """
    found = [file.name for file in iter_modules(folder) if file.name not in (*first, *last)]
    for name in (*first, *found, *last):
        import_module(f"{package}.{name}")
