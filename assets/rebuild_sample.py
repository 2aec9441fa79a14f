"""Remakes ``assets/sample``: what a newcomer sees before anything was computed here.

Runs the trial with the dashboard's own defaults and writes the messages that the page would have been sent.
"""

import json
import time
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

import core
from core.jobs.events import Progress
from core.methods.heatmap import HeatmapReady
from core.pictures.rendering import to_png
from dashboard.messages import Message
from dashboard.parts.method_panel import QUICK
from dashboard.jobs import number_messages
from dashboard.requests import Asked
from dashboard.workshop import DEFAULT_MODEL

FOLDER = Path(__file__).resolve().parent / "sample"
PICTURE = core.gallery()[0].name
DIGITS = 5


def main() -> None:
    classifier = core.load_classifier(DEFAULT_MODEL, device="cpu")
    entry = next(entry for entry in core.gallery() if entry.name == PICTURE)
    pixels = classifier.prepare(core.open_picture(entry.path))
    top = core.predict(classifier, pixels, top=5)
    asked = default_request(top[0].index)
    begin = time.monotonic()
    events = list(enumerate(run(classifier, pixels, asked)))
    seconds = time.monotonic() - begin
    kept = [(number, event) for number, event in events if lasts(event, events)]
    maps = {str(number): scaled(event.heatmap.values) for number, event in kept if isinstance(event, HeatmapReady)}
    scales = {str(number): size(event.heatmap.values) for number, event in kept if isinstance(event, HeatmapReady)}
    told = {
        "title": entry.title,
        "asked": asdict(asked),
        "top": [asdict(each) for each in top],
        "state": {"state": "done", "seconds": round(seconds, 1), "error": None},
        "scales": scales,
        "messages": [rounded(message) for message in number_messages(kept, classifier.labels)],
    }
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "messages.json").write_text(json.dumps(told, separators=(",", ":")) + "\n", encoding="utf-8")
    (FOLDER / "crop.png").write_bytes(to_png(pixels[0]))
    save_file(maps, FOLDER / "maps.safetensors")


def default_request(target: int) -> Asked:
    """What the page asks for when nobody has changed anything."""
    methods = [method for method in core.list_methods() if method.control or method.name in QUICK]
    return Asked(
        model=DEFAULT_MODEL,
        picture=PICTURE,
        target=target,
        methods=tuple(method.name for method in methods),
        settings={},
        output="logit",
        imputer="dataset_mean",
        y="probability",
        steps=20,
        seed=0,
    )


def run(classifier: core.Classifier, pixels: Tensor, asked: Asked) -> object:
    return core.stream_trial(
        classifier,
        pixels,
        asked.methods,
        target=asked.target,
        seed=asked.seed,
        imputer=asked.imputer,
        y=asked.y,
        steps=asked.steps,
    )


def lasts(event: object, events: list[tuple[int, object]]) -> bool:
    """Whether nothing that came later takes its place."""
    if isinstance(event, HeatmapReady | core.FidelityReady):
        return event.final
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
    return [shortened(each) for each in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main()
