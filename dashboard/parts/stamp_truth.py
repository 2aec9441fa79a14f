"""Whether the place of a stamp is the truth about a model, and why not where it is not."""

from core.pictures.stamps import Stamp
from core.stamping.models import ListedStampModel
from core.stamping.task import Task
from dashboard.parts.stamp_words import either, looks, title_in_words
from dashboard.requests import listed
from dashboard.stamping import stamp_class

NOT_TRUTH = "What the scores say is agreement with the stamp, not with the truth."
UNPROVEN = (
    "Here the stamp is no ground truth: nobody proved that this model uses it. See how its answer and its heatmaps "
    "change with the stamp."
)
BELOW = "This model did not pass its gate, so nobody knows that it goes by the stamp."


def why_no_truth(model: ListedStampModel | None, stamp: Stamp, said: tuple[int, int]) -> str:
    """Why to agree with the stamp is not to agree with the truth; nothing where it is.

    Parameters
    ----------
    said
        The class that the model names on this picture without the stamp, and with it.
    """
    if model is None:
        return UNPROVEN
    if model.gate is None or not model.gate.passed:
        return BELOW
    if unknown := unlike(model.task, stamp):
        learned = either(map(title_in_words, model.task.stamps))
        return f"The gate says nothing of this {listed(unknown)}: the model learned {learned}, {looks(model.task)}."
    before, after = (model.task.labels[label] for label in said)
    if said[0] != 0:
        return f"On this picture the model says “{before}” without any stamp, so something else speaks to it here."
    if said[1] != stamp_class(model, stamp):
        return f"On this picture the model still says “{after}”, so it does not see this stamp here."
    return ""


def unlike(task: Task, stamp: Stamp) -> list[str]:
    """What of a stamp is otherwise than the model was shown; between two opacities it knows the others.

    >>> unlike(Task("patches", (Stamp(),), opacities=(0.5, 1.0)), Stamp("cross", 4, "red", 0.75))
    ['size', 'colour']
    """
    learned = {each.design: each for each in task.stamps}.get(stamp.design)
    if learned is None:
        return ["design"]
    sizes, opacities = task.sizes or (learned.size,), task.opacities or (learned.opacity,)
    known = {
        "size": stamp.size in sizes,
        "colour": stamp.rgb == learned.rgb,
        "opacity": min(opacities) <= stamp.opacity <= max(opacities),
    }
    return [word for word, is_known in known.items() if not is_known]
