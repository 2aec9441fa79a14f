"""One fine-tune: networks that learned with random gaps judge every method, without a training for each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from core.methods.workload import Workload
from core.models.classifier import Classifier
from core.retraining.data import BUNDLED
from core.retraining.fine_tune import plan_fine_tune, stream_fine_tune
from core.retraining.fine_tune_events import FineTuneReady, RemovalAccuracy
from core.retraining.masks import Unit
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import ModelRequest, Words
from dashboard.jobs.tables import last_records, records
from dashboard.jobs.views import JobView
from dashboard.retrain.own_data import DataRequest, OwnData, find_data


@dataclass(frozen=True, kw_only=True)
class FineTuneRequest(DataRequest, ModelRequest):
    """Heatmaps of test pictures, judged by a number of fine-tuned networks."""

    pictures: Annotated[int, Words("number of pictures", sample_may_differ=True)]
    networks: Annotated[int, Words("number of networks", sample_may_differ=True)]
    unit: Annotated[Unit, Words("removal unit")] = "pixel"
    side: Annotated[int, Words("region size")] = 4


FineTune = JobView[FineTuneRequest, OwnData]


def stream(request: FineTuneRequest, own: OwnData) -> Iterator[Any]:
    """The networks, then the accuracies, block of pictures by block."""
    data = (yield from own.read(request.seed)) if own.folder else BUNDLED
    yield from stream_fine_tune(
        data=data,
        pictures=request.pictures,
        seeds=request.networks,
        unit=request.unit,
        side=request.side,
        **request.maps(),
    )


def plan(request: FineTuneRequest, classifier: Classifier) -> Workload:
    """The passes of fine-tuning, of the maps, and of every bundled picture that has lost something.

    Raises
    ------
    ValueError
        For a folder, whose pictures the panel counts.
    """
    if request.folder:
        raise ValueError("The passes depend on the folder's pictures.")
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
        inputs=find_data,
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
