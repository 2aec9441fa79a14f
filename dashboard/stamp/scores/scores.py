"""How far each heatmap is from the stamp: the verdict above the heatmaps, and the table below them."""

from core.metrics.registry import find_metric
from dashboard.components.component import declare
from dashboard.components.methods import described
from dashboard.components.subject import subject_in_words
from dashboard.stamp.one_picture.job import StampedPicture
from dashboard.stamp.scores.columns import stamp_column
from dashboard.stamp.stamp_models import stamp_model

SCORES = ("stamp_distance", "relevance_mass", "rank_accuracy", "auroc", "average_precision", "pointing_game")
CAUSAL, WITH_A_DISTRACTOR = "causal_distance", "specificity"
COPIES = "copies_as_near"
_TABLE, _VERDICT = declare("stamp/scores/scores"), declare("stamp/scores/nearness")


def stamp_verdict(stamped: StampedPicture, truth: bool, stale: bool) -> None:
    """How many methods come nearer to the stamp than every control that ignores the model, once that is known.

    Parameters
    ----------
    truth
        Whether the stamp is ground truth for the model.
    """
    methods = list(described(stamped.request))
    about = subject_in_words(stamped.request)
    data = {"run": stamped.id, "methods": methods, "truth": truth, "stale": stale, "about": about}
    _VERDICT(data=data, key="stamp_verdict")


def stamp_scores(stamped: StampedPicture, stale: bool) -> None:
    """A row for each method, the nearest to the stamp first; pale until they are of what is chosen now."""
    request = stamped.request
    first, *companions = SCORES
    causal, specific = [CAUSAL] if stamp_model(request.model) else [], [WITH_A_DISTRACTOR] if request.distractor else []
    names = [first, COPIES, *causal, *companions, *specific]
    covered = float(request.stamp.mask(size_of(stamped)).double().mean())
    columns = [stamp_column(find_metric(name), covered) for name in names]
    data = {"run": stamped.id, "metrics": columns, "methods": list(described(request)), "stale": stale}
    _TABLE(data=data, key="stamp_scores")


def size_of(stamped: StampedPicture) -> tuple[int, int]:
    """Height and width of what the model sees; of one that learned a stamp without loading it."""
    known = stamp_model(stamped.request.model)
    size: tuple[int, int] = known.size if known else stamped.inputs().classifier.size
    return size
