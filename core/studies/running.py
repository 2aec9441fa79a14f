"""A study run here or on a cluster: unit after unit into its folder, with means that sharpen as pictures arrive."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from core.jobs.events import Progress, Returning
from core.jobs.pacing import Pace
from core.methods.heatmap import MethodRefused
from core.methods.registry import list_methods
from core.metrics.registry import list_metrics
from core.metrics.statistics import Score
from core.models.catalogue import chosen_device
from core.studies.cluster import Cluster, Quarantined, WorkerReady, joined
from core.studies.columns import Columns
from core.studies.evaluation import PictureScored, SummaryReady
from core.studies.folder import Folder
from core.studies.labelling import Accuracy
from core.studies.over_pictures import PictureRefused
from core.studies.parts import Finished, Part, about, judged, parts_of
from core.studies.runs import DECISIVE, this_run
from core.studies.spec import StudySpec
from core.studies.store import Store
from core.studies.study import Refusal
from core.studies.unit import as_score


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
    """A finished study: its tables are in its folder.

    Parameters
    ----------
    missing
        Units that failed repeatedly, and are in no table.
    """

    units: int
    refused: int
    missing: int = 0


@dataclass(frozen=True)
class UnitMissing:
    """A unit that failed repeatedly on a cluster, with its last error; a resumed run tries it again."""

    unit: str
    error: str


Event = Progress | Refusal | PartBegan | PictureScored | PictureRefused | SummaryReady | UnitMissing | StudyReady
Units = Callable[[Part, Sequence[int]], Iterator[Progress | Refusal | WorkerReady | Finished | Quarantined]]
"""Computes the units of these pictures of a part, in any order."""


def stream_study(
    spec: StudySpec, folder: str | Path, device: str = "auto", ray: str | None = None, workers: int | None = None
) -> Generator[Event, None, None]:
    """Scores picture by picture, each followed by the means of all so far; a step is one batch.

    Whatever a study on this machine has computed before is taken from the store of scores. The folder may hold the
    beginning of this study: then it goes on. The finished tables are those of a run without interruption.

    Parameters
    ----------
    device
        ``auto`` uses CUDA, then MPS, then the CPU.
    ray
        ``local``, ``auto`` or an address: the cluster whose workers compute; this process if not given.
    workers
        How many of them; by default one for each GPU, or for each CPU where there is none.

    Raises
    ------
    ValueError
        Where the folder holds another study, or another run is working on it.
    """
    place = Folder(Path(folder))
    place.ask(spec.to_toml())
    return run(spec, place, device, Store(), ray, workers)


def run(
    spec: StudySpec, folder: Folder, device: str, store: Store, ray: str | None = None, workers: int | None = None
) -> Generator[Event, None, None]:
    """The events of :func:`stream_study`, and its files."""
    elsewhere = nullcontext() if ray is None else joined(ray, spec, device, store.file, workers)
    with folder.alone(), store.at_hand(), elsewhere as cluster:
        own = device if cluster is None else "cpu"
        if cluster is None:
            folder.keep_run(this_run(chosen_device(own)))
        folder.keep_manifest({**in_words(), "quarantined": {}})
        for part in parts_of(spec, own):
            folder.keep_manifest({"units": part.total})
            folder.agree({f"model {part.model}": about(part.study.classifier, part.pictures)})
            yield from run_part(part, folder, store, computing(cluster, store, spec.maps), cluster is not None)
        folder.write_tables()
        refused = sum("refused" in folder.unit(place) for place in folder.places())
        yield StudyReady(len(folder.places()), refused, len(folder.manifest()["quarantined"]))


def computing(cluster: Cluster | None, store: Store, keep_maps: bool) -> Units:
    """What computes units: a cluster, or else this process."""
    return partial(one_by_one, store, keep_maps) if cluster is None else cluster.units


def one_by_one(
    store: Store, keep_maps: bool, part: Part, places: Sequence[int]
) -> Iterator[Progress | Refusal | Finished]:
    """The units of these pictures, in their order."""
    for place in places:
        judging = Returning(judged(part, place, store, keep_maps))
        yield from judging
        yield judging.result


class Means:
    """The means of a part so far, as often as they cost little.

    Parameters
    ----------
    beside
        Whether units go on meanwhile, as on a cluster, whose workers would wait for them: of 50,000 pictures and 300
        means they take minutes.
    """

    def __init__(self, part: Part, folder: Folder, beside: bool) -> None:
        self._part, self._folder = part, folder
        self._pace = Pace()
        self._thread = ThreadPoolExecutor(1) if beside else None
        self._coming: Future[SummaryReady] | None = None

    def __call__(self, tally: Columns, answered: list[int]) -> Iterator[SummaryReady]:
        """The means of these scores where it is time, or those of fewer that are ready now."""
        if self._coming is not None and self._coming.done():
            yield self._coming.result()
            self._coming = None
        if self._coming is not None or not self._pace.due():
            return
        if self._thread is None:
            yield self._found(tally, answered)
        else:
            self._coming = self._thread.submit(self._found, deepcopy(tally), [*answered])

    def _found(self, tally: Columns, answered: list[int]) -> SummaryReady:
        with self._pace.spending():
            return summarised(self._part, self._folder, tally, answered)

    def end(self) -> None:
        """Waits for means that are on their way, so that nothing is written after those of all pictures."""
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)


def summarised(part: Part, folder: Folder, tally: Columns, answered: list[int]) -> SummaryReady:
    """The means of these scores, which the folder keeps."""
    found = summary(tally, answered, part.seed)
    folder.keep_summary(part.first, summary_told(part, found))
    return found


def run_part(part: Part, folder: Folder, store: Store, units: Units, beside: bool) -> Iterator[Event]:
    """The units of a part that are not finished, and the means over all of them.

    Parameters
    ----------
    beside
        See :class:`Means`.
    """
    means = Means(part, folder, beside)
    tally, answered, said = Columns(picture.name for picture in part.pictures), [0, 0], set[str]()
    known = {place - part.first for place in folder.places()} & {*range(len(part.pictures))}
    for place in sorted(known):
        count(folder.unit(part.first + place), tally, answered)
    yield PartBegan(part.model, part.seed, len(part.pictures), len(known))
    left = [place for place in range(len(part.pictures)) if place not in known]
    done = len(known)
    try:
        for event in units(part, left) if left else ():
            if isinstance(event, Finished):
                done += 1
                keep(event, part, folder, store)
                count(event.told, tally, answered)
                yield said_of(event, part, done)
                if done < len(part.pictures):
                    yield from means(tally, answered)
            elif isinstance(event, WorkerReady):
                keep_worker(event, folder)
            elif isinstance(event, Quarantined):
                unit = f"{part.model}, seed {part.seed}, {part.pictures[event.place - part.first].name}"
                folder.keep_manifest({"quarantined": {**folder.manifest()["quarantined"], unit: event.error}})
                yield UnitMissing(unit, event.error)
            else:
                yield from once(event, said)
    finally:
        means.end()
    if len(tally):
        yield summarised(part, folder, tally, answered)


def keep(unit: Finished, part: Part, folder: Folder, store: Store) -> None:
    """Writes what came of a unit; its own file last, since that says that all of it is there."""
    place = part.first + unit.place
    for subject, found in unit.entries:
        store.keep(subject, found)
    names = {"maps": folder.map_file(place), "picture": folder.picture_file(place)}
    for kind, content in unit.files.items():
        folder.write(names[kind], partial(write_bytes, content))
    folder.keep_unit(place, unit.told)


def write_bytes(content: bytes, file: Path) -> None:
    file.write_bytes(content)


def keep_worker(worker: WorkerReady, folder: Folder) -> None:
    """Lists a worker among the runs, unless one like it is listed."""
    if not any(all(run.get(name) == worker.run[name] for name in DECISIVE) for run in folder.runs()):
        folder.keep_run(worker.run)


def said_of(unit: Finished, part: Part, done: int) -> PictureScored | PictureRefused:
    """What a reader hears of a unit."""
    picture = unit.told["picture"]
    if "refused" in unit.told:
        return PictureRefused(picture, unit.told["refused"])
    scores = tuple(Score(picture, method, metric, as_score(score)) for method, metric, score in unit.told["scores"])
    return PictureScored(picture, scores, unit.seconds, part.first + done, part.total, unit.told["correct"])


def once(event: Progress | Refusal, said: set[str]) -> Iterator[Progress | Refusal]:
    """The event; a method that does not apply is reported for the first picture only."""
    if isinstance(event, MethodRefused):
        if event.method in said:
            return
        said.add(event.method)
    yield event


def count(told: Mapping[str, Any], tally: Columns, answered: list[int]) -> None:
    """Adds a finished unit to the scores, and to the labelled pictures: all, and those that are predicted correctly."""
    if "refused" in told:
        return
    picture = told["picture"]
    tally.add(Score(picture, method, metric, as_score(score)) for method, metric, score in told["scores"])
    if told["correct"] is not None:
        answered[0] += told["correct"]
        answered[1] += 1


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
