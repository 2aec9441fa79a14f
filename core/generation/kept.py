"""The share of fills that keep the class, for the maps of one picture: what the metric of that name reads."""

from collections.abc import Generator, Mapping

from jaxtyping import Float
from torch import Tensor

from core.generation.hidden import hidden_regions
from core.generation.pools import collect_pool
from core.generation.reconstruction import ReconstructionReady, prepared, reconstruct
from core.jobs.events import Progress
from core.metrics.share_kept import SHARE, VARIATIONS
from core.models.classifier import Classifier
from core.randomness import picture_digest


def shares_kept(
    classifier: Classifier,
    pixels: Float[Tensor, "1 channels height width"],
    target: int,
    maps: Mapping[str, Float[Tensor, "height width"]],
    origin: str,
    seed: int,
) -> Generator[Progress, None, dict[str, float]]:
    """By map, with the usual prior of such pictures; yields after every batch.

    Parameters
    ----------
    origin
        The photo that the picture is cut from, where it is known: nothing of it fills a hole.
    """
    found: dict[str, float] = {}
    if not maps:
        return found
    hidden = hidden_regions(maps, classifier.size, [SHARE], "area", ["salient"], seed, picture_digest(pixels))
    pool = collect_pool(classifier)
    for event in reconstruct(prepared(classifier, pixels, target, pool, None, VARIATIONS, origin, seed), hidden):
        if isinstance(event, ReconstructionReady):
            found[event.method] = event.kept
        elif isinstance(event, Progress):
            yield event
    return found
