"""What a study takes, in sentences: beside its button and at the terminal."""

from core.jobs.durations import about, counted, room
from core.retraining.cost import Cost, Pictures


def cost_sentences(cost: Cost, pictures: Pictures, size: int, trained: int) -> list[str]:
    """Networks and seconds, what adds to them, then the pictures and the room that heatmaps take.

    Parameters
    ----------
    size
        Bytes of heatmaps and ranks.
    trained
        How many networks are kept.
    """
    return [in_words(cost, trained), *parts(cost), pictures_in_words(pictures, size)]


def in_words(cost: Cost, trained: int) -> str:
    """
    >>> in_words(Cost(21, 4.0, 60.0, 2, heatmaps=15000), 0)
    '21 networks of about 4\xa0s each, 15,000 heatmaps: about 70\xa0s on 2 cores.'
    >>> in_words(Cost(9, 4.0, 0.0, 2), 12)
    '9 networks of about 4\xa0s each are left, 12 are kept: about 20\xa0s on 2 cores.'
    >>> in_words(Cost(0, 4.0, 0.0, 2), 21)
    'All 21 networks are kept.'
    """
    networks = f"{counted(cost.networks, 'network')} of {about(cost.network_seconds)} each"
    whole = f"{about(cost.seconds)} on {counted(cost.cores, 'core')}."
    if not trained:
        return f"{networks}, {counted(cost.heatmaps, 'heatmap')}: {whole}"
    return (
        f"{networks} are left, {trained:,} are kept: {whole}"
        if cost.networks
        else f"All {trained:,} networks are kept."
    )


def parts(cost: Cost) -> list[str]:
    """What the time includes besides training and heatmaps, and what may be spared.

    >>> parts(Cost(21, 4.0, 60.0, 2, filling_seconds=36.0, start_seconds=8.0, spared=7))
    ['Includes about 18\xa0s of filling and about 8\xa0s to start. Stopping early may spare up to 7 networks.']
    >>> parts(Cost(0, 4.0, 0.0, 2, start_seconds=8.0))
    []
    """
    if not cost.networks:
        return []
    filling = [f"{about(cost.filling_seconds / cost.cores)} of filling"] if cost.filling_seconds else []
    starting = [f"{about(cost.start_seconds)} to start"] if cost.start_seconds else []
    told = [f"Includes {' and '.join(filling + starting)}."] if filling or starting else []
    if cost.spared:
        told.append(f"Stopping early may spare up to {counted(cost.spared, 'network')}.")
    return [" ".join(told)] if told else []


def pictures_in_words(pictures: Pictures, size: int) -> str:
    """
    >>> pictures_in_words(Pictures(60_000, 10_000, (32, 32)), 5_700_000_000)
    '60,000 training and 10,000 test pictures of 32 × 32 pixels. Heatmaps, kept without loss: 5.7\xa0GB of disk.'
    """
    height, width = pictures.size
    told = f"{pictures.learned:,} training and {counted(pictures.tested, 'test picture')} of {height} × {width} pixels."
    return f"{told} Heatmaps, kept without loss: {room(size)} of disk."


def comparison_in_words(trained: int, copies: int, heatmaps: int, seconds: float) -> str:
    """What fine-tuned copies take to judge heatmaps: what is trained from random weights, fine-tuned, and explained.

    >>> comparison_in_words(1, 4, 2080, 400)
    '1 network trained, 4 copies fine-tuned, 2,080 heatmaps: about 7\xa0min of one core.'
    >>> comparison_in_words(0, 2, 26, 8)
    '2 copies fine-tuned, 26 heatmaps: about 8\xa0s of one core.'
    >>> comparison_in_words(0, 0, 26, 8)
    '26 heatmaps: about 8\xa0s of one core.'
    """
    parts = [f"{counted(trained, 'network')} trained"] if trained else []
    parts += [f"{counted(copies, 'copy', 'copies')} fine-tuned"] if copies else []
    return f"{', '.join([*parts, counted(heatmaps, 'heatmap')])}: {about(seconds)} of one core."
