"""The parts of a study, a model and a seed each, and their units: what each gives, wherever it is computed."""

import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import Any

import safetensors.torch
from jaxtyping import Float
from torch import Tensor

from core.jobs.events import Progress
from core.metrics.evidence import LIF, MIF, RANDOM
from core.models.catalogue import load_classifier
from core.models.classifier import Classifier
from core.pictures.collecting import StudyPicture
from core.pictures.opening import PictureError
from core.pictures.rendering import to_picture
from core.studies.labelling import label_pictures
from core.studies.over_pictures import on_picture
from core.studies.spec import StudySpec
from core.studies.store import Key, KnownScores, Value
from core.studies.study import Refusal, Study
from core.studies.unit import Unit, judge_unit, name_of

FEW_PIXELS = 100
"""Width below which a picture is kept without loss."""


@dataclass(frozen=True, eq=False)
class Part:
    """The units of one model and one seed, which follow each other in the plan.

    Parameters
    ----------
    name
        See :func:`core.studies.unit.name_of`.
    first
        The place of the first of them in the plan.
    """

    study: Study
    pictures: list[StudyPicture]
    model: str
    name: str
    first: int
    total: int

    @property
    def seed(self) -> int:
        return self.study.request.seed


def parts_of(spec: StudySpec, device: str) -> Iterator[Part]:
    """The parts of a study, one model in memory at a time.

    Raises
    ------
    ValueError
        Where a model, its pictures or their labels do not fit.
    """
    first = 0
    for number, model in enumerate(spec.models):
        classifier = load_classifier(model, device)
        pictures = spec.pictures(classifier.dataset)
        # Another model may see other pictures of the gallery, so the total is final once all models are loaded.
        total = first + len(pictures) * (len(spec.models) - number) * len(spec.seeds)
        name = name_of(classifier)
        for seed in spec.seeds:
            yield Part(study_of(spec, classifier, pictures, seed), pictures, model, name, first, total)
            first += len(pictures)


def about(classifier: Classifier, pictures: list[StudyPicture]) -> Mapping[str, Any]:
    """What a folder keeps of a model and of the pictures that it is shown."""
    return {
        "weights": classifier.weights_digest,
        "reading": classifier.reading,
        "notes": list(classifier.notes),
        "pictures": len(pictures),
        "names": sha256("\n".join(picture.name for picture in pictures).encode()).hexdigest(),
    }


def study_of(spec: StudySpec, classifier: Classifier, pictures: list[StudyPicture], seed: int) -> Study:
    """What is computed for every picture of a part."""
    request = spec.request(seed, any(picture.truth for picture in pictures))
    request.check(len(classifier.labels))
    names = [picture.name for picture in pictures]
    labelling = None if spec.labels is None else label_pictures(names, spec.labels, classifier.labels, classifier.name)
    return Study(classifier, request, spec.asked_metrics, spec.perturbation, labelling, spec.explained)


@dataclass(frozen=True)
class Finished:
    """A unit that is computed.

    Parameters
    ----------
    place
        Of its picture in the part.
    told
        What its file has.
    files
        The content of the files beside it: ``maps`` and ``picture``.
    entries
        What is new for the store of scores, by subject; empty where it is already there.
    """

    place: int
    told: Mapping[str, Any]
    seconds: float
    files: Mapping[str, bytes] = field(default_factory=dict)
    entries: tuple[tuple[str, Mapping[Key, Value]], ...] = ()


def judged(
    part: Part, place: int, store: KnownScores, keep_maps: bool
) -> Generator[Progress | Refusal, None, Finished]:
    """A unit; yields after every batch."""
    picture, began = part.pictures[place], time.monotonic()
    judging = judge_unit(part.study, picture, store, part.name, keep_maps)
    try:
        unit = yield from on_picture(judging, picture.called, part.first + place, part.total)
    except (PictureError, ValueError) as error:
        return Finished(place, {**named(part, picture), "refused": str(error)}, time.monotonic() - began)
    files = files_of(unit) if keep_maps else {}
    return Finished(place, as_told(part, picture, unit), time.monotonic() - began, files)


def files_of(unit: Unit) -> dict[str, bytes]:
    """The heatmaps of a unit, and the picture that they are of."""
    seen = BytesIO()
    to_picture(unit.pixels).save(seen, format="WEBP", lossless=few(unit.pixels))
    maps = {method: values.cpu().contiguous() for method, values in unit.maps.items()}
    return {"maps": safetensors.torch.save(maps), "picture": seen.getvalue()}


def few(pixels: Float[Tensor, "3 height width"]) -> bool:
    """Whether a picture is so small that a person sees each pixel."""
    return pixels.shape[-1] < FEW_PIXELS


def named(part: Part, picture: StudyPicture) -> dict[str, Any]:
    return {"model": part.model, "seed": part.seed, "picture": picture.name}


def as_told(part: Part, picture: StudyPicture, unit: Unit) -> dict[str, Any]:
    """A unit as its file has it: NaN is a gap, and of the curves those that the study itself asks for."""
    orders = {part.study.perturbation.complete(trace): trace.order for trace in (MIF, LIF, RANDOM)}
    curves = {
        (method, orders[complete]): curve
        for method, traced in unit.curves.items()
        for trace, curve in traced.items()
        if (complete := part.study.perturbation.complete(trace)) in orders
    }
    return {
        **named(part, picture),
        "target": unit.target,
        "label": part.study.classifier.labels[unit.target],
        "correct": unit.correct,
        "scores": [
            [each.method, each.metric, each.score if each.score == each.score else None] for each in unit.scores
        ],
        "curves": [
            [method, order, curve.fractions.tolist(), curve.values.tolist()]
            for (method, order), curve in curves.items()
        ],
        "methods_refused": dict(unit.refused),
    }
