"""Writes a job into a folder, from which it is read as from the queue."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

import core
from dashboard.jobs.messages import Message
from dashboard.jobs.views import CROP, MAPS, MESSAGES, JobView
from dashboard.library.absence import NotThere

TOP = 5
"""Classes of the picture that are written with it, the likeliest first."""


def store(
    job: JobView[Any, Any],
    folder: Path,
    keep: Callable[[Message], bool] = lambda _: True,
    form: Callable[[Tensor], Tensor] = lambda values: values,
) -> None:
    """What :class:`dashboard.jobs.views.StoredJob` reads: messages, maps, tables, and the picture if it is about one.

    Parameters
    ----------
    keep
        Which messages are written.
    form
        What becomes of each map's values before they are written; they keep three digits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    messages = [message for message in job.numbered() if keep(message)]
    maps = {each["sequence"]: form(job.heatmap(each["sequence"])) for each in messages if each.get("heatmap")}
    messages = [with_size_of(each, maps.get(each["sequence"])) for each in messages]
    scales = {str(sequence): float(values.abs().max()) for sequence, values in maps.items()}
    written = {"request": asdict(job.request), "state": job.state(), "messages": messages, "scales": scales}
    if maps:
        halves = {str(sequence): halved(values, scales[str(sequence)]) for sequence, values in maps.items()}
        save_file(halves, folder / MAPS)
    try:
        (folder / CROP).write_bytes(job.crop())
        inputs = job.inputs()
        written["top"] = [asdict(each) for each in core.predict(inputs.classifier, inputs.pixels, top=TOP)]
    except NotThere:
        pass  # it is about many pictures
    for name in job.kind.files:
        job.table(name).to_parquet(folder / f"{name}.parquet", index=False)
    (folder / MESSAGES).write_text(json.dumps(written, separators=(",", ":")) + "\n", encoding="utf-8")


def with_size_of(message: Message, values: Tensor | None) -> Message:
    """The message with the height and width of the map as it is written."""
    if values is None:
        return message
    height, width = values.shape
    return message | {"heatmap": message["heatmap"] | {"height": height, "width": width}}


def halved(values: Tensor, scale: float) -> Tensor:
    """Half the bytes; divided by its largest so that small gradients keep their digits."""
    return (values / (scale or 1.0)).to(torch.float16).contiguous()
