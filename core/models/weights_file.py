"""The weights in a file from anybody: safetensors, or a state dict that PyTorch saved.

No code in a file runs, and a file takes no more memory than a small multiple of its size.
"""

import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from core.models.sources import ModelError
from core.models.weights_pickle import DTYPES, StoredTensor, understood

MOST_BYTES = 1 << 30
MOST_ENTRIES = 20_000
MOST_BYTES_OF_PICKLE = 1 << 24
MOST_BYTES_OF_HEADER = 1 << 22
MOST_TIMES_THE_FILE = 4
"""Weights that are tied stand in a file once and in memory under each of their names."""
LIST = "data.pkl"
LISTED_ENTRY = b"PK\x01\x02"
"""What stands before each entry in an archive's list of them."""
LONGEST_NAME = 500
NESTED = ("state_dict", "model_state_dict", "model", "weights", "network", "net")
"""What training scripts call the state dict among other things that they save; the first that is there is read."""
OTHER_KINDS = {
    b"\x89HDF": "a Keras file (HDF5)",
    b"\x93NUM": "a NumPy array",
    b"\x80": "a pickle, or was saved by PyTorch before version 1.6",
}
WAY_OUT = "Save the weights alone: torch.save(network.state_dict(), 'weights.pth'), or as safetensors."
FOR_ONNX = (
    "The file is an ONNX network. Write a function that returns core.from_onnx(file, labels), and start the dashboard "
    "with it: heatcheck --model module:function."
)
ONNX_FIELDS = [bytes([number << 3 | wire]) for number, wire in ((2, 2), (3, 2), (4, 2), (5, 0), (6, 2), (7, 2), (8, 2))]
"""What may follow the version: producer, its version, domain, version of the model, remarks, graph, operator sets."""
TOO_MANY = f"The file lists more weights than any network has; {MOST_ENTRIES:,} is the limit. {WAY_OUT}"
DAMAGED = "The file is damaged. Download or save it again."


def read_weights(content: bytes) -> dict[str, Tensor]:
    """The tensors of a weights file by name, on the CPU, each with finite numbers.

    Parameters
    ----------
    content
        A safetensors file, or what ``torch.save`` made of a state dict; one among other entries of a checkpoint is
        found by its usual name.

    Raises
    ------
    ModelError
        If it is of another kind, damaged or too large, or if it holds Python objects; the message says what to do.
    """
    if len(content) > MOST_BYTES:
        raise ModelError(f"The file is larger than {MOST_BYTES >> 20:,} MB. Save the weights alone, as float16.")
    if content.startswith(b"PK"):
        weights = from_archive(content)
    elif content[8:9] == b"{":
        weights = from_safetensors(content)
    else:
        raise ModelError(FOR_ONNX if is_onnx(content) else f"The file is {kind_of(content)}. {WAY_OUT}")
    for name, tensor in weights.items():
        if len(name) > LONGEST_NAME:
            raise ModelError(f"A weight's name has more than {LONGEST_NAME} letters: {name[:40]}…. {WAY_OUT}")
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise ModelError(f"Some weights are not finite numbers: {name[:80]}. Training may have diverged.")
    return weights


def is_onnx(content: bytes) -> bool:
    """Whether a file begins as ONNX files do: a small version of the format, then another field of a model.

    >>> is_onnx(bytes([0x08, 9, 0x12, 7]) + b"pytorch"), is_onnx(b"a letter")
    (True, False)
    """
    return content[:1] == b"\x08" and content[1:2] <= b"\x20" and content[2:3] in ONNX_FIELDS


def kind_of(content: bytes) -> str:
    """What a file of an unread kind is, as far as its beginning tells."""
    known = (words for beginning, words in OTHER_KINDS.items() if content.startswith(beginning))
    return next(known, "neither safetensors nor a state dict in .pt or .pth")


def from_safetensors(content: bytes) -> dict[str, Tensor]:
    """The tensors of a safetensors file, whose own reader checks that they fill the file exactly."""
    if int.from_bytes(content[:8], "little") > MOST_BYTES_OF_HEADER:
        raise ModelError(TOO_MANY)
    try:
        found: dict[str, Tensor] = safetensors.torch.load(content)
    except (SafetensorError, KeyError, ValueError, RuntimeError, OverflowError) as error:
        raise ModelError(DAMAGED) from error
    if not found:
        raise ModelError(f"The file holds no weights. {WAY_OUT}")
    if len(found) > MOST_ENTRIES:
        raise ModelError(TOO_MANY)
    if strange := {tensor.dtype for tensor in found.values()} - {*DTYPES.values()}:
        kinds = ", ".join(sorted(str(dtype).removeprefix("torch.") for dtype in strange))
        raise ModelError(f"The file holds weights saved as {kinds}, which is not read. Save them as float16.")
    return found


def from_archive(content: bytes) -> dict[str, Tensor]:
    """The state dict in an archive of PyTorch, after an audit of all its entries.

    What PyTorch then loads is an archive that is written anew from what the audit has read, so that no difference
    between two readers of archives matters.
    """
    entries = audited(content)
    said = understood(entries[LIST])
    if any(len(entries.get(f"data/{key}", b"")) != size for key, size in said.storages.items()):
        raise ModelError(DAMAGED)
    refuse_repeated(state_dict_in(said.value).values(), len(content))
    try:
        loaded: Any = torch.load(rewritten(entries, said.storages), map_location="cpu", weights_only=True)
    except Exception as error:  # arguments that fit no function, say: the loader has errors of many types
        raise ModelError(DAMAGED) from error
    return {name: tensor.detach().clone() for name, tensor in state_dict_in(loaded).items()}


def audited(content: bytes) -> dict[str, bytes]:
    """The archive's entries by their names below its folder: stored, whole, and no larger together than the file.

    Raises
    ------
    ModelError
        If they are not, or if the archive is one of those that carry code.
    """
    if content.count(LISTED_ENTRY) > MOST_ENTRIES:  # before the list is read, which takes memory for each
        raise ModelError(TOO_MANY)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            listed = archive.infolist()
            names = [PurePosixPath(each.filename) for each in listed]
            refuse_code(names)
            sound = (
                len({*names}) == len(names) <= MOST_ENTRIES
                and len({name.parts[0] for name in names if name.parts}) == 1
                and all(each.compress_type == zipfile.ZIP_STORED and not each.flag_bits & 1 for each in listed)
                and all(each.file_size == each.compress_size for each in listed)
                and sum(each.file_size for each in listed) <= len(content)
            )
            if not sound:
                raise ModelError(f"The archive is not laid out as PyTorch does. {WAY_OUT}")
            entries = {"/".join(name.parts[1:]): archive.read(each) for name, each in zip(names, listed, strict=True)}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, EOFError, OSError, IndexError) as error:
        raise ModelError(DAMAGED) from error
    if entries.get("byteorder", b"little") != b"little":
        raise ModelError(f"The file was saved on a machine of another byte order. {WAY_OUT}")
    if LIST not in entries or len(entries[LIST]) > MOST_BYTES_OF_PICKLE:
        raise ModelError(f"The archive has no list of weights that PyTorch wrote. {WAY_OUT}")
    return entries


def refuse_code(names: list[PurePosixPath]) -> None:
    """Refuses archives whose loading runs code, before anything in them is read."""
    parts = {part for name in names for part in name.parts[1:2]}
    if {"code", "constants.pkl"} & parts:
        raise ModelError(f"The file is a TorchScript program, and opening it could run code. {WAY_OUT}")
    if {"archive_format", "models", "serialized_exported_program.json"} & {*parts, *(name.name for name in names)}:
        raise ModelError(f"The file is an exported program (.pt2), and opening it could run code. {WAY_OUT}")


def state_dict_in(said: Any) -> dict[str, Any]:
    """The tensors by name: what was saved itself, or what is called as a state dict usually is.

    Raises
    ------
    ModelError
        If there is none.
    """
    if isinstance(said, Mapping):
        for found in (said, *(said[name] for name in NESTED if isinstance(said.get(name), Mapping))):
            tensors = {name: value for name, value in found.items() if isinstance(value, StoredTensor | Tensor)}
            if tensors and all(isinstance(name, str) for name in tensors):
                return tensors
    raise ModelError(f"The file holds no state dict. {WAY_OUT}")


def refuse_repeated(tensors: Iterable[StoredTensor], size: int) -> None:
    """Refuses weights that share the numbers of the file so often that they would fill the memory.

    Parameters
    ----------
    size
        Of the file, in bytes.
    """
    needed = sum(tensor.size for tensor in tensors)
    if needed > MOST_TIMES_THE_FILE * size:
        raise ModelError(
            f"The weights share their numbers: they need {needed / size:.0f} times the size of the file in memory. "
            f"Save each tied weight under fewer names; {MOST_TIMES_THE_FILE} times the size is the limit."
        )


def rewritten(entries: Mapping[str, bytes], storages: Iterable[str]) -> io.BytesIO:
    """An archive of the list of weights and of the storages that it names, and of nothing else."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"archive/{LIST}", entries[LIST])
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/byteorder", "little")
        for key in storages:
            archive.writestr(f"archive/data/{key}", entries[f"data/{key}"])
    file.seek(0)
    return file
