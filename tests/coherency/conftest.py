"""What tests of coherency share: a subject whose attribution is known."""

import pytest

from core.methods.heatmap_request import HeatmapRequest
from core.studies.scoring import Subject


@pytest.fixture
def subject_of(classifier_of, linear, pixels):
    """The explained class of the linear network's picture of 6 x 8."""

    def make(*methods, network=None, **asked):
        return Subject(classifier_of(network or linear), pixels, 2, HeatmapRequest(methods=methods), **asked)

    return make
