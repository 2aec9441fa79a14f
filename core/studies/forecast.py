"""What a study takes, before it is begun: its units, its passes, and how long it lasts by a picture that is timed."""

import time
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from core.pictures.collecting import StudyPicture
from core.pictures.opening import PictureError
from core.studies.folder import Folder
from core.studies.parts import Part, parts_of
from core.studies.spec import StudySpec
from core.studies.study import Study, plan_picture

LONG = 10.0
"""Seconds of a picture from which one is enough; the first of two pays for memory and for batch sizes."""


class PartForecast(NamedTuple):
    """What is left of the units of a model and a seed.

    Parameters
    ----------
    passes
        Pictures sent through the network.
    seconds
        By the pace of a picture that was timed; None where none can be judged.
    """

    model: str
    seed: int
    pictures: int
    finished: int
    passes: int
    seconds: float | None


def forecast(spec: StudySpec, folder: Folder, device: str) -> Iterator[PartForecast]:
    """Each part of a study, as if the store knew none of its scores; nothing is written.

    Raises
    ------
    ValueError
        Where a model, its pictures or their labels do not fit.
    """
    finished = set(folder.places())
    seconds: dict[str, float | None] = {}
    for part in parts_of(spec, device):
        if part.model not in seconds:
            seconds[part.model] = seconds_of_a_picture(part)
        done = len(finished & {*range(part.first, part.first + len(part.pictures))})
        left, pace = len(part.pictures) - done, seconds[part.model]
        yield PartForecast(
            part.model, part.seed, len(part.pictures), done, left * passes_of_a_picture(part.study),
            None if pace is None else left * pace,
        )  # fmt: skip


def passes_of_a_picture(study: Study) -> int:
    """The passes of its heatmaps and of its scores, shared ones counted once."""
    plan = plan_picture(study.classifier, study.request, study.metrics, study.perturbation)
    return sum(part.passes for part in plan)


def seconds_of_a_picture(part: Part) -> float | None:
    """How long one takes, of the first that can be judged."""
    for picture in part.pictures:
        try:
            first = seconds_of(part.study, picture)
            return first if first > LONG else seconds_of(part.study, picture)
        except (PictureError, ValueError):
            continue
    return None


def seconds_of(study: Study, picture: StudyPicture) -> float:
    began = time.perf_counter()
    deque(study.judge(picture), maxlen=0)
    return time.perf_counter() - began
