"""What a study of retraining takes on this machine: said before it is started."""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import NamedTuple

from core.retraining.data import BUNDLED, LabelledData, collect_data
from core.retraining.pace import Pace
from core.retraining.plan import Cell, in_helpful_order
from core.retraining.rounds import FIRST_SEEDS
from core.retraining.spec import RetrainingSpec
from core.retraining.training import trained_already


class Pictures(NamedTuple):
    """How many pictures a network learns from, on how many it is tested, and their height and width."""

    learned: int
    tested: int
    size: tuple[int, int]


@dataclass(frozen=True)
class Cost:
    """What is still to be done of a study.

    Parameters
    ----------
    networks
        How many are trained; at most, where it stops early.
    network_seconds
        Of each, on one core, without filling.
    heatmap_seconds
        Of all heatmaps, on one core.
    filling_seconds
        Of filling the pictures of all networks, on one core.
    start_seconds
        Of each core's process, until it can begin; meanwhile the explained network is trained.
    spared
        How many of the networks stopping early may leave out.
    heatmaps
        How many the study has, whether or not they are kept.
    """

    networks: int
    network_seconds: float
    heatmap_seconds: float
    cores: int
    filling_seconds: float = 0.0
    start_seconds: float = 0.0
    spared: int = 0
    heatmaps: int = 0

    @property
    def seconds(self) -> float:
        """Until all is done, with the machine as busy as it was when its pace was measured."""
        networks = math.ceil(self.networks / self.cores) * self.network_seconds
        return networks + (self.heatmap_seconds + self.filling_seconds) / self.cores + self.start_seconds


def cost_of(spec: RetrainingSpec, pace: Pace, cores: int, done: int = 0, pictures: Pictures | None = None) -> Cost:
    """The cost of a study.

    Parameters
    ----------
    done
        Networks that are kept from an earlier run, or that it left out; the heatmaps are then kept as well.
    pictures
        Those of the study; the bundled ones where not given.
    """
    learned, tested, _ = pictures or pictures_of(spec)
    networks = count_networks(spec)
    left = max(0, networks - done)
    filled = left * share_filled(spec) * (learned + tested) * pace.filled
    network = spec.epochs * (learned * pace.speed.learned + tested * pace.speed.tested)
    waited = pace.start if done or is_bundled(spec) else max(pace.start, network)
    return Cost(
        networks=left,
        network_seconds=pace.slowdown * network,
        heatmap_seconds=0.0 if done else pace.slowdown * (learned + tested) * pace.explained,
        cores=cores,
        filling_seconds=pace.slowdown * filled,
        start_seconds=pace.slowdown * waited,
        spared=min(left, most_spared(spec)),
        heatmaps=(learned + tested) * len(spec.request.methods),
    )


def is_bundled(spec: RetrainingSpec) -> bool:
    """Whether the network that its maps explain comes with HeatCheck."""
    return spec.data == BUNDLED and trained_already(collect_data(BUNDLED, most=spec.training_pictures), spec.recipe)


def cells_of(spec: RetrainingSpec) -> list[Cell]:
    """The cells whose networks are trained; two may turn out to have the same masks."""
    return list(in_helpful_order(spec, spec.request.methods))


def count_networks(spec: RetrainingSpec) -> int:
    """How many networks are trained for the table, at most: fewer where two cells turn out to have the same masks, as
    the negated map has those of the map itself in the other form. That is known once there are maps.
    """
    return spec.seeds * len(cells_of(spec))


def never_trained(spec: RetrainingSpec, refused: Collection[str]) -> int:
    """How many of a study's networks have no masks, since their methods were refused."""
    return spec.seeds * sum(cell.method in refused for cell in cells_of(spec))


def share_filled(spec: RetrainingSpec) -> float:
    """The share of the networks whose pictures are filled by interpolation: none that learn from masks alone."""
    cells = cells_of(spec)
    return 0.0 if spec.fill == "mean" else sum(cell.what == "pictures" for cell in cells) / len(cells)


def most_spared(spec: RetrainingSpec) -> int:
    """How many networks stopping early leaves out where the first seeds decide everything."""
    later = max(0, spec.seeds - FIRST_SEEDS) if spec.stop_early else 0
    return later * (len(cells_of(spec)) - 1)  # whole pictures are compared with nothing


def pictures_of(spec: RetrainingSpec) -> Pictures:
    """The numbers of a study of the bundled pictures."""
    return numbers_of(collect_data(BUNDLED, most=spec.training_pictures, tests=spec.test_pictures))


def numbers_of(data: LabelledData) -> Pictures:
    """How many pictures the data have, and of which size."""
    return Pictures(len(data.train.labels), len(data.test.labels), data.size)


def smaller_plans(spec: RetrainingSpec) -> dict[str, RetrainingSpec]:
    """The same with one seed, with every second fraction, and without probes, where that is less."""
    plans = {
        "one seed": replace(spec, seeds=1),
        "every second share": replace(spec, fractions=spec.fractions[::2]),
        "no probes": replace(spec, probes=()),
    }
    return {words: plan for words, plan in plans.items() if plan != spec}
