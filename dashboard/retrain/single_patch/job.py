"""Single patch: networks that expect deletions judge whether heatmaps order the patches as deleting them does."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from core.retraining.networks import title_of
from core.retraining.single_patch import stream_single_patch
from core.retraining.single_patch_events import NetworkAdapted, NetworkGap, PatchScore
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import ModelRequest, Words
from dashboard.jobs.tables import records
from dashboard.jobs.views import JobView
from dashboard.library.inputs import Inputs


def in_titles(networks: tuple[str, ...]) -> str:
    """
    >>> in_titles(("batch_norm_cnn", "resnet18_32"))
    'Small CNN and ResNet-18'
    """
    return " and ".join(map(title_of, networks))


@dataclass(frozen=True, kw_only=True)
class SinglePatchRequest(ModelRequest):
    """Heatmaps of test pictures by fine-tuned copies of some networks."""

    networks: Annotated[tuple[str, ...], Words("networks", plural=True, said=in_titles)]
    pictures: Annotated[int, Words("number of pictures", sample_may_differ=True)]
    copies: Annotated[int, Words("number of copies", sample_may_differ=True)]
    across: Annotated[int, Words("number of patches")]


SinglePatch = JobView[SinglePatchRequest, Inputs]


def stream(request: SinglePatchRequest, _: Inputs) -> Iterator[Any]:
    """One network after the other, the scores of each block of pictures by block."""
    return stream_single_patch(
        networks=request.networks,
        pictures=request.pictures,
        seeds=request.copies,
        across=request.across,
        **request.maps(),
    )


SINGLE_PATCH = declare(
    JobKind(
        name="single_patch",
        title="Single patch",
        verb="Run",
        results="These scores",
        reading="Rank correlation of a heatmap's sum in each patch with what the output loses without this patch: 1 is "
        "the same order, 0 an unrelated one. Intervals are 95 %, over pictures.",
        gone="Those scores are no longer kept here. Press Run to make them again.",
        page="retrain",
        tab="Single patch",
        request=SinglePatchRequest,
        inputs=lambda _: Inputs(),
        stream=stream,
        tables={
            "scores": records(PatchScore),
            "differences": records(NetworkGap),
            "accuracies": records(NetworkAdapted),
        },
        saves=PatchScore,
    )
)
