"""What a network answers for many maps of one picture, and the verdicts that follow by the product's own rule."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from calibration import families
from calibration.families import Map, Tested
from jaxtyping import Float
from torch import Tensor

import core
from core.jobs.events import Returning
from core.methods.registry import find_method, first_reason
from core.metrics.answers import Answers
from core.metrics.chance import FRACTIONS
from core.metrics.curve_plan import Perturbation, trace_curves
from core.metrics.curves import area_between
from core.metrics.evidence import Trace
from core.metrics.fidelity import null_spread, pass_verdict
from core.models.classifier import Classifier

METHODS = ("grad_cam", "occlusion", "gradient")
CONTROLS = ("random", "blurred_random", "sobel", "centre")


@dataclass(frozen=True)
class Judged:
    """One map's verdict on one picture; the family of a real map is its method's name."""

    picture: int
    family: str
    value: float
    spread: float
    verdict: str

    @property
    def better(self) -> bool:
        return self.verdict in ("finds", "edge")


@dataclass(frozen=True, eq=False)
class Explained:
    """A picture with its maps: of the methods whose power is measured, and of the controls."""

    pixels: Float[Tensor, "1 3 height width"]
    target: int
    methods: Mapping[str, Map]
    controls: Mapping[str, Map]


def explained(classifier: Classifier, pixels: Float[Tensor, "1 3 height width"]) -> Explained:
    target = core.predict(classifier, pixels)[0].index
    fitting = [name for name in METHODS if first_reason(find_method(name), classifier) is None]
    maps = core.explain(classifier, pixels, [*fitting, *CONTROLS], target=target)
    values = {name: heatmap.values for name, heatmap in maps.items()}
    return Explained(
        pixels, target, {name: values[name] for name in fitting}, {name: values[name] for name in CONTROLS}
    )


def tested_on(here: Explained, elsewhere: Explained, number: int, count: int) -> Iterator[Tested]:
    """The maps to be judged on one picture, about so many a family."""
    size = (here.pixels.shape[2], here.pixels.shape[3])
    yield from families.noise(size, count, number)
    yield from families.ramps(size, count, number)
    yield from families.of_superpixels(here.pixels, count, number)
    yield from families.moved_maps(here.methods, count, number)
    yield from families.moved_from(elsewhere.methods, count, number)
    yield from families.of_the_picture(here.controls, number)


def verdicts(
    classifier: Classifier, here: Explained, elsewhere: Explained, number: int, count: int, steps: int | None
) -> list[Judged]:
    """Every map's verdict on one picture, relative to its copies and to the controls.

    Parameters
    ----------
    steps
        Steps of the curves of judged maps; None follows these over the same few shares as the copies.
    """
    tested = list(tested_on(here, elsewhere, number, count))
    fractions = tuple(step / steps for step in range(1, steps)) if steps else FRACTIONS
    fine = fidelities(classifier, here, [*(each.map for each in tested), *here.controls.values()], fractions)
    coarse = fidelities(classifier, here, [copy for each in tested for copy in each.copies], FRACTIONS, known=fine)
    rivals = {name: fine[id(values)] for name, values in here.controls.items()}
    judged = []
    for each in tested:
        value, spread = fine[id(each.map)], null_spread([coarse[id(copy)] for copy in each.copies])
        judged.append(Judged(number, each.family, value, spread, pass_verdict(value, spread, rivals)[0]))
    return judged


def fidelities(
    classifier: Classifier,
    here: Explained,
    maps: Sequence[Map],
    fractions: tuple[float, ...],
    known: Mapping[int, float] | None = None,
) -> dict[int, float]:
    """F of each map by its identity, so that a map that serves twice is followed once."""
    reuse = dict(known or {}) if fractions == FRACTIONS else {}
    fresh = {str(id(values)): values for values in maps if id(values) not in reuse}
    mif, lif = Trace("mif", fractions=fractions), Trace("lif", fractions=fractions)
    answers = Answers(classifier, here.pixels, here.target, "probability")
    tracing = Returning(trace_curves(classifier, here.pixels, fresh, (mif, lif), answers, Perturbation()))
    for _ in tracing:
        pass
    return reuse | {int(name): area_between(curves[lif], curves[mif]) for name, curves in tracing.result.items()}


def pictures_for(classifier: Classifier, count: int) -> list[Float[Tensor, "1 3 height width"]]:
    """Test pictures of Fashion-MNIST, or photos of the gallery, whichever the network has learnt."""
    if classifier.name.startswith("fashion"):
        from core.pictures.datasets import fashion_mnist

        return list(fashion_mnist("test").pixels[:count].split(1))
    return [classifier.prepare(core.open_picture(picture.path)) for picture in core.gallery()[:count]]


def calibrate(name: str, pictures: int, count: int, steps: int | None) -> Iterator[list[Judged]]:
    """The verdicts on each picture of one network; the maps of another picture are those of the one before."""
    classifier = core.load_classifier(name, device="cpu")
    all_pixels = pictures_for(classifier, pictures)
    before = explained(classifier, all_pixels[-1])
    for number, pixels in enumerate(all_pixels):
        here = explained(classifier, pixels.contiguous(memory_format=torch.contiguous_format))
        yield verdicts(classifier, here, before, number, count, steps)
        before = here
