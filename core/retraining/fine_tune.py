"""One network, fine-tuned once on random masks, judges every method without retraining.

A network that never saw a removed place answers anything; one that is retrained on a method's masks learns their shape.
This one has met gaps of every amount, single pixels and smooth blobs, and no map: what it still recognises says how
much the removed places told it. After F-Fidelity (Zheng et al. 2024, arXiv:2410.02970); the masks are ours.
"""

import copy
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np
import torch
from torch import nn

from core.jobs.events import Progress, Returning
from core.jobs.side_by_side import side_by_side
from core.methods.heatmap import MethodRefused, Passes
from core.methods.heatmap_request import HeatmapRequest, requested
from core.methods.registry import Reduction, Settings, find_method
from core.methods.rehearsal import heatmaps_workload
from core.methods.workload import Workload, outputs
from core.models.catalogue import chosen_device
from core.models.classifier import Classifier
from core.models.outputs import Output
from core.models.training import EpochDone
from core.pictures.labels import FOLDERS, LabelSource
from core.randomness import generator
from core.retraining.adapting import EPOCHS, accuracy_on_tests, adapted_copies, adapted_copy, streams_at_once
from core.retraining.attributions import in_blocks, stream_attributions
from core.retraining.data import BUNDLED, LabelledData, Source, collect_data
from core.retraining.directions import Direction, check_directions
from core.retraining.masks import Form, Ranking, Unit, random_masks, rank_places
from core.retraining.outcomes import FRACTIONS, Accuracy, Curves, Recognised, accuracies
from core.retraining.training import Recipe, bundled_pictures, explained_network, recognised, without
from core.retraining.verdicts import Verdict, judge
from core.studies.over_pictures import PictureRefused

BLOCK = 10
"""Pictures after which the accuracies are told anew."""
FORMS: tuple[Form, ...] = ("roar", "kar")


@dataclass(frozen=True)
class FineTuned:
    """A network was fine-tuned.

    Parameters
    ----------
    accuracy
        On whole test pictures; that of the explained network is 0 seconds old and has no seed.
    """

    seed: int | None
    accuracy: float
    seconds: float


@dataclass(frozen=True)
class RemovalAccuracy:
    """How many pictures are still recognised when a share of their places is gone; a later one takes its place.

    Parameters
    ----------
    form
        ``roar``: the most important places are removed; ``kar``: they are kept, and all others removed.
    fraction
        The share that is removed or kept.
    adapted
        By the fine-tuned networks.
    unadapted
        By the explained network, which has never met a removed place.
    pictures
        How many so far.
    """

    method: str
    form: Form
    fraction: float
    adapted: Accuracy
    unadapted: Accuracy
    pictures: int

    @property
    def replaces(self) -> tuple[str, str, str, float]:
        return "removal accuracy", self.method, self.form, self.fraction


@dataclass(frozen=True)
class FineTuneReady:
    """What follows from the pictures so far; a later one takes its place.

    Parameters
    ----------
    verdicts
        One for each method, the largest area first.
    directions
        What the paper found with retraining, and whether it shows here.
    adapted, unadapted
        Accuracies on the whole pictures, as in :class:`RemovalAccuracy`.
    final
        Whether nothing more will come.
    """

    verdicts: tuple[Verdict, ...]
    directions: tuple[Direction, ...]
    adapted: Accuracy
    unadapted: Accuracy
    pictures: int
    final: bool

    @property
    def replaces(self) -> str:
        return "fine-tune"


Event = Progress | EpochDone | PictureRefused | MethodRefused | FineTuned | RemovalAccuracy | FineTuneReady
Outcomes = dict[tuple[str, Form, float], Recognised]
Networks = Sequence[nn.Module]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is judged, and on what.

    Parameters
    ----------
    pictures
        Number of test pictures, the first ones.
    seeds
        Number of fine-tuned networks.
    """

    request: HeatmapRequest
    pictures: int
    seeds: int
    fractions: tuple[float, ...]
    unit: Unit
    side: int
    recipe: Recipe


def stream_fine_tune(
    methods: Sequence[str],
    data: Source = BUNDLED,
    pictures: int = 100,
    seeds: int = 3,
    fractions: Sequence[float] = FRACTIONS,
    unit: Unit = "pixel",
    side: int = 4,
    network: str = Recipe.network,
    seed: int = 0,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
    labels: LabelSource = FOLDERS,
    device: torch.device | str = "auto",
) -> Iterator[Event]:
    """Accuracy as the places that each method calls important are removed or kept, by networks that expect gaps.

    The maps explain the class that a network trained on whole pictures predicts. Copies of it are fine-tuned on masks
    that owe nothing to any map; every control is included.

    Parameters
    ----------
    data
        As in :func:`core.retraining.data.collect_data`.
    pictures
        Number of test pictures, the first ones.
    seeds
        Number of networks that are fine-tuned, each with masks and an order of its own.
    fractions
        Shares of the places, between 0 and 1.
    unit, side
        What is removed as a whole: a pixel, a feature (one channel of a pixel), or a region with this side.
    network
        The architecture, as in :data:`core.retraining.networks.NETWORKS`, or ``torchvision/NAME``.

    Raises
    ------
    ValueError
        Where something requested does not exist; the message says what would work.
    """
    if pictures < 1 or seeds < 1:
        raise ValueError(f"At least one picture and one seed are needed, not {pictures} and {seeds}.")
    if not fractions or not all(0 < fraction < 1 for fraction in fractions):
        raise ValueError("The fractions must lie between 0 and 1, both excluded.")
    request = requested(methods, seed, settings, output, reduction).with_controls(truth_known=False)
    plan = Plan(
        request=request,
        pictures=pictures,
        seeds=seeds,
        fractions=tuple(sorted(set(fractions))),
        unit=unit,
        side=side,
        recipe=Recipe(network),
    )
    collected = collect_data(data, labels, seed=seed)
    request.check(len(collected.labels))
    return run(plan, collected, chosen_device(device))


def plan_fine_tune(
    classifier: Classifier, request: HeatmapRequest, pictures: int, seeds: int, fractions: int = len(FRACTIONS)
) -> Workload:
    """What it takes with the bundled pictures: fine-tuning, the maps, and every masked picture by every network."""
    request = request.with_controls(truth_known=False)
    maps = heatmaps_workload(request, classifier) * pictures
    learned = seeds * EPOCHS * bundled_pictures()
    masked = pictures * len(request.methods) * len(FORMS) * fractions
    return maps + Workload(learned, Passes(learned, learned)) + outputs(masked * (1 + seeds))


def run(plan: Plan, data: LabelledData, device: torch.device) -> Iterator[Event]:
    """The network, its fine-tuned copies, then the pictures in blocks."""
    yield from data.refused
    explained = yield from explained_network(data, plan.recipe, device)
    yield FineTuned(None, accuracy_on_tests(explained.network, data, device), 0.0)
    copies = [partial(fine_tuned, explained.network, data, plan, number, device) for number in range(plan.seeds)]
    adapted = yield from adapted_copies(copies, device)
    yield from judged(plan, data, explained, adapted)


def fine_tuned(
    network: nn.Module, data: LabelledData, plan: Plan, number: int, device: torch.device
) -> Iterator[Progress | EpochDone | FineTuned | nn.Module]:
    """A copy that learns from pictures with random gaps, which comes last; a step is one batch."""
    began, seed = time.monotonic(), plan.request.seed

    def masks(epoch: int) -> torch.Tensor:
        draw = generator(seed, "gaps", number, epoch)
        shape = len(data.train.labels), data.size
        return random_masks(*shape, draw, plan.unit, plan.side, data.train.pixels.shape[1])

    copying = Returning(adapted_copy(network, data, masks, seed + number, device))
    for event in copying:
        yield event
        if isinstance(event, EpochDone):
            yield FineTuned(number, event.held_out, time.monotonic() - began)
    yield copying.result


@dataclass(frozen=True)
class JudgedBlock:
    """Which pictures of a block are recognised, by the fine-tuned networks and by the explained one."""

    adapted: Outcomes
    explained: Outcomes
    whole_adapted: Recognised
    whole_explained: Recognised


def judged(plan: Plan, data: LabelledData, explained: Classifier, adapted: Networks) -> Iterator[Event]:
    """The accuracies and what follows from them, as soon as one more block and all before it are known."""
    count = min(plan.pictures, len(data.test.labels))
    blocks, refused = in_blocks(count, BLOCK), set[str]()
    streams = [partial(judged_block, plan, data, explained, adapted, block, refused) for block in blocks]
    found: dict[int, JudgedBlock] = {}
    known: list[JudgedBlock] = []
    done: dict[int, float] = {}
    for place, event in side_by_side(streams, streams_at_once(explained.device)):
        if isinstance(event, JudgedBlock):
            found[place] = event
            if place == len(known):
                while len(known) in found:
                    known.append(found[len(known)])
                yield from concluded(plan, known, final=len(known) == len(blocks))
        elif isinstance(event, Progress):
            done[place] = event.done
            yield Progress(sum(done.values()), count, event.what, "picture")
        elif event.method not in refused:
            refused.add(event.method)
            yield event


def judged_block(
    plan: Plan, data: LabelledData, explained: Classifier, adapted: Networks, block: slice, refused: Collection[str]
) -> Iterator[Progress | MethodRefused | JudgedBlock]:
    """The maps of a block, and which of its pictures are recognised without or with what they rank high.

    Half of the progress is the maps, half what is made of them.
    """
    explained = copy.deepcopy(explained)  # methods put hooks on it, and other blocks are on their way
    pixels = data.test.pixels[block].to(explained.device)
    request = plan.request.only(name for name in plan.request.methods if name not in refused)
    making = Returning(stream_attributions(explained, pixels, request, plan.unit == "feature"))
    for event in making:
        yield replace(event, done=event.done / 2) if isinstance(event, Progress) else event
    inputs, labels = data.normalised(pixels), data.test.labels[block].numpy()
    cells = list(product(FORMS, plan.fractions))
    known: tuple[Outcomes, Outcomes] = ({}, {})
    for place, (method, maps) in enumerate(making.result.items(), start=1):
        ranking = rank_places(maps, pixels, plan.unit, plan.side, plan.request.seed)
        shown = torch.cat([masked(inputs, ranking, *cell) for cell in cells])
        for outcomes, networks in zip(known, (adapted, [explained.network]), strict=True):
            found = np.split(by_each(networks, shown, np.tile(labels, len(cells))), len(cells), axis=1)
            outcomes.update({(method, *cell): own for cell, own in zip(cells, found, strict=True)})
        half = len(pixels) / 2
        done = half + half * place / len(making.result)
        yield Progress(done, len(pixels), f"Accuracies, {find_method(method).label}", "picture")
    whole = by_each(adapted, inputs, labels), by_each([explained.network], inputs, labels)
    yield JudgedBlock(*known, *whole)


def by_each(networks: Networks, inputs: torch.Tensor, labels: np.ndarray) -> Recognised:
    """Which of the pictures each network recognises."""
    return np.stack([recognised(network, inputs, labels) for network in networks])


def masked(inputs: torch.Tensor, ranking: Ranking, form: Form, fraction: float) -> torch.Tensor:
    return without(inputs, ranking.removed(form, fraction).to(inputs.device))


def joined(blocks: Sequence[Outcomes], whole: Recognised) -> Curves:
    """The outcomes of all blocks; a method that was refused on some picture has none."""
    keys = [key for key in blocks[0] if all(key in block for block in blocks)]
    return Curves({key: np.concatenate([block[key] for block in blocks], axis=1) for key in keys}, whole)


def concluded(plan: Plan, blocks: Sequence[JudgedBlock], final: bool) -> Iterator[RemovalAccuracy | FineTuneReady]:
    """Every accuracy, then the verdicts."""
    seed = plan.request.seed
    after = np.concatenate([each.whole_adapted for each in blocks], axis=1)
    before = np.concatenate([each.whole_explained for each in blocks], axis=1)
    adapted = joined([each.adapted for each in blocks], after)
    unadapted = joined([each.explained for each in blocks], before)
    whole_adapted, *of_adapted = accuracies([after, *adapted.recognised.values()], seed)
    whole_explained, *of_explained = accuracies([before, *unadapted.recognised.values()], seed)
    pictures = after.shape[1]
    for key, own, other in zip(adapted.recognised, of_adapted, of_explained, strict=True):
        yield RemovalAccuracy(*key, own, other, pictures)
    found = judge(adapted, seed), check_directions(adapted, unadapted, seed)
    yield FineTuneReady(*found, whole_adapted, whole_explained, pictures, final)
