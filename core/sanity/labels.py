"""Label randomisation: what becomes of a map when the network learned labels that have nothing to do with the pictures.

Adebayo et al. 2018 (arXiv:1810.03292, section 4) train the same architecture on true and on shuffled labels and compare
the maps of the two. That a second network on the true labels serves as yardstick, and the criterion, are ours.
"""

from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isnan, nan

import numpy as np
import torch
from jaxtyping import Float

from core.jobs.events import Progress, Returning
from core.methods.explaining import course_of, stream_heatmaps
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused
from core.methods.registry import Reduction, Settings, find_method, list_controls
from core.metrics.similarity import JUDGED, SIMILARITIES, Original, Similarities
from core.metrics.statistics import FEWEST, Estimate, estimates
from core.models.classifier import checked_target
from core.models.outputs import Output
from core.pictures.datasets import fashion_mnist
from core.sanity.label_networks import (
    ENOUGH,
    ROLES,
    Learned,
    NetworkLearning,
    Networks,
    Role,
    bundled_networks,
    trained_networks,
)
from core.sanity.verdict import HALF, Standing

SIGNED = "spearman"
SHOWN = 10
"""Pictures of which the maps are told; the classes take turns, so it is one of each."""
CRITERION = (
    "Two numbers are compared: how like the first network's maps are those of a second network that learned the same "
    "true labels, and how like them are those of a network that learned shuffled labels (rank correlation of "
    "magnitudes, mean over the pictures). A method fails if with shuffled labels its maps are surely more than half "
    "alike: they stay, whatever the labels meant. It passes if shuffled labels surely leave less than half of the "
    "likeness that training anew leaves: it is the labels that change them. Otherwise it is unclear, as where training "
    "anew alone changes the maps. Surely: for the whole 95 % interval over five pictures or more. The criterion is "
    "ours; Adebayo et al. 2018 compare with the first network alone, by eye and by likeness."
)
LIMITS = (
    "These are small networks on pictures of clothes, 28 pixels wide. A method may do better or worse on a large one.",
    "Clothes lie on black. What is 0 where the picture is 0, such as the input times anything, is alike for all "
    "networks there: such a method fails for showing the picture's outline, whatever else it shows.",
    "A network that learned shuffled labels by heart still had to look at the pictures, and both may rest on the same "
    "pixels (Yona and Greenfeld 2021, arXiv:2110.14297): like maps need not mean that the method ignores the network.",
    "There is one training of each network: the intervals speak of other pictures, not of other trainings. Train the "
    "networks with another seed to see what that changes.",
    "A map that is mostly noise, as the gradient, has little in common between any two networks, so that it can hardly "
    "do better than unclear here.",
    "Random maps have nothing in common with each other, so that they stay unclear here by construction. Under random "
    "weights they pass and in the quick check's efficient form they fail, by construction too: each check asks "
    "something else, and a standing in one says nothing of another.",
    "Passing is necessary, not sufficient: it shows that the map depends on what was learned, not that it is right.",
)


@dataclass(frozen=True)
class NetworksReady:
    """The networks, and whether they learned enough by heart for the check to mean anything."""

    learned: tuple[Learned, ...]
    sound: bool
    sentence: str


@dataclass(frozen=True, eq=False)
class LabelMap:
    """A method's map of one picture by one of the networks.

    Parameters
    ----------
    picture
        Its place among the test pictures, from 0.
    similarities
        To the map of the first network; None for that one's own.
    """

    picture: int
    role: Role
    heatmap: Heatmap
    similarities: Similarities | None


@dataclass(frozen=True)
class LabelsReady:
    """How a method stands after the pictures so far; a later one of the method takes its place.

    Parameters
    ----------
    retrained, shuffled
        By similarity, how like the first network's maps are those of the other one that learned true labels, and those
        of the one that learned shuffled labels; over the pictures where both can be told.
    n
        Pictures that the verdict rests on.
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


Event = Progress | NetworkLearning | NetworksReady | MethodRefused | LabelMap | LabelsReady
Compared = dict[Role, Similarities]
"""How like the first network's map of a picture those of the two others are."""


@dataclass(frozen=True, eq=False)
class Maps:
    """What is asked of every network alike."""

    methods: tuple[str, ...]
    seed: int
    settings: Mapping[str, Settings]
    output: Output
    reduction: Reduction | None


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

    The class that the first network predicts is explained in all. Every control runs along. The two networks that are
    compared with the first draw what they draw alike, and otherwise than the first.

    Parameters
    ----------
    networks
        ``"bundled"``, or the seed of networks that are trained first, which takes half a minute.
    pictures
        The first so many of the bundled test pictures of Fashion-MNIST, whose classes take turns.

    Raises
    ------
    ValueError
        Where something asked for does not exist.
    """
    if isinstance(methods, str):
        raise ValueError(f"methods is a list of names; write [{methods!r}].")
    if isinstance(networks, str) and networks != "bundled":
        raise ValueError(f'networks is "bundled", or the seed of a training; {networks!r} is neither.')
    most = len(fashion_mnist("test").pixels)
    if not 1 <= pictures <= most:
        raise ValueError(f"There are 1 to {most} test pictures to ask about; {pictures} is not among these.")
    named = [find_method(name).name for name in methods]
    asked = tuple(dict.fromkeys([*named, *(entry.name for entry in list_controls(False))]))
    for name in asked:
        course_of(name, (settings or {}).get(name, {}), reduction)  # a setting that does not exist is refused now
    maps = Maps(asked, seed, settings or {}, output, reduction)
    made = bundled_networks(device) if isinstance(networks, str) else trained_networks(networks, device)
    return run_check(maps, made, pictures)


def run_check(
    maps: Maps, made: Generator[Progress | NetworkLearning, None, Networks], pictures: int
) -> Iterator[Event]:
    """The networks, and if they learned what they were told, the comparison of their maps."""
    making = Returning(made)
    yield from making
    networks = making.result
    ready = ready_to_judge(networks)
    yield ready
    if not ready.sound:
        return
    found: defaultdict[str, list[Compared]] = defaultdict(list)
    refused: set[str] = set()
    for place in range(pictures):
        comparing = Returning(compare(maps, networks, place))
        for event in comparing:
            if isinstance(event, Progress):
                yield Progress(place, pictures, f"Picture {place + 1}, {event.what}")
            elif isinstance(event, LabelMap):
                if place < SHOWN:
                    yield event
            elif event.method not in refused:
                refused.add(event.method)
                yield replace(event, reason=f"On picture {place + 1}: {event.reason}")
        for method, compared in comparing.result.items():
            found[method].append(compared)
        yield from judged(found, maps.seed, final=place + 1 == pictures)


def ready_to_judge(networks: Networks) -> NetworksReady:
    """Whether every network names nearly all of its training pictures as it was told."""
    learned = tuple(network.learned for network in networks.values())
    short = [each for each in learned if not each.accuracy >= ENOUGH]
    told = ", ".join(
        f"{100 * each.accuracy:.1f} % of its pictures with {ROLES[each.role]}" for each in short or learned
    )
    if short:
        sentence = (
            f"Nothing is judged: a network learned {told}, and the check needs {100 * ENOUGH:.0f} %. "
            "Train with another seed."
        )
    else:
        sentence = f"Each learned by heart what it was told: {told}."
    return NetworksReady(learned, not short, sentence)


def compare(
    maps: Maps, networks: Networks, place: int
) -> Generator[Progress | MethodRefused | LabelMap, None, dict[str, Compared]]:
    """The maps of one picture by every network, and how like those of the first the others are, by method."""
    first = networks["true"].classifier
    pixels = fashion_mnist("test").pixels[place : place + 1].to(first.device, memory_format=torch.channels_last)
    target = checked_target(first, pixels, None)
    originals: dict[str, Original] = {}
    compared: defaultdict[str, Compared] = defaultdict(dict)
    for role, network in networks.items():
        seed = 2 * maps.seed + (role != "true")
        question = target, seed, maps.settings, maps.output, maps.reduction
        for event in stream_heatmaps(network.classifier, pixels, maps.methods, *question):
            if not isinstance(event, HeatmapReady):
                yield replace(event, what=f"{ROLES[role]}: {event.what}") if isinstance(event, Progress) else event
            elif event.final:
                heatmap = event.heatmap
                if role == "true":
                    originals[heatmap.method] = Original(heatmap.values)
                elif heatmap.method in originals:
                    compared[heatmap.method][role] = originals[heatmap.method].compared(heatmap.values)
                yield LabelMap(place, role, heatmap, compared[heatmap.method].get(role))
    return {method: each for method, each in compared.items() if len(each) == len(ROLES) - 1}


def judged(found: Mapping[str, Sequence[Compared]], seed: int, final: bool) -> Iterator[LabelsReady]:
    """How every method stands."""
    columns = [(method, similarity) for method in found for similarity in SIMILARITIES]
    pictures = max(map(len, found.values()), default=0)
    told = [padded(both(found[method], similarity), pictures) for method, similarity in columns]
    if not told:
        return
    retrained, shuffled = np.stack(told, axis=2)
    means = iter(estimates(np.hstack([retrained, shuffled, shuffled - HALF * retrained]), seed))
    of_retrained, of_shuffled, gaps = ({column: next(means) for column in columns} for _ in range(3))
    for method in found:
        anew = {similarity: clipped(of_retrained[method, similarity]) for similarity in SIMILARITIES}
        other = {similarity: clipped(of_shuffled[method, similarity]) for similarity in SIMILARITIES}
        standings = {name: stands(anew[name], other[name], gaps[method, name]) for name in (JUDGED, SIGNED)}
        sentence = in_words(standings[JUDGED], anew[JUDGED], other[JUDGED], pictures)
        if "passes" in standings.values() and standings[JUDGED] != "passes":
            sentence += f" With their signs the maps pass: {likeness(anew[SIGNED], other[SIGNED])}."
        yield LabelsReady(method, standings[JUDGED], anew, other, anew[JUDGED].n, sentence, final)


def both(compared: Sequence[Compared], similarity: str) -> Float[np.ndarray, "2 pictures"]:
    """A similarity to the retrained network's maps and to the other's; NaN for both where either can't be told."""
    told = [[getattr(each[role], similarity) for role in ("retrained", "shuffled")] for each in compared]
    pairs = [[nan, nan] if None in pair else pair for pair in told]
    return np.array(pairs, dtype=np.float64).T


def padded(pairs: Float[np.ndarray, "2 pictures"], pictures: int) -> Float[np.ndarray, "2 all"]:
    """The same for all pictures; NaN for those that are not there."""
    return np.pad(pairs, ((0, 0), (0, pictures - pairs.shape[1])), constant_values=nan)


def in_words(standing: Standing, retrained: Estimate, shuffled: Estimate, pictures: int) -> str:
    """The verdict with its figures.

    >>> in_words("fails", Estimate(0.91, 0.87, 0.94, n=20), Estimate(0.9, 0.86, 0.93, n=20), pictures=20)
    'The maps stay more than half alike: training anew leaves 0.91, shuffled labels 0.90 (0.86 to 0.93).'
    >>> in_words("unclear", Estimate(0.91, nan, nan, n=1), Estimate(0.9, nan, nan, n=1), pictures=1)
    'A verdict takes 5 pictures. On 1 so far training anew leaves 0.91, shuffled labels 0.90.'
    """
    if retrained.n < FEWEST:
        so_far = f" On {retrained.n} so far {likeness(retrained, shuffled)}." if retrained.n else ""
        without = pictures - retrained.n
        left_out = f" It can't be told on {without}: a map is constant or refused there." if without else ""
        return f"A verdict takes {FEWEST} pictures.{so_far}{left_out}"
    if standing != "fails" and not retrained.low > 0:
        return (
            f"Training anew leaves no sure likeness ({retrained.mean:z.2f}, {retrained.low:z.2f} to "
            f"{retrained.high:z.2f}), so there is nothing that shuffled labels could take away."
        )
    found = {
        "fails": "The maps stay more than half alike",
        "passes": "Shuffled labels leave less than half of what training anew leaves",
        "unclear": "The maps change, but not surely because of the labels"
        if shuffled.high < HALF
        else "The maps neither surely stay nor surely change",
    }
    return f"{found[standing]}: {likeness(retrained, shuffled)}."


def likeness(retrained: Estimate, shuffled: Estimate) -> str:
    interval = "" if isnan(shuffled.low) else f" ({shuffled.low:z.2f} to {shuffled.high:z.2f})"
    return f"training anew leaves {retrained.mean:z.2f}, shuffled labels {shuffled.mean:z.2f}{interval}"


def clipped(estimate: Estimate) -> Estimate:
    """With an interval that does not go beyond what a similarity can be."""
    return estimate._replace(low=max(estimate.low, -1.0), high=min(estimate.high, 1.0))


def stands(retrained: Estimate, shuffled: Estimate, gap: Estimate) -> Standing:
    """The verdict by ``CRITERION``.

    Parameters
    ----------
    gap
        Likeness that shuffled labels leave, less half of that which training anew leaves.

    >>> alike, half, apart = (Estimate(mean, mean - 0.1, mean + 0.1, n=20) for mean in (0.8, 0.45, 0.2))
    >>> lower, open_ = (Estimate(mean, mean - 0.1, mean + 0.1, n=20) for mean in (-0.2, 0.0))
    >>> stands(alike, alike, open_), stands(alike, apart, lower), stands(alike, half, open_)
    ('fails', 'passes', 'unclear')
    >>> stands(Estimate(0.05, -0.05, 0.15, n=20), apart, lower)
    'unclear'
    """
    if retrained.n < FEWEST:
        return "unclear"
    if shuffled.low > HALF:
        return "fails"
    return "passes" if retrained.low > 0 and gap.high < 0 else "unclear"
