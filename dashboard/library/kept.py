"""Uploads are kept under random names: each owner's within a share, all within limits.

Whoever knows a name can use the upload: see :mod:`dashboard.library.owner`.
"""

import secrets
import sys
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import count
from typing import Generic, Protocol, TypeVar
from weakref import WeakKeyDictionary


class Brought(Protocol):
    """Something that a visitor brings."""

    @property
    def digest(self) -> str:
        """Of all that makes it what it is; it is told to nobody."""

    @property
    def size(self) -> int:
        """Bytes, in memory or on the disk."""


@dataclass(frozen=True)
class Extent:
    """So many things, and the bytes that they take up."""

    things: int
    size: int

    def __add__(self, other: "Extent") -> "Extent":
        return Extent(self.things + other.things, self.size + other.size)

    def within(self, bounds: "Extent") -> bool:
        return self.things <= bounds.things and self.size <= bounds.size

    def part_of(self, bounds: "Extent") -> float:
        """Which part of the bounds it takes up, in things or in bytes.

        >>> Extent(1, 50).part_of(Extent(10, 100))
        0.5
        """
        return max(self.things / bounds.things, self.size / bounds.size)


class NoRoom(ValueError):
    """A thing that is not kept, and the quota that it would exceed."""


Thing = TypeVar("Thing", bound=Brought)
Listener = Callable[[str], None]


@dataclass
class Entry(Generic[Thing]):
    """A thing that is kept; ``used`` grows with every use of any."""

    owner: str
    thing: Thing
    used: int = 0

    @property
    def read(self) -> bool:
        """Whether anybody else holds the thing, as a job does that reads it; it would stay where it is then."""
        by_this_and_by_the_call = 2
        return sys.getrefcount(self.thing) > by_this_and_by_the_call


class Kept(Generic[Thing]):
    """Things by name. An owner's longest unused leaves first; on a full server, that of who has most.

    What was removed counts as long as anything reads it. So what is read leaves only where there are too many things:
    where there are too many bytes, it would be lost for nothing.

    Parameters
    ----------
    what
        What a person calls such things.
    share, whole
        At most, of one owner and of all.
    gone
        What is raised where a name leads nowhere.
    """

    def __init__(self, what: str, share: Extent, whole: Extent, gone: Callable[[], Exception]) -> None:
        self.what, self.share, self.whole, self.gone = what, share, whole, gone
        self._entries: dict[str, Entry[Thing]] = {}
        self._alive: WeakKeyDictionary[Thing, tuple[str, int]] = WeakKeyDictionary()
        self._uses = count(1)
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()

    def on_removal(self, listener: Listener) -> Listener:
        """Calls the listener with the name of each thing that leaves."""
        self._listeners.append(listener)
        return listener

    def add(self, owner: str, thing: Thing) -> str:
        """The new thing's name; the old one where the owner brought the same before.

        Raises
        ------
        NoRoom
            Where it does not fit; it is not kept then.
        """
        left: dict[str, Thing] = {}
        with self._lock:
            name = self._name_of(owner, thing)
            if name is None:
                left = {leaving: self._drop(leaving) for leaving in self._leaving(owner, Extent(1, thing.size))}
                name, entry = secrets.token_hex(16), Entry(owner, thing)
                self._alive[thing] = owner, thing.size
            else:
                entry = self._entries.pop(name)
            entry.used = next(self._uses)
            self._entries[name] = entry
        self._let_go(left)
        return name

    def get(self, name: str) -> Thing:
        """The thing of that name, whosesoever it is."""
        with self._lock:
            if name not in self._entries:
                raise self.gone()
            self._entries[name].used = next(self._uses)
            return self._entries[name].thing

    def own(self, owner: str) -> dict[str, Thing]:
        """An owner's things by name, the one brought last first; to be listed is not to be used."""
        with self._lock:
            return {name: entry.thing for name, entry in reversed(self._entries.items()) if entry.owner == owner}

    def remove(self, name: str, owner: str) -> bool:
        """Whether it was there and the owner's; then it is found no more."""
        with self._lock:
            theirs = name in self._entries and self._entries[name].owner == owner
            left = {name: self._drop(name)} if theirs else {}
        self._let_go(left)
        return theirs

    def _name_of(self, owner: str, thing: Thing) -> str | None:
        same = (
            name for name, entry in self._entries.items() if entry.owner == owner and entry.thing.digest == thing.digest
        )
        return next(same, None)

    def _leaving(self, owner: str, new: Extent) -> list[str]:
        """The names of what makes room for an owner's new thing.

        Raises
        ------
        NoRoom
            Where nothing does.
        """
        if not new.within(self.share):
            raise NoRoom(
                f"This needs {megabytes(new)} MB, and all your {self.what} together are limited to "
                f"{megabytes(self.share)} MB. Make it smaller."
            )
        bounds = (
            (
                owner,
                self.share,
                f"All your {self.what} together are limited to {megabytes(self.share)} MB, and your jobs still use "
                "some. Wait for the jobs, or cancel them.",
            ),
            (
                None,
                self.whole,
                f"Running jobs use all {megabytes(self.whole)} MB that this server has for {self.what}. "
                "Wait until they have finished.",
            ),
        )
        leaving: list[str] = []
        for whose, bound, refusal in bounds:
            while not (held := self._held(leaving, whose) + new).within(bound):
                useful = self._useful(held.things > bound.things, leaving, whose)
                if not useful:
                    raise NoRoom(refusal)
                loser = self._greediest(useful, leaving, owner, new)
                theirs = (name for name in useful if self._entries[name].owner == loser)
                leaving.append(min(theirs, key=lambda name: self._entries[name].used))
        return leaving

    def _held(self, leaving: Collection[str], owner: str | None = None) -> Extent:
        """What an owner has here, or everybody, once those have left."""
        theirs = {name: entry for name, entry in self._entries.items() if owner in (None, entry.owner)}
        size = sum(size for whose, size in list(self._alive.values()) if owner in (None, whose))
        freed = sum(theirs[name].thing.size for name in leaving if name in theirs and not theirs[name].read)
        return Extent(sum(name not in leaving for name in theirs), size - freed)

    def _useful(self, too_many: bool, leaving: Collection[str], owner: str | None = None) -> list[str]:
        """What of an owner, or of all, would make room: anything where there are too many, else what nobody reads."""
        return [
            name
            for name, entry in self._entries.items()
            if name not in leaving and owner in (None, entry.owner) and (too_many or not entry.read)
        ]

    def _greediest(self, names: Collection[str], leaving: Collection[str], owner: str, new: Extent) -> str:
        """Whose of these has most to lose when that owner has something new."""

        def part(whose: str) -> float:
            held = self._held(leaving, whose)
            return (held + new if whose == owner else held).part_of(self.whole)

        return max({self._entries[name].owner for name in names}, key=part)

    def _drop(self, name: str) -> Thing:
        """What has that name no more; it counts no longer where nobody reads it."""
        entry = self._entries.pop(name)
        if not entry.read:
            self._alive.pop(entry.thing, None)
        return entry.thing

    def _let_go(self, left: dict[str, Thing]) -> None:
        """Not under the lock: thousands of files may leave the disk with the last who holds a folder."""
        names = list(left)
        left.clear()
        for name in names:
            for listener in self._listeners:
                listener(name)


def megabytes(extent: Extent) -> int:
    """Rounded up, so that what is too large never looks as if it fitted.

    >>> megabytes(Extent(1, 128 * 2**20 + 1))
    129
    """
    return -(-extent.size // 2**20)
