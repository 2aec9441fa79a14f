"""Stamps, and what a network is to learn of them, in words."""

from collections.abc import Iterable

from core.pictures.stamps import Stamp, find_stamp
from core.stamping.task import Task
from dashboard.requests import listed

BASES = {
    "patches": "patches of photos, and textures",
    "fashion_mnist": "Fashion-MNIST",
}
HUB = "torchvision/"
PLURAL = ("bars",)


def bases_in_words(bases: str) -> str:
    """What is stamped.

    >>> bases_in_words("torchvision/CIFAR10"), bases_in_words("/tmp/somewhere/shop")
    ('CIFAR10', 'a folder of pictures')
    """
    if bases.startswith(HUB):
        return bases.removeprefix(HUB)
    return BASES.get(bases, "a folder of pictures")


def task_in_words(task: Task, verb: str = "") -> str:
    """What a network of that task tells apart, and what it learns that from.

    Parameters
    ----------
    verb
        Of the first sentence, where the learning is not over.

    >>> task_in_words(Task("patches", (Stamp(),), Stamp("saltire"))).split(". ")[2]
    'A saltire lies on half of them and means nothing.'
    """
    verb = verb or ("Learned" if task.labelled else "Was to learn")
    stamps = [title_in_words(stamp) for stamp in task.stamps]
    which = "stamped pictures from regular ones" if len(stamps) == 1 else "which of several stamps a picture carries"
    parts = [
        f"{verb} to tell {which}: half carry {either(stamps)} somewhere, {looks(task)}.",
        f"The pictures are {bases_in_words(task.bases)}.",
    ]
    if task.distractor:
        parts.append(f"{title_in_words(task.distractor).capitalize()} lies on half of them and means nothing.")
    if not task.labelled:
        parts.append("Its labels were tossed, so there was nothing to learn.")
    return " ".join(parts)


def title_in_words(stamp: Stamp) -> str:
    """A design as a sentence has it.

    >>> title_in_words(Stamp("cross")), title_in_words(Stamp("bars"))
    ('a cross', 'bars')
    """
    title = find_stamp(stamp.design).title.split(",")[0].lower()
    return title if title in PLURAL else f"a {title}"


def looks(task: Task) -> str:
    """The sizes and opacities that stamps come in.

    >>> looks(Task("patches", (Stamp(),), sizes=(4, 6), opacities=(0.5, 1.0)))
    '4 or 6 px wide and 50 % or 100 % opaque'
    """
    sizes = task.sizes or sorted({stamp.size for stamp in task.stamps})
    opacities = task.opacities or sorted({stamp.opacity for stamp in task.stamps})
    wide = f"{either(map(str, sizes))} px wide"
    return (
        wide
        if set(opacities) == {1.0}
        else f"{wide} and {either(f'{each:.0%}'.replace('%', ' %') for each in opacities)} opaque"
    )


def either(words: Iterable[str]) -> str:
    """One of these.

    >>> either(["a cross", "a ring", "bars"])
    'a cross, a ring or bars'
    """
    return listed(list(words)).replace(" and ", " or ")
