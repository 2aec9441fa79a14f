"""Networks trained on stamps, as the jobs of this page need them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import mean

from core.stamping.models import ListedStampModel, list_stamp_models
from dashboard.library.absence import NotThere
from dashboard.library.inputs import Inputs


@dataclass(frozen=True)
class KnownStamps(Inputs):
    """What is known of a network that learned stamps."""

    model: ListedStampModel

    @property
    def labels(self) -> Sequence[str]:
        """Names of its classes."""
        return self.model.task.labels

    @property
    def share(self) -> float:
        """The share of a picture that one of its stamps covers, on average: what a random map gets in shares."""
        task, (height, width) = self.model.task, self.model.size
        drawn = [replace(stamp, size=size) for stamp in task.stamps for size in task.sizes or (stamp.size,)]
        return mean(int(stamp.drawn[1].sum()) for stamp in drawn) / (height * width)


def find_stamps(model: str) -> KnownStamps:
    """The network of that name.

    Raises
    ------
    NotThere
        If there is none, or none any more.
    """
    found = stamp_model(model)
    if found is None:
        raise NotThere("That stamp model is no longer here. Choose another, or train one.")
    return KnownStamps(found)


def stamp_model(name: str) -> ListedStampModel | None:
    """What is known of a network trained on stamps; None for any other."""
    return next((model for model in list_stamp_models() if model.name == name), None)
