"""Explaining a picture: many methods, one bank of passes, heatmaps as soon as they can be shown."""

import itertools
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from core.jobs.events import Progress
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused, Passes, reduce_channels
from core.methods.passes import Asked, PassBank, Pending
from core.methods.readings import Question, Reading
from core.methods.registry import Method, Reduction, Settings, Unfit, find_method, first_reason
from core.methods.requests import Request
from core.models.classifier import Classifier, check_pixels, checked_target
from core.models.outputs import Output

log = logging.getLogger(__name__)
SMALL = 16
Event = Progress | HeatmapReady | MethodRefused


@dataclass
class Course:
    """One method on its way to its heatmap: how much was known when it was last shown, and whether it is done."""

    method: Method
    settings: dict[str, Any]
    reduction: Reduction
    shown: int = 0
    finished: bool = False


def stream_heatmaps(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    methods: Sequence[str],
    target: int | None = None,
    seed: int = 0,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
    truth: Bool[Tensor, "height width"] | None = None,
) -> Iterator[Event]:
    """Heatmaps of one picture, each as soon as it is known, rough before fine; a step is one batch.

    Parameters
    ----------
    target
        Class to explain; the predicted one if not given. Fixed before anything is perturbed.
    settings
        For each method its settings that differ from the defaults.
    reduction
        How channels become one number; each method's own if not given, and always that of a control.
    truth
        The pixels that are known to matter: what the control ``oracle`` shows.

    Raises
    ------
    ValueError
        Where a method, a setting or the class does not exist, or the pixels do not fit the classifier.
    """
    methods = list(dict.fromkeys(methods))
    courses = [course_of(name, (settings or {}).get(name, {}), reduction) for name in methods]
    check_pixels(classifier, pixels)
    question = Question(checked_target(classifier, pixels, target), output)
    question(torch.zeros(1, len(classifier.labels)))  # an output that this network has not is refused now
    return run_courses(PassBank(classifier, pixels, question, seed, truth), courses)


def explain(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    methods: Sequence[str],
    target: int | None = None,
    seed: int = 0,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
    truth: Bool[Tensor, "height width"] | None = None,
) -> dict[str, Heatmap]:
    """The finished heatmaps of :func:`stream_heatmaps` by method.

    Raises
    ------
    Unfit
        Where a method does not apply to this classifier, with the reason.
    """
    heatmaps: dict[str, Heatmap] = {}
    for event in stream_heatmaps(classifier, pixels, methods, target, seed, settings, output, reduction, truth):
        if isinstance(event, MethodRefused):
            raise Unfit(f"{event.method}: {event.reason}")
        if isinstance(event, HeatmapReady) and event.final:
            heatmaps[event.heatmap.method] = event.heatmap
    return {name: heatmaps[name] for name in methods}


def course_of(name: str, settings: Settings, reduction: Reduction | None) -> Course:
    entry = find_method(name)
    kept = entry.reduction if entry.control or reduction is None else reduction
    return Course(entry, entry.complete(settings), kept)


def run_courses(bank: PassBank, courses: Sequence[Course]) -> Iterator[Event]:
    """Asks every method, computes what they lack, cheapest first, and asks again, until all have answered."""
    paying: dict[Request, Course] = {}
    done, waiting = 0, list(courses)
    while True:
        waiting = [course for course in waiting if not course.finished]
        lacking: dict[Request, list[Course]] = {}
        for course in waiting:
            answer = ask(bank, course, paying)
            if isinstance(answer, Request):
                lacking.setdefault(answer, []).append(course)
            else:
                course.finished = True
                yield answer
        if not lacking:
            return
        for request, askers in lacking.items():
            paying.setdefault(request, askers[0])
        group = cheapest_reading(lacking)
        total = done + sum(request.count for request in lacking)
        for event in compute(bank, group, paying):
            yield replace(event, done=event.done + done, total=total) if isinstance(event, Progress) else event
        done += sum(request.count for request in group)


def cheapest_reading(lacking: Mapping[Request, list[Course]]) -> dict[Request, list[Course]]:
    """Those requests that share the reading with the fewest pictures to go; first of all the small ones, since methods
    that build on their answers ask for more then.
    """
    small = [request for request in lacking if request.count <= SMALL] or list(lacking)
    pictures: Counter[Reading] = Counter()
    for request in small:
        pictures[request.reading] += request.count
    cheapest = min(pictures, key=pictures.__getitem__)
    return {request: lacking[request] for request in small if request.reading == cheapest}


def compute(bank: PassBank, group: dict[Request, list[Course]], paying: dict[Request, Course]) -> Iterator[Event]:
    """Makes the passes of requests with one reading and shows the heatmaps that follow; what fails is told apart."""
    what = ", ".join(course.method.label for courses in group.values() for course in courses)
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
        for request, courses in group.items():
            for course in courses:
                yield from look(bank, course, request, paying)
    unfinished = {request: [course for course in courses if not course.finished] for request, courses in group.items()}
    if len(group) > 1:
        for request, courses in unfinished.items():
            if courses:
                yield from compute(bank, {request: courses}, paying)
        return
    for course in itertools.chain(*unfinished.values()):
        course.finished = True
        yield failed(course, failure)


def look(bank: PassBank, course: Course, request: Request, paying: dict[Request, Course]) -> Iterator[Event]:
    """The final heatmap once its request is complete; before that a rough one each time twice as much is known."""
    done = bank.done(request)
    final = done == request.count
    if course.finished or not (final or done >= max(1, 2 * course.shown)):
        return
    answer = ask(bank, course, paying, rough=not final)
    if isinstance(answer, Request):
        return
    course.shown, course.finished = done, final or isinstance(answer, MethodRefused)
    yield answer


def ask(
    bank: PassBank, course: Course, paying: dict[Request, Course], rough: bool = False
) -> HeatmapReady | MethodRefused | Request:
    """The method's answer from what the bank knows, or the request it lacks."""
    try:
        reason = first_reason(course.method, bank.classifier)
        if reason:
            return MethodRefused(course.method.name, reason)
        with torch.no_grad(), bank.asking(rough) as asked:
            attribution = course.method.attribute(bank, **course.settings)
        mine = [request for request in asked.requests if paying.get(request) is course]
        return HeatmapReady(finish(bank, course, attribution, mine, asked), final=not rough)
    except Pending as pending:
        return pending.request
    except Unfit as unfit:
        return MethodRefused(course.method.name, str(unfit))
    except Exception as error:
        return failed(course, error)


def failed(course: Course, error: Exception) -> MethodRefused:
    if isinstance(error, Unfit | ValueError):  # a reading, or a function in a network's place, may find out late
        return MethodRefused(course.method.name, str(error))
    log.error("%s failed", course.method.name, exc_info=error)
    return MethodRefused(course.method.name, f"It failed with {type(error).__name__}; the log has the details.")


def finish(bank: PassBank, course: Course, attribution: Tensor, paid: Sequence[Request], asked: Asked) -> Heatmap:
    values = reduce_channels(attribution, course.reduction)
    if values.shape != bank.size:
        raise ValueError(f"{course.method.name} gave a map of {tuple(values.shape)} for a picture of {bank.size}.")
    if not torch.isfinite(values).all():
        raise Unfit("Its values are not finite here, so there is nothing to show.")
    notes = asked.notes
    if values.amax() == values.amin():
        notes = [*notes, "Constant: this map says nothing about any pixel."]
    return Heatmap(
        values=values.cpu(),
        attribution=attribution.cpu(),
        method=course.method.name,
        target=bank.question.target,
        reduction=course.reduction,
        seconds=sum(bank.seconds(request) for request in paid),
        passes=sum((request.reading.cost * bank.done(request) for request in paid), Passes()),
        notes=tuple(notes),
        settings=course.settings,
        missed=asked.missed,
    )
