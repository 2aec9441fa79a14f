"""The toy: sixteen features, a least-squares model, and its accuracy as features go, without and with retraining."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from core.retraining.toy import ToyReady, stream_retraining_toy
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import Words
from dashboard.jobs.tables import last_records
from dashboard.jobs.views import JobView
from dashboard.library.inputs import Inputs


@dataclass(frozen=True, kw_only=True)
class RetrainingToyRequest:
    """The same experiment, repeated with other features and examples."""

    seeds: Annotated[int, Words("number of seeds")]


RetrainingToy = JobView[RetrainingToyRequest, Inputs]


def stream(request: RetrainingToyRequest, _: Inputs) -> Iterator[Any]:
    """The experiment, seed by seed."""
    return stream_retraining_toy(seeds=request.seeds)


RETRAINING_TOY = declare(
    JobKind(
        name="retraining_toy",
        title="Retraining toy",
        verb="Run",
        results="These curves",
        reading="Accuracy on test examples: 50 % is chance. Means over seeds with 95 % intervals.",
        gone="Those curves are no longer kept here. Press Run to make them again.",
        page="retrain",
        tab="Toy",
        request=RetrainingToyRequest,
        inputs=lambda _: Inputs(),
        stream=stream,
        tables={"accuracies": last_records(ToyReady, "points")},
    )
)
