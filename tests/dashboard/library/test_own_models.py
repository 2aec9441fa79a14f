"""Weights that a person brings are theirs alone."""

import torch
import torchvision

from core.models.fitting import fit
from dashboard.library.models import models
from dashboard.library.own_models import PREFIX, OwnModel, list_own, own_models

ARCHITECTURE = "torchvision/squeezenet1_1"


def test_own_weights_are_listed_for_and_removed_by_their_owner_alone():
    weights: dict[str, torch.Tensor] = torchvision.models.squeezenet1_1(num_classes=2).state_dict()
    fitting = fit(ARCHITECTURE, weights)
    brought = OwnModel("birds", "digest", weights, fitting, ("wren", "rook"), 64, 1.0, (0.5,) * 3, (0.5,) * 3, None)
    name = own_models.add("anna", brought)
    try:
        assert [(each.name, each.label) for each in list_own("anna")] == [(PREFIX + name, "birds")]
        assert list_own("ben") == ()
        assert PREFIX + name not in {each.name for each in models.known()}
        assert not own_models.remove(name, "ben")
        assert own_models.get(name) is brought
    finally:
        assert own_models.remove(name, "anna")
    assert list_own("anna") == ()
