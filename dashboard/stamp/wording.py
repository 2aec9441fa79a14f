"""Stamps, and what a network is to learn of them, in words."""

from collections.abc import Iterable

from core.pictures.stamps import Placed, Stamp, find_stamp
from core.stamping.task import Task
from dashboard.jobs.changes import listed

BASES = {
    "patches": "patches of photos, and textures",
    "fashion_mnist": "Fashion-MNIST",
}
NETWORKS = {
    "stamp_cnn": "Small CNN, from scratch",
    "head of efficientnet_lite0": "EfficientNet-Lite0, only its head",
    "head of squeezenet1_1": "SqueezeNet 1.1, only its head",
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
    'A saltire lies on half of them and carries no label.'
    """
    verb = verb or ("Learned" if task.labelled else "Was to learn")
    stamps = [title_in_words(stamp) for stamp in task.stamps]
    which = "stamped pictures from regular ones" if len(stamps) == 1 else "which of several stamps a picture carries"
    parts = [
        f"{verb} to tell {which}: half carry {either(stamps)} somewhere, {looks(task)}.",
        f"The pictures are {bases_in_words(task.bases)}.",
    ]
    if task.distractor:
        parts.append(f"{title_in_words(task.distractor).capitalize()} lies on half of them and carries no label.")
    if not task.labelled:
        parts.append("Its labels were random, so there was nothing to learn.")
    return " ".join(parts)


def title_in_words(stamp: Stamp) -> str:
    """A design as a sentence has it.

    >>> title_in_words(Stamp("cross")), title_in_words(Stamp("bars"))
    ('a cross', 'bars')
    """
    title = short_title(stamp.design).lower()
    return title if title in PLURAL else f"a {title}"


def placed_in_words(placed: Placed | None) -> str:
    """A stamp on a picture: its looks, and where it is; nothing where there is none.

    >>> placed_in_words(Placed(Stamp("bars", 12, "#ff00ff", 0.5), 3, 4))
    'bars, 12 px wide, #ff00ff, 50 % opaque, 3 px from the left and 4 px from the top'
    """
    if placed is None:
        return ""
    stamp = placed.stamp
    colour = stamp.colour or find_stamp(stamp.design).colour
    looks = [title_in_words(stamp), f"{stamp.size} px wide", colour, in_percent(stamp.opacity) + " opaque"]
    return ", ".join([*looks, f"{placed.left} px from the left and {placed.top} px from the top"])


def in_percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def short_title(design: str) -> str:
    """A design's title without its particulars."""
    return find_stamp(design).title.partition(",")[0]


def looks(task: Task) -> str:
    """The sizes and opacities that stamps come in.

    >>> looks(Task("patches", (Stamp(),), sizes=(4, 6), opacities=(0.5, 1.0)))
    '4 or 6 px wide and 50 % or 100 % opaque'
    """
    sizes = task.sizes or sorted({stamp.size for stamp in task.stamps})
    opacities = task.opacities or sorted({stamp.opacity for stamp in task.stamps})
    wide = f"{either(map(str, sizes))} px wide"
    return wide if set(opacities) == {1.0} else f"{wide} and {either(map(in_percent, opacities))} opaque"


def either(words: Iterable[str]) -> str:
    """One of these.

    >>> either(["a cross", "a ring", "bars"])
    'a cross, a ring or bars'
    """
    return listed(list(words)).replace(" and ", " or ")
