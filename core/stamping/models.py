"""Networks that were trained on stamps: the bundled ones and a person's own."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from math import isfinite
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from core.models.catalogue import load_classifier
from core.models.classifier import Classifier
from core.models.sources import ModelError
from core.models.trained import list_trained
from core.models.trained_file import Description, Trained
from core.models.training import EpochDone
from core.pictures.bases import unseen_bases
from core.stamping.gate import Gate
from core.stamping.task import Task, restored

DEFAULT = "trained/stamp_patches"
MOST_KINDS, MOST_PICTURES = 100, 10**7
"""A file that claims more stamps, sizes and opacities in total, or more test pictures, is rejected."""


@dataclass(frozen=True)
class ListedStampModel:
    """A network trained on stamps that can be loaded by name.

    Parameters
    ----------
    name
        Starts with ``trained/``.
    network
        Its kind.
    size
        Height and width of its input.
    gate
        Measured after training.
    seed, learned_from, learned
        Which of its base pictures it was trained on, how many, and the digests of a person's own; it is judged on
        others.
    owner
        Its owner; empty where it belongs to everybody.
    history
        Results of its epochs; empty where they were not kept, or there was nothing to learn.
    """

    name: str
    title: str
    task: Task
    network: str
    size: tuple[int, int]
    bundled: bool
    gate: Gate | None
    seed: int
    learned_from: int
    learned: tuple[str, ...]
    owner: str = ""
    history: tuple[EpochDone, ...] = ()

    def loaded(self, classifier: Classifier) -> "StampModel":
        """The model, once its network is loaded."""
        return StampModel(self.name, classifier, self.task, self.gate, self.seed, self.learned_from, self.learned)


@dataclass(frozen=True)
class StampModel:
    """A loaded network, its task and its training pictures; as it was listed."""

    name: str
    classifier: Classifier
    task: Task
    gate: Gate | None
    seed: int
    learned_from: int
    learned: tuple[str, ...]

    def test_bases(self) -> Float[Tensor, "n 3 height width"]:
        """Base pictures that it was not trained on."""
        side = self.classifier.size[0]
        return unseen_bases(self.task.bases, side, self.seed, self.learned_from, self.learned).pixels


def list_stamp_models(owner: str | None = None) -> tuple[ListedStampModel, ...]:
    """Every network trained on stamps: the default first, then the other bundled ones.

    Parameters
    ----------
    owner
        Leaves out the models of others; everybody who can read the folder sees all that is in it.
    """
    found = [listed for trained in list_trained(owner) if (listed := known(trained))]
    return tuple(sorted(found, key=lambda listed: listed.name != DEFAULT))


def load_stamp_model(name: str = DEFAULT, device: torch.device | str = "auto") -> StampModel:
    """A network trained on stamps, by name.

    Raises
    ------
    ModelError
        Where it cannot be loaded, or was not trained on stamps.
    """
    classifier = load_classifier(name, device)
    listed = {each.name: each for each in list_stamp_models()}
    if name not in listed:
        names = ", ".join(each.name for each in listed.values() if not each.owner)
        raise ModelError(f"{name} was not trained on stamps. Choose from {names}.")
    return listed[name].loaded(classifier)


def known(trained: Trained) -> ListedStampModel | None:
    """The stamp model in a trained network's file; None where it describes none, or is not sound."""
    description = trained.description
    try:
        task, gate = checked_task(description), checked_gate(description.about)
        origin, history = checked_origin(description.about), checked_history(description.about)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None
    seen = (description.network, description.size, trained.bundled)
    return ListedStampModel(trained.name, description.title, task, *seen, gate, *origin, trained.owner, history)


def checked_origin(about: Mapping[str, Any]) -> tuple[int, int, tuple[str, ...]]:
    """The base pictures that a file's network was trained on, how many, and the digests of a person's own.

    Raises
    ------
    ValueError
        Or any other error caused by a malformed header.
    """
    seed, learned_from = about["seed"], about["bases"]
    if not (type(seed) is type(learned_from) is int and learned_from > 0):
        raise ValueError("The header does not name the training pictures.")
    learned = tuple(about.get("learned", ()))
    if not all(isinstance(digest, str) for digest in learned):
        raise ValueError("The header does not name the training pictures.")
    return seed, learned_from, learned


def checked_history(about: Mapping[str, Any]) -> tuple[EpochDone, ...]:
    """The epochs in a file's header.

    Raises
    ------
    ValueError
        Or any other error caused by a malformed header.
    """
    history = tuple(EpochDone(**each) for each in about.get("history", ()))
    sound = all(isfinite(value) for epoch in history for value in astuple(epoch))
    if not sound or [epoch.epoch for epoch in history] != [*range(1, len(history) + 1)]:
        raise ValueError("The header has no valid epochs.")
    return history


def checked_task(description: Description) -> Task:
    """The task in a file's header.

    Raises
    ------
    ValueError
        Or any other error caused by a malformed header.
    """
    task = restored(description.about["task"])
    drawn = (*task.stamps, *filter(None, [task.distractor]))
    sizes = [*task.sizes, *(stamp.size for stamp in drawn)]
    sound = (
        isinstance(task.bases, str)
        and isinstance(task.labelled, bool)
        and all(type(size) is int and size <= min(description.size) for size in sizes)
        and task.labels == description.labels
    )
    if not sound or len(drawn) + len(task.sizes) + len(task.opacities) > MOST_KINDS:
        raise ValueError("The header has no valid task.")
    for size in task.sizes:
        replace(task.stamps[0], size=size)
    for opacity in task.opacities:
        replace(task.stamps[0], opacity=opacity)
    return task


def checked_gate(about: Mapping[str, Any]) -> Gate | None:
    """The gate in a file's header; None where it was not measured.

    Raises
    ------
    ValueError
        Or any other error caused by a malformed header.
    """
    if about["gate"] is None:
        return None
    gate = Gate(**about["gate"])
    if not all(0 <= share <= 1 for share in (gate.accuracy, gate.flips, gate.returns)):
        raise ValueError("The header has no valid gate.")
    whole = all(type(count) is int for count in (gate.n_test, gate.n_stamped))
    if not whole or not 0 <= gate.n_stamped <= gate.n_test <= MOST_PICTURES:
        raise ValueError("The header has no valid gate.")
    return gate
