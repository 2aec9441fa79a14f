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
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from core.jobs.events import Progress, Returning
from core.jobs.pacing import Pace
from core.jobs.side_by_side import side_by_side
from core.methods.heatmap import MethodRefused, Passes
from core.methods.heatmap_request import HeatmapRequest, requested
from core.methods.registry import Reduction, Settings, find_method
from core.methods.rehearsal import heatmaps_workload
from core.methods.workload import Workload, outputs
from core.models.catalogue import chosen_device
from core.models.classifier import Classifier
from core.models.folding import find_foldable, folded
from core.models.outputs import Output
from core.models.training import EpochDone, pools_first
from core.pictures.labels import FOLDERS, LabelSource
from core.retraining.adapting import EPOCHS, accuracy_on_tests, adapted_copies, adapted_copy, streams_at_once
from core.retraining.attributions import in_blocks, stream_attributions
from core.retraining.bundled_copies import Lesson, bundled_among, bundled_copy
from core.retraining.cost import Pictures
from core.retraining.data import BUNDLED, LabelledData, Source, collect_data
from core.retraining.data_ready import DataReady, told_of
from core.retraining.directions import check_directions
from core.retraining.fine_tune_events import FineTuned, FineTuneReady, RemovalAccuracy
from core.retraining.masks import FORMS, Form, Ranking, Unit, check_places, rank_places
from core.retraining.networks import MOST_OF_A_RUN, maker, network_seed
from core.retraining.outcomes import FRACTIONS, Curves, Recognised, accuracies
from core.retraining.pace import Speed
from core.retraining.training import (
    Recipe,
    bundled_pictures,
    epochs_of,
    explained_network,
    recognised,
    without,
)
from core.retraining.verdicts import judge
from core.studies.over_pictures import PictureRefused

PICTURES = 70
"""Test pictures by default: as many as two cores judge within ten seconds, for ten methods on the page."""
BLOCK = 5
"""Pictures that are judged together; the accuracies are told anew after some blocks."""


Judgement = FineTuned | RemovalAccuracy | FineTuneReady
Event = Progress | EpochDone | PictureRefused | MethodRefused | DataReady | Judgement
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
    pictures: int = PICTURES,
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
    that owe nothing to any map; every control is included. The first three for the bundled data, seed 0 and single
    pixels ship with HeatCheck, made by ``assets/train_fine_tuned.py``; for any other choice they are fine-tuned here.
    Few pictures are seen in more epochs, so that there are as many batches as of the bundled ones.

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
    if seeds > MOST_OF_A_RUN:
        raise ValueError(f"A run has at most {MOST_OF_A_RUN:,} seeds, not {seeds:,}.")
    if not fractions or not all(0 < fraction < 1 for fraction in fractions):
        raise ValueError("The fractions must lie between 0 and 1, both excluded.")
    request = requested(methods, seed, settings, output, reduction).with_controls(truth_known=False)
    maker(network)
    collected = collect_data(data, labels, seed=seed)
    plan = Plan(
        request=request,
        pictures=pictures,
        seeds=seeds,
        fractions=tuple(sorted(set(fractions))),
        unit=unit,
        side=side,
        recipe=recipe_for(network, len(collected.train.labels)),
    )
    check_places(unit, side, plan.fractions, collected.size)
    request.check(len(collected.labels))
    return run(plan, collected, chosen_device(device))


def recipe_for(network: str, learned: int) -> Recipe:
    """How a network learns from that many whole pictures."""
    return Recipe(network, epochs_of(Recipe.epochs, learned))


def plan_fine_tune(
    classifier: Classifier,
    request: HeatmapRequest,
    pictures: int,
    seeds: int,
    fractions: int = len(FRACTIONS),
    unit: Unit = "pixel",
) -> Workload:
    """What it takes with the bundled pictures: fine-tuning, the maps, and every masked picture by every network.

    Bundled copies need no fine-tuning.
    """
    request = request.with_controls(truth_known=False)
    maps = heatmaps_workload(request, classifier) * pictures
    missing = seeds - bundled_among(request.seed, seeds, unit)
    learned = missing * EPOCHS * bundled_pictures()
    masked = pictures * len(request.methods) * len(FORMS) * fractions
    return maps + Workload(learned, Passes(learned, learned)) + outputs(masked * (1 + seeds))


class FineTuneCost(NamedTuple):
    """What a fine-tune takes.

    Parameters
    ----------
    trained, fine_tuned
        Networks that learn from random weights, and copies of it that learn from gaps; none that ship.
    heatmaps
        Of all methods and controls.
    seconds
        Of one core.
    """

    trained: int
    fine_tuned: int
    heatmaps: int
    seconds: float


def cost_of_fine_tune(
    data: Pictures,
    ships: bool,
    request: HeatmapRequest,
    pictures: int,
    seeds: int,
    unit: Unit,
    speed: Speed,
    map_seconds: float,
) -> FineTuneCost:
    """What a fine-tune takes with any pictures, on a machine whose pace is known.

    Parameters
    ----------
    data
        How many pictures there are to learn from and to test on.
    ships
        Whether the explained network comes with HeatCheck; its first copies may then, too.
    map_seconds
        Of all heatmaps of one picture.
    """
    request = request.with_controls(truth_known=False)
    judged, methods = min(pictures, data.tested), len(request.methods)
    copies = seeds - (bundled_among(request.seed, seeds, unit) if ships else 0)
    own = 0 if ships else epochs_of(Recipe().epochs, data.learned)
    epochs = copies * epochs_of(EPOCHS, data.learned) + own
    answered = judged * methods * len(FORMS) * len(FRACTIONS) * (1 + seeds) * speed.tested
    learning = epochs * (data.learned * speed.learned + data.tested * speed.tested)
    return FineTuneCost(int(not ships), copies, judged * methods, learning + judged * map_seconds + answered)


def run(plan: Plan, data: LabelledData, device: torch.device) -> Iterator[Event]:
    """The network, its fine-tuned copies, then the pictures in blocks."""
    yield from data.refused
    yield told_of(data)
    explained = yield from explained_network(data, plan.recipe, device)
    yield FineTuned(None, accuracy_on_tests(explained.network, data, device), len(data.test.labels), 0.0)
    copies = [partial(ready_copy, explained, data, plan, number, device) for number in range(plan.seeds)]
    adapted = yield from adapted_copies(copies, device)
    yield from judged(plan, data, explained, adapted)


def ready_copy(
    explained: Classifier, data: LabelledData, plan: Plan, number: int, device: torch.device
) -> Iterator[Progress | EpochDone | FineTuned | nn.Module]:
    """The bundled copy where it learned just what this one would learn, otherwise one that learns it now."""
    lesson = Lesson(plan.request.seed, number, plan.unit, plan.side)
    bundled = bundled_copy(lesson, explained, data, device)
    if bundled is None:
        yield from fine_tuned(explained.network, data, lesson, device)
        return
    learned = EPOCHS * len(data.train.labels)
    yield Progress(learned, learned, "Fine-tuned before", "picture")
    accuracy = accuracy_on_tests(bundled.network, data, device)
    yield FineTuned(number, accuracy, len(data.test.labels), bundled.seconds, bundled=True)
    yield bundled.network


def fine_tuned(
    network: nn.Module, data: LabelledData, lesson: Lesson, device: torch.device
) -> Iterator[Progress | EpochDone | FineTuned | nn.Module]:
    """A copy that learns from pictures with random gaps, which comes last; a step is one batch."""
    began, number, own_seed = time.monotonic(), lesson.number, network_seed(lesson.seed, lesson.number)
    epochs = epochs_of(EPOCHS, len(data.train.labels))
    copying = Returning(adapted_copy(network, data, partial(lesson.gaps, data), own_seed, device, epochs))
    for event in copying:
        yield event
        if isinstance(event, EpochDone) and event.epoch == event.epochs:
            yield FineTuned(number, event.held_out, len(data.test.labels), time.monotonic() - began)
    yield copying.result


@dataclass(frozen=True)
class JudgedBlock:
    """Which pictures of a block are recognised, by the fine-tuned networks and by the explained one."""

    adapted: Outcomes
    explained: Outcomes
    whole_adapted: Recognised
    whole_explained: Recognised


class Judges(NamedTuple):
    """The networks that are asked again and again which pictures they recognise."""

    adapted: Networks
    explained: Networks


Judged = tuple[int, Progress | MethodRefused | JudgedBlock]
"""What is told of the block at that place."""


def judged(plan: Plan, data: LabelledData, explained: Classifier, adapted: Networks) -> Iterator[Event]:
    """The accuracies and what follows from them, now and then, from all blocks up to the first that is missing."""
    count = min(plan.pictures, len(data.test.labels))
    blocks, refused = in_blocks(count, BLOCK), set[str]()
    judges = Judges(lean(adapted, explained), lean([explained.network], explained))
    waiting = enumerate(blocks)
    streams = min(streams_at_once(explained.device), len(blocks))
    judging = [partial(judged_blocks, plan, data, explained, judges, waiting, refused)] * streams
    found: dict[int, JudgedBlock] = {}
    known: list[JudgedBlock] = []
    done: dict[int, float] = {}
    pace = Pace()
    for _, (place, event) in side_by_side(judging, streams):
        if isinstance(event, JudgedBlock):
            found[place] = event
            if place == len(known):
                while len(known) in found:
                    known.append(found[len(known)])
                final = len(known) == len(blocks)
                if final or pace.due():
                    with pace.spending():
                        yield from concluded(plan, known, final)
        elif isinstance(event, Progress):
            done[place] = event.done
            yield Progress(sum(done.values()), count, event.what, "picture")
        elif event.method not in refused:
            refused.add(event.method)
            yield event


def lean(networks: Networks, explained: Classifier) -> Networks:
    """The same answers with fewer operations."""
    blank = explained.blank(1)
    with torch.inference_mode():
        return [pools_first(folded(network, find_foldable(network, blank))) for network in networks]


def judged_blocks(
    plan: Plan,
    data: LabelledData,
    explained: Classifier,
    judges: Judges,
    waiting: Iterator[tuple[int, slice]],
    refused: Collection[str],
) -> Iterator[Judged]:
    """The blocks that no other stream has taken."""
    explained = copy.deepcopy(explained)  # methods put hooks on it, and other streams do so too
    for place, block in waiting:
        for event in judged_block(plan, data, explained, judges, block, refused):
            yield place, event


def judged_block(
    plan: Plan, data: LabelledData, explained: Classifier, judges: Judges, block: slice, refused: Collection[str]
) -> Iterator[Progress | MethodRefused | JudgedBlock]:
    """The maps of a block, and which of its pictures are recognised without or with what they rank high.

    Half of the progress is the maps, half what is made of them.
    """
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
        for outcomes, networks in zip(known, judges, strict=True):
            found = np.split(by_each(networks, shown, np.tile(labels, len(cells))), len(cells), axis=1)
            outcomes.update({(method, *cell): own for cell, own in zip(cells, found, strict=True)})
        half = len(pixels) / 2
        done = half + half * place / len(making.result)
        yield Progress(done, len(pixels), f"Accuracies, {find_method(method).label}", "picture")
    yield JudgedBlock(*known, *(by_each(networks, inputs, labels) for networks in judges))


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
