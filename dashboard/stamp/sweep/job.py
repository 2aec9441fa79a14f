"""How far the distance from the stamp depends on the stamp itself: over its sizes and opacities."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import pandas as pd

from core.stamping.benchmark import SweepPoint, stream_stamp_sweep
from core.stamping.models import load_stamp_model
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import ModelRequest, Words
from dashboard.jobs.views import JobView
from dashboard.stamp.stamp_models import KnownStamps, find_stamps


@dataclass(frozen=True, kw_only=True)
class SweepRequest(ModelRequest):
    """A number of stamped pictures for each size and opacity of the stamp."""

    pictures: Annotated[int, Words("number of pictures")]
    sizes: tuple[int, ...]
    opacities: tuple[float, ...]


Sweep = JobView[SweepRequest, KnownStamps]


def stream(request: SweepRequest, _: KnownStamps) -> Iterator[Any]:
    """The sweep of a network."""
    return stream_stamp_sweep(
        load_stamp_model(request.model),
        sizes=request.sizes,
        opacities=request.opacities,
        pictures=request.pictures,
        **request.maps(),
    )


def distances(sweep: Sweep) -> pd.DataFrame:
    """A row for each size and opacity of the stamp and each method: the mean distance with its interval."""
    rows = [
        {"size": point["size"], "opacity": point["opacity"], "gate": point["gate"]["passed"], "method": method, **mean}
        for point in sweep.messages(SweepPoint)
        for method, mean in point["distances"].items()
    ]
    return pd.DataFrame(rows)


SWEEP = declare(
    JobKind(
        name="sweep",
        title="Sweep",
        verb="Sweep",
        results="This sweep",
        reading="Mean stamp distance d: 0 is the ideal, 2 is unrelated, 4 is the opposite.",
        gone="That sweep is no longer kept here. Press Sweep to make it again.",
        page="stamp",
        tab="Benchmark",
        expander="sweeping",
        request=SweepRequest,
        inputs=lambda request: find_stamps(request.model),
        stream=stream,
        tables={"distances": distances},
    )
)
