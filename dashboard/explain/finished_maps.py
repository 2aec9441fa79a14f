"""The finished heatmaps of an explanation, for follow-ups about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from dashboard.explain.one_picture.job import EXPLANATION, ExplanationRequest, importances
from dashboard.jobs.requests import FollowUpRequest
from dashboard.jobs.session import find_of
from dashboard.library.absence import NotThere
from dashboard.library.inputs import Inputs
from dashboard.library.subjects import Subject


@dataclass(frozen=True, eq=False)
class FinishedMaps(Inputs):
    """How they were asked for, the picture that they are of, and what pixels are ranked by in each, by method.

    Parameters
    ----------
    classes
        Names of the model's classes.
    explained
        The picture, and the network that it pins in memory; None once they are released.
    """

    request: ExplanationRequest
    classes: Sequence[str]
    explained: Subject | None
    importances: Mapping[str, Any]

    @property
    def labels(self) -> Sequence[str]:
        """Names of the model's classes."""
        return self.classes

    @property
    def subject(self) -> Subject:
        """The picture as the model sees it.

        Raises
        ------
        NotThere
            Once they are released.
        """
        if self.explained is None:
            raise NotThere("These heatmaps are no longer held. Ask again from their explanation.")
        return self.explained

    def released(self) -> Self:
        """Without the maps and the network, which take up memory: a page shows what was found in them."""
        return replace(self, explained=None, importances={})


def find_finished_maps(request: FollowUpRequest) -> FinishedMaps:
    """The maps of the explanation that a follow-up is about.

    Raises
    ------
    NotThere
        If it is no longer kept.
    """
    explanation = find_of(EXPLANATION, request.about)
    subject = explanation.inputs()
    return FinishedMaps(explanation.request, subject.labels, subject, importances(explanation))
