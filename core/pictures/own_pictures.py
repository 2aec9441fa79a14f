"""A person's pictures as ground for patches: different ones, opened until there are enough."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence

import torch

from core.pictures.opening import PictureError
from core.pictures.patches import Ground, reduced
from core.pictures.specimens import Specimen
from core.randomness import generator

SMALL = 64
"""A source of pictures no longer than this gives bases of their own size."""
ENOUGH = 40
ENOUGH_PIXELS = 100_000_000
"""Pictures are opened until there is one for each base, or this many of at least so many pixels together."""
TRIES = 100
"""Where none of so many pictures can be opened, the others are not tried."""


def sound_pictures(
    specimens: Sequence[Specimen], side: int, wanted: int, seed: int, refused: list[str]
) -> Iterator[Ground]:
    """Different pictures in random order until there are enough; what can't be opened is entered among the refused.

    Large ones are scaled down as far as patches of that side leave room for.
    """
    seen: set[str] = set()
    pixels = 0
    for place in torch.randperm(len(specimens), generator=generator(seed, "bases", "pictures")).tolist():
        if len(seen) >= wanted or (pixels > ENOUGH_PIXELS and len(seen) >= ENOUGH):
            return
        try:
            picture = specimens[place].open()
        except PictureError as error:
            refused.append(f"{specimens[place].name}: {error}")
            if len(refused) == TRIES and not seen:
                return
            continue
        content = hashlib.sha256(repr(picture.size).encode() + picture.tobytes()).hexdigest()
        if content not in seen:
            seen.add(content)
            pixels += picture.width * picture.height
            times = max(1, min(picture.size) // (8 * side))
            yield Ground(specimens[place].name, reduced(picture, times), shrunk=times, digest=content)


def usual_side(found: Sequence[Ground], otherwise: int, least: int) -> int:
    """The short side that most pictures have, where most are small."""
    small = [min(ground.part.size) for ground in found if max(ground.part.size) <= SMALL]
    if 2 * len(small) <= len(found):
        return otherwise
    return max(least, Counter(small).most_common(1)[0][0])
