"""Maps of one picture by a network whose layers are randomised, stage by stage."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

from core.methods.workload import Workload
from core.models.classifier import Classifier
from core.models.randomising import GROUPS
from core.sanity.randomisation import DRAWS, StageReady, plan_randomisation, stream_randomisation
from core.sanity.stages import Mode
from core.sanity.verdict import VerdictReady
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import ModelRequest, PictureRequest, Words
from dashboard.jobs.tables import records
from dashboard.jobs.views import JobView
from dashboard.library.subjects import Subject, find_subject


@dataclass(frozen=True, kw_only=True)
class StagesRequest(ModelRequest):
    """Heatmaps at every stage of a randomisation."""

    mode: Annotated[Mode, Words("order of randomisation")] = "cascading"
    draws: Annotated[int, Words("number of draws")] = DRAWS
    groups: Annotated[int, Words("number of stages")] = GROUPS
    smooth: Annotated[int, Words("number of noisy copies")] = 1

    def stages(self) -> dict[str, Any]:
        """The arguments that both randomisations of the engine take."""
        return {name: getattr(self, name) for name in ("mode", "draws", "groups", "smooth")}


@dataclass(frozen=True, kw_only=True)
class RandomisationRequest(PictureRequest, StagesRequest):
    """One picture under randomisation."""


Randomisation = JobView[RandomisationRequest, Subject]
READING = (
    "Similarity to the trained network's map: 1 is unchanged, 0 is unrelated. It should fall as layers are randomised."
)
TABLES = {"verdicts": records(VerdictReady), "similarities": records(StageReady, "heatmap")}


def stream(request: RandomisationRequest, subject: Subject) -> Iterator[Any]:
    """The randomisation of a picture; of several draws of random weights only the first one's maps are kept."""
    events = stream_randomisation(
        subject.classifier, subject.pixels, target=request.target, **request.maps(), **request.stages()
    )
    for event in events:
        yield lightened(event)


def plan(request: StagesRequest, classifier: Classifier) -> Workload:
    """The passes of every network that is explained."""
    return plan_randomisation(classifier, request, **request.stages())


def lightened(event: Any) -> Any:
    """A job keeps its events: hundreds of maps with all their channels would fill the memory."""
    if not isinstance(event, StageReady) or event.heatmap is None:
        return event
    heatmap = None if event.draw else replace(event.heatmap, attribution=event.heatmap.values[None])
    return replace(event, heatmap=heatmap)


RANDOMISATION = declare(
    JobKind(
        name="randomisation",
        title="Randomisation",
        verb="Randomise",
        results="These maps",
        reading=READING,
        gone="That randomisation is no longer kept here. Press Randomise to make it again.",
        page="sanity",
        tab="One picture",
        request=RandomisationRequest,
        inputs=lambda request: find_subject(request.model, request.picture),
        stream=stream,
        plan=plan,
        formerly="job",
        tables=TABLES,
    )
)
