"""Networks that were trained here, one file each: listed, loaded, kept and deleted by name.

On a shared machine a network may have an owner, whose name does not identify the person. All others are everybody's.
"""

import json
import re
import secrets
from contextlib import suppress
from dataclasses import fields
from difflib import get_close_matches
from functools import lru_cache
from itertools import count
from pathlib import Path

import safetensors.torch
import torch
from torch import nn

from core.assets import made_here
from core.models.classifier import Classifier
from core.models.sources import ModelError, seeded_construction
from core.models.trained_file import BUNDLED, FORMS, PREFIX, Description, Trained, empty, owner_of, read, shapes_of

ENDING = ".safetensors"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
MOST_OF_ONE, MOST_BYTES_OF_ONE = 32, 64 * 2**20
"""Networks that an owner may keep, and their total size."""


def home() -> Path:
    """Where a person's own trained networks are."""
    return made_here("trained")


def list_trained(owner: str | None = None) -> tuple[Trained, ...]:
    """Every trained network, bundled ones first; invalid files are skipped.

    Parameters
    ----------
    owner
        Leaves out the models of others; everybody who can read the folder sees all that is in it.
    """
    found: dict[str, Trained] = {}
    for folder in (BUNDLED, home()):
        for path in sorted(folder.glob(f"*{ENDING}"), key=lambda path: path.stem):
            if not NAME.fullmatch(path.stem):
                continue
            with suppress(OSError):  # it may be removed at this moment
                file = path.stat()
                if known := contents_of(path, file.st_mtime_ns, file.st_size):
                    found.setdefault(path.stem, known)
    return tuple(trained for trained in found.values() if owner is None or trained.owner in ("", owner))


@lru_cache(maxsize=256)
def contents_of(path: Path, written: int, size: int) -> Trained | None:  # noqa: ARG001
    """The contents of a file until it is written again; None where it is not valid."""
    try:
        return read(path)[0]
    except ModelError:
        return None


def load_trained(name: str, device: torch.device, pretrained: bool = True) -> Classifier:
    """The classifier with that name, which starts with ``trained/``.

    Raises
    ------
    ModelError
        Where there is none, or its file is damaged.
    """
    trained, weights = read(path_of(name))
    description = trained.description
    with seeded_construction():
        learned = empty(description, shapes_of(weights))
        if pretrained:
            learned.load_state_dict(weights)
        return description.classifier(trained.name, FORMS[description.network].whole(learned), device)


def save_trained(description: Description, learned: nn.Module, owner: str = "") -> str:
    """Saves a network among a person's own, and gives the name to load it by.

    The name is made from the title; a name in use gets a number, and that of an owned network cannot be guessed.

    Parameters
    ----------
    learned
        The part of the network that its form stores.
    owner
        Its owner; everybody's if empty. It is written as it is.

    Raises
    ------
    ModelError
        Where it cannot be written, or its owner has too many.
    """
    weights = {key: tensor.detach().cpu().contiguous() for key, tensor in learned.state_dict().items()}
    header = {field.name: json.dumps(getattr(description, field.name)) for field in fields(description)}
    header |= {"owner": json.dumps(owner)} if owner else {}
    content = safetensors.torch.save(weights, header)
    check_room(owner, len(content))
    try:
        home().mkdir(parents=True, exist_ok=True)
        target = reserved(f"{slug(description.title)}-{secrets.token_hex(8)}" if owner else slug(description.title))
        draft = target.with_suffix(".draft")
        try:
            draft.write_bytes(content)
            draft.replace(target)
        except BaseException:
            draft.unlink(missing_ok=True)
            target.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ModelError(f"The model cannot be saved in {home()}: {error.strerror or error}.") from error
    return PREFIX + target.stem


def check_room(owner: str, size: int = 0) -> None:
    """Refuses another network if its owner has reached the limit; networks without an owner are not counted.

    Parameters
    ----------
    size
        Bytes of the new one's file, if known.

    Raises
    ------
    ModelError
        With the limit.
    """
    if not owner:
        return
    kept = [trained for trained in list_trained(owner) if trained.owner == owner]
    models = f"{len(kept)} trained model{'' if len(kept) == 1 else 's'}"
    if len(kept) >= MOST_OF_ONE or sum(map(size_of, kept)) + size > MOST_BYTES_OF_ONE:
        raise ModelError(
            f"You have {models} here; the limit is {MOST_OF_ONE} models or {MOST_BYTES_OF_ONE // 2**20} MB. "
            "Remove one, and train again."
        )


def size_of(trained: Trained) -> int:
    """Bytes of its file; 0 if it has just been removed."""
    with suppress(OSError):
        return trained.path.stat().st_size
    return 0


def remove_trained(name: str, owner: str | None = None) -> None:
    """Deletes one of a person's own.

    Parameters
    ----------
    owner
        Who requests it: an owner may delete only their own; everybody who can write to the folder may delete any.

    Raises
    ------
    ModelError
        For a bundled one, another's, or an unknown name.
    """
    path = path_of(name)
    if path.parent == BUNDLED:
        raise ModelError(f"{name} ships with HeatCheck and cannot be deleted.")
    if owner is not None and owner_of(path) != owner:
        raise ModelError(f"{name} belongs to somebody else and cannot be deleted.")
    path.unlink(missing_ok=True)


def slug(title: str) -> str:
    """A file name for a title.

    >>> slug("Patches: a cross / 6 px"), slug("…")
    ('patches-a-cross-6-px', 'model')
    """
    return re.sub(r"[^a-z0-9]+", "-", title.lower())[:60].strip("-") or "model"


def reserved(wanted: str) -> Path:
    """A new file with that name, or with the next free number."""
    for number in count(1):
        name = wanted if number == 1 else f"{wanted}-{number}"
        path = home() / f"{name}{ENDING}"
        if not (BUNDLED / path.name).exists():
            with suppress(FileExistsError):
                path.touch(exist_ok=False)
                return path
    raise AssertionError


def path_of(name: str) -> Path:
    """The file with that name.

    Raises
    ------
    ModelError
        With the nearest names.
    """
    short = name.removeprefix(PREFIX)
    for folder in (BUNDLED, home()):
        path = folder / f"{short}{ENDING}"
        if NAME.fullmatch(short) and path.is_file():
            return path
    names = [trained.name for trained in list_trained() if not trained.owner]
    near = get_close_matches(name, names, n=3, cutoff=0.6) or names
    raise ModelError(f"There is no trained model {name!r}. Did you mean {' or '.join(near)}?")
