"""The label check: networks that learned true and shuffled labels, and maps by each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import pandas as pd

from core.methods.workload import Workload
from core.models.bundled import FASHION_MNIST
from core.models.classifier import Classifier
from core.sanity.labels import LabelMap, LabelsReady, plan_label_check, stream_label_check
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import ModelRequest, Words
from dashboard.jobs.tables import records
from dashboard.jobs.views import JobView
from dashboard.library.inputs import Inputs


def networks_in_words(training_seed: int | None) -> str:
    """
    >>> networks_in_words(None), networks_in_words(3)
    ('bundled with HeatCheck', 'trained from seed 3')
    """
    return "bundled with HeatCheck" if training_seed is None else f"trained from seed {training_seed}"


@dataclass(frozen=True, kw_only=True)
class LabelCheckRequest(ModelRequest):
    """A number of pictures, shown to networks that learned true and shuffled labels.

    Parameters
    ----------
    training_seed
        The seed that the networks are trained from; None for the bundled ones.
    """

    pictures: Annotated[int, Words("number of pictures", sample_may_differ=True)]
    training_seed: Annotated[int | None, Words("networks", plural=True, said=networks_in_words)]


@dataclass(frozen=True)
class Clothes(Inputs):
    """What the networks tell apart; they are the check's own, and so are their pictures."""

    @property
    def labels(self) -> Sequence[str]:
        """Names of the clothes."""
        return FASHION_MNIST.labels()


def stream(request: LabelCheckRequest, _: Clothes) -> Iterator[Any]:
    """The check of the bundled networks, or of others that are trained first."""
    networks = "bundled" if request.training_seed is None else request.training_seed
    return stream_label_check(networks=networks, pictures=request.pictures, **request.maps())


def plan(request: LabelCheckRequest, classifier: Classifier) -> Workload:
    """The passes of all maps, and of the networks' training where they are trained first."""
    return plan_label_check(classifier, request, request.pictures, request.training_seed is not None)


def similarities(check: JobView[LabelCheckRequest, Clothes]) -> pd.DataFrame:
    """A row for each picture, network and method: how like the first network's map it is."""
    rows = [
        {"picture": compared["picture"], "role": compared["role"], "method": compared["heatmap"]["method"], **alike}
        for compared in check.messages(LabelMap)
        if (alike := compared["similarities"])
    ]
    return pd.DataFrame(rows)


LABEL_CHECK = declare(
    JobKind(
        name="label_check",
        title="Label check",
        verb="Run",
        results="This check",
        reading="Similarity to the first network's maps: 1 is unchanged, 0 unrelated. Shuffled labels should lower it.",
        gone="That check is no longer kept here. Press Run to make it again.",
        page="sanity",
        tab="Labels",
        request=LabelCheckRequest,
        inputs=lambda _: Clothes(),
        stream=stream,
        plan=plan,
        formerly="labels",
        tables={"verdicts": records(LabelsReady), "similarities": similarities},
    )
)
