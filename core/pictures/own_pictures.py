"""A person's pictures as grounds for patches: distinct ones, opened until there are enough."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence

import torch

from core.pictures.collecting import StudyPicture
from core.pictures.opening import PictureError
from core.pictures.patches import Ground, reduced
from core.randomness import generator

SMALL = 64
"""Pictures with sides of at most this give bases of their own size."""
ENOUGH = 40
ENOUGH_PIXELS = 100_000_000
"""Pictures are opened until there is one for each base, or this many with at least this many pixels in total."""
TRIES = 100
"""If none of this many pictures can be opened, the others are not tried."""


def sound_pictures(
    pictures: Sequence[StudyPicture], side: int, wanted: int, seed: int, refused: list[str]
) -> Iterator[Ground]:
    """Distinct pictures in random order until there are enough; those that cannot be opened are added to the refused.

    Large ones are scaled down as far as patches of that side allow.
    """
    seen: set[str] = set()
    pixels = 0
    for place in torch.randperm(len(pictures), generator=generator(seed, "bases", "pictures")).tolist():
        if len(seen) >= wanted or (pixels > ENOUGH_PIXELS and len(seen) >= ENOUGH):
            return
        try:
            picture = pictures[place].open()
        except PictureError as error:
            refused.append(f"{pictures[place].name}: {error}")
            if len(refused) == TRIES and not seen:
                return
            continue
        content = hashlib.sha256(repr(picture.size).encode() + picture.tobytes()).hexdigest()
        if content not in seen:
            seen.add(content)
            pixels += picture.width * picture.height
            times = max(1, min(picture.size) // (8 * side))
            yield Ground(pictures[place].name, reduced(picture, times), shrunk=times, digest=content)


def usual_side(found: Sequence[Ground], otherwise: int, least: int) -> int:
    """The short side that most pictures have, where most are small."""
    small = [min(ground.part.size) for ground in found if max(ground.part.size) <= SMALL]
    if 2 * len(small) <= len(found):
        return otherwise
    return max(least, Counter(small).most_common(1)[0][0])
