"""Networks that were trained on stamps: the bundled ones and a person's own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import torch

from core.models.catalogue import load_classifier
from core.models.classifier import Classifier
from core.models.sources import ModelError
from core.models.trained import Description, Trained, list_trained
from core.stamping.gate import Gate
from core.stamping.task import Task, restored


@dataclass(frozen=True)
class ListedStampModel:
    """A network trained on stamps that can be loaded by name.

    Parameters
    ----------
    name
        Begins with ``trained/``.
    network
        Its kind.
    size
        Height and width of what it sees.
    gate
        What was measured when it had been trained.
    """

    name: str
    title: str
    task: Task
    network: str
    size: tuple[int, int]
    bundled: bool
    gate: Gate | None


@dataclass(frozen=True)
class StampModel:
    """A loaded network with what it was to learn."""

    name: str
    classifier: Classifier
    task: Task
    gate: Gate | None


def list_stamp_models() -> tuple[ListedStampModel, ...]:
    """Every network trained on stamps, bundled ones first."""
    return tuple(listed for trained in list_trained() if (listed := known(trained)))


def load_stamp_model(name: str, device: torch.device | str = "auto") -> StampModel:
    """A network trained on stamps, by name.

    Raises
    ------
    ModelError
        Where it can't be loaded, or was not trained on stamps.
    """
    classifier = load_classifier(name, device)
    listed = {each.name: each for each in list_stamp_models()}
    if name not in listed:
        raise ModelError(f"{name} was not trained on stamps; there are {', '.join(listed)}.")
    return StampModel(name, classifier, listed[name].task, listed[name].gate)


def known(trained: Trained) -> ListedStampModel | None:
    """What a trained network's file says of stamps; None where that is nothing, or nothing sound."""
    told = trained.description
    try:
        task, gate = checked_task(told), checked_gate(told.about)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None
    return ListedStampModel(trained.name, told.title, task, told.network, told.size, trained.bundled, gate)


def checked_task(told: Description) -> Task:
    """The task in a file's header.

    Raises
    ------
    ValueError
        Or whatever else comes of a header that does not hold one.
    """
    task = restored(told.about["task"])
    drawn = (*task.stamps, *filter(None, [task.distractor]))
    sizes = [*task.sizes, *(stamp.size for stamp in drawn)]
    sound = (
        isinstance(task.bases, str)
        and isinstance(task.labelled, bool)
        and all(type(size) is int and size <= min(told.size) for size in sizes)
        and task.labels == told.labels
    )
    for stamp, size, opacity in product(drawn, task.sizes or (3,), task.opacities or (1.0,)):
        replace(stamp, size=size, opacity=opacity)
    if not sound:
        raise ValueError("The header holds no task.")
    return task


def checked_gate(about: Mapping[str, Any]) -> Gate | None:
    """The gate in a file's header; None where it was not measured.

    Raises
    ------
    ValueError
        Or whatever else comes of a header that holds something else.
    """
    if about["gate"] is None:
        return None
    gate = Gate(**about["gate"])
    if not all(0 <= share <= 1 for share in (gate.accuracy, gate.flips, gate.returns)):
        raise ValueError("The header holds no gate.")
    if not all(type(count) is int for count in (gate.n_test, gate.n_stamped)) or gate.n_stamped > gate.n_test:
        raise ValueError("The header holds no gate.")
    return gate
