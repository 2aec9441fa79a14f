"""Networks that learn stamps as the page reads them: their training, their benchmark, and the sweep over stamps."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from statistics import mean
from typing import Any

import streamlit as st

from core.assets import ASSETS
from core.jobs.queue import Job
from core.stamping.benchmark import stream_stamp_benchmark, stream_stamp_sweep
from core.stamping.models import ListedStampModel, load_stamp_model
from core.stamping.training import stream_stamp_training
from dashboard.folders import Folder, folders
from dashboard.jobs import LiveJob, find_kind, ships_as, submit
from dashboard.requests import AskedOfStamps, AskedOfSweep, AskedOfTraining, restored
from dashboard.studies import LiveStudy, SampleStudy

SAMPLE = "sample-of-stamps"
SAMPLE_FOLDER = ASSETS / "sample" / "stamps"
TRAINING, BENCHMARK, SWEEP = "training", "benchmark", "sweep"
"""What these jobs are called in the address."""


@dataclass(frozen=True, eq=False)
class Learning:
    """What a training is about."""

    asked: AskedOfTraining

    @property
    def labels(self) -> Sequence[str]:
        return self.asked.task.labels

    @property
    def shown(self) -> Callable[[Job], LiveJob]:
        return LiveTraining


@dataclass(frozen=True, eq=False)
class Stamped:
    """What a benchmark or a sweep is about."""

    asked: AskedOfStamps
    model: ListedStampModel

    @property
    def labels(self) -> Sequence[str]:
        return self.model.task.labels

    @property
    def shown(self) -> Callable[[Job], LiveJob]:
        return LiveSweep if isinstance(self.asked, AskedOfSweep) else LiveBenchmark


class LiveTraining(LiveJob):
    """A training in the queue."""

    @property
    def asked(self) -> AskedOfTraining:
        return self.about.asked


class LiveBenchmark(LiveStudy):
    """A benchmark in the queue: a study of pictures of which the truth is known."""

    @property
    def asked(self) -> AskedOfStamps:
        return self.about.asked

    @property
    def share(self) -> float:
        """Of the picture, that the stamp covers."""
        return stamped_share(self.about.model)


class LiveSweep(LiveJob):
    """A sweep in the queue."""

    @property
    def asked(self) -> AskedOfSweep:
        return self.about.asked


class SampleBenchmark(SampleStudy):
    """The benchmark that a newcomer sees."""

    @cached_property
    def asked(self) -> AskedOfStamps:
        return restored(AskedOfStamps, self.told["asked"])

    @property
    def share(self) -> float:
        """Of the picture, that the stamp covers."""
        return self.told["share"]


Benchmark = LiveBenchmark | SampleBenchmark


@ships_as(SAMPLE)
@cache
def sample() -> SampleBenchmark | None:
    return SampleBenchmark.if_there(SAMPLE_FOLDER, SAMPLE)


def named(address: str, kind: Any) -> Any:
    """The job of that kind that the page's address names under that word.

    Raises
    ------
    NotThere
        If it is no longer kept, or is of another kind.
    """
    return find_kind(kind, st.query_params[address], "That address is not of such a job.")


def stamped_share(model: ListedStampModel) -> float:
    """The share of a picture that one of the model's stamps covers, on average: what a random map gets in shares."""
    task, (height, width) = model.task, model.size
    drawn = [replace(stamp, size=size) for stamp in task.stamps for size in task.sizes or (stamp.size,)]
    return mean(int(stamp.drawn[1].sum()) for stamp in drawn) / (height * width)


def pictures_gone(model: ListedStampModel) -> bool:
    """Whether the model learned from a folder that is not there any more, so that nothing can be asked of it."""
    bases = Path(model.task.bases)
    return bases.is_absolute() and not bases.is_dir()


def start_training(asked: AskedOfTraining, folder: str = "") -> str:
    """Queue a training; the job holds the uploaded folder that it reads, if one is named, until it has ended."""
    held = folders.get(folder) if folder else None
    if held and not asked.title:
        asked = replace(asked, title=f"{held.title}: {', '.join(stamp.design for stamp in asked.task.stamps)}")
    return submit(lambda: stream_training(asked, held), Learning(asked), kind=TRAINING)


def start_benchmark(asked: AskedOfStamps, model: ListedStampModel) -> str:
    """Queue the benchmark of a network."""
    return submit(lambda: stream_benchmark(asked), Stamped(asked, model), kind=BENCHMARK)


def start_sweep(asked: AskedOfSweep, model: ListedStampModel) -> str:
    """Queue the sweep of a network."""
    return submit(lambda: stream_sweep(asked), Stamped(asked, model), kind=SWEEP)


def stream_training(asked: AskedOfTraining, folder: Folder | None = None) -> Iterator[Any]:
    """The training of a network, on the pictures of a folder if there is one."""
    task = replace(asked.task, bases=str(folder.path)) if folder else asked.task
    return stream_stamp_training(task, network=asked.network, seed=asked.seed, title=asked.title)


def stream_benchmark(asked: AskedOfStamps) -> Iterator[Any]:
    """The benchmark of a network."""
    return stream_stamp_benchmark(
        load_stamp_model(asked.model),
        list(asked.methods),
        metrics=list(asked.metrics),
        pictures=asked.pictures,
        seed=asked.seed,
        settings=asked.settings,
        output=asked.output,
        reduction=asked.reduction,
    )


def stream_sweep(asked: AskedOfSweep) -> Iterator[Any]:
    """The sweep over sizes and opacities."""
    return stream_stamp_sweep(
        load_stamp_model(asked.model),
        list(asked.methods),
        asked.sizes,
        asked.opacities,
        pictures=asked.pictures,
        seed=asked.seed,
        settings=asked.settings,
        output=asked.output,
        reduction=asked.reduction,
    )
