"""Whether a stamp is ground truth for a model, and why not where it is not."""

from core.pictures.stamps import Stamp
from core.stamping.models import ListedStampModel
from core.stamping.task import Task
from dashboard.jobs.changes import listed
from dashboard.stamp.model_answers import stamp_class
from dashboard.stamp.wording import either, looks, title_in_words

NOT_TRUTH = "The scores measure agreement with the stamp, not with the truth."
UNPROVEN = "The stamp's location cannot serve as ground truth: nothing shows that this model uses it."
BELOW = "Gate failed: nothing shows that this model uses the stamp."


def why_no_truth(model: ListedStampModel | None, stamp: Stamp, said: tuple[int, int]) -> str:
    """Why agreement with the stamp is not agreement with the truth; nothing where it is.

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
        return f"The gate does not cover this {listed(unknown)}: the model learned {learned}, {looks(model.task)}."
    before, after = (model.task.labels[label] for label in said)
    if said[0] != 0:
        return (
            f"On this picture the model says “{before}” without any stamp, so something else triggers that class here."
        )
    if said[1] != stamp_class(model, stamp):
        return f"On this picture the model still says “{after}”, so it does not detect this stamp here."
    return ""


def unlike(task: Task, stamp: Stamp) -> list[str]:
    """How a stamp differs from those that the model was trained on; opacities between two trained ones count as known.

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
