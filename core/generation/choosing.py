"""Which prior fills the holes of a classifier's pictures."""

from core.generation.dcgan import SIZE, dcgan
from core.generation.donors import donors
from core.generation.exemplars import SIDE, exemplars
from core.generation.flow import FLOWS, flow, refined_donors
from core.generation.own_prior import OwnFill, own_prior
from core.generation.pools import CLOTHES, GALLERY, Kind
from core.generation.priors import Prior, find_prior

ChosenPrior = str | OwnFill | None
"""A name, a person's own function, or what suits the pictures."""


def chosen_prior(chosen: ChosenPrior, pool: Kind) -> Prior:
    """The prior of that name or function; by default the best one for such pictures.

    Raises
    ------
    ValueError
        Where there is none of that name, or it does not apply to such pictures.
    """
    if chosen is None:
        chosen = usual_prior(pool)
    found = find_prior(chosen) if isinstance(chosen, str) else own_prior(chosen)
    found.check(pool)
    return found


def usual_prior(pool: Kind) -> str:
    """Donors refined by a flow where one is bundled, exemplars from the gallery, and donors of a person's own."""
    return fitting_priors(pool.name, pool.size)[0]


def fitting_priors(source: str, size: tuple[int, int]) -> list[str]:
    """The priors that can fill pictures of such a pool and size, the usual one first.

    The gallery has too few pictures to be donors of photos, unless these are too small for exemplars.

    >>> fitting_priors("fashion_mnist", (28, 28))
    ['refined_donors', 'donors', 'flow', 'dcgan', 'exemplars']
    >>> fitting_priors("gallery", (224, 224)), fitting_priors("a folder", (48, 48))
    (['exemplars'], ['donors', 'exemplars'])
    """
    flows, tiles = source in FLOWS and FLOWS[source].size == size, min(size) >= SIDE
    fitting = [refined_donors] if flows else []
    fitting += [donors] if source != GALLERY or not tiles else []
    fitting += [flow] if flows else []
    fitting += [dcgan] if source == CLOTHES and size == SIZE else []
    fitting += [exemplars] if tiles else []
    return [each.__name__ for each in fitting]
