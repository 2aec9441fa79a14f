"""A process of one thread that makes maps and trains networks for a study; tasks and events are lines of JSON.

Run by :mod:`core.retraining.workers` as ``python -m core.retraining.worker FOLDER DEVICE``. All that it makes goes to
the study's folder; another process that is given the same task makes the same to the bit. It ends with its parent.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, TextIO

import torch
from jaxtyping import Bool
from torch import Tensor

from core.jobs.events import Returning
from core.methods.heatmap import MethodRefused
from core.models.classifier import Classifier
from core.models.training import EpochDone
from core.randomness import generator
from core.retraining.attributions import stream_attributions
from core.retraining.data import LabelledData
from core.retraining.folder import Outcome, StudyFolder
from core.retraining.masks import random_ranking, rank_places
from core.retraining.networks import network_seed
from core.retraining.plan import Cell, drawn_anew, removed
from core.retraining.probes import probed, probes_of, ranked_as
from core.retraining.spec import RetrainingSpec
from core.retraining.training import Shown, recognised, shown, train

Told = dict[str, Any]
PICTURES_BETWEEN = 10
"""After how many of a block's pictures a process tells how far it is."""


class Worker:
    """What a process keeps between two tasks of a study; it starts before the folder holds everything."""

    def __init__(self, folder: StudyFolder, device: torch.device) -> None:
        self.folder, self.device = folder, device

    def do(self, task: Mapping[str, Any]) -> Iterator[Told]:
        """The events of a task."""
        return self.make_maps(task) if task["task"] == "maps" else self.test(task)

    @cached_property
    def spec(self) -> RetrainingSpec:
        """What was asked."""
        return self.folder.spec()

    @cached_property
    def data(self) -> LabelledData:
        """The pictures of the study."""
        kept = self.folder.data()
        if kept is None:
            raise ValueError(f"{self.folder.path} holds no pictures.")
        return kept

    @cached_property
    def explained(self) -> Classifier:
        """The network that the maps explain."""
        kept = self.folder.network(self.data, self.device)
        if kept is None:
            raise ValueError(f"{self.folder.path} holds no network.")
        return kept

    def make_maps(self, task: Mapping[str, Any]) -> Iterator[Told]:
        """The maps of a block of pictures and the order of removal that follows from them."""
        part = self.data.train if task["part"] == "train" else self.data.test
        pixels = part.pixels[task["start"] : task["stop"]]
        request = self.spec.request.only(task["methods"])
        making = Returning(
            stream_attributions(self.explained, pixels.to(self.device), request, self.spec.unit == "feature")
        )
        for event in making:
            if isinstance(event, MethodRefused):
                yield {"refused": event.method, "reason": event.reason}
            elif event.done % PICTURES_BETWEEN == 0:
                yield {"pictures": event.done}
        rank = partial(rank_places, pixels=pixels, unit=self.spec.unit, side=self.spec.side, seed=self.spec.seed)
        ranked = {
            ranked_as(name, probe): rank(probed(maps, probe))
            for name, maps in making.result.items()
            for probe in probes_of(name, self.spec.probes)
        }
        self.folder.keep_maps(task["key"], making.result, ranked)

    def test(self, task: Mapping[str, Any]) -> Iterator[Told]:
        """Which test pictures a network recognises: the explained one, or one that is trained first."""
        began = time.monotonic()
        cell = Cell(**task["cell"])
        masks = removed(self.folder.ranks(cell.ranked), cell.form, cell.fraction)
        see = partial(shown, self.data, masks_alone=cell.what == "masks", filling=self.spec.filling)
        tested = see("test", masks[1]).to(self.device)
        if cell.what == "explained":
            network = self.explained.network
        else:
            precision = self.folder.precision(self.device)
            seed = network_seed(self.spec.seed, task["seed"])
            learned = self.learned(cell, task["seed"], masks[0], partial(see, "train"))
            training = Returning(train(self.data, self.spec.recipe, seed, self.device, (learned, tested), precision))
            for event in training:
                if isinstance(event, EpochDone):
                    yield {"epoch": event.epoch, "epochs": event.epochs, "accuracy": event.held_out}
            network = training.result
        found = recognised(network, tested, self.data.test.labels.numpy())
        self.folder.keep_outcome(task["key"], Outcome(found, time.monotonic() - began))

    def learned(
        self, cell: Cell, seed: int, fixed: Bool[Tensor, "n _ height width"], see: Callable[[Tensor], Tensor]
    ) -> Shown:
        """What a network is shown of its training pictures: the same in each epoch, or without places drawn anew."""
        if not drawn_anew(cell, self.spec):
            inputs = see(fixed).to(self.device)
            return lambda _: inputs

        def anew(epoch: int) -> Tensor:
            draw = generator(self.spec.seed, "fresh random", seed, epoch)
            ranking = random_ranking(fixed.shape, draw, self.spec.unit, self.spec.side)
            return see(ranking.removed(cell.form, cell.fraction))

        return anew


def tasks() -> Iterator[Mapping[str, Any]]:
    """The tasks as they come; the process ends at once when its parent has."""
    lines: SimpleQueue[str] = SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            lines.put(line)
        os._exit(0)

    Thread(target=listen, daemon=True).start()
    while True:
        yield json.loads(lines.get())


def main() -> None:
    """Does tasks until the parent ends."""
    torch.set_num_threads(1)
    events, sys.stdout = sys.stdout, sys.stderr  # whatever a library prints is no event
    worker = Worker(StudyFolder(Path(sys.argv[1])), torch.device(sys.argv[2]))
    tell(events, {"ready": True})
    for task in tasks():
        try:
            for told in worker.do(task):
                tell(events, {"key": task["key"], **told})
            tell(events, {"key": task["key"], "done": True})
        except Exception as error:  # told to the person, whose study it is
            tell(events, {"key": task["key"], "error": f"{type(error).__name__}: {error}"})


def tell(events: TextIO, told: Told) -> None:
    events.write(json.dumps(told) + "\n")
    events.flush()


if __name__ == "__main__":
    main()
