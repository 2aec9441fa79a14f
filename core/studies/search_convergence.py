"""Mask search beside RISE and occlusion at equal numbers of passes: how fast their maps become good."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from jaxtyping import Bool, Float
from torch import Tensor

from core.jobs.events import Progress
from core.jobs.phases import Phases
from core.methods.heatmap import Heatmap
from core.methods.mask_search import PROBED
from core.methods.passes import PassBank
from core.methods.readings import Question
from core.methods.registry import find_method
from core.methods.search_outcome import Steering, agreement_words
from core.methods.workload import Workload, outputs
from core.metrics.answers import Answers, Y
from core.metrics.chance import count_copy_visits, score_copies
from core.metrics.curve_plan import Perturbation, count_visits, trace_curves
from core.metrics.curves import area_between
from core.metrics.distance import stamp_distance
from core.metrics.evidence import LIF, MIF
from core.metrics.fidelity import null_spread
from core.metrics.perturbation import INSERTED
from core.models.class_choice import ClassChoice
from core.models.classifier import Classifier, checked_pixels, checked_target
from core.models.outputs import Output, check_contrast, rather_than
from core.studies.search_arms import ARMS, Arm, Arms, fewest_windows, passes_between, probing

CHECKPOINTS = (250, 500, 1000, 2000, 4000)
JUDGED_BY = (MIF, LIF, INSERTED)


@dataclass(frozen=True)
class ProbabilityProbed:
    """How far the probability of the class moves under random masks, before anything is searched.

    Parameters
    ----------
    hardly_moves
        Whether the search cannot return more than chance with the passes that it will have.
    """

    steering: Steering
    hardly_moves: bool
    sentence: str


@dataclass(frozen=True)
class MapReached:
    """A map after at most this many passes; its own count is in ``heatmap.passes``."""

    arm: Arm
    passes: int
    heatmap: Heatmap


@dataclass(frozen=True)
class DoubtReached:
    """The standard error of each value of the map that came before it, as a map."""

    arm: Arm
    passes: int
    heatmap: Heatmap


@dataclass(frozen=True)
class MapJudged:
    """The quality of a map after at most this many passes.

    Parameters
    ----------
    fidelity
        F, the area between the LIF and the MIF curve.
    spread
        Half-width of the 95 % interval of F by chance, from moved copies of the map.
    insertion
        Area as the most important pixels are restored in the blurred picture.
    stamp_distance
        Distance from the marked pixels; None where none are marked.
    agreement
        Rank correlation between the maps of two halves of the chains, or of the masks; None for occlusion, which draws
        nothing.
    sentence
        Whether these halves agree.
    """

    arm: Arm
    passes: int
    fidelity: float
    spread: float
    insertion: float
    stamp_distance: float | None
    agreement: float | None
    sentence: str


Event = Progress | ProbabilityProbed | MapReached | DoubtReached | MapJudged


def stream_mask_search(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    target: ClassChoice | None = None,
    passes: Sequence[int] = CHECKPOINTS,
    seed: int = 0,
    output: Output = "logit",
    imputer: str = "dataset_mean",
    y: Y = "probability",
    steps: int = 10,
    truth: Bool[Tensor, "height width"] | None = None,
) -> Iterator[Event]:
    """Maps of mask search in both forms, of RISE and of occlusion at equal numbers of passes, with their quality.

    First a few masked pictures show whether the probability of the class moves at all; their passes are not counted.
    Both forms of the search read the same chains. The search and RISE go on from one number of passes to the next;
    occlusion starts again with the finest grid of windows that the number allows. A step is one batch.

    Parameters
    ----------
    passes
        Numbers of passes at which the maps are compared, in ascending order.
    steps
        Steps of the curves that judge them.
    truth
        The pixels known to matter; with them the maps' distance from these is measured.

    Raises
    ------
    ValueError
        Where something requested does not exist or does not fit; the message says what would work.
    """
    pixels = checked_pixels(classifier, pixels)
    check_passes(passes, classifier.size)
    explained = checked_target(classifier, pixels, target)
    check_contrast(explained, rather_than(output))
    if truth is not None:
        stamp_distance(pixels[0, 0].cpu(), truth.cpu())  # refuses marks that no distance can be measured from
    answers = Answers(classifier, pixels, explained, y, rather_than(output))
    bank = PassBank(classifier, pixels, Question(explained, output, classifier.reading), seed, truth)
    return compare(bank, passes, answers, Perturbation(imputer, y=y, steps=steps))


def check_passes(passes: Sequence[int], size: tuple[int, int]) -> None:
    """Refuses numbers of passes at which no comparison is possible.

    Raises
    ------
    ValueError
        With the numbers that are.
    """
    rise = next(each for each in find_method("rise").parameters if each.name == "samples")
    least, most = max(int(rise.low or 0), 1 + fewest_windows(size)), int(rise.high or 0)
    ascending = all(one < other for one, other in pairwise(passes))
    if not passes or not ascending or not least <= passes[0] or not passes[-1] <= most:
        raise ValueError(
            f"Passes must be ascending numbers from {least:,} to {most:,}; got {', '.join(map(str, passes)) or 'none'}."
        )


def plan_mask_search(classifier: Classifier, passes: Sequence[int], perturbation: Perturbation) -> list[Workload]:
    """What the comparison takes of the network: the probe, and for each number of passes the maps and their quality."""
    size, maps = classifier.size, len(ARMS)
    judging = count_visits(JUDGED_BY, maps, perturbation, size) + count_copy_visits(maps, perturbation, size)
    plan = [outputs(PROBED)]
    for before, after in pairwise([0, *passes]):
        plan += [*map(outputs, passes_between(size, before, after).values()), outputs(judging)]
    return plan


def compare(
    bank: PassBank, passes: Sequence[int], answers: Answers, perturbation: Perturbation
) -> Generator[Event, None, None]:
    """The probe, then at each number of passes the maps, and their quality."""
    phases = Phases([part.passes for part in plan_mask_search(bank.classifier, passes, perturbation)])
    steering: Steering = yield from phases.part(probing(bank))
    yield ProbabilityProbed(steering, steering.hardly_moves(passes[-1]), steering.sentence(passes[-1]))
    arms = Arms(bank, passes)
    for each in passes:
        maps: dict[Arm, Heatmap] = {}
        for arm in ARMS:
            maps[arm] = yield from phases.part(arms.map_after(arm, each))
            yield from reached(arm, each, maps[arm])
        agreements = {arm: arms.agreement(arm) for arm in ARMS}
        yield from phases.part(judge(bank, each, maps, agreements, answers, perturbation))


def reached(arm: Arm, passes: int, heatmap: Heatmap) -> Iterator[MapReached | DoubtReached]:
    """A map, and its doubt where the method measures one."""
    yield MapReached(arm, passes, heatmap)
    if heatmap.doubt is not None:
        doubt = replace(heatmap, values=heatmap.doubt, attribution=heatmap.doubt[None], reduction="sum", notes=())
        yield DoubtReached(arm, passes, doubt)


def judge(
    bank: PassBank,
    passes: int,
    maps: Mapping[Arm, Heatmap],
    agreements: Mapping[Arm, float | None],
    answers: Answers,
    perturbation: Perturbation,
) -> Generator[Progress | MapJudged, None, None]:
    """The quality of every map, from curves that are made together."""
    values = {str(arm): heatmap.values for arm, heatmap in maps.items()}
    on = (bank.classifier, bank.pixels, values)
    phases = Phases([count_visits(JUDGED_BY, len(values), perturbation, bank.size)])
    curves = yield from phases.part(trace_curves(*on, JUDGED_BY, answers, perturbation, bank.seed))
    copies = yield from phases.part(score_copies(*on, answers, perturbation, bank.seed))
    for arm, agreement in agreements.items():
        traced = curves[arm]
        yield MapJudged(
            arm=arm,
            passes=passes,
            fidelity=area_between(traced[LIF], traced[MIF]),
            spread=null_spread(copies[arm]),
            insertion=traced[INSERTED].area,
            stamp_distance=None if bank.truth is None else stamp_distance(values[arm], bank.truth.cpu()),
            agreement=agreement,
            sentence="" if agreement is None else agreement_words(agreement, "masks" if arm == "rise" else "chains"),
        )
