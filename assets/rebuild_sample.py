"""Remakes ``assets/sample``: what a newcomer sees before anything was computed here.

Runs the trial of one picture, the study of many, the benchmark of stamps and the sanity checks with the dashboard's own
defaults, and writes the messages that the page would have been sent.
"""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

import core
from core.jobs.events import Progress
from core.methods.heatmap import HeatmapReady
from core.methods.registry import list_controls
from core.pictures.gallery import GalleryPicture
from core.pictures.rendering import shrunk, to_png
from core.pictures.specimens import collect_specimens
from core.sanity.checks import CHECKS, CheckReady
from core.sanity.label_networks import bundled_name
from core.sanity.labels import LabelMap, LabelsReady
from core.sanity.study import PictureChecked, SanitySummary
from core.sanity.verdict import VerdictReady
from core.stamping.benchmark import usual_metrics
from core.stamping.models import DEFAULT, list_stamp_models
from core.studies.evaluation import SummaryReady, record
from core.studies.table import Table
from dashboard import benchmarks, labels, quick_checks, runs, sanity, sanity_studies, studies
from dashboard.jobs import number_messages
from dashboard.messages import Message
from dashboard.parts.label_check import PICTURES
from dashboard.parts.many_pictures import LIMIT, USUAL
from dashboard.parts.method_panel import QUICK
from dashboard.requests import (
    Asked,
    AskedOfChecks,
    AskedOfLabels,
    AskedOfMany,
    AskedOfManySanity,
    AskedOfSanity,
    AskedOfStamps,
    Judging,
)
from dashboard.workshop import DEFAULT_MODEL

FOLDER = Path(__file__).resolve().parent / "sample"
PICTURE = core.gallery()[0].name
SOURCE = "gallery"
STAMPED = 60
LABELLED_MAPS = 4
SIDE = 56
DIGITS = 5


def main() -> None:
    classifier = core.load_classifier(DEFAULT_MODEL, device="cpu")
    write_trial(classifier)
    write_study(classifier)
    write_benchmark()
    write_labels()
    write_randomisation(classifier)
    write_checks(classifier)
    write_sanity_study(classifier)


def write_trial(classifier: core.Classifier) -> None:
    pixels, top = seen(classifier)
    asked = Asked(**common(), picture=PICTURE, target=top[0].index)
    kept, seconds = gathered(runs.stream_asked(runs.Subject(classifier, pixels), None, asked))
    write_maps(FOLDER, kept, pixels, {**subject_told(top), **written(asked, kept, seconds, classifier.labels)})


def write_randomisation(classifier: core.Classifier) -> None:
    """Of hundreds of maps small ones: the page shows them small, and the file stays small."""
    pixels, top = seen(classifier)
    asked = AskedOfSanity(**common(), picture=PICTURE, target=top[0].index)
    kept, seconds = gathered(sanity.stream_asked(runs.Subject(classifier, pixels), asked))
    kept = [(number, small(event)) for number, event in kept]
    told = {**subject_told(top), **written(asked, kept, seconds, classifier.labels)}
    write_maps(FOLDER / "sanity", kept, pixels, told)


def write_checks(classifier: core.Classifier) -> None:
    pixels, top = seen(classifier)
    names = tuple(check.name for check in CHECKS)
    asked = AskedOfChecks(**common(), picture=PICTURE, target=top[0].index, checks=names)
    kept, seconds = gathered(quick_checks.stream_asked(runs.Subject(classifier, pixels), asked))
    kept = [(number, event) for number, event in kept if not isinstance(event, HeatmapReady)]
    write_json(FOLDER / "checks", written(asked, kept, seconds, classifier.labels))


def write_sanity_study(classifier: core.Classifier) -> None:
    """The gallery once more, each picture with random weights of its own."""
    pictures = len(collect_specimens(SOURCE, classifier.dataset))
    asked = AskedOfManySanity(**common(), source=SOURCE, limit=min(LIMIT, pictures), draws=1)
    kept, seconds = gathered(sanity_studies.stream_asked(classifier, SOURCE, asked))
    folder = sanity_studies.SAMPLE_FOLDER
    write_json(folder, written(asked, kept, seconds, classifier.labels))
    checked = (event for _, event in kept if isinstance(event, PictureChecked))
    sanity_studies.similarities_of(checked).to_parquet(folder / "similarities.parquet", index=False)


def seen(classifier: core.Classifier) -> tuple[Tensor, tuple[core.Prediction, ...]]:
    """The first picture of the gallery as the model sees it, and what it says of it."""
    pixels = classifier.prepare(core.open_picture(entry().path))
    return pixels, core.predict(classifier, pixels, top=5)


def entry() -> GalleryPicture:
    return next(each for each in core.gallery() if each.name == PICTURE)


def subject_told(top: Sequence[core.Prediction]) -> dict[str, object]:
    """What is told of the picture."""
    return {"title": entry().title, "top": [asdict(each) for each in top]}


def small(event: object) -> object:
    """The event with a map of few values, if it brings one."""
    heatmap = getattr(event, "heatmap", None)
    return replace(event, heatmap=replace(heatmap, values=shrunk(heatmap.values, SIDE))) if heatmap else event


def write_maps(folder: Path, kept: Iterable[tuple[int, object]], pixels: Tensor, told: dict[str, object]) -> None:
    """A job with its maps, each scaled to its own largest, and the picture that they are of."""
    values = {str(number): each.heatmap.values for number, each in kept if getattr(each, "heatmap", None)}
    write_json(folder, {**told, "scales": {number: size(each) for number, each in values.items()}})
    save_file({number: scaled(each) for number, each in values.items()}, folder / "maps.safetensors")
    (folder / "crop.png").write_bytes(to_png(pixels[0]))


def write_study(classifier: core.Classifier) -> None:
    """The gallery, by the scores that the page has chosen for a newcomer."""
    metrics = tuple(metric.name for metric in core.list_metrics() if metric.name in USUAL)
    pictures = len(collect_specimens(SOURCE, classifier.dataset))
    asked = AskedOfMany(**common(), source=SOURCE, limit=min(LIMIT, pictures), metrics=metrics)
    kept, seconds = gathered(studies.stream_asked(classifier, SOURCE, asked))
    folder = FOLDER / "many"
    write_json(folder, written(asked, kept, seconds, classifier.labels))
    tabled(asked, kept).to_parquet(folder / "scores.parquet")


def write_benchmark() -> None:
    """Fewer pictures than the page asks for: enough to tell most methods apart, in a small file."""
    model = next(model for model in list_stamp_models() if model.name == DEFAULT)
    asked = AskedOfStamps(**common(model.name, truth_known=True), metrics=usual_metrics(model.task), pictures=STAMPED)
    kept, seconds = gathered(benchmarks.stream_benchmark(asked))
    folder = FOLDER / "stamps"
    told = {"title": model.title, "share": benchmarks.stamped_share(model)}
    write_json(folder, told | written(asked, kept, seconds, model.task.labels))
    tabled(asked, kept).to_parquet(folder / "scores.parquet")


def write_labels() -> None:
    """The bundled networks, with the maps of the first few pictures."""
    asked = AskedOfLabels(**common(bundled_name("true")), pictures=PICTURES, training=None)
    every, seconds = gathered(labels.stream_asked(asked))
    kept = [
        (number, event) for number, event in every if not isinstance(event, LabelMap) or event.picture < LABELLED_MAPS
    ]
    maps = {str(number): event.heatmap.values for number, event in kept if isinstance(event, LabelMap)}
    folder = labels.SAMPLE_FOLDER
    told = {"scales": {number: size(values) for number, values in maps.items()}}
    write_json(folder, told | written(asked, kept, seconds, labels.LabelChecking(asked).labels))
    save_file({number: scaled(values) for number, values in maps.items()}, folder / "maps.safetensors")


def common(model: str = DEFAULT_MODEL, truth_known: bool = False) -> dict[str, object]:
    """What the page asks for when nobody has changed anything, of one picture, of many and of stamps."""
    controls = [control.name for control in list_controls(truth_known)]
    methods = [method.name for method in core.list_methods() if method.name in QUICK]
    return {"model": model, "methods": (*methods, *controls), "settings": {}, "output": "logit", "seed": 0}


def gathered(stream: Iterable[object]) -> tuple[list[tuple[int, object]], float]:
    """Those events that nothing later replaces, with their numbers; and how long it took."""
    begin = time.monotonic()
    events = list(enumerate(stream))
    seconds = time.monotonic() - begin
    return [(number, event) for number, event in events if lasts(event, events)], seconds


def tabled(asked: Judging, kept: Iterable[tuple[int, object]]) -> Table:
    """Every score of a study."""
    table = Table(asdict(asked), asked.seed)
    for _, event in kept:
        record(event, table)
    return table


def written(asked: Judging, kept: list[tuple[int, object]], seconds: float, labels: Sequence[str]) -> dict[str, object]:
    """What every job tells."""
    return {
        "asked": asdict(asked),
        "state": {"state": "done", "seconds": round(seconds, 1), "error": None},
        "messages": [rounded(message) for message in number_messages(kept, labels)],
    }


def write_json(folder: Path, told: dict[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "messages.json").write_text(json.dumps(told, separators=(",", ":")) + "\n", encoding="utf-8")


def lasts(event: object, events: list[tuple[int, object]]) -> bool:
    """Whether nothing that came later takes its place."""
    if isinstance(event, HeatmapReady | core.FidelityReady | LabelsReady | VerdictReady | CheckReady):
        return event.final
    if isinstance(event, SummaryReady | SanitySummary):
        return event is [other for _, other in events if isinstance(other, type(event))][-1]
    return not isinstance(event, Progress) or event is events[-1][1]


def size(values: Tensor) -> float:
    return float(values.abs().max())


def scaled(values: Tensor) -> Tensor:
    """Half the bytes; divided by its largest so that small gradients keep their digits."""
    return (values / (size(values) or 1.0)).to(torch.float16).contiguous()


def rounded(message: Message) -> Message:
    return {name: shortened(value) for name, value in message.items()}


def shortened(value: object) -> object:
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return rounded(value)
    return [shortened(each) for each in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main()
