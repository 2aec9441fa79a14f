"""Many methods over one pass bank, each heatmap as soon as it can be shown."""

import itertools
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import CheckpointError

from core.jobs.events import Progress
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused, Passes, reduce_channels
from core.methods.passes import Asked, PassBank, Pending
from core.methods.readings import Reading
from core.methods.registry import Method, Reduction, Settings, Unfit, find_method, first_reason
from core.methods.requests import Request

log = logging.getLogger(__name__)
SMALL = 16
CHECKPOINTED = (
    "The network's gradient checkpointing computes parts of it again on the way back, without this method's rules; "
    "switch it off."
)
Event = Progress | HeatmapReady | MethodRefused


@dataclass
class MethodRun:
    """One method on its way to its heatmap: how much was known when it was last shown, and whether it is finished."""

    method: Method
    settings: dict[str, Any]
    reduction: Reduction
    shown: int = 0
    finished: bool = False


def method_run(name: str, settings: Settings, reduction: Reduction | None) -> MethodRun:
    """A run of a method with these settings; a control keeps its own reduction.

    Raises
    ------
    ValueError
        Where there is no such method, or it does not accept a setting.
    """
    entry = find_method(name)
    kept = entry.reduction if entry.control or reduction is None else reduction
    return MethodRun(entry, entry.complete(settings), kept)


def run_methods(bank: PassBank, runs: Sequence[MethodRun], rough: bool = True) -> Iterator[Event]:
    """Calls every method, computes what they lack, cheapest first, and calls again, until all have answered.

    Parameters
    ----------
    rough
        Whether heatmaps that are not finished are yielded too.
    """
    paying: dict[Request, MethodRun] = {}
    done, waiting = 0, list(runs)
    while True:
        waiting = [run for run in waiting if not run.finished]
        lacking: dict[Request, list[MethodRun]] = {}
        for run in waiting:
            answer = ask(bank, run, paying)
            if isinstance(answer, Request):
                lacking.setdefault(answer, []).append(run)
            else:
                run.finished = True
                yield answer
        if not lacking:
            return
        for request, askers in lacking.items():
            paying.setdefault(request, askers[0])
        group = cheapest_reading(lacking)
        total = done + sum(request.count for request in lacking)
        for event in compute(bank, group, paying, rough):
            yield replace(event, done=event.done + done, total=total) if isinstance(event, Progress) else event
        done += sum(request.count for request in group)


def cheapest_reading(lacking: Mapping[Request, list[MethodRun]]) -> dict[Request, list[MethodRun]]:
    """The requests that share the reading with the fewest pictures left; small ones come first of all, since methods
    that build on their answers then request more.
    """
    small = [request for request in lacking if request.count <= SMALL] or list(lacking)
    pictures: Counter[Reading] = Counter()
    for request in small:
        pictures[request.reading] += request.count
    cheapest = min(pictures, key=pictures.__getitem__)
    return {request: lacking[request] for request in small if request.reading == cheapest}


def compute(
    bank: PassBank, group: dict[Request, list[MethodRun]], paying: dict[Request, MethodRun], rough: bool
) -> Iterator[Event]:
    """Makes the passes of requests with one reading and yields the heatmaps that follow; failures are reported one by
    one.
    """
    what = ", ".join(run.method.label for runs in group.values() for run in runs)
    total = sum(request.count for request in group)
    passes = bank.compute(list(group))
    while True:
        try:
            made = next(passes)
        except StopIteration:
            return
        except Exception as error:
            failure = error
            break
        yield Progress(made, total, what)
        for request, runs in group.items():
            if rough or bank.done(request) == request.count:
                for run in runs:
                    yield from look(bank, run, request, paying)
    unfinished = {request: [run for run in runs if not run.finished] for request, runs in group.items()}
    if len(group) > 1:
        for request, runs in unfinished.items():
            if runs:
                yield from compute(bank, {request: runs}, paying, rough)
        return
    for run in itertools.chain(*unfinished.values()):
        run.finished = True
        yield failed(run, failure)


def look(bank: PassBank, run: MethodRun, request: Request, paying: dict[Request, MethodRun]) -> Iterator[Event]:
    """The final heatmap once its request is complete; before that a rough one each time twice as much is known."""
    done = bank.done(request)
    final = done == request.count
    if run.finished or not (final or done >= max(1, 2 * run.shown)):
        return
    answer = ask(bank, run, paying, rough=not final)
    if isinstance(answer, Request):
        return
    run.shown, run.finished = done, final or isinstance(answer, MethodRefused)
    yield answer


def ask(
    bank: PassBank, run: MethodRun, paying: dict[Request, MethodRun], rough: bool = False
) -> HeatmapReady | MethodRefused | Request:
    """The method's answer from what the bank knows, or the request that it lacks."""
    try:
        reason = first_reason(run.method, bank.classifier)
        if reason:
            return MethodRefused(run.method.name, reason)
        with torch.no_grad(), bank.asking(rough) as asked:
            attribution = run.method.attribute(bank, **run.settings)
        mine = [request for request in asked.requests if paying.get(request) is run]
        return HeatmapReady(finish(bank, run, attribution, mine, asked), final=not rough)
    except Pending as pending:
        return pending.request
    except Unfit as unfit:
        return MethodRefused(run.method.name, str(unfit))
    except Exception as error:
        return failed(run, error)


def failed(run: MethodRun, error: Exception) -> MethodRefused:
    if isinstance(error, Unfit | ValueError):  # a reading, or a function in place of a network, may find out late
        return MethodRefused(run.method.name, str(error))
    if isinstance(error, CheckpointError):
        return MethodRefused(run.method.name, CHECKPOINTED)
    log.error("%s failed", run.method.name, exc_info=error)
    return MethodRefused(run.method.name, f"It failed with {type(error).__name__}; see the log for details.")


def finish(bank: PassBank, run: MethodRun, attribution: Tensor, paid: Sequence[Request], asked: Asked) -> Heatmap:
    values = reduce_channels(attribution, run.reduction)
    if values.shape != bank.size:
        raise ValueError(f"{run.method.name} returned a map of {tuple(values.shape)} for a picture of {bank.size}.")
    if not torch.isfinite(values).all():
        raise Unfit("Its values are not finite on this picture, so there is nothing to show.")
    notes = [*asked.notes, *([] if run.method.blind else bank.classifier.notes)]
    if values.amax() == values.amin():
        notes = [*notes, "Constant: this map does not distinguish any pixels."]
    return Heatmap(
        values=values.cpu(),
        attribution=attribution.cpu(),
        method=run.method.name,
        target=bank.question.target,
        reduction=run.reduction,
        seconds=sum(bank.seconds(request) for request in paid),
        passes=sum((request.reading.cost * bank.done(request) for request in paid), Passes()),
        notes=tuple(notes),
        settings=run.settings,
        missed=asked.missed,
        doubt=None if asked.doubt is None else asked.doubt.cpu(),
    )
