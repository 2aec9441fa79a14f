"""ROAR and KAR: networks retrained on what each heatmap leaves, and beside each the leak."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Annotated, Any

import core
from core.jobs.awaiting import awaited
from core.methods.heatmap_request import HeatmapRequest
from core.methods.registry import Settings
from core.retraining.cost import numbers_of
from core.retraining.data import BUNDLED, LabelledData
from core.retraining.events import RetrainedAccuracy, RetrainingReady
from core.retraining.filling import Fill
from core.retraining.folder import StudyFolder
from core.retraining.home import folder_of, kept_study
from core.retraining.masks import Form, Unit
from core.retraining.probes import Probe
from core.retraining.spec import CONTROLS, RetrainingSpec
from core.retraining.training import EPOCHS
from dashboard.jobs.kinds import JobKind, declare
from dashboard.jobs.requests import Words
from dashboard.jobs.tables import last_records, records
from dashboard.jobs.views import JobView
from dashboard.retrain.own_data import DataRequest, OwnData, find_data

FILLS: Mapping[Fill, str] = {"mean": "Training mean", "noisy_linear": "Noisy linear"}
PROBES: Mapping[Probe, str] = {"blur": "Blurred", "dilate": "Dilated"}


def in_percent(fractions: tuple[float, ...]) -> str:
    """
    >>> in_percent((0.5, 0.9))
    '50 %, 90 %'
    """
    return ", ".join(f"{share:.0%}".replace("%", " %") for share in fractions)


def probes_in_words(probes: tuple[Probe, ...]) -> str:
    """
    >>> probes_in_words(("blur", "dilate")), probes_in_words(())
    ('blurred and dilated maps', 'none')
    """
    return f"{' and '.join(PROBES[each].lower() for each in probes)} maps" if probes else "none"


@dataclass(frozen=True, kw_only=True)
class RoarRequest(DataRequest):
    """A study of retraining; but for the folder, its fields are those of the engine's spec.

    Parameters
    ----------
    training_pictures
        Maximum number of training pictures; None for all.
    """

    methods: tuple[str, ...]
    forms: Annotated[
        tuple[Form, ...], Words("forms", plural=True, said=lambda forms: " and ".join(map(str.upper, forms)))
    ]
    leak: Annotated[bool, Words("leak setting", said=lambda leak: "measured" if leak else "not measured")]
    fractions: Annotated[tuple[float, ...], Words("shares", plural=True, said=in_percent)]
    unit: Annotated[Unit, Words("removal unit")]
    side: Annotated[int, Words("region size")]
    seeds: Annotated[int, Words("number of seeds")]
    training_pictures: Annotated[int | None, Words("number of training pictures")]
    network: Annotated[str, Words("network")]
    fill: Annotated[Fill, Words("fill", said=FILLS.__getitem__)] = "mean"
    probes: Annotated[tuple[Probe, ...], Words("probes", plural=True, said=probes_in_words)] = ()
    fresh_random: Annotated[
        bool, Words("random control", said=lambda fresh: "drawn anew in each epoch" if fresh else "fixed")
    ] = False
    stop_early: Annotated[bool, Words("number of seeds", said=lambda early: "stopped early" if early else "all")] = (
        False
    )
    settings: Mapping[str, Settings]
    seed: int
    epochs: Annotated[int, Words("number of epochs")] = EPOCHS

    @property
    def heatmaps(self) -> HeatmapRequest:
        """The maps: of the requested methods and of the paper's controls."""
        names = tuple(dict.fromkeys((*self.methods, *CONTROLS)))
        return HeatmapRequest(methods=names, settings=self.settings, seed=self.seed)

    def spec(self, data: str = BUNDLED) -> RetrainingSpec:
        """What the engine is asked for.

        Parameters
        ----------
        data
            What a study calls the pictures.
        """
        own = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "folder"}
        return RetrainingSpec(**own, data=data)


Roar = JobView[RoarRequest, OwnData]


def stream(request: RoarRequest, own: OwnData) -> Iterator[Any]:
    """The study, from where an earlier run of the same request stopped."""
    spec = request.spec(own.name)
    pictures = None
    if own.folder:
        data = yield from awaited(partial(kept_pictures, spec, own), "Pictures")
        pictures = numbers_of(data)
    with kept_study(spec, pictures=pictures) as folder:
        if own.folder:
            begin(spec, StudyFolder(folder), data)
        yield from core.stream_retraining(spec, folder)


def kept_pictures(spec: RetrainingSpec, own: OwnData) -> LabelledData:
    """An uploaded folder's pictures, as the study has kept them, or else read anew."""
    return StudyFolder(folder_of(spec)).data() or own.collect(spec.seed)


def begin(spec: RetrainingSpec, folder: StudyFolder, data: LabelledData) -> None:
    """Keeps the pictures with the study: it finds them there, whether or not the upload is still here."""
    with folder.alone():
        folder.ask(spec)
        if folder.data() is None:
            folder.keep_data(data)


ROAR = declare(
    JobKind(
        name="roar",
        title="ROAR and KAR",
        verb="Run",
        results="These accuracies",
        reading="Test accuracy of retrained networks with 95 % intervals over pictures. Where the leak's interval "
        "reaches it, the accuracy cannot show what the removed pixels meant.",
        gone="That run is no longer kept here. Trained networks are: with the same choices, Run goes on from them.",
        cancelled="Paused. Press Run to go on.",
        page="retrain",
        tab="ROAR and KAR",
        request=RoarRequest,
        inputs=find_data,
        stream=stream,
        tables={
            "accuracies": records(RetrainedAccuracy),
            "verdicts": last_records(RetrainingReady, "verdicts"),
            "directions": last_records(RetrainingReady, "directions"),
            "probes": last_records(RetrainingReady, "probes"),
        },
        saves=RetrainedAccuracy,
        outlives_its_reader=True,
    )
)
