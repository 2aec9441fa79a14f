"""One fine-tune: networks that learned with random gaps judge every method, without a training for each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from core.methods.workload import Workload
from core.models.classifier import Classifier
from core.retraining.fine_tune import plan_fine_tune, stream_fine_tune
from core.retraining.fine_tune_events import FineTuneReady, RemovalAccuracy
from core.retraining.masks import Unit
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import ModelRequest, Words
from dashboard.jobs.tables import last_records, records
from dashboard.jobs.views import JobView
from dashboard.library.inputs import Inputs


@dataclass(frozen=True, kw_only=True)
class FineTuneRequest(ModelRequest):
    """Heatmaps of test pictures, judged by a number of fine-tuned networks."""

    pictures: Annotated[int, Words("number of pictures", sample_may_differ=True)]
    networks: Annotated[int, Words("number of networks", sample_may_differ=True)]
    unit: Annotated[Unit, Words("removal unit")] = "pixel"
    side: Annotated[int, Words("region size")] = 4


FineTune = JobView[FineTuneRequest, Inputs]


def stream(request: FineTuneRequest, _: Inputs) -> Iterator[Any]:
    """The networks, then the accuracies, block of pictures by block."""
    return stream_fine_tune(
        pictures=request.pictures,
        seeds=request.networks,
        unit=request.unit,
        side=request.side,
        **request.maps(),
    )


def plan(request: FineTuneRequest, classifier: Classifier) -> Workload:
    """The passes of fine-tuning, of the maps, and of every picture that has lost something."""
    return plan_fine_tune(classifier, request, request.pictures, request.networks, unit=request.unit)


FINE_TUNE = declare(
    JobKind(
        name="fine_tune",
        title="One fine-tune",
        verb="Run",
        results="These curves",
        reading="Accuracy once a part is removed. The area to random removal is positive where the network needs what "
        "the heatmap ranks high. Intervals are 95 %, over pictures.",
        gone="Those curves are no longer kept here. Press Run to make them again.",
        page="retrain",
        tab="One fine-tune",
        request=FineTuneRequest,
        inputs=lambda _: Inputs(),
        stream=stream,
        plan=plan,
        tables={
            "accuracies": records(RemovalAccuracy),
            "verdicts": last_records(FineTuneReady, "verdicts"),
            "directions": last_records(FineTuneReady, "directions"),
        },
        saves=RemovalAccuracy,
    )
)
