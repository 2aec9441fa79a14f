"""Propagation: the score passed back layer by layer, with its own rules for each kind of layer.

Rules are hooked onto a copy of the network in which every step is a module (``core.models.unrolled``). A step without a
rule would silently pass back the plain gradient; so every step has to be known here, or the network is refused.

Normalisation is not a step of the copy, which receives normalised pictures. DeepLIFT loses nothing by that: the
difference between picture and baseline is scaled as the slopes are, and their product stays the same. LRP's relevance
of a normalised value is that of the pixel at its place, and its box is the range from normalised black to normalised
white.
"""

import math
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from core.methods.completeness import ends_scores, missed_share, note_completeness
from core.methods.heatmap import Passes
from core.methods.passes import PassBank
from core.methods.paths import Baseline
from core.methods.readings import Question
from core.methods.registry import Unfit, method
from core.methods.requirements import gradients
from core.methods.rescaling import Explained, Read, logit_weights, with_rules
from core.methods.step_rules import relevance_rules, rescale_rules
from core.models.answering import rows_of
from core.models.batching import Kind
from core.models.classifier import Classifier
from core.models.unrolled import Apart, Mean, Sum, taken_apart

if TYPE_CHECKING:
    from zennit.composites import LayerMapComposite

KOHLBRENNER = "Kohlbrenner et al. 2020, arXiv:1910.09840"
MONTAVON = "Montavon et al. 2017, arXiv:1512.02479"

TOLERANCE = 1e-4  # of the largest logit: what a batch norm folded in float32 may change
MISSED = 0.01  # rounding misses up to 0.001; one rule too few in ResNet-18, SqueezeNet or Lite0 missed 0.004 to 4
VANISHED, EXPLODED = 1e-6, 1e3  # of the score; measured: 2e-4 (Lite0) to 136 (a logit near zero)

Rules = Literal["flat", "box"]
warnings.filterwarnings("ignore", "Setting forward, backward hooks and attributes on non-linear", UserWarning)


@method(
    label="DeepLIFT",
    family="propagation",
    signed=True,
    paper="Shrikumar et al. 2017, arXiv:1704.02685",
    needs=(gradients, rescale_rules),
)
def deeplift(passes: PassBank, baseline: Baseline = "black") -> Float[Tensor, "3 height width"]:
    """Each pixel's share of the score gained over a baseline, propagated back through each layer's change.

    Slopes are taken between baseline and picture instead of at the picture (the rescale rule), so the shares add up to
    the score difference in one pass. Pixels that look like the baseline get zero.

    Parameters
    ----------
    baseline
        The picture that changes are measured from.
    """
    start = passes.baseline(baseline)
    scores = ends_scores(passes, baseline, start)
    shares = passes.at_picture(RescaledShares(baseline, start))
    total, before, after = float(shares.sum()), float(scores[0]), float(scores[1])
    missed = missed_share(total, before, after)
    if missed is None and abs(total - (after - before)) > MISSED * max(abs(before), abs(after)):
        raise Unfit(
            "Baseline and picture score almost the same, but DeepLIFT's shares do not cancel; the map is not shown."
        )
    if missed is not None and not missed <= MISSED:
        raise Unfit(
            f"DeepLIFT's shares miss the score difference by {100 * missed:.0f} % here, so the map is not shown; "
            f"more than {100 * MISSED:.0f} % means that some step was propagated wrongly."
        )
    note_completeness(passes, total, before, after)
    return shares


@method(label="LRP ε+ flat", family="propagation", signed=True, paper=KOHLBRENNER, needs=(gradients, relevance_rules))
def lrp(passes: PassBank) -> Float[Tensor, "3 height width"]:
    """The score distributed back layer by layer over what contributed to it (epsilon-plus-flat).

    Dense layers distribute by contribution (epsilon), convolutions by positive contribution only (z+), and the first
    layer evenly over all that it sees (flat), so the map shows places, not colours.
    """
    return relevance(passes, "flat")


@method(label="LRP α1β0", family="propagation", signed=True, paper=MONTAVON, needs=(gradients, relevance_rules))
def lrp_alpha_beta(passes: PassBank) -> Float[Tensor, "3 height width"]:
    """The score distributed back layer by layer over positive contributions only (alpha 1, beta 0; z^B at the pixels).

    Evidence against the class never shows. The first layer measures how far a pixel is from black and from white.
    """
    return relevance(passes, "box")


def relevance(passes: PassBank, rules: Rules) -> Float[Tensor, "3 height width"]:
    """The relevance of each pixel, with a note on how much of the score it amounts to.

    Raises
    ------
    Unfit
        Where relevance vanishes or explodes on the way back, or the score is a probability.
    """
    if passes.question.output == "probability":
        raise Unfit(
            "LRP distributes logits and has no rule for softmax or sigmoid. Explain the logit or the logit margin."
        )
    score = float(passes.score())
    shared = passes.at_picture(Relevance(rules))
    size = float(shared.abs().sum()) / abs(score) if score else math.inf
    if not VANISHED <= size <= EXPLODED:
        happened = "vanished" if size < VANISHED else "exploded"
        raise Unfit(f"Relevance {happened} on the way to the pixels: what arrives is {size:.0e} times the score.")
    share = float(shared.sum()) / score
    passes.note(
        f"The relevance adds up to {100 * share:.2f} % of the score. These rules preserve the sum only without biases."
    )
    if score < 0:
        passes.note("The score is below zero, so evidence for the class has negative relevance.")
    return shared


@dataclass(frozen=True)
class RescaledShares:
    """DeepLIFT's contributions of the pixels, computed by captum.

    Parameters
    ----------
    baseline
        Name of the picture that changes are measured from.
    start
        That picture.
    """

    baseline: Baseline
    start: Float[Tensor, "1 3 height width"] = field(compare=False, repr=False)
    kind: ClassVar[Kind] = "gradient"
    # The copy is compared with the network, then sees picture and baseline.
    cost: ClassVar[Passes] = Passes(forward=4, backward=2)

    def __call__(
        self, classifier: Classifier, question: Question, pixels: Float[Tensor, "n 3 height width"]
    ) -> Float[Tensor, "n 3 height width"]:
        # Here, because captum brings matplotlib: a third of a second at the start of everything else.
        from captum.attr import DeepLift

        if classifier.answering.alone:
            raise Unfit("DeepLIFT sends picture and baseline through together; this network needs each picture alone.")
        start = classifier.as_input(classifier.normalise(self.start))
        network = with_rules(faithful_copy(classifier, pixels, "DeepLIFT"))
        deep_lift = DeepLift(Explained(network, question, classifier.read))
        # One by one: captum's pooling rule mixes up the gradients of several pictures.
        pictures = torch.split(classifier.as_input(classifier.normalise(pixels)).detach(), 1)
        with torch.enable_grad():
            shares = [deep_lift.attribute(picture.requires_grad_(), start) for picture in pictures]
        return torch.cat(shares).detach().to(pixels)


@dataclass(frozen=True)
class Relevance:
    """LRP's relevance of the pixels, computed with one of zennit's composites."""

    rules: Rules
    kind: ClassVar[Kind] = "gradient"
    # The copy is compared with the network, then runs once; z+ runs each layer twice more, each way.
    cost: ClassVar[Passes] = Passes(forward=5, backward=2)

    def __call__(
        self, classifier: Classifier, question: Question, pixels: Float[Tensor, "n 3 height width"]
    ) -> Float[Tensor, "n 3 height width"]:
        network = faithful_copy(classifier, pixels, "LRP")
        ends = (classifier.normalise(torch.full_like(pixels[:1], level)) for level in (0.0, 1.0))
        composite = composite_of(self.rules, network, *map(classifier.as_input, ends))
        pictures = classifier.as_input(classifier.normalise(pixels))
        return handed_back(network, composite, question, pictures, classifier.read).to(pixels)


def handed_back(
    network: Apart,
    composite: "LayerMapComposite",
    question: Question,
    pictures: Float[Tensor, "n channels height width"],
    read: Read = rows_of,
) -> Float[Tensor, "n channels height width"]:
    """The relevance of the score at normalised pictures; each logit starts with what it adds to the score."""
    pictures = pictures.detach().requires_grad_()
    with composite.context(network) as ruled, torch.enable_grad():
        logits = read(ruled(pictures), len(pictures))
        start = logit_weights(question, logits.detach(), logits.detach()) * logits.detach()
        (shared,) = torch.autograd.grad(logits, pictures, grad_outputs=start)
    return shared.detach()


def composite_of(
    rules: Rules,
    network: Apart,
    black: Float[Tensor, "1 3 height width"],
    white: Float[Tensor, "1 3 height width"],
) -> "LayerMapComposite":
    """The rule for each kind of layer; black and white are normalised."""
    # It loads torchvision, which takes longer than all that a method needs, in each process that a study starts.
    from zennit.composites import EpsilonPlusFlat, SpecialFirstLayerMapComposite, layer_map_base
    from zennit.rules import Norm, ZBox, ZPlus
    from zennit.types import Linear

    shares = [((Mean, Sum), Norm())]
    if rules == "flat":
        return EpsilonPlusFlat(layer_map=shares)
    first = [part for part in network.children() if isinstance(part, Linear)][:1]
    with torch.no_grad():  # what the first layer reads may have been reshaped
        boxes = [((Linear,), ZBox(network.read_by(part, black), network.read_by(part, white))) for part in first]
    # ZPlus is alpha 1, beta 0 at half its price.
    everywhere = [*shares, *layer_map_base(), ((Linear,), ZPlus())]
    return SpecialFirstLayerMapComposite(everywhere, boxes)


def faithful_copy(classifier: Classifier, pixels: Float[Tensor, "n 3 height width"], rules: str) -> Apart:
    """A copy in which every step is a module, and which gives the network's own answers at these pixels.

    Raises
    ------
    Unfit
        Where its answers differ.
    """
    pictures = classifier.as_input(classifier.normalise(pixels)).detach()
    network = taken_apart(classifier.network, pictures[:1])
    with torch.no_grad():
        copied, answered = classifier.read(network(pictures), len(pictures)), classifier(pixels)
    if not torch.allclose(copied, answered, rtol=0, atol=TOLERANCE * float(answered.abs().max())):
        raise Unfit(f"{rules} works on a copy of the network, and the copy's answers differ from the network's.")
    return network
