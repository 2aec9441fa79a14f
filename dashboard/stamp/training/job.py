"""The training of a network that learns stamps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Self

from core.models.training import EpochDone
from core.stamping.task import Task
from core.stamping.training import stream_stamp_training
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import Words
from dashboard.jobs.tables import records
from dashboard.jobs.views import JobView
from dashboard.library.folders import Folder, folders
from dashboard.library.inputs import Inputs
from dashboard.library.owner import owner
from dashboard.stamp.wording import NETWORKS, task_in_words


@dataclass(frozen=True, kw_only=True)
class TrainingRequest:
    """A network that learns a task.

    Parameters
    ----------
    title
        What its person calls it; made from the task where that is nothing.
    folder
        The name of the uploaded folder that it learns from, if it is one.
    """

    task: Annotated[Task, Words("task", said=lambda task: task_in_words(task, "Learns"))]
    network: Annotated[str, Words("network", said=lambda name: NETWORKS[name])]
    seed: int
    title: str
    folder: str = ""


@dataclass(frozen=True, eq=False)
class Lesson(Inputs):
    """A task with its pictures.

    Parameters
    ----------
    title
        What the network is called: a path would say nothing.
    owner
        Whose it will be.
    folder
        Held as long as this is, so that its files stay while they are read.
    """

    task: Task
    title: str
    owner: str
    folder: Folder | None = None

    @property
    def labels(self) -> Sequence[str]:
        """Names of the classes that are learned."""
        return self.task.labels

    def released(self) -> Self:
        """The same without its folder, when all has been learned."""
        return replace(self, folder=None)


Training = JobView[TrainingRequest, Lesson]


def find_inputs(request: TrainingRequest) -> Lesson:
    if not request.folder:
        return Lesson(request.task, request.title, owner())
    folder = folders.get(request.folder)
    title = request.title or f"{folder.title}: {', '.join(stamp.design for stamp in request.task.stamps)}"
    return Lesson(replace(request.task, bases=str(folder.path)), title, owner(), folder)


def stream(request: TrainingRequest, lesson: Lesson) -> Iterator[Any]:
    """The training, on the pictures of a folder if there is one."""
    return stream_stamp_training(
        lesson.task, network=request.network, seed=request.seed, title=lesson.title, owner=lesson.owner
    )


TRAINING = declare(
    JobKind(
        name="training",
        title="Training",
        verb="Train",
        reading="The stamp is the ground truth once each figure of the gate reaches 99 %.",
        gone="That training is no longer kept here. If it finished, its model is in the list of models.",
        cancelled="Cancelled; no model was kept.",
        page="stamp",
        tab="Benchmark",
        expander="train",
        request=TrainingRequest,
        inputs=find_inputs,
        stream=stream,
        tables={"epochs": records(EpochDone)},
        shared=False,
    )
)
