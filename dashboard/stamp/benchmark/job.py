"""Many stamped pictures, shown to a network that learned the stamp: scores with known ground truth."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from core.stamping.benchmark import stream_stamp_benchmark
from core.stamping.models import load_stamp_model
from core.studies.evaluation import PictureScored
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import ScoredRequest, Words
from dashboard.jobs.scores import FILES
from dashboard.jobs.views import JobView
from dashboard.stamp.stamp_models import KnownStamps, find_stamps


@dataclass(frozen=True, kw_only=True)
class BenchmarkRequest(ScoredRequest):
    """A number of stamped pictures."""

    pictures: Annotated[int, Words("number of pictures", sample_may_differ=True)]


Benchmark = JobView[BenchmarkRequest, KnownStamps]


def stream(request: BenchmarkRequest, _: KnownStamps) -> Iterator[Any]:
    """The benchmark of a network."""
    return stream_stamp_benchmark(
        load_stamp_model(request.model), metrics=list(request.metrics), pictures=request.pictures, **request.maps()
    )


BENCHMARK = declare(
    JobKind(
        name="benchmark",
        title="Score table",
        verb="Run",
        results="These scores",
        reading="Stamp distance d: 0 is the ideal, 2 is unrelated, 4 is the opposite. Means with 95 % intervals.",
        gone="That score table is no longer kept here. Press Run to make it again.",
        page="stamp",
        tab="Benchmark",
        request=BenchmarkRequest,
        inputs=lambda request: find_stamps(request.model),
        stream=stream,
        files=FILES,
        saves=PictureScored,
    )
)
