"""Whether the number depends on a map's smoothness: the same maps blurred or dilated.

What is computed from a map alone cannot tell more of the network than the map does. Where it changes the score, the
score depends on the map's shape (Song et al. 2023, arXiv:2304.13836, for ROAR).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from core.methods.registry import find_method
from core.pictures.blurring import blurred
from core.retraining.masks import Form
from core.retraining.outcomes import Accuracy, Curves, areas_between

Probe = Literal["blur", "dilate"]
REACH = 0.04
"""Standard deviation of the blur and radius of the dilation, as a share of the picture's side; at least a pixel."""
VERBS = {"blur": "Blurring", "dilate": "Dilating"}
SHAPED = {"blur": "a smoother map", "dilate": "a map of wider spots"}


@dataclass(frozen=True)
class ProbeFinding:
    """What a probe changes for a method.

    Parameters
    ----------
    change
        The area to the random control with the probed map minus that with the map itself.
    leak
        Accuracy from the masks alone, likewise; None where it was not measured.
    why
        What follows, with the figures.
    """

    method: str
    probe: Probe
    form: Form
    change: Accuracy
    leak: Accuracy | None
    why: str


def probes_of(method: str, probes: Sequence[Probe]) -> tuple[Probe | None, ...]:
    """The forms of a method's maps: as they are, and as each probe has them. Controls are not probed.

    >>> probes_of("gradient", ("blur",)), probes_of("random", ("blur",))
    ((None, 'blur'), (None,))
    """
    return (None,) if find_method(method).control else (None, *probes)


def ranked_as(method: str, probe: Probe | None) -> str:
    """The name of an order of removal.

    >>> ranked_as("gradient", None), ranked_as("gradient", "blur")
    ('gradient', 'gradient.blur')
    """
    return f"{method}.{probe}" if probe else method


def probed(
    maps: Float[Tensor, "n channels height width"], probe: Probe | None
) -> Float[Tensor, "n channels height width"]:
    """The maps with a Gaussian blur, or with each value replaced by the largest around it (grey dilation)."""
    reach = max(1.0, REACH * min(maps.shape[2:]))
    if probe == "blur":
        return blurred(maps, reach)
    if probe == "dilate":
        radius = round(reach)
        return F.max_pool2d(maps, 2 * radius + 1, stride=1, padding=radius)
    return maps


def find_probes(
    plain: tuple[Curves, Curves], probes: Mapping[Probe, tuple[Curves, Curves]], seed: int
) -> tuple[ProbeFinding, ...]:
    """What each probe changes for every method that has all of its networks.

    Parameters
    ----------
    plain
        Outcomes of networks that learned from the pictures, and from the masks alone, with the maps as they are.
    probes
        The same with probed maps.
    """
    return tuple(
        finding_of(plain, own, method, probe, form, seed)
        for probe, own in probes.items()
        for form in ("roar", "kar")
        for method in own[0].methods()
        if own[0].fractions(method, form) and plain[0].fractions(method, form) == own[0].fractions(method, form)
    )


def finding_of(
    plain: tuple[Curves, Curves], own: tuple[Curves, Curves], method: str, probe: Probe, form: Form, seed: int
) -> ProbeFinding:
    """The finding for a method and a form, with the leak once its networks are known too."""
    (before, masks_before), (after, masks_after) = plain, own
    fractions = after.fractions(method, form)
    upper, lower = (before, after) if form == "roar" else (after, before)
    pairs = [(upper.curve(method, form, fractions), lower.curve(method, form, fractions))]
    if masks_before.fractions(method, "roar") == masks_after.fractions(method, "roar") == fractions:
        pairs.append((masks_after.curve(method, "roar", fractions), masks_before.curve(method, "roar", fractions)))
    change, *leak = areas_between(pairs, seed)
    return ProbeFinding(method, probe, form, change, leak[0] if leak else None, in_words(probe, change, leak))


def in_words(probe: Probe, change: Accuracy, leak: Sequence[Accuracy]) -> str:
    """What follows from the change.

    >>> from core.metrics.statistics import Estimate
    >>> in_words("blur", Accuracy(Estimate(0.052, 0.03, 0.07, 60), (0.052,)), []).split(": ")[0]
    'Blurring the map changes the area by +0.05 (+0.03 to +0.07)'
    """
    mean, low, high, _ = change.over_pictures
    leaks = "".join(f" and the leak by {signed(100 * each.over_pictures.mean, 0)} points" for each in leak)
    figures = f"{VERBS[probe]} the map changes the area by {signed(mean)} ({signed(low)} to {signed(high)}){leaks}"
    if change.above_zero:
        told = f"{SHAPED[probe]} gets a larger area, though it tells no more about the network."
    elif change.below_zero:
        told = f"{SHAPED[probe]} gets a smaller area."
    else:
        told = "no clear change."
    if change.above_zero and any(each.above_zero for each in leak):
        told = f"{told} The masks alone tell more, too, which may explain it."
    return f"{figures}: {told}"


def signed(value: float, digits: int = 2) -> str:
    """
    >>> signed(0.052), signed(-0.3), signed(-0.001), signed(4.4, 0)
    ('+0.05', '−0.30', '0.00', '+4')
    """
    written = f"{value:+.{digits}f}"
    return written.replace("-", "−") if float(written) else written[1:]
