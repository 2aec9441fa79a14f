"""What the curves of the Explain page show."""

import pytest

from core.models.outputs import Contrast
from dashboard.explain.one_picture.job import ExplanationRequest, y_shown


@pytest.mark.parametrize(("output", "shown"), [("logit", "probability"), (Contrast(7), "contrast")])
def test_the_probability_of_one_class_rather_than_another_is_not_taken_for_what_the_model_says(output, shown):
    request = ExplanationRequest(
        model="fashion_cnn", picture="fashion_boot", methods=("gradient",), target=9, output=output
    )
    assert y_shown(request) == shown
