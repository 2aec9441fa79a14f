"""A model's answer for a picture with stamps on it, and without them."""

from collections.abc import Sequence
from typing import Any

from jaxtyping import Float
from torch import Tensor

from core.pictures.stamps import Placed, Stamp
from core.stamping.models import ListedStampModel
from dashboard.library.predictions import loaded, look
from dashboard.library.queue import queue
from dashboard.stamp.placing import largest_shown, on_all
from dashboard.stamp.stamp_models import stamp_model

CLASSES_SHOWN = 4
"""Of a model with many classes, how many of the likeliest are shown, with the stamp and without."""


def answer(model: str, picture: str, placed: Sequence[Placed]) -> dict[str, Any]:
    """The probability of each class without the stamps and with them; of many classes those that matter."""
    classifier = loaded(model)
    largest = largest_shown(stamp_model(model), classifier.size)
    if any(each.stamp.size > largest for each in placed):
        raise ValueError(f"A stamp on this picture can be at most {largest} pixels wide.")
    after = classifier.probabilities(logits_of(model, picture, placed)[None])[0].tolist()
    before = {each.index: each.probability for each in look(model, picture).answers}
    return {
        "classes": [
            {"label": classifier.labels[index], "before": before[index], "after": after[index]}
            for index in classes_shown(before, after)
        ]
    }


def predicted_classes(model: str, picture: str, placed: Sequence[Placed]) -> tuple[int, int]:
    """The class that a loaded model predicts without any stamp, and with these."""
    return look(model, picture).top[0].index, int(logits_of(model, picture, placed).argmax())


def logits_of(model: str, picture: str, placed: Sequence[Placed]) -> Float[Tensor, " classes"]:
    """What a loaded model answers to a picture with these stamps, asked between two steps of other people's jobs."""
    classifier, pixels = loaded(model), look(model, picture).pixels
    return queue().call(lambda: classifier.logits(on_all(placed, pixels))[0].cpu())


def classes_shown(before: dict[int, float], after: Sequence[float]) -> list[int]:
    """Of a few classes all, in their order; of many the likeliest without the stamps, then those that came with them.

    >>> classes_shown({0: 0.1, 1: 0.9}, [0.8, 0.2])
    [0, 1]
    """
    if len(after) <= 2 * CLASSES_SHOWN:
        return list(range(len(after)))
    first = sorted(before, key=before.__getitem__, reverse=True)[:CLASSES_SHOWN]
    then = sorted(range(len(after)), key=after.__getitem__, reverse=True)[:CLASSES_SHOWN]
    return list(dict.fromkeys([*first, *then]))


def stamp_class(known: ListedStampModel | None, stamp: Stamp) -> int | None:
    """The class that stands for a stamp; None where the model has none for it."""
    designs = [each.design for each in known.task.stamps] if known else []
    return 1 + designs.index(stamp.design) if stamp.design in designs else None
