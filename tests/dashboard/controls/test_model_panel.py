"""How a model answers is said where it is chosen, if it is not as most do."""

import torch
from torch import nn

import core
from dashboard.controls.model_panel import of_its_answers


class Means(nn.Module):
    """The mean of each colour."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return pixels.mean(dim=(2, 3))


def test_a_reading_other_than_softmax_is_said_and_softmax_is_not():
    labels = ("red", "green", "blue")
    assert of_its_answers(core.wrap(Means(), size=6, labels=labels, reading="softmax")) == []
    several = core.wrap(Means(), size=6, labels=labels, reading="sigmoid")
    assert of_its_answers(several) == ["Probabilities: sigmoid of each class by itself (multi-label)."]


def test_a_network_that_answers_with_probabilities_says_so_in_its_notes():
    ends = nn.Sequential(Means(), nn.Softmax(dim=1))
    said = of_its_answers(core.wrap(ends, size=6, labels=("red", "green", "blue")))
    assert said[0].startswith("Probabilities: none")
    assert len(said) == len({*said})
