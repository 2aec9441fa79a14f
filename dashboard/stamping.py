"""A picture with a stamp on it, as the page reads it: what the model says of it, and which heatmaps find the stamp."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from PIL import ImageColor

from core.jobs.queue import Job
from core.pictures.stamps import SMALLEST, Placed, Stamp, find_stamp, largest_stamp
from core.stamping.agreement import stream_agreement
from core.stamping.models import ListedStampModel, list_stamp_models
from dashboard.jobs import find_kind, submit
from dashboard.requests import AskedOfStamp
from dashboard.runs import LiveHeatmaps, Subject
from dashboard.workshop import look, queue, shelf

KIND = "stamp"
FARTHEST = 10_000
"""Pixels that a stamp may lie from the picture's corner; beyond, it is nowhere."""
TOLD = 4
"""Of a model with many classes, how many of the likeliest are told, with the stamp and without."""


def stamp_model(name: str) -> ListedStampModel | None:
    """What is known of a network trained on stamps; None for any other."""
    return next((model for model in list_stamp_models() if model.name == name), None)


def largest_shown(known: ListedStampModel | None, size: tuple[int, int]) -> int:
    """The side of the largest stamp on a picture of that height and width; larger where it is no truth anyway.

    >>> largest_shown(None, (224, 224))
    74
    """
    return largest_stamp(size) if known else max(SMALLEST, min(size) // 3)


def inside(placed: Placed, size: tuple[int, int]) -> Placed:
    """The stamp at the nearest place at which it lies whole on a picture of that height and width."""
    height, width = size
    left, top = (
        min(max(start, 0), length - placed.stamp.size) for start, length in ((placed.left, width), (placed.top, height))
    )
    return replace(placed, left=left, top=top)


def read_placed(told: str) -> Placed:
    """The stamp that an address tells.

    >>> read_placed("cross,6,#ff00ff,0.5,12,20").top
    20

    Raises
    ------
    ValueError
        Where that is no stamp.
    """
    try:
        design, size, colour, opacity, *place = told.split(",")
        left, top = (min(max(int(each), -FARTHEST), FARTHEST) for each in place)
        return Placed(Stamp(design, int(size), colour, float(opacity)), left, top)
    except ValueError as mistake:
        form = "design,size,colour,opacity,left,top"
        raise ValueError(f"{told[:60]!r} is no stamp. Write it as {form}. {mistake}") from mistake


def tell_stamp(stamp: Stamp) -> str:
    """The stamp as :func:`read_placed` reads it, before its place.

    >>> tell_stamp(Stamp("cross", 6, "", 0.5))
    'cross,6,#ff00ff,0.5'
    """
    red, green, blue = ImageColor.getrgb(stamp.colour or find_stamp(stamp.design).colour)[:3]
    return f"{stamp.design},{stamp.size},#{red:02x}{green:02x}{blue:02x},{stamp.opacity:g}"


def on_all(placed: Sequence[Placed], pixels: Any) -> Any:
    """The pixels with all stamps on them, the first undermost."""
    for each in placed:
        pixels = each.on(pixels)
    return pixels


def answer(model: str, picture: str, placed: Sequence[Placed]) -> dict[str, Any]:
    """The probability of each class without the stamps and with them; of many classes those that matter."""
    classifier, seen = shelf.held(model), look(model, picture)
    largest = largest_shown(stamp_model(model), classifier.size)
    if any(each.stamp.size > largest for each in placed):
        raise ValueError(f"A stamp on this picture has at most {largest} pixels along its side.")
    after = queue().call(lambda: classifier.logits(on_all(placed, seen.pixels))[0].softmax(dim=0).tolist())
    before = {answered.index: answered.probability for answered in seen.answers}
    return {
        "classes": [
            {"label": classifier.labels[index], "before": before[index], "after": after[index]}
            for index in classes_told(before, after)
        ]
    }


def named(model: str, picture: str, placed: Sequence[Placed]) -> tuple[int, int]:
    """The class that a loaded model names without any stamp, and with these."""
    classifier, seen = shelf.held(model), look(model, picture)
    after = queue().call(lambda: int(classifier.logits(on_all(placed, seen.pixels))[0].argmax()))
    return seen.top[0].index, after


def classes_told(before: dict[int, float], after: Sequence[float]) -> list[int]:
    """Of a few classes all, in their order; of many the likeliest without the stamps, then those that came with them.

    >>> classes_told({0: 0.1, 1: 0.9}, [0.8, 0.2])
    [0, 1]
    """
    if len(after) <= 2 * TOLD:
        return list(range(len(after)))
    first = sorted(before, key=before.__getitem__, reverse=True)[:TOLD]
    then = sorted(range(len(after)), key=after.__getitem__, reverse=True)[:TOLD]
    return list(dict.fromkeys([*first, *then]))


@dataclass(frozen=True, eq=False)
class Stamping:
    """What a run is about: the request, and the stamped picture that it is made on."""

    asked: AskedOfStamp
    subject: Subject
    title: str

    @property
    def labels(self) -> Sequence[str]:
        return self.subject.classifier.labels

    @property
    def shown(self) -> Callable[[Job], "LiveStamp"]:
        return LiveStamp


class LiveStamp(LiveHeatmaps):
    """Heatmaps of a stamped picture in the queue."""

    @property
    def asked(self) -> AskedOfStamp:
        return self.about.asked


def find_stamp_run(name: str) -> LiveStamp:
    """The run of that name.

    Raises
    ------
    NotThere
        If it was never here, or is no longer kept.
    """
    return find_kind(LiveStamp, name, "That address is not of a stamped picture.")


def start(asked: AskedOfStamp, title: str) -> str:
    """Queue the heatmaps of the stamped picture; those of an earlier place end, and no other job does."""
    classifier = shelf.ask(asked.model).classifier
    clean = look(asked.model, asked.picture).pixels
    without = on_all([asked.distractor] if asked.distractor else [], clean)
    subject = Subject(classifier, asked.stamp.on(without))
    return submit(lambda: stream_asked(subject, without, asked), Stamping(asked, subject, title), kind=KIND)


def stream_asked(subject: Subject, without: Any, asked: AskedOfStamp) -> Iterator[Any]:
    """Heatmaps of the stamped picture, and how far each is from showing the stamp.

    Where the model learned the stamp, also from showing what of the stamp it uses: that comes before all else, and
    would keep people waiting where a network is large.

    Parameters
    ----------
    without
        The pixels without the stamp.
    """
    size = subject.classifier.size
    return stream_agreement(
        subject.classifier,
        subject.pixels,
        list(asked.methods),
        asked.stamp.mask(size),
        target=asked.target,
        seed=asked.seed,
        settings=asked.settings,
        output=asked.output,
        reduction=asked.reduction,
        without=without if stamp_model(asked.model) else None,
        distractor=asked.distractor.mask(size) if asked.distractor else None,
    )


def stamp_class(known: ListedStampModel | None, stamp: Stamp) -> int | None:
    """The class that stands for a stamp; None where the model has none for it."""
    designs = [each.design for each in known.task.stamps] if known else []
    return 1 + designs.index(stamp.design) if stamp.design in designs else None
