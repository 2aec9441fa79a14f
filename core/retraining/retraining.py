"""ROAR and KAR: networks retrained on pictures without what a map calls important, or with nothing else.

Hooker, Erhan, Kindermans and Kim 2019, arXiv:1806.10758. A network that recognises thinned pictures may have read the
class from what is left, or from where the gaps are: beside every accuracy stands the leak, that of a network that
learned from the masks alone.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, takewhile
from pathlib import Path

import numpy as np
import torch

from core.jobs.awaiting import awaited
from core.jobs.durations import counted
from core.jobs.events import Progress
from core.jobs.pacing import Pace
from core.methods.heatmap import MethodRefused
from core.methods.registry import capability
from core.models.catalogue import chosen_device
from core.models.classifier import Classifier
from core.models.training import EpochDone
from core.retraining.attributions import in_blocks
from core.retraining.clock import Clock, seconds_of_study
from core.retraining.data import LabelledData
from core.retraining.data_ready import DataReady, chance_of, told_of
from core.retraining.directions import Direction, check_directions
from core.retraining.environment import manifest
from core.retraining.events import RetrainedAccuracy, RetrainingEpoch, RetrainingReady, compared
from core.retraining.folder import StudyFolder
from core.retraining.home import refuse_small_disk
from core.retraining.masks import check_places
from core.retraining.networks import build
from core.retraining.outcomes import Curves, Recognised, accuracies
from core.retraining.plan import WHOLE, Cell, Plan, Training, What, plan_trainings
from core.retraining.probes import Probe, ProbeFinding, find_probes, probes_of, ranked_as
from core.retraining.rounds import in_rounds
from core.retraining.spec import RetrainingSpec
from core.retraining.training import explained_network
from core.retraining.verdicts import Verdict, beside_the_leak, judge
from core.retraining.workers import Told, Workers
from core.studies.over_pictures import PictureRefused
from core.studies.runs import mixture, this_run

BLOCK = 100
"""Pictures whose maps are made and kept together."""
Learned = RetrainingEpoch | RetrainedAccuracy | RetrainingReady
Event = Progress | EpochDone | PictureRefused | MethodRefused | DataReady | Learned


def stream_retraining(
    spec: RetrainingSpec, folder: str | Path, device: torch.device | str = "auto", processes: int | None = None
) -> Iterator[Event]:
    """The accuracies of a study as its networks finish; closing it loses only the networks in hand.

    Parameters
    ----------
    folder
        Where everything is kept. If it holds the same study, only what is missing is made.
    processes
        How many share the work; as many as there are cores unless given.

    Raises
    ------
    ValueError
        Where something requested does not exist, or the folder holds another study or serves another run.
    """
    spec.request.check(0)
    return run_alone(spec, StudyFolder(Path(folder)), chosen_device(device), processes)


def run_alone(
    spec: RetrainingSpec, folder: StudyFolder, device: torch.device, processes: int | None
) -> Iterator[Event]:
    """The run, while no other may write to the folder."""
    with folder.alone():
        yield from run(spec, folder, device, processes)


def run(spec: RetrainingSpec, folder: StudyFolder, device: torch.device, processes: int | None) -> Iterator[Event]:
    """Pictures, the network, maps, then the trainings."""
    folder.ask(spec)
    data = yield from kept_data(spec, folder)
    yield told_of(data)
    check_places(spec.unit, spec.side, spec.fractions, data.size)
    build(spec.network, data, 0, torch.device("cpu"))  # refused here, before a process starts
    if not folder.networks():  # its heatmaps may be gone again by then, and are not needed
        refuse_small_disk(spec, folder.path, data)
    begins = partial(folder.keep_run, this_run(device))
    with Workers(
        folder.path, device, processes, Clock(folder), begins
    ) as workers:  # they start while the network learns
        classifier = yield from kept_network(spec, folder, data, device, begins)
        folder.keep_manifest(manifest(spec, classifier, data, folder.precision(device)))
        yield from data.refused
        for name, reason in capability(classifier).items():
            if reason and name in spec.request.methods:
                folder.keep_refusal(name, reason)
        fitting = [name for name in spec.request.methods if name not in folder.refusals()]
        methods = yield from made_maps(folder, data, workers, fitting, spec.probes)
        plan = yield from awaited(lambda: plan_trainings(spec, methods, folder.ranks), "Masks")
        folder.keep_manifest({"shared": plan.shared})
        yield from Study(spec, folder, data, plan).tested(workers)


def kept_data(spec: RetrainingSpec, folder: StudyFolder) -> Generator[Progress, None, LabelledData]:
    """The pictures, collected once."""
    kept = folder.data()
    if kept is None:
        kept = yield from awaited(spec.collect, "Pictures")
        folder.keep_data(kept)
    return kept


def kept_network(
    spec: RetrainingSpec,
    folder: StudyFolder,
    data: LabelledData,
    device: torch.device,
    begins: Callable[[], object],
) -> Generator[Progress | EpochDone, None, Classifier]:
    """The network that the maps explain, trained once.

    Parameters
    ----------
    begins
        Called before it is trained.
    """
    kept = folder.network(data, device)
    if kept is None:
        begins()
        kept = yield from explained_network(data, spec.recipe, device)
        folder.keep_network(kept.network)
    return kept


def made_maps(
    folder: StudyFolder, data: LabelledData, workers: Workers, methods: Sequence[str], probes: Sequence[Probe]
) -> Generator[Progress | MethodRefused, None, list[str]]:
    """The maps of every picture and their ranks; gives the methods that have them for each."""
    ranks = {name: [ranked_as(name, probe) for probe in probes_of(name, probes)] for name in methods}
    blocks = {
        part: [(f"{part}-{own.start:06}", own) for own in in_blocks(count, BLOCK)]
        for part, count in (("train", len(data.train.labels)), ("test", len(data.test.labels)))
    }
    # Maps may have been removed for room since they were ranked.
    unranked = not all(map(folder.has_ranks, chain(*ranks.values())))
    tasks = [
        {"task": "maps", "key": key, "part": part, "start": own.start, "stop": own.stop, "methods": list(methods)}
        for part, listed in blocks.items()
        for key, own in listed
        if unranked and not folder.has_maps(key)
    ]
    sizes = {key: own.stop - own.start for listed in blocks.values() for key, own in listed}
    done = sizes | dict.fromkeys((task["key"] for task in tasks), 0)
    for told in workers.share(tasks):
        if told and "refused" in told:
            folder.keep_refusal(told["refused"], told["reason"])
        elif told:
            done[told["key"]] = sizes[told["key"]] if "done" in told else told["pictures"]
        if workers.ready:
            yield Progress(sum(done.values()), sum(sizes.values()), "Heatmaps of all pictures", "picture")
        else:
            yield Progress(0, 0, "Starting processes")
    for method, reason in folder.refusals().items():
        yield MethodRefused(method, reason)
    keys = {part: [key for key, _ in listed] for part, listed in blocks.items()}
    fitting = [name for name in methods if name not in folder.refusals()]
    return [
        name
        for name in fitting
        if all(folder.has_ranks(each) or folder.join_ranks(each, keys["train"], keys["test"]) for each in ranks[name])
    ]


class Study:
    """The trainings of a study, and what follows from them."""

    def __init__(self, spec: RetrainingSpec, folder: StudyFolder, data: LabelledData, plan: Plan) -> None:
        self.spec, self.folder, self.plan = spec, folder, plan
        self._chance = chance_of(data)
        self._leaky: dict[Cell, bool] = {}
        self._found: dict[str, np.ndarray] = {}
        self._saved: set[str] = set()
        self._networks, self._seconds = 0, 0.0

    def tested(self, workers: Workers) -> Iterator[Event]:
        """The networks that are missing, and after each what follows from all so far."""
        for training in self.plan.trainings:
            self._know(training)
        yield from self.concluded(self.plan.keys)
        if len(self._found) < len(self.plan.trainings):
            yield self.ready(final=False)
        for trainings, saved in in_rounds(self.plan, self.spec, self.recognised):
            if saved:
                self._saved.update(saved)
                self.folder.keep_saved(self._saved)
            yield from self.trained(workers, {each.key: each for each in trainings if each.key not in self._found})
        yield Progress(self._networks, self._networks, "Networks", "network")  # none may have been missing
        yield self.ready(final=True)

    def trained(self, workers: Workers, missing: Mapping[str, Training]) -> Iterator[Event]:
        """These networks, in any order."""
        total, pace = self.plan.networks - len(self._saved), Pace()
        for told in workers.share([training.told() for training in missing.values()]):
            if told and "epoch" in told:
                yield learning(missing[told["key"]], told)
            elif told and "done" in told:
                self._know(missing[told["key"]])
                yield from self.concluded([cell for cell, keys in self.plan.keys.items() if told["key"] in keys])
                if pace.due():
                    with pace.spending():
                        found = self.ready(final=False)
                    yield found
            yield Progress(self._networks, total, "Networks", "network")

    def _know(self, training: Training) -> None:
        outcome = self.folder.outcome(training.key)
        if outcome is None:
            return
        self._found[training.key] = outcome.recognised
        if training.cell.what != "explained":
            self._networks += 1
            self._seconds += outcome.seconds

    def recognised(self, cell: Cell) -> Recognised | None:
        """The outcomes of a cell's networks so far, if there is one."""
        ended = takewhile(lambda key: key in self._found, self.plan.keys.get(cell, ()))  # rows are seeds, from 0 on
        found = [self._found[key] for key in ended]
        return np.stack(found) if found else None

    def concluded(self, changed: Iterable[Cell]) -> Iterator[RetrainedAccuracy]:
        """The accuracies of the cells that changed, and of those whose leak did."""
        told = {replace(cell, form=form, what="pictures") for cell in changed for form in self.spec.forms}
        known = [cell for cell in self.plan.keys if cell in told and self.recognised(cell) is not None]
        parts = [(cell, part) for cell in known for part in (cell, explained_in(cell), masks_of(cell))]
        outcomes = {part: own for part in parts if (own := self.recognised(part[1])) is not None}
        found = dict(zip(outcomes, accuracies(outcomes.values(), self.spec.seed), strict=True))
        for cell in known:
            if (before := found.get((cell, explained_in(cell)))) is not None:
                beside = compared(cell, found[cell, cell], before, found.get((cell, masks_of(cell))), self._chance)
                self._leaky[cell] = bool(beside.leak_decides)
                yield beside

    def ready(self, final: bool) -> RetrainingReady:
        """What follows from all networks so far."""
        whole, trained = self.recognised(WHOLE), self.curves("pictures")
        return RetrainingReady(
            None if whole is None else accuracies([whole], self.spec.seed)[0],
            tuple(map(self.beside_its_leak, judge(trained, self.spec.seed))),
            tuple(map(self.with_the_leak, check_directions(trained, self.curves("explained"), self.spec.seed))),
            self._networks,
            self._seconds,
            final,
            self.probes(trained),
            len(self._saved),
            seconds_of_study(self.folder),
            mixture(self.folder.runs()),
            str(self.folder.manifest()["precision"]),
        )

    def probes(self, trained: Curves) -> tuple[ProbeFinding, ...]:
        """What blurring or dilating the maps changes."""
        own = {probe: (self.curves("pictures", probe), self.curves("masks", probe)) for probe in self.spec.probes}
        return find_probes((trained, self.curves("masks")), own, self.spec.seed) if own else ()

    def beside_its_leak(self, own: Verdict) -> Verdict:
        """The verdict, with how often the leak decides."""
        cells = [Cell(own.method, "roar", fraction) for fraction in self.spec.fractions]
        return beside_the_leak(own, [self.leak_decides(cell) for cell in cells])

    def leak_decides(self, cell: Cell) -> bool | None:
        """Whether the leak of a cell does; None where it is asked for and not known yet."""
        if self.spec.leak and self.recognised(masks_of(cell)) is None:
            return None
        return self._leaky.get(cell, False)

    def with_the_leak(self, own: Direction) -> Direction:
        """The direction, with how often the leak decides: what it shows may be the masks' shape."""
        leaky = sum(self._leaky.get(Cell(*each), False) for each in own.accuracies)
        if not leaky:
            return own
        among = counted(len(own.accuracies), "accuracy", "accuracies")
        leak = f"The leak decides at {leaky} of {among} compared here: the shape of the gaps may be why."
        return replace(own, why=f"{own.why} {leak}", leak_decides=2 * leaky > len(own.accuracies))

    def curves(self, what: What, probe: Probe | None = None) -> Curves:
        """The outcomes of the methods all of whose networks are known."""
        cells = [cell for cell in self.plan.keys if (cell.what, cell.probe) == (what, probe) and cell.fraction]
        settled = self._saved.union(self._found)
        open_ = {cell.method for cell in cells if not settled.issuperset(self.plan.keys[cell])}
        known = {cell: self.recognised(cell) for cell in cells if cell.method not in open_}
        outcomes = {(cell.method, cell.form, cell.fraction): own for cell, own in known.items() if own is not None}
        return Curves(outcomes, self.recognised(replace(WHOLE, what=what)))


def explained_in(cell: Cell) -> Cell:
    """The explained network on the same pictures."""
    return replace(cell, what="explained")


def masks_of(cell: Cell) -> Cell:
    """The masks alone; those of both forms have the same outline."""
    return replace(cell, form="roar", what="masks")


def learning(training: Training, told: Told) -> RetrainingEpoch:
    return RetrainingEpoch(training.cell, training.seed, told["epoch"], told["epochs"], told["accuracy"])
