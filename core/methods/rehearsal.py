"""The passes that methods will request, found without making any."""

from collections.abc import Collection
from contextlib import suppress
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from core.methods.heatmap_request import HeatmapRequest
from core.methods.method_runs import MethodRun
from core.methods.passes import PassBank, Pending
from core.methods.readings import FeatureGradients, InputGradients, Question, Reading
from core.methods.registry import first_reason
from core.methods.requests import Request
from core.methods.workload import Workload
from core.models.classifier import Classifier
from core.models.outputs import Output, rather_than


class Planned(NamedTuple):
    """A request without its pictures; equal ones are one computation."""

    name: tuple[object, ...]
    reading: Reading
    size: int

    @property
    def workload(self) -> Workload:
        """Its cost."""
        return Workload(self.size, self.reading.cost * self.size)


class Rehearsal(PassBank):
    """A bank that makes no passes, at a picture of noise: a method receives noise, and goes on to its next request."""

    def __init__(self, classifier: Classifier, output: Output) -> None:
        self._draw = torch.Generator().manual_seed(0)
        noise = torch.rand(1, classifier.channels, *classifier.size, generator=self._draw).to(classifier.blank(1))
        question = Question(1 if rather_than(output) == 0 else 0, output, classifier.reading)
        super().__init__(classifier, noise, question, truth=noise[0, 0] > noise.mean())

    def read(self, request: Request) -> Any:
        """The result of one answer of noise.

        Raises
        ------
        Pending
            Where such an answer cannot be made up; no method requests more after those.
        """
        self._asked.requests.append(request)
        answer = self._made_up(request.reading)
        if answer is None:
            raise Pending(request)
        fold = request.fold()
        fold.add([0], answer)
        return fold.value()

    def _made_up(self, reading: Reading) -> Tensor | None:
        if reading.kind == "forward":
            return self._noise(1)
        if isinstance(reading, InputGradients):
            return self._noise(*self.pixels.shape)
        layer = self.classifier.anatomy.feature_map(reading.layer) if isinstance(reading, FeatureGradients) else None
        return self._noise(1, 2, layer.channels, layer.height, layer.width) if layer else None

    def _noise(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self._draw).to(self.pixels)


_KNOWN: WeakKeyDictionary[Classifier, dict[str, frozenset[Planned]]] = WeakKeyDictionary()


def planned_requests(request: HeatmapRequest, classifier: Classifier) -> frozenset[Planned]:
    """All requests of a request's methods; the few that depend on the picture (Score-CAM) as for a picture of noise."""
    known = _KNOWN.setdefault(classifier, {})
    fitting = [run for run in request.runs() if first_reason(run.method, classifier) is None]
    keys = {f"{run.method.name} {request.output} {run.settings}": run for run in fitting}
    lacking = {key: run for key, run in keys.items() if key not in known}
    bank = Rehearsal(classifier, request.output) if lacking else None
    for key, run in lacking.items():
        assert bank is not None
        known[key] = frozenset(rehearsed(bank, run))
    return frozenset().union(*(known[key] for key in keys))


def rehearsed(bank: Rehearsal, run: MethodRun) -> Collection[Planned]:
    """The requests of one method."""
    # Noise may be what a method refuses, or be too few answers for it: it has asked by then.
    with torch.no_grad(), bank.asking(rough=True) as asked, suppress(Exception):
        run.method.attribute(bank, **run.settings)
    return [Planned(each.name, each.reading, each.count) for each in asked.requests]


def heatmaps_workload(request: HeatmapRequest, classifier: Classifier) -> Workload:
    """The passes of the methods that apply, shared ones counted once."""
    return sum((each.workload for each in planned_requests(request, classifier)), Workload())
