"""What a run will take is said before it is started."""

from dataclasses import replace

from core.methods.heatmap import Passes
from core.methods.workload import Workload
from dashboard.controls.workload import workload_words
from dashboard.explain.one_picture.job import EXPLANATION, ExplanationRequest
from dashboard.library.models import DEFAULT_MODEL, shelf

REQUEST = ExplanationRequest(model=DEFAULT_MODEL, picture="chelsea", target=281, methods=("gradient",), steps=4)


def test_methods_passes_and_seconds_are_told_of_all_models_together(monkeypatch):
    classifier = shelf.held(DEFAULT_MODEL)
    monkeypatch.setattr(classifier, "_seconds", {"forward": 0.01, "gradient": 0.03})
    planned = replace(EXPLANATION, name="planned", plan=lambda *_: Workload(700, Passes(forward=700, backward=50)))
    assert workload_words(planned, [REQUEST]) == "1 method, 700 passes, about 8\xa0s"
    assert workload_words(planned, [REQUEST, REQUEST]) == "1 method, 1,400 passes, about 16\xa0s"


def test_an_explanation_says_its_heatmaps_and_curves():
    maps, randoms, steps = 1 + 5, 5, 3  # the method and the controls, and random orders
    copies, shares = 8, 4  # of the method's map, moved, and where their curves are followed
    curves = 2 * (steps * (maps + randoms) + shares * copies)
    assert workload_words(EXPLANATION, [REQUEST]).startswith(f"1 method, {1 + curves} passes, ")


def test_nothing_is_said_before_the_model_is_there_or_of_a_kind_that_cannot_know():
    assert workload_words(EXPLANATION, [None]) == ""
    assert workload_words(EXPLANATION, [replace(REQUEST, model="not loaded")]) == ""
    assert workload_words(replace(EXPLANATION, plan=None), [REQUEST]) == ""
