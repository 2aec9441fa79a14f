"""A picture of a study: every method's heatmap on it, judged by every metric."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import nan
from typing import NamedTuple

from jaxtyping import Bool, Float
from torch import Tensor

from core.jobs.events import Progress
from core.jobs.phases import Phases
from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused
from core.methods.heatmap_request import HeatmapRequest
from core.methods.registry import find_method
from core.methods.rehearsal import heatmaps_workload
from core.methods.workload import Workload
from core.metrics.curve_plan import Perturbation
from core.metrics.leak import PictureMasks, picture_masks
from core.metrics.registry import find_metric
from core.metrics.statistics import Score
from core.models.classifier import Classifier, checked_target
from core.models.outputs import check_contrast, predicts, rather_than
from core.pictures.collecting import StudyPicture
from core.pictures.opening import PictureError
from core.studies.labelling import Explained, Labelling, LabelRefused
from core.studies.over_pictures import OnePicture
from core.studies.scoring import ScoresReady, Subject, importance, plan_scores, stream_scores


@dataclass(frozen=True)
class TruthRefused:
    """A picture whose annotation cannot be read, with the reason; it still counts for scores that need none."""

    picture: str
    reason: str


Refusal = MethodRefused | TruthRefused | LabelRefused
Scores = tuple[Score, ...]


class Judged(NamedTuple):
    """What is kept of a picture: its scores, whether its label is predicted, and its masks, if the leak is asked for.

    ``correct`` is None where it has no label.
    """

    scores: Scores
    correct: bool | None = None
    masks: PictureMasks | None = None


Predict = Callable[[Classifier, Float[Tensor, "1 3 height width"]], int]
Scoring = OnePicture[Progress | MethodRefused, Judged]
"""One picture's scores, in steps of a batch."""


def plan_picture(
    classifier: Classifier, request: HeatmapRequest, metrics: Sequence[str], perturbation: Perturbation
) -> list[Workload]:
    """What a picture of a study takes of the network: the heatmaps, then the scores part by part."""
    heatmaps = heatmaps_workload(request, classifier)
    return [heatmaps, *plan_scores(metrics, perturbation, classifier.size, len(request.methods), heatmaps)]


@dataclass(frozen=True, eq=False)
class Study:
    """What is computed for every picture: these methods and every control, judged by these metrics.

    Parameters
    ----------
    labelling
        The classes that the pictures are labelled with, if they are.
    explained
        Which class is explained on each picture.
    leak
        Whether the pictures' masks are kept, for the leak over all of them.
    """

    classifier: Classifier
    request: HeatmapRequest
    metrics: tuple[str, ...]
    perturbation: Perturbation
    labelling: Labelling | None = None
    explained: Explained = "predicted"
    leak: bool = False

    def judge(self, picture: StudyPicture) -> OnePicture[Progress | Refusal, Judged]:
        """One picture's scores, and whether its label is predicted; yields after every batch.

        Raises
        ------
        PictureError, ValueError
            Where the picture cannot be opened, or cannot be judged with these settings.
        """
        subject, labelled = yield from self.subject(picture, partial(checked_target, target=None))
        judged = yield from self.score(picture.name, subject)
        if self.labelling is None:
            return judged
        if labelled is None:
            return judged._replace(masks=None)
        masks = judged.masks and replace(judged.masks, kind=labelled)
        return Judged(judged.scores, self.predicts(subject.pixels, labelled), masks)

    def subject(self, picture: StudyPicture, predict: Predict) -> Generator[Refusal, None, tuple[Subject, int | None]]:
        """What is explained of a picture, and the class that it is labelled with, if that is known.

        Parameters
        ----------
        predict
            The class that a model predicts for pixels.

        Raises
        ------
        PictureError, ValueError
            As in :meth:`judge`.
        """
        pixels = self.classifier.prepare(picture.open())
        labelled = yield from self.labelled_class(picture.name)
        truth = yield from self.seen_truth(picture)
        own = labelled is not None and self.explained == "labelled"
        target = labelled if own and labelled is not None else predict(self.classifier, pixels)
        check_contrast(target, rather_than(self.request.output))
        return Subject(self.classifier, pixels, target, self.request, truth, origin=picture.name), labelled

    def fitting(self, truth: Tensor | None) -> HeatmapRequest:
        """The maps that are requested of a picture: those that show the truth only where it is known."""
        if truth is not None:
            return self.request
        return self.request.only([name for name in self.request.methods if not find_method(name).needs_truth])

    def predicts(self, pixels: Float[Tensor, "1 3 height width"], labelled: int) -> bool:
        """Whether the model predicts the class: of several labels at once, each stands by itself."""
        return bool(predicts(self.classifier.logits(pixels), labelled, self.classifier.reading)[0])

    def labelled_class(self, picture: str) -> Generator[LabelRefused, None, int | None]:
        """The class that the picture is labelled with; None where no labels are read, or this one is none.

        Raises
        ------
        ValueError
            Where the labelled class is to be explained and there is none.
        """
        if self.labelling is None:
            return None
        if picture in self.labelling.classes:
            return self.labelling.classes[picture]
        reason = self.labelling.missing[picture]
        if self.explained == "labelled":
            raise ValueError(reason)
        yield LabelRefused(picture, reason)
        return None

    def score(self, picture: str, subject: Subject) -> Scoring:
        """The scores of an opened picture; yields after every batch."""
        subject = replace(subject, request=self.fitting(subject.truth))
        phases = self.phases(subject.request)
        heatmaps: dict[str, Heatmap] = {}
        for event in phases.part(subject.heatmaps(rough=False)):
            if isinstance(event, HeatmapReady):
                heatmaps[event.heatmap.method] = event.heatmap
            else:
                yield event
        scores: list[Score] = []
        for shown in phases.part(stream_scores(subject, heatmaps, self.metrics, self.perturbation)):
            if isinstance(shown, ScoresReady):
                scores += [
                    Score(picture, shown.method, metric, nan if score is None else score)
                    for metric, score in shown.scores.items()
                ]
            else:
                yield shown
        return Judged(tuple(scores), masks=self.masks(picture, subject, heatmaps) if self.leak else None)

    def masks(self, picture: str, subject: Subject, heatmaps: Mapping[str, Heatmap]) -> PictureMasks:
        """Where the picture loses its pixels along each method's curve."""
        maps = {name: importance(heatmap, self.perturbation.unit) for name, heatmap in heatmaps.items()}
        removed = picture_masks(subject.classifier, subject.pixels, maps, self.perturbation, subject.seed)
        return PictureMasks(picture, subject.target, removed)

    def phases(self, request: HeatmapRequest) -> Phases:
        """What a picture's heatmaps and then their scores take."""
        heatmaps, *parts = plan_picture(self.classifier, request, self.metrics, self.perturbation)
        return Phases([heatmaps.passes, sum(part.passes for part in parts)])

    def seen_truth(self, picture: StudyPicture) -> Generator[TruthRefused, None, Bool[Tensor, "height width"] | None]:
        """The marked region as the classifier sees it; None where nothing is marked, no metric needs it, or it is
        unreadable.
        """
        if picture.truth is None or not any(find_metric(name).needs_truth for name in self.metrics):
            return None
        try:
            return picture.truth.mask(self.classifier)
        except (PictureError, ValueError) as error:
            yield TruthRefused(picture.name, str(error))
            return None
