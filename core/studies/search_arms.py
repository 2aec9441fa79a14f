"""Mask search in both forms, RISE and occlusion over one pass bank, each stopped at the same numbers of passes."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from math import ceil, prod
from typing import Literal

from core.jobs.events import Progress
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused, Passes
from core.methods.mask_search import probe
from core.methods.method_runs import MethodRun, ask, method_run, run_methods
from core.methods.passes import PassBank, Pending
from core.methods.registry import Settings, Unfit, find_method
from core.methods.requests import Request
from core.methods.search_outcome import Steering, rank_agreement
from core.pictures.windows import starts

Arm = Literal["win_stay", "total_variation", "rise", "occlusion"]
ARMS: Mapping[Arm, str] = {
    "win_stay": "Mask search, win stay",
    "total_variation": "Mask search, total variation",
    "rise": "RISE",
    "occlusion": "Occlusion",
}
"""What a person reads of each."""
CHAINS = 50


def probing(bank: PassBank) -> Generator[Progress, None, Steering]:
    """How far the probability of the class moves under random masks; yields after each batch."""
    try:
        return probe(bank)
    except Pending as pending:
        for made in bank.compute([pending.request]):
            yield Progress(made, pending.request.count, "Probe")
    return probe(bank)


class Arms:
    """The methods of a comparison, over a bank that has been probed; all but occlusion go on from where they were at
    the last number of passes.

    Parameters
    ----------
    stops
        The numbers of passes at which they are compared, in ascending order.
    """

    def __init__(self, bank: PassBank, stops: Sequence[int]) -> None:
        self._bank, self._stops = bank, stops
        search = {"chains": CHAINS, "steps": ceil(stops[-1] / CHAINS)}
        self._runs: dict[Arm, MethodRun] = {
            "win_stay": method_run("mask_search", {**search, "form": "win_stay"}, None),
            "total_variation": method_run("mask_search", {**search, "form": "total_variation"}, None),
            "rise": method_run("rise", {"samples": stops[-1]}, None),
        }
        self._requests = {arm: request_of(bank, run) for arm, run in self._runs.items()}
        self._making: dict[Request, Iterator[int]] = {}

    def map_after(self, arm: Arm, passes: int) -> Generator[Progress, None, Heatmap]:
        """The map of a method after at most that many passes; yields after each batch.

        Raises
        ------
        Unfit
            Where it gives none, with the reason.
        """
        return self._occlusion(passes) if arm == "occlusion" else self._going_on(arm, passes)

    def _going_on(self, arm: Arm, passes: int) -> Generator[Progress, None, Heatmap]:
        request, run = self._requests[arm], self._runs[arm]
        making = self._making.setdefault(request, self._bank.compute([request], self._stops))
        before = self._bank.done(request)
        while (done := self._bank.done(request)) < passes:
            next(making)
            yield Progress(self._bank.done(request) - before, passes - before, ARMS[arm])
        assert done == passes
        return heatmap_of(ask(self._bank, run, {request: run}, rough=True))

    def _occlusion(self, passes: int) -> Generator[Progress, None, Heatmap]:
        run = method_run("occlusion", finest_grid(self._bank.size, passes), None)
        for event in run_methods(self._bank, [run], rough=False):
            if isinstance(event, Progress):
                yield event
            else:
                found = event
        # A grid that was tried at the last number of passes costs none now, but the map still takes them.
        windows = count_windows(self._bank.size, finest_stride(self._bank.size, passes))
        return replace(heatmap_of(found), passes=Passes(forward=1 + windows))

    def agreement(self, arm: Arm) -> float | None:
        """The rank correlation between the maps of two halves of a method's chains, or masks; None without chance."""
        if arm == "occlusion":
            return None
        with self._bank.asking(rough=True):
            found = self._bank.read(self._requests[arm])
        return rank_agreement(found.halves if arm == "rise" else found[arm].halves)


def request_of(bank: PassBank, run: MethodRun) -> Request:
    """The passes that a method lacks before any is made.

    Raises
    ------
    Unfit
        Where it gives no map, with the reason.
    """
    answer = ask(bank, run, {})
    if isinstance(answer, MethodRefused):
        raise Unfit(f"{run.method.label}: {answer.reason}")
    assert isinstance(answer, Request)
    return answer


def heatmap_of(answer: HeatmapReady | MethodRefused | Request) -> Heatmap:
    """The heatmap of a method that has answered.

    Raises
    ------
    Unfit
        Where it gives none, with the reason.
    """
    if isinstance(answer, MethodRefused):
        raise Unfit(f"{find_method(answer.method).label}: {answer.reason}")
    assert isinstance(answer, HeatmapReady)
    return answer.heatmap


def passes_between(size: tuple[int, int], before: int, after: int) -> dict[Arm, int]:
    """What each method takes from one number of passes to the next: both forms of the search share theirs.

    >>> passes_between((224, 224), 0, 250)
    {'win_stay': 250, 'total_variation': 0, 'rise': 250, 'occlusion': 226}
    """
    more = after - before
    strides = finest_stride(size, before), finest_stride(size, after)
    windows = count_windows(size, strides[1]) if before == 0 or strides[0] != strides[1] else 0
    return {"win_stay": more, "total_variation": 0, "rise": more, "occlusion": windows + (before == 0)}


def window_side(size: tuple[int, int]) -> int:
    """The side of occlusion's windows on a picture of this size, in pixels."""
    share: float = next(each.default for each in find_method("occlusion").parameters if each.name == "window")
    return max(1, round(share * min(size)))


def count_windows(size: tuple[int, int], stride: int) -> int:
    """How many windows cover a picture of this size when neighbours are that many pixels apart."""
    side = window_side(size)
    return prod(len(starts(length, side, stride)) for length in size)


def fewest_windows(size: tuple[int, int]) -> int:
    """How many windows cover a picture of this size side by side.

    >>> fewest_windows((224, 224))
    49
    """
    return count_windows(size, window_side(size))


def finest_stride(size: tuple[int, int], passes: int) -> int:
    """The smallest distance of neighbouring windows for which that many passes suffice, the whole picture included.

    >>> [finest_stride((224, 224), passes) for passes in (50, 250, 1000, 4000)]
    [32, 14, 7, 4]
    """
    side = window_side(size)
    overlap = next(each for each in find_method("occlusion").parameters if each.name == "overlap")
    strides = [stride for stride in range(1, side + 1) if 1 - stride / side <= (overlap.high or 0)]
    return next((stride for stride in strides if 1 + count_windows(size, stride) <= passes), side)


def finest_grid(size: tuple[int, int], passes: int) -> Settings:
    """The settings of occlusion with the closest windows for which that many passes suffice."""
    return {"overlap": 1 - finest_stride(size, passes) / window_side(size)}
