"""Whether a method passes label randomisation: the criterion, the sentence that says so, and what it cannot show."""

from math import isnan

from core.metrics.statistics import FEWEST, Estimate
from core.sanity.verdict import HALF, Standing, short

CRITERION = (
    "The check compares two similarities to the maps of the first network (rank correlation of magnitudes, mean over "
    "the pictures): that of a second network trained on the same true labels, and that of a network trained on "
    "shuffled labels. A method fails if the similarity after shuffling is above 0.5: its maps stay, whatever the "
    "labels meant. It passes if shuffled labels leave less than half of the similarity that retraining leaves: then "
    "the labels change the maps. Otherwise it is unclear, for example where retraining alone changes the maps. Each "
    "condition must hold for the whole 95 % interval over five pictures or more. The criterion is ours; Adebayo et al. "
    "2018 compare with the first network alone, by eye and by similarity."
)
LIMITS = (
    "These are small networks on pictures of clothes, 28 pixels wide. A method may do better or worse on a large one.",
    "The clothes lie on black. A map that is 0 where the picture is 0, such as the input times anything, is similar "
    "for all networks there: such a method fails for showing the picture's outline, whatever else it shows.",
    "A network that memorised shuffled labels still had to look at the pictures, and both may rely on the same "
    "pixels (Yona and Greenfeld 2021, arXiv:2110.14297): similar maps need not mean that the method ignores the "
    "network.",
    "Each network was trained once: the intervals cover other pictures, not other trainings. Train the networks with "
    "another seed to see what that changes.",
    "A map that is mostly noise, such as the gradient, has little in common between any two networks, so it can hardly "
    "do better than unclear here.",
    "Random maps have nothing in common with each other, so they stay unclear here by construction. Under random "
    "weights they pass and in the quick check's efficient form they fail, by construction too: each check measures "
    "something else, and a standing in one says nothing about another.",
    "Passing is necessary, not sufficient: it shows that the map depends on what was learned, not that it is right.",
)


def in_words(standing: Standing, retrained: Estimate, shuffled: Estimate, pictures: int) -> str:
    """The verdict with its numbers.

    >>> in_words("fails", Estimate(0.91, 0.87, 0.94, n=20), Estimate(0.9, 0.86, 0.93, n=20), pictures=20)
    'Shuffled labels leave the maps similar: 0.91 after retraining, 0.90 (0.86 to 0.93) after shuffling the labels.'
    >>> one = Estimate(0.91, float("nan"), float("nan"), n=1)
    >>> in_words("unclear", one, one, pictures=1)
    'A verdict needs 5 pictures. Similarity on 1 so far: 0.91 after retraining, 0.91 after shuffling the labels.'
    """
    if retrained.n < FEWEST:
        so_far = (
            f" Similarity on {retrained.n} so far: {compared_in_words(retrained, shuffled)}." if retrained.n else ""
        )
        without = pictures - retrained.n
        left_out = f" Undefined on {without}, where a map is constant or refused." if without else ""
        return f"A verdict needs {FEWEST} pictures.{so_far}{left_out}"
    if standing != "fails" and not retrained.low > 0:
        return (
            f"Retraining alone may change the maps completely (similarity {short(retrained.mean)}, "
            f"{short(retrained.low)} to {short(retrained.high)}), so shuffled labels have nothing left to change."
        )
    found = {
        "fails": "Shuffled labels leave the maps similar",
        "passes": "Shuffled labels change the maps, beyond retraining",
        "unclear": "The maps change, but not clearly because of the labels"
        if shuffled.high < HALF
        else "The maps neither clearly stay nor clearly change",
    }
    return f"{found[standing]}: {compared_in_words(retrained, shuffled)}."


def compared_in_words(retrained: Estimate, shuffled: Estimate) -> str:
    interval = "" if isnan(shuffled.low) else f" ({short(shuffled.low)} to {short(shuffled.high)})"
    return f"{short(retrained.mean)} after retraining, {short(shuffled.mean)}{interval} after shuffling the labels"


def stands(retrained: Estimate, shuffled: Estimate, gap: Estimate) -> Standing:
    """The verdict by ``CRITERION``.

    Parameters
    ----------
    gap
        Similarity after shuffling the labels, minus half of that after retraining.

    >>> high, half, low = (Estimate(mean, mean - 0.1, mean + 0.1, n=20) for mean in (0.8, 0.45, 0.2))
    >>> lower, open_ = (Estimate(mean, mean - 0.1, mean + 0.1, n=20) for mean in (-0.2, 0.0))
    >>> stands(high, high, open_), stands(high, low, lower), stands(high, half, open_)
    ('fails', 'passes', 'unclear')
    >>> stands(Estimate(0.05, -0.05, 0.15, n=20), low, lower)
    'unclear'
    """
    if retrained.n < FEWEST:
        return "unclear"
    if shuffled.low > HALF:
        return "fails"
    return "passes" if retrained.low > 0 and gap.high < 0 else "unclear"
