"""What the pickle in a PyTorch weights file says, read without running any of it.

A pickle is a list of instructions; an unpickler that trusts it calls whatever it names. Here each instruction is only
understood: a tensor becomes a note of where its numbers are, a name that is not one of a few known ones ends the
reading. Instructions and names are those that ``torch.load(weights_only=True)`` needs for a state dict, and no others.
"""

import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import torch

from core.models.sources import ModelError

DTYPES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
PROTOCOL = 2
"""The one that PyTorch writes, and that its own restricted unpickler reads."""
MOST_INSTRUCTIONS = 500_000
"""A tensor takes about 32. Large networks have 2,000; with two moments and an average of each, that makes 250,000."""
MOST_DIMENSIONS = 16
TOO_LONG = (
    "The file lists more than any network has. "
    "Save the weights alone: torch.save(network.state_dict(), 'weights.pth'), or as safetensors."
)
DAMAGED = "The file is damaged: its list of weights cannot be read. Download or save it again."


@dataclass(frozen=True)
class StoredTensor:
    """What is known of a tensor before it is loaded."""

    dtype: torch.dtype
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True)
class Named:
    """A function or class that the pickle names."""

    name: str


@dataclass(frozen=True)
class Storage:
    """A piece of the file that tensors share, by its name there, and how many numbers it has."""

    dtype: torch.dtype
    key: str
    elements: int

    @property
    def size(self) -> int:
        return self.elements * self.dtype.itemsize


@dataclass(frozen=True)
class Understood:
    """What a pickle would give: dicts, lists, tuples, texts and numbers, with a :class:`StoredTensor` for each tensor.

    Parameters
    ----------
    storages
        The size in bytes of each storage that it names.
    """

    value: Any
    storages: Mapping[str, int]


def understood(content: bytes) -> Understood:
    """What the pickle of a weights file says.

    Raises
    ------
    ModelError
        If it holds anything else, with its name, or if it is damaged.
    """
    reading = Reading()
    try:
        for count, (instruction, argument, _) in enumerate(pickletools.genops(content)):
            if count > MOST_INSTRUCTIONS:
                raise ModelError(TOO_LONG)
            if instruction.name == "STOP":
                return Understood(reading.pop(), reading.storages)
            reading.follow(instruction.name, argument)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ModelError(DAMAGED) from error
    raise ModelError(DAMAGED)


class Reading:
    """The stack and the memo of an unpickler that calls nothing."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.storages: dict[str, int] = {}

    def pop(self) -> Any:
        return self.stack.pop()

    def follow(self, instruction: str, argument: Any) -> None:
        """One instruction; what is not known here is no part of any state dict."""
        if instruction in FRESH:
            self.stack.append(FRESH[instruction]())
        elif instruction in LITERALS:
            self.stack.append(argument)
        else:
            INSTRUCTIONS[instruction](self, argument)

    def begin(self, protocol: int) -> None:
        if protocol != PROTOCOL:
            raise ValueError(protocol)

    def since_mark(self) -> list[Any]:
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def mark(self, _: Any) -> None:
        self.marks.append(len(self.stack))

    def keep(self, place: int) -> None:
        self.memo[place] = self.stack[-1]

    def recall(self, place: int) -> None:
        self.stack.append(self.memo[place])

    def tuple_since_mark(self, _: Any) -> None:
        self.stack.append(tuple(self.since_mark()))

    def append(self, _: Any) -> None:
        item = self.pop()
        of_kind(self.stack[-1], list).append(item)

    def extend(self, _: Any) -> None:
        items = self.since_mark()
        of_kind(self.stack[-1], list).extend(items)

    def set_item(self, _: Any) -> None:
        value, key = self.pop(), self.pop()
        of_kind(self.stack[-1], dict)[as_key(key)] = value

    def set_items(self, _: Any) -> None:
        items = self.since_mark()
        of_kind(self.stack[-1], dict).update(
            (as_key(key), value) for key, value in zip(items[::2], items[1::2], strict=True)
        )

    def name(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        if (module, name) not in KNOWN and not (module == "torch" and name in DTYPES):
            raise ModelError(of_an_object(f"{module}.{name}"))
        self.stack.append(Named(name))

    def storage(self, _: Any) -> None:
        kind, named, key, _place, elements = of_kind(self.pop(), tuple)
        if kind != "storage" or of_kind(elements, int) < 0:
            raise ValueError(kind)
        found = Storage(DTYPES[of_kind(named, Named).name], of_kind(key, str), elements)
        if self.storages.setdefault(key, found.size) != found.size:
            raise ValueError(key)
        self.stack.append(found)

    def call(self, _: Any) -> None:
        arguments, called = of_kind(self.pop(), tuple), of_kind(self.pop(), Named).name
        match called, arguments:
            case "OrderedDict", ():
                self.stack.append({})
            case "_rebuild_tensor_v2", (storage, offset, shape, stride, *_):
                self.stack.append(stored_tensor(of_kind(storage, Storage), offset, shape, stride))
            case "_rebuild_parameter", (tensor, *_):
                self.stack.append(of_kind(tensor, StoredTensor))
            case _:
                raise ValueError(called)

    def describe(self, _: Any) -> None:
        """What PyTorch writes beside a state dict, the versions of its modules, is of no use here."""
        self.pop()
        of_kind(self.stack[-1], dict)


def tuple_of(count: int) -> Callable[[Reading, Any], None]:
    def build(reading: Reading, _: Any) -> None:
        reading.stack[-count:] = [tuple(reading.stack[-count:])]

    return build


FRESH: dict[str, Callable[[], Any]] = {
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
}
LITERALS = ("BINUNICODE", "SHORT_BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT")
INSTRUCTIONS: dict[str, Callable[[Reading, Any], None]] = {
    "PROTO": Reading.begin,
    "MARK": Reading.mark,
    "BINPUT": Reading.keep,
    "LONG_BINPUT": Reading.keep,
    "BINGET": Reading.recall,
    "LONG_BINGET": Reading.recall,
    "TUPLE": Reading.tuple_since_mark,
    "TUPLE1": tuple_of(1),
    "TUPLE2": tuple_of(2),
    "TUPLE3": tuple_of(3),
    "APPEND": Reading.append,
    "APPENDS": Reading.extend,
    "SETITEM": Reading.set_item,
    "SETITEMS": Reading.set_items,
    "GLOBAL": Reading.name,
    "BINPERSID": Reading.storage,
    "REDUCE": Reading.call,
    "BUILD": Reading.describe,
}
KNOWN = {
    ("collections", "OrderedDict"),
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_parameter"),
}


def of_kind(value: Any, *kinds: type[Any]) -> Any:
    """The value, if it is what the place asks for; a bool is no number here."""
    if type(value) not in kinds:
        raise TypeError(f"{type(value).__name__} instead of {kinds[0].__name__}")
    return value


def as_key(value: Any) -> str | int:
    """A text, or a number as optimizers count parameters; of large ones as many as one likes have the same hash."""
    key: str | int = of_kind(value, str, int)
    if isinstance(key, int) and not 0 <= key <= MOST_INSTRUCTIONS:
        raise ValueError(key)
    return key


def stored_tensor(storage: Storage, offset: Any, shape: Any, stride: Any) -> StoredTensor:
    """The note of a tensor that lies in its storage as its shape says.

    Raises
    ------
    ModelError
        If it does not: numbers that are counted more than once could fill any memory.
    """
    sides = [of_kind(side, int) for side in of_kind(shape, tuple)]
    steps = [of_kind(step, int) for step in of_kind(stride, tuple)]
    if len(sides) > MOST_DIMENSIONS or min([of_kind(offset, int), *sides]) < 0:
        raise ValueError(shape)
    dense = [prod(sides[place + 1 :]) for place in range(len(sides))]
    if prod(sides) and any(side > 1 and step != right for side, step, right in zip(sides, steps, dense, strict=True)):
        raise ModelError(
            "The file holds a tensor whose numbers do not lie one after the other. "
            "Save {name: tensor.contiguous() for name, tensor in network.state_dict().items()} instead."
        )
    if offset + prod(sides) > storage.elements:
        raise ModelError(DAMAGED)
    return StoredTensor(storage.dtype, tuple(sides))


def of_an_object(name: str) -> str:
    """Why a file that names something else is not opened, and what to do.

    >>> of_an_object("torchvision.models.resnet.ResNet").partition(". ")[0]
    'The file holds a Python object, torchvision.models.resnet.ResNet, and opening it could run code'
    """
    return (
        f"The file holds a Python object, {name[:80]}, and opening it could run code. "
        "Load it where you trust it, and save only the weights: torch.save(network.state_dict(), 'weights.pth')."
    )
