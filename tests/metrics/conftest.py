"""What tests of metrics share: evidence about a map whose truth is known."""

from collections.abc import Callable

import pytest
from torch import Tensor

from core.jobs.events import Returning
from core.methods.heatmap import Heatmap, Passes
from core.metrics.answers import Answers
from core.metrics.curve_plan import Perturbation, kept_values, trace_curves
from core.metrics.evidence import Evidence
from core.metrics.registry import find_metric


def heatmap_of(values: Tensor) -> Heatmap:
    return Heatmap(values, values[None], "mine", 2, "sum", 0.0, Passes())


@pytest.fixture
def evidence_of(classifier_of, linear, pixels) -> Callable[..., Evidence]:
    """The evidence that some metrics read about a map, on the linear network and its picture of 6 x 8."""

    def make(values: Tensor, *metrics: str, truth: Tensor | None = None, **asked: object) -> Evidence:
        classifier = asked.pop("classifier", None) or classifier_of(linear)
        perturbation = Perturbation(**({"imputer": "black", "y": "relative_logit", "steps": 48} | asked))
        answers = Answers(classifier, pixels, 2, perturbation.y)
        traces = dict.fromkeys(trace for name in metrics for trace in find_metric(name).reads)
        tracing = Returning(trace_curves(classifier, pixels, {"map": values}, list(traces), answers, perturbation))
        list(tracing)
        curves = tracing.result["map"]
        keeping = Returning(kept_values(classifier, pixels, {"map": values}, answers))
        list(keeping)
        return Evidence(
            classifier, pixels, 2, 0, heatmap_of(values), truth, curves, answers.clean.value, keeping.result.get("map")
        )

    return make
