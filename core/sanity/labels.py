"""Label randomisation: how a map changes when the network learned labels that have nothing to do with the pictures.

Adebayo et al. 2018 (arXiv:1810.03292, section 4) train the same architecture on true and on shuffled labels and compare
the maps of the two. The second network on the true labels, as a reference, and the criterion are ours.
"""

from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import nan

import numpy as np
import torch
from jaxtyping import Float

from core.jobs.events import Progress, Returning
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused, Passes
from core.methods.heatmap_request import HeatmapRequest, requested
from core.methods.registry import Reduction, Settings
from core.methods.rehearsal import heatmaps_workload
from core.methods.workload import Workload
from core.metrics.similarity import JUDGED, SIMILARITIES, Original, Similarities
from core.metrics.statistics import Estimate, estimates
from core.models.bundled import FASHION_MNIST
from core.models.classifier import Classifier, checked_target
from core.models.outputs import Output
from core.pictures.datasets import fashion_mnist
from core.sanity.label_networks import (
    ENOUGH,
    EPOCHS,
    LEARNED_FROM,
    ROLES,
    Learned,
    NetworkLearning,
    Networks,
    Role,
    bundled_networks,
    trained_networks,
)
from core.sanity.label_verdict import compared_in_words, in_words, stands
from core.sanity.verdict import HALF, Standing
from core.studies.over_pictures import OnePicture, PictureRefused, over_pictures

SIGNED = "spearman"
SHOWN = 10
"""Pictures whose maps are sent; the classes take turns, so it is one of each."""


@dataclass(frozen=True)
class NetworksReady:
    """The networks, and whether they learned their labels well enough for the check to be meaningful."""

    learned: tuple[Learned, ...]
    sound: bool
    sentence: str


@dataclass(frozen=True, eq=False)
class LabelMap:
    """A method's map of one picture by one of the networks.

    Parameters
    ----------
    picture
        Its position among the test pictures, from 0.
    similarities
        To the map of the first network; None for that one's own.
    """

    picture: int
    role: Role
    heatmap: Heatmap
    similarities: Similarities | None


@dataclass(frozen=True)
class LabelsReady:
    """How a method stands after the pictures so far; a later one for the method takes its place.

    Parameters
    ----------
    retrained, shuffled
        Each similarity to the first network's maps, for the maps of the other network with true labels, and for those
        of the network with shuffled labels; over the pictures where both are defined.
    n
        Number of pictures behind the verdict.
    final
        Whether nothing more will come.
    """

    method: str
    standing: Standing
    retrained: Mapping[str, Estimate]
    shuffled: Mapping[str, Estimate]
    n: int
    sentence: str
    final: bool

    @property
    def replaces(self) -> tuple[str, str]:
        return "labels", self.method


Event = Progress | NetworkLearning | NetworksReady | MethodRefused | PictureRefused | LabelMap | LabelsReady
Compared = dict[Role, Similarities]
"""The similarities of the two other networks' maps of a picture to the first one's."""


def stream_label_check(
    methods: Sequence[str],
    networks: str | int = "bundled",
    pictures: int = 20,
    seed: int = 0,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
    device: torch.device | str = "auto",
) -> Iterator[Event]:
    """Maps by networks that learned true and shuffled labels, compared picture by picture; a step is one batch.

    The class that the first network predicts is explained in all. Every control is included. The two networks that are
    compared with the first share their random draws, which differ from those of the first.

    Parameters
    ----------
    networks
        ``"bundled"``, or the seed of networks that are trained first, which takes half a minute.
    pictures
        How many of the bundled test pictures of Fashion-MNIST, whose classes take turns.

    Raises
    ------
    ValueError
        Where something requested does not exist.
    """
    request = requested(methods, seed, settings, output, reduction)
    if isinstance(networks, str) and networks != "bundled":
        raise ValueError(f'networks must be "bundled" or the seed of a training, not {networks!r}.')
    most = len(fashion_mnist("test").pixels)
    if not 1 <= pictures <= most:
        raise ValueError(f"The number of test pictures must be from 1 to {most}, not {pictures}.")
    request = request.with_controls(truth_known=False)
    request.check(len(FASHION_MNIST.labels()))
    made = bundled_networks(device) if isinstance(networks, str) else trained_networks(networks, device)
    return run_check(request, made, pictures)


def plan_label_check(classifier: Classifier, request: HeatmapRequest, pictures: int, trained: bool) -> Workload:
    """What the check takes: the maps by every network, and their training where they are not the bundled ones."""
    maps = heatmaps_workload(request.with_controls(truth_known=False), classifier) * (len(ROLES) * pictures)
    shown = len(ROLES) * EPOCHS * LEARNED_FROM if trained else 0
    return maps + Workload(shown, Passes(shown, shown))


def run_check(
    request: HeatmapRequest, made: Generator[Progress | NetworkLearning, None, Networks], pictures: int
) -> Iterator[Event]:
    """The networks and, if they learned their labels, the comparison of their maps."""
    making = Returning(made)
    yield from making
    networks = making.result
    ready = ready_to_judge(networks)
    yield ready
    if not ready.sound:
        return
    units = [(f"picture {place + 1}", compare(request, networks, place, pictures)) for place in range(pictures)]
    yield from over_pictures(units, partial(judged, seed=request.seed))


def ready_to_judge(networks: Networks) -> NetworksReady:
    """Whether every network has learned its labels almost perfectly."""
    learned = tuple(network.learned for network in networks.values())
    short = [each for each in learned if not each.accuracy >= ENOUGH]
    shares = ", ".join(f"{100 * each.accuracy:.1f} % with {ROLES[each.role]}" for each in short or learned)
    if short:
        sentence = (
            f"No verdicts: a network did not learn its labels. Training accuracy {shares}; the check needs "
            f"{100 * ENOUGH:.0f} %. Use another seed."
        )
    else:
        sentence = f"Each network learned its labels; training accuracy {shares}."
    return NetworksReady(learned, not short, sentence)


def compare(
    request: HeatmapRequest, networks: Networks, place: int, pictures: int
) -> OnePicture[Progress | MethodRefused | LabelMap, dict[str, Compared]]:
    """The maps of one picture by every network, and by method the similarities of the others to the first."""
    first = networks["true"].classifier
    pixels = fashion_mnist("test").pixels[place : place + 1].to(first.device, memory_format=torch.channels_last)
    target = checked_target(first, pixels, None)
    originals: dict[str, Original] = {}
    compared: defaultdict[str, Compared] = defaultdict(dict)
    for turn, (role, network) in enumerate(networks.items()):
        own = replace(request, seed=2 * request.seed + (role != "true"))
        for event in own.stream(network.classifier, pixels, target, rough=False):
            match event:
                case Progress(what=what):
                    done = place + (turn + event.share) / len(networks)
                    yield Progress(done, pictures, f"Picture {place + 1}, {ROLES[role]}: {what}", "picture")
                case MethodRefused(method, reason):
                    yield MethodRefused(method, f"On picture {place + 1}: {reason}")
                case HeatmapReady(heatmap):
                    if role == "true":
                        originals[heatmap.method] = Original(heatmap.values)
                    elif heatmap.method in originals:
                        compared[heatmap.method][role] = originals[heatmap.method].compared(heatmap.values)
                    if place < SHOWN:
                        yield LabelMap(place, role, heatmap, compared[heatmap.method].get(role))
    return {method: each for method, each in compared.items() if len(each) == len(ROLES) - 1}


def judged(rows: Sequence[Mapping[str, Compared]], final: bool, seed: int) -> Iterator[LabelsReady]:
    """How every method stands after some pictures."""
    found: defaultdict[str, list[Compared]] = defaultdict(list)
    for row in rows:
        for method, compared in row.items():
            found[method].append(compared)
    columns = [(method, similarity) for method in found for similarity in SIMILARITIES]
    pictures = max(map(len, found.values()), default=0)
    pairs = [padded(both(found[method], similarity), pictures) for method, similarity in columns]
    if not pairs:
        return
    retrained, shuffled = np.stack(pairs, axis=2)
    means = iter(estimates(np.hstack([retrained, shuffled, shuffled - HALF * retrained]), seed))
    of_retrained, of_shuffled, gaps = ({column: next(means) for column in columns} for _ in range(3))
    for method in found:
        again, other = (
            {similarity: means_of[method, similarity].clipped(-1.0, 1.0) for similarity in SIMILARITIES}
            for means_of in (of_retrained, of_shuffled)
        )
        standings = {name: stands(again[name], other[name], gaps[method, name]) for name in (JUDGED, SIGNED)}
        sentence = in_words(standings[JUDGED], again[JUDGED], other[JUDGED], pictures)
        if "passes" in standings.values() and standings[JUDGED] != "passes":
            sentence += f" Signed maps pass: {compared_in_words(again[SIGNED], other[SIGNED])}."
        yield LabelsReady(method, standings[JUDGED], again, other, again[JUDGED].n, sentence, final)


def both(compared: Sequence[Compared], similarity: str) -> Float[np.ndarray, "2 pictures"]:
    """A similarity after retraining and after shuffling; NaN for both where either is undefined."""
    found = [[getattr(each[role], similarity) for role in ("retrained", "shuffled")] for each in compared]
    pairs = [[nan, nan] if None in pair else pair for pair in found]
    return np.array(pairs, dtype=np.float64).T


def padded(pairs: Float[np.ndarray, "2 pictures"], pictures: int) -> Float[np.ndarray, "2 all"]:
    """The same for all pictures; NaN for the missing ones."""
    return np.pad(pairs, ((0, 0), (0, pictures - pairs.shape[1])), constant_values=nan)
