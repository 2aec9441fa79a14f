"""A study run on this machine: unit after unit into its folder, with means that sharpen as pictures arrive."""

import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import safetensors.torch
from jaxtyping import Float
from torch import Tensor

from core.jobs.events import Progress, Returning
from core.jobs.pacing import Pace
from core.methods.heatmap import MethodRefused
from core.methods.registry import list_methods
from core.metrics.evidence import LIF, MIF, RANDOM
from core.metrics.registry import list_metrics
from core.metrics.statistics import Score
from core.models.catalogue import chosen_device, load_classifier
from core.models.classifier import Classifier
from core.pictures.collecting import StudyPicture
from core.pictures.opening import PictureError
from core.pictures.rendering import to_picture
from core.studies.columns import Columns
from core.studies.evaluation import PictureScored, SummaryReady
from core.studies.folder import Folder
from core.studies.labelling import Accuracy, label_pictures
from core.studies.over_pictures import PictureRefused, on_picture
from core.studies.runs import this_run
from core.studies.spec import StudySpec
from core.studies.store import Store
from core.studies.study import Refusal, Study
from core.studies.unit import Unit, as_score, judge_unit, name_of


@dataclass(frozen=True)
class PartBegan:
    """A model and a seed, whose pictures come next; means are over these.

    Parameters
    ----------
    known
        How many of the pictures were finished by an earlier run.
    """

    model: str
    seed: int
    pictures: int
    known: int


@dataclass(frozen=True)
class StudyReady:
    """A finished study: its tables are in its folder."""

    units: int
    refused: int


FEW_PIXELS = 100
"""Width below which a picture is kept without loss."""
Event = Progress | Refusal | PartBegan | PictureScored | PictureRefused | SummaryReady | StudyReady


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


def stream_study(spec: StudySpec, folder: str | Path, device: str = "auto") -> Generator[Event, None, None]:
    """Scores picture by picture, each followed by the means of all so far; a step is one batch.

    Whatever a study on this machine has computed before is taken from the store of scores. The folder may hold the
    beginning of this study: then it goes on. The finished tables are those of a run without interruption.

    Parameters
    ----------
    device
        ``auto`` uses CUDA, then MPS, then the CPU.

    Raises
    ------
    ValueError
        Where the folder holds another study, or another run is working on it.
    """
    place = Folder(Path(folder))
    place.ask(spec.to_toml())
    return run(spec, place, device, Store())


def run(spec: StudySpec, folder: Folder, device: str, store: Store) -> Generator[Event, None, None]:
    """The events of :func:`stream_study`, and its files."""
    with folder.alone():
        folder.keep_run(this_run(chosen_device(device)))
        folder.keep_manifest(in_words())
        for part in parts_of(spec, device):
            folder.keep_manifest({"units": part.total})
            folder.agree({f"model {part.model}": about(part.study.classifier, part.pictures)})
            yield from run_part(part, folder, store, spec.maps)
        folder.write_tables()
        refused = sum("refused" in folder.unit(place) for place in folder.places())
        yield StudyReady(len(folder.places()), refused)


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


def run_part(part: Part, folder: Folder, store: Store, keep_maps: bool) -> Iterator[Event]:
    """The units of a part that are not finished, and the means over all of them."""
    tally, answered, pace, said = Columns(picture.name for picture in part.pictures), [0, 0], Pace(), set[str]()
    known = {place - part.first for place in folder.places()} & {*range(len(part.pictures))}
    for place in sorted(known):
        count(folder.unit(part.first + place), tally, answered)
    yield PartBegan(part.model, part.seed, len(part.pictures), len(known))
    for place, picture in enumerate(part.pictures):
        if place in known:
            continue
        began = time.monotonic()
        judging = Returning(judge_unit(part.study, picture, store, part.name, keep_maps))
        try:
            yield from once(on_picture(passed(judging), picture.called, part.first + place, part.total), said)
        except (PictureError, ValueError) as error:
            told = {**named(part, picture), "refused": str(error)}
            folder.keep_unit(part.first + place, told)
            yield PictureRefused(picture.name, str(error))
            continue
        unit = judging.result
        if keep_maps:
            maps = {method: values.contiguous() for method, values in unit.maps.items()}
            folder.write(folder.map_file(part.first + place), partial(safetensors.torch.save_file, maps))
            seen = partial(to_picture(unit.pixels).save, format="WEBP", lossless=few(unit.pixels))
            folder.write(folder.picture_file(part.first + place), seen)
        told = as_told(part, picture, unit)
        folder.keep_unit(part.first + place, told)
        count(told, tally, answered)
        seconds = time.monotonic() - began
        yield PictureScored(picture.name, unit.scores, seconds, part.first + place + 1, part.total, unit.correct)
        if place + 1 < len(part.pictures) and pace.due():
            with pace.spending():
                found = summary(tally, answered, part.seed)
                folder.keep_summary(part.first, summary_told(part, found))
            yield found
    if len(tally):
        found = summary(tally, answered, part.seed)
        folder.keep_summary(part.first, summary_told(part, found))
        yield found


def passed(events: Returning[Progress | Refusal, Unit]) -> Generator[Progress | Refusal, None, None]:
    """The same events; whoever passes them on reads the result."""
    yield from events


def once(events: Iterator[Event], said: set[str]) -> Iterator[Event]:
    """The same events; a method that does not apply is reported for the first picture only."""
    for event in events:
        if isinstance(event, MethodRefused):
            if event.method in said:
                continue
            said.add(event.method)
        yield event


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


def count(told: Mapping[str, Any], tally: Columns, answered: list[int]) -> None:
    """Adds a finished unit to the scores, and to the labelled pictures: all, and those that are predicted correctly."""
    if "refused" in told:
        return
    picture = told["picture"]
    tally.add(Score(picture, method, metric, as_score(score)) for method, metric, score in told["scores"])
    if told["correct"] is not None:
        answered[0] += told["correct"]
        answered[1] += 1


def few(pixels: Float[Tensor, "3 height width"]) -> bool:
    """Whether a picture is so small that a person sees each pixel."""
    return pixels.shape[-1] < FEW_PIXELS


def in_words() -> dict[str, Any]:
    """What the names in a folder mean, for who reads it without the registry."""
    return {
        "methods": {each.name: {"label": each.label, "control": each.control} for each in list_methods()},
        "metrics": {
            each.name: {
                "label": each.label,
                "heading": each.heading,
                "direction": each.direction,
                "limited": each.high is not None,
                "random": each.random,
                "summary": each.summary,
            }
            for each in list_metrics()
        },
    }


def summary_told(part: Part, found: SummaryReady) -> dict[str, Any]:
    """The means of a part as its file has them: NaN is a gap."""
    rows = [{name: None if value != value else value for name, value in asdict(row).items()} for row in found.summary]
    words = found.accuracy.words if found.accuracy else ""
    told = {"model": part.model, "seed": part.seed, "pictures": len(part.pictures)}
    return {**told, "scored": found.pictures, "accuracy": words, "rows": rows}


def summary(tally: Columns, answered: list[int], seed: int) -> SummaryReady:
    """The means of all pictures of a part so far."""
    accuracy = Accuracy(*answered) if answered[1] else None
    return SummaryReady(tally.summary(seed), len(tally), accuracy)
