"""The ceiling of F on one picture as a stream: its request checked, then the search."""

from collections.abc import Generator, Iterator, Mapping, Sequence

from jaxtyping import Float
from torch import Tensor

from core.metrics.answers import Answers, Y
from core.metrics.ceiling import Ceiling, CeilingReady
from core.metrics.curve_plan import Perturbation
from core.metrics.order_search import Search, Step
from core.metrics.patch_orders import Patches
from core.metrics.removal import checked_map
from core.metrics.search_plan import PASSES, PATCHES, least_passes, stages_of
from core.models.class_choice import ClassChoice
from core.models.classifier import Classifier, checked_pixels, checked_target
from core.models.outputs import Contrast, check_contrast, check_output


def checked_maps(
    maps: Mapping[str, Tensor], known: Mapping[str, float], pixels: Float[Tensor, "1 3 height width"]
) -> dict[str, Float[Tensor, "height width"]]:
    """The maps, if they fit the picture and each known F belongs to one of them.

    Raises
    ------
    ValueError
        With what does not fit.
    """
    strangers = [name for name in known if name not in maps]
    if strangers:
        raise ValueError(f"An F is known of {', '.join(strangers)}, but there is no map of that name; pass it as well.")
    return {name: checked_map(name, values, pixels, 1).view(pixels.shape[2:]) for name, values in maps.items()}


def check_passes(passes: int, least: int) -> None:
    """Refuses a number of passes that ends before the search begins.

    Raises
    ------
    ValueError
        With the least number.
    """
    if passes < least:
        raise ValueError(f"The ceiling takes at least {least:,} passes here, and some for the search; got {passes:,}.")


def stream_ceiling(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    target: ClassChoice | None = None,
    maps: Mapping[str, Float[Tensor, "height width"]] | None = None,
    known: Mapping[str, float] | None = None,
    imputer: str = "dataset_mean",
    y: Y = "probability",
    steps: int = 20,
    patches: int = PATCHES,
    passes: int = PASSES,
    seed: int = 0,
    rather_than: int | None = None,
) -> Iterator[Step | CeilingReady]:
    """The largest F that any order of the picture's pixels is found to reach; a step is one batch.

    The search starts from the orders of the best maps, and what it finds is held against the order of each map as it
    is, pixel by pixel: the ceiling is the largest of all these, so it is never below an F that is shown beside it.

    F depends on the imputer, on y and on the steps, so a share of the ceiling takes an F that was measured alike.
    Pixels are removed one by one: no other unit has this ceiling.

    Parameters
    ----------
    maps
        Maps that take part, by name; the ceiling is never below F of any of them.
    known
        F of those maps for which it has been measured, so that its passes are not spent again.
    patches
        Patches along the longer side of the picture.
    passes
        The most pictures sent through the network.
    rather_than
        A class that the target is contrasted with.

    Raises
    ------
    ValueError
        Where a map does not fit the picture, the passes are too few, or the relative logit has no positive clean logit
        to refer to.
    """
    pixels, known = checked_pixels(classifier, pixels), known or {}
    rivals, perturbation = checked_maps(maps or {}, known, pixels), Perturbation(imputer, y=y, steps=steps)
    stages = stages_of(classifier.size, patches, steps)
    spent = 1 + (target is None)
    check_passes(
        passes, spent + least_passes(stages, perturbation, classifier.size, len(rivals), len(rivals) - len(known))
    )
    if rather_than is not None:
        check_output(Contrast(rather_than), len(classifier.labels))
    if target is not None:
        target = checked_target(classifier, pixels, target)
        check_contrast(target, rather_than)

    def searched() -> Iterator[Step | CeilingReady]:
        explained = checked_target(classifier, pixels, target)
        check_contrast(explained, rather_than)
        answers = Answers(classifier, pixels, explained, y, rather_than)
        asked = perturbation, rivals, known, seed, stages, spent, passes
        yield CeilingReady((yield from search_ceiling(classifier, pixels, answers, *asked)))

    return searched()


def search_ceiling(
    classifier: Classifier,
    pixels: Float[Tensor, "1 3 height width"],
    answers: Answers,
    perturbation: Perturbation,
    maps: Mapping[str, Float[Tensor, "height width"]],
    known: Mapping[str, float],
    seed: int,
    stages: Sequence[Patches],
    spent: int,
    passes: int,
) -> Generator[Step, None, Ceiling]:
    """The ceiling, with F of the maps of which it is not known.

    Parameters
    ----------
    spent, passes
        Passes so far, and the most there may be.
    """
    search = Search(classifier, pixels, answers, perturbation, seed, spent, passes)
    lacking = {name: values for name, values in maps.items() if name not in known}
    fidelities = {**known, **(yield from search.measure(lacking))}
    return (yield from search.ceiling(stages, maps, fidelities))
