"""Whether a heatmap orders the patches of a picture as deleting them, one at a time, orders them.

A network is fine-tuned on pictures of which half lack one patch, so that such a picture is nothing new to it. What its
answer then loses with each patch is the truth that its own heatmaps are held against. Every network is adapted in the
same way, so that scores may be compared between networks. After the in-domain single-deletion score of Hesse,
Schaub-Meyer and Roth 2024 (arXiv:2407.11910); the controls, the intervals and the paired differences are ours.
"""

from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.jobs.events import Progress, Returning
from core.jobs.side_by_side import side_by_side
from core.methods.heatmap import MethodRefused
from core.methods.heatmap_request import HeatmapRequest, requested
from core.methods.registry import Reduction, Settings
from core.metrics.statistics import BASELINE, within
from core.models.catalogue import chosen_device
from core.models.classifier import Classifier
from core.models.outputs import Output
from core.models.training import EpochDone
from core.pictures.labels import FOLDERS, LabelSource
from core.randomness import generator
from core.retraining.adapting import EPOCHS, accuracy_on_tests, adapted_copies, adapted_copy, streams_at_once
from core.retraining.attributions import in_blocks, stream_attributions
from core.retraining.data import BUNDLED, LabelledData, Source, collect_data
from core.retraining.deletions import Patches, agreements, output_drops, patch_masks, random_deletions
from core.retraining.networks import MOST_OF_A_RUN, USUAL, as_classifier, build, network_seed, title_of
from core.retraining.outcomes import over_pictures
from core.retraining.pace import Speed
from core.retraining.single_patch_events import NetworkAdapted, NetworkGap, PatchScore
from core.retraining.training import BUNDLED_SEED, Recipe, explained_network
from core.retraining.verdicts import rivals_among, standing_against
from core.studies.over_pictures import PictureRefused

ACROSS, FEWEST_ACROSS = 4, 2
"""Patches along each side, as in the paper; of fewer there is nothing to order."""
BLOCK = 20
"""Pictures after which the scores are told anew."""
Scores = Float[np.ndarray, "seeds pictures"]


Event = Progress | EpochDone | PictureRefused | MethodRefused | NetworkAdapted | PatchScore | NetworkGap


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is judged, and on what.

    Parameters
    ----------
    pictures
        Number of test pictures, the first ones.
    seeds
        Number of fine-tuned copies of each network.
    across
        Patches along each side.
    """

    request: HeatmapRequest
    networks: tuple[str, ...]
    pictures: int
    seeds: int
    across: int


def stream_single_patch(
    methods: Sequence[str],
    data: Source = BUNDLED,
    networks: Sequence[str] = (USUAL,),
    pictures: int = 100,
    seeds: int = 2,
    across: int = ACROSS,
    seed: int = 0,
    settings: Mapping[str, Settings] | None = None,
    output: Output = "logit",
    reduction: Reduction | None = None,
    labels: LabelSource = FOLDERS,
    device: torch.device | str = "auto",
) -> Iterator[Event]:
    """Rank correlation of heatmaps with what each deleted patch does, for one network or to compare several.

    The maps are those of the fine-tuned copies, for the class that each predicts; every control is included. A patch is
    deleted by filling it with the mean of the training pictures.

    Parameters
    ----------
    data
        As in :func:`core.retraining.data.collect_data`.
    networks
        Architectures, as in :data:`core.retraining.networks.NETWORKS`, or ``torchvision/NAME``; trained first, unless
        it is the bundled one.
    pictures
        Number of test pictures, the first ones.
    seeds
        Number of copies of each network that are fine-tuned, each with deletions and an order of its own.
    across
        Patches along each side of a picture.

    Raises
    ------
    ValueError
        Where something requested does not exist; the message says what would work.
    """
    if pictures < 1 or seeds < 1:
        raise ValueError(f"At least one picture and one seed are needed, not {pictures} and {seeds}.")
    if seeds > MOST_OF_A_RUN:
        raise ValueError(f"A run has at most {MOST_OF_A_RUN:,} seeds, not {seeds:,}.")
    if isinstance(networks, str):
        raise ValueError(f"networks must be a list of names; write [{networks!r}].")
    if not networks:
        raise ValueError(f"Name at least one network, such as {USUAL}.")
    request = requested(methods, seed, settings, output, reduction).with_controls(truth_known=False)
    collected = collect_data(data, labels, seed=seed)
    if not FEWEST_ACROSS <= across <= min(collected.size):
        raise ValueError(f"There must be {FEWEST_ACROSS} to {min(collected.size)} patches a side, not {across}.")
    request.check(len(collected.labels))
    for name in networks:
        build(name, collected, BUNDLED_SEED, torch.device("cpu"))  # refused here, before any is trained
    plan = Plan(request=request, networks=tuple(dict.fromkeys(networks)), pictures=pictures, seeds=seeds, across=across)
    return run(plan, collected, chosen_device(device))


def seconds_of(
    network: str, data: LabelledData, speed: Speed, map_seconds: float, pictures: int, seeds: int, across: int = ACROSS
) -> float:
    """Seconds that a network's part takes on one core: its training unless it is bundled, its copies, and the scores.

    Parameters
    ----------
    map_seconds
        Of all heatmaps of one picture.
    """
    learned, tested = len(data.train.labels), len(data.test.labels)
    epochs = seeds * EPOCHS + (0 if (data.name, network) == (BUNDLED, USUAL) else Recipe().epochs)
    answered = (across**2 + 1) * speed.tested
    return epochs * (learned * speed.learned + tested * speed.tested) + seeds * pictures * (map_seconds + answered)


def run(plan: Plan, data: LabelledData, device: torch.device) -> Iterator[Event]:
    """One network after the other: its fine-tuned copies, then the pictures in blocks."""
    yield from data.refused
    patches, known = patch_masks(data.size, plan.across), dict[str, dict[str, Scores]]()
    for name in plan.networks:
        explained = yield from explained_network(data, Recipe(name), device)
        copies = [
            partial(adapted_to, explained.network, name, data, plan, number, device) for number in range(plan.seeds)
        ]
        learned = yield from adapted_copies(copies, device, f"Fine-tuning {title_of(name)}")
        adapted = [as_classifier(each, data, device) for each in learned]
        request = plan.request
        for block in in_blocks(min(plan.pictures, len(data.test.labels)), BLOCK):
            found = yield from scored(adapted, data, block, replace(plan, request=request), patches, name)
            request = request.only(found)
            own = known.get(name, {})
            known[name] = {
                method: np.concatenate([*([own[method]] if own else []), each], axis=1)
                for method, each in found.items()
            }
            yield from concluded(plan, known, name)


def adapted_to(
    network: nn.Module, name: str, data: LabelledData, plan: Plan, number: int, device: torch.device
) -> Iterator[Progress | EpochDone | NetworkAdapted | nn.Module]:
    """A copy that learns from pictures of which half lack a patch, as in the paper's code; it comes last."""
    patches, seed = patch_masks(data.size, plan.across), plan.request.seed

    def masks(epoch: int) -> Tensor:
        draw, count = generator(seed, "patches", number, epoch), len(data.train.labels)
        return random_deletions(patches, count, draw) & (torch.rand(count, 1, 1, 1, generator=draw) < 0.5)

    copying = Returning(adapted_copy(network, data, masks, network_seed(seed, number), device))
    yield from copying
    lacking = random_deletions(patches, len(data.test.labels), generator(seed, "tested patches"))
    before, after = (accuracy_on_tests(each, data, device, lacking) for each in (network, copying.result))
    whole = accuracy_on_tests(copying.result, data, device)
    yield NetworkAdapted(name, number, whole, before, after, len(data.test.labels))
    yield copying.result


def scored(
    adapted: Sequence[Classifier], data: LabelledData, block: slice, plan: Plan, patches: Patches, name: str
) -> Generator[Progress | MethodRefused, None, dict[str, Scores]]:
    """Each method's score on each picture of a block, by every copy of a network; a refused method has none."""
    found, refused, done = dict[int, BlockScores](), set[str](), Counter[int]()
    total = len(adapted) * min(plan.pictures, len(data.test.labels))
    streams = [partial(scored_by, each, data, block, plan.request, patches) for each in adapted]
    for place, event in side_by_side(streams, streams_at_once(adapted[0].device)):
        if isinstance(event, BlockScores):
            found[place] = event
        elif isinstance(event, Progress):
            done[place] = int(event.done)
            yield replace(event, done=len(adapted) * block.start + done.total(), total=total)
        elif event.method not in refused:
            refused.add(event.method)
            yield event if len(plan.networks) == 1 else replace(event, reason=f"{name}: {event.reason}")
    by_copy = [found[place].by_method for place in range(len(adapted))]
    kept = [method for method in plan.request.methods if all(method in each for each in by_copy)]
    return {method: np.stack([each[method] for each in by_copy]) for method in kept}


@dataclass(frozen=True)
class BlockScores:
    """Each method's score on each picture of a block, by one copy of a network."""

    by_method: Mapping[str, Float[np.ndarray, " pictures"]]


def scored_by(
    classifier: Classifier, data: LabelledData, block: slice, request: HeatmapRequest, patches: Patches
) -> Iterator[Progress | MethodRefused | BlockScores]:
    """The scores by one copy of a network, which come last."""
    pixels = data.test.pixels[block].to(classifier.device)
    making = Returning(stream_attributions(classifier, pixels, request))
    yield from making
    drops = output_drops(classifier, data.normalised(pixels), patches, request.output)
    yield BlockScores(agreements(making.result, drops, patches))


def concluded(plan: Plan, known: Mapping[str, Mapping[str, Scores]], name: str) -> Iterator[PatchScore | NetworkGap]:
    """The scores of a network so far, then how they differ from those of the networks before it."""
    own, seed = known[name], plan.request.seed
    rivals = rivals_among(own)
    means = over_pictures(own.values(), seed)
    gaps = over_pictures([each - own[rival] for each in own.values() for rival in rivals], seed)
    for place, (method, mean) in enumerate(zip(own, means, strict=True)):
        to_rivals = dict(zip(rivals, gaps[place * len(rivals) :], strict=False))
        score = replace(mean, over_pictures=within(mean.over_pictures, -1.0, 1.0))
        standing = standing_against(method, to_rivals)
        yield PatchScore(name, method, score, to_rivals[BASELINE], *standing, score.over_pictures.n)
    for other in [each for each in known if each != name]:
        both = [method for method in own if method in known[other]]
        pairs = [own[method] - known[other][method][:, : own[method].shape[1]] for method in both]
        for method, gap in zip(both, over_pictures(pairs, seed), strict=True):
            yield NetworkGap(method, name, other, gap, gap.over_pictures.n)
