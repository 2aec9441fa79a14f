"""One declaration per kind of job: its request, its events, and what a page says about it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pandas as pd

from core.assets import ASSETS
from core.methods.workload import Workload
from core.models.classifier import Classifier
from dashboard.library.inputs import Inputs

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")
I = TypeVar("I", bound=Inputs)  # noqa: E741 - R and I are the request and the inputs throughout this room


@dataclass(frozen=True, kw_only=True, eq=False)
class JobKind(Generic[R, I]):
    """A kind of job.

    Parameters
    ----------
    name
        The one name it has everywhere: in the address, of its lane, of its widgets, of its sample's folder.
    title
        What the person who started it calls it on another page.
    verb
        What the button says that starts it.
    results
        What is shown of it: "These maps", "This check"; nothing where other choices do not make it stale.
    reading
        How a number of it is read, in a line, for whoever sees an exported file without the page.
    gone
        What is said where the address names one that is no longer kept.
    cancelled
        What is said of one that was cancelled: what is left of it, where it had come to something.
    page, tab, below, expander
        Where it is shown: the tab of the page and the one below its result, if any, by their words; the expander by
        its key.
    request
        What is asked of it; a dataclass.
    inputs
        Looks up what it is made on, at the click.
    stream
        Its events, as they come.
    plan
        What a request will take of its network, if that is known before.
    tables
        What can be saved of it at any time, by name: what its messages tell, so that a stored job has it too.
    files
        The same of what only its events tell; a stored job brings these along.
    saves
        The event that brings the files their rows: before the first there is nothing to save.
    formerly
        The name that old addresses have for it.
    outlives_its_reader
        Whether it goes on when nobody has looked at it for half a minute.
    shared
        Whether all who ask for the same are served by one run; not where what it makes is its owner's alone.
    """

    name: str
    title: str
    verb: str
    results: str = ""
    reading: str = ""
    gone: str
    cancelled: str = "Cancelled. Results so far are kept."
    page: str
    tab: str = ""
    below: str = ""
    expander: str = ""
    request: type[R]
    inputs: Callable[[R], I]
    stream: Callable[[R, I], Iterator[object]]
    plan: Callable[[R, Classifier], Workload] | None = None
    tables: Mapping[str, Callable[[Any], pd.DataFrame]] = field(default_factory=dict)
    files: Mapping[str, Callable[[Any], pd.DataFrame]] = field(default_factory=dict)
    saves: type[object] = object
    formerly: str = ""
    outlives_its_reader: bool = False
    shared: bool = True

    def workload(self, request: R, classifier: Classifier) -> Workload | None:
        """What a request will take, if that is known before; where it cannot be run, the run says why."""
        try:
            return self.plan(request, classifier) if self.plan else None
        except ValueError:
            return None

    @property
    def saved(self) -> Mapping[str, Callable[[Any], pd.DataFrame]]:
        """All that can be saved of it, by name."""
        return {**self.tables, **self.files}

    @property
    def sample_folder(self) -> Path:
        """Where a finished job of this kind lies that ships with HeatCheck, if one does."""
        return ASSETS / "sample" / self.name


KINDS: dict[str, JobKind[Any, Any]] = {}


def declare(kind: JobKind[R, I]) -> JobKind[R, I]:
    """Makes a kind known to the routes, to the address and to every page.

    Raises
    ------
    ValueError
        If the name is taken.
    """
    if kind.name in KINDS:
        raise ValueError(f"There are two kinds of job by the name {kind.name}.")
    KINDS[kind.name] = kind
    return kind
