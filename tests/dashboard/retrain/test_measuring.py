"""The pace that a cost is told from is that of the network asked about, and holds nobody up."""

import torch

from core.methods.heatmap_request import HeatmapRequest
from core.models.trained import load_trained
from core.retraining.networks import USUAL
from core.retraining.pace import like
from core.retraining.training import BUNDLED_NETWORK
from dashboard.retrain import measuring

REQUEST = HeatmapRequest(methods=("gradient",))


def test_another_network_s_own_heatmaps_are_timed_and_each_step_is_a_question_of_its_own(monkeypatch):
    shipped, asked = load_trained(BUNDLED_NETWORK, torch.device("cpu")), []

    def call(question):
        asked.append(question)
        return question()

    def steps(classifier, request, _):
        assert classifier.network.conv1.out_channels == 64, "ResNet-18; the small CNN has 16"
        assert request is REQUEST
        yield from (0.25, 0.5, 1.0)

    monkeypatch.setattr(measuring, "seconds_of_steps", steps)
    assert measuring.seconds_of_own_maps(call, "resnet18_32", shipped, REQUEST) == 1.75
    assert len(asked) == 1 + 3 + 1, "the network, the steps, and that there are no more"


def test_the_shipped_network_stands_for_its_architecture(monkeypatch):
    shipped = load_trained(BUNDLED_NETWORK, torch.device("cpu"))
    monkeypatch.setattr(measuring, "seconds_of_maps", lambda classifier, _: 0.25 if classifier is shipped else None)
    assert measuring.seconds_of_own_maps(lambda question: question(), USUAL, shipped, REQUEST) == 0.25


def test_pictures_of_another_size_are_timed_on_a_network_of_their_own(monkeypatch):
    shipped = load_trained(BUNDLED_NETWORK, torch.device("cpu"))

    def steps(classifier, _, data):
        assert classifier is not shipped
        assert (classifier.size, len(classifier.labels)) == ((16, 16), 5)
        assert data.size == (16, 16)
        yield 0.5

    monkeypatch.setattr(measuring, "seconds_of_steps", steps)
    assert measuring.seconds_of_own_maps(lambda question: question(), USUAL, shipped, REQUEST, like(5, 16)) == 0.5
