"""Files of which a reader never sees half."""

import os
from collections.abc import Callable
from pathlib import Path

DRAFT = ".draft"


def written_whole(file: Path, write: Callable[[Path], object]) -> None:
    """Writes a draft beside the file and renames it, so that a reader never sees half a file."""
    draft = file.with_name(f".{file.name}.{os.getpid()}{DRAFT}")  # another process may write the same file
    try:
        write(draft)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def remove_drafts(folder: Path) -> None:
    """Removes what writers that were killed have left; no other may be at work there."""
    for draft in folder.rglob(f".*{DRAFT}"):
        draft.unlink(missing_ok=True)
