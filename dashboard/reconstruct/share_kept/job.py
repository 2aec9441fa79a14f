"""Share kept over many pictures: what several methods' maps hide, filled many times, against the size of the hole."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import core
from core.generation.hidden import REGIONS
from core.generation.holes import Region
from core.generation.reconstruction import count_pictures
from core.methods.rehearsal import heatmaps_workload
from core.methods.workload import Workload, outputs
from core.models.classifier import Classifier
from core.studies.reconstructions import ReconstructionSummary
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import ModelRequest, Words
from dashboard.jobs.tables import last_records
from dashboard.jobs.views import JobView
from dashboard.library.sources import Source, open_source
from dashboard.library.subjects import find_classifier
from dashboard.reconstruct.measuring import paces
from dashboard.reconstruct.variations.job import FILLED, in_percent, in_words


@dataclass(frozen=True, kw_only=True)
class ShareKeptRequest(ModelRequest):
    """A gallery, a data set or an uploaded folder; at most ``limit`` pictures of it.

    Parameters
    ----------
    shares
        Of the pixels, each hidden in turn, the most salient first.
    """

    source: Annotated[str, Words("pictures", plural=True)]
    limit: Annotated[int, Words("number of pictures", sample_may_differ=True)]
    shares: Annotated[
        tuple[float, ...],
        Words("sizes of the region", plural=True, said=lambda shares: ", ".join(map(in_percent, shares))),
    ]
    prior: Annotated[str, Words("prior", said=in_words)]
    variations: Annotated[int, Words("number of variations")] = 16


ShareKept = JobView[ShareKeptRequest, Source]


def stream(request: ShareKeptRequest, source: Source) -> Iterator[Any]:
    """The curves of those pictures."""
    return core.stream_reconstructions(
        source.classifier,
        source.pictures,
        shares=request.shares,
        prior=request.prior,
        variations=request.variations,
        limit=request.limit,
        **request.maps(),
    )


def plan(request: ShareKeptRequest, classifier: Classifier) -> Workload:
    """The passes of the heatmaps and of the variations, and the seconds of the fills, once these were measured."""
    seconds = paces.known(request.model, request.prior) or 0.0
    filled = Workload(beside=seconds * variations_in(FILLED, request))
    return (heatmaps_workload(request, classifier) + filled + outputs(variations_in(REGIONS, request))) * request.limit


def variations_in(regions: Sequence[Region], request: ShareKeptRequest) -> int:
    """Variations of one picture in these regions of every hole."""
    return len(request.methods) * len(request.shares) * count_pictures(regions, request.variations)


SHARE_KEPT = declare(
    JobKind(
        name="share_kept",
        title="Share kept",
        verb="Run",
        results="These curves",
        reading="Share kept: share of the fills of a hidden region for which the model keeps the class. Means over "
        "pictures with their 95 % intervals, for this prior.",
        gone="Those curves are no longer kept here. Press Run to make them again.",
        page="reconstruct",
        tab="Share kept",
        request=ShareKeptRequest,
        inputs=lambda request: open_source(find_classifier(request.model), request.source),
        stream=stream,
        plan=plan,
        tables={
            "curves": last_records(ReconstructionSummary, "rows"),
            "gaps": last_records(ReconstructionSummary, "gaps"),
        },
        saves=ReconstructionSummary,
    )
)
