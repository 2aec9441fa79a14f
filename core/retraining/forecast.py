"""What a study will take where a person does not look at a page: its pictures are read and this machine is timed."""

from collections.abc import Sequence
from pathlib import Path

import torch

from core.jobs.events import Returning
from core.methods.heatmap_request import HeatmapRequest
from core.models.catalogue import chosen_device
from core.retraining.cost import Cost, cost_of, count_networks, numbers_of
from core.retraining.cost_words import comparison_in_words, cost_sentences, in_words
from core.retraining.data import BUNDLED, LabelledData
from core.retraining.fine_tune import cost_of_fine_tune
from core.retraining.folder import StudyFolder
from core.retraining.home import bytes_of, settled_in
from core.retraining.masks import Unit, check_places
from core.retraining.networks import USUAL, untrained
from core.retraining.pace import Pace, seconds_of_a_start, seconds_of_filling, seconds_of_maps, slowdown, speed_of
from core.retraining.retraining import kept_data
from core.retraining.single_patch import seconds_of
from core.retraining.spec import RetrainingSpec
from core.retraining.training import Recipe, trained_already
from core.retraining.workers import cores


def forecast(
    spec: RetrainingSpec, folder: Path, device: torch.device | str = "auto", processes: int | None = None
) -> list[str]:
    """The cost of what is missing of a study, in sentences; its pictures are kept, where the study will find them.

    Raises
    ------
    ValueError
        Where something requested does not exist or does not fit the pictures, or the folder holds another study.
    """
    spec.request.check(0)
    own, where = StudyFolder(folder), chosen_device(device)
    with own.alone():
        own.ask(spec)
        collecting = Returning(kept_data(spec, own))
        list(collecting)
    data, done = collecting.result, settled_in(spec, own)
    check_places(spec.unit, spec.side, spec.fractions, data.size)
    if done >= count_networks(spec):
        return [in_words(Cost(0, 0.0, 0.0, 1), own.networks())]
    pictures, at_once = numbers_of(data), processes or (cores() if where.type == "cpu" else 1)
    cost = cost_of(spec, pace_of(spec, data, where, at_once, own.precision(where)), at_once, done, pictures)
    return cost_sentences(cost, pictures, bytes_of(spec, pictures), own.networks())


def pace_of(
    spec: RetrainingSpec, data: LabelledData, device: torch.device, processes: int, precision: torch.dtype
) -> Pace:
    """How fast this machine trains the network of a study on its pictures, and explains it."""
    return Pace(
        speed_of(spec.network, device, data, precision),
        seconds_of_maps(untrained(spec.network, data, device), spec.request, data),
        0.0 if spec.fill == "mean" else seconds_of_filling(data),
        seconds_of_a_start(),
        slowdown(processes),
    )


def forecast_fine_tune(
    methods: Sequence[str],
    data: LabelledData,
    network: str,
    pictures: int,
    copies: int,
    unit: Unit,
    seed: int = 0,
    device: torch.device | str = "auto",
) -> str:
    """The cost of one fine-tune, in a sentence; all controls run with the methods.

    Parameters
    ----------
    pictures, copies, unit, seed
        As in :func:`core.retraining.fine_tune.stream_fine_tune`; copies are its seeds.
    """
    where, request = chosen_device(device), HeatmapRequest(methods=tuple(methods), seed=seed)
    pace = (
        speed_of(network, where, data),
        seconds_of_maps(untrained(network, data, where), request.with_controls(truth_known=False), data),
    )
    ships = trained_already(data, Recipe(network))
    return comparison_in_words(*cost_of_fine_tune(numbers_of(data), ships, request, pictures, copies, unit, *pace))


def forecast_comparison(
    methods: Sequence[str],
    data: LabelledData,
    networks: Sequence[str],
    pictures: int,
    copies: int,
    across: int,
    device: torch.device | str = "auto",
) -> str:
    """The cost of a comparison by single patches, in a sentence; all controls run with the methods.

    Parameters
    ----------
    pictures, copies, across
        As in :func:`core.retraining.single_patch.stream_single_patch`; copies are its seeds.
    """
    where, explained = chosen_device(device), min(pictures, len(data.test.labels))
    request, names = HeatmapRequest(methods=tuple(methods)).with_controls(truth_known=False), dict.fromkeys(networks)
    seconds = 0.0
    for name in names:
        maps = seconds_of_maps(untrained(name, data, where), request, data)
        seconds += seconds_of(name, data, speed_of(name, where, data), maps, explained, copies, across)
    trained = sum((data.name, name) != (BUNDLED, USUAL) for name in names)
    fine_tuned = len(names) * copies
    return comparison_in_words(trained, fine_tuned, fine_tuned * explained * len(request.methods), seconds)
