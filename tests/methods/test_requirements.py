"""Why a method does not apply is said as it is."""

import pytest
import torch
from torch import nn

import core


@pytest.mark.parametrize(
    "make", [torch.jit.trace, lambda network, _: torch.jit.script(network)], ids=["traced", "scripted"]
)
@pytest.mark.filterwarnings("ignore:.*torch.jit.*")
def test_a_torchscript_program_is_explained_as_its_module_is_or_named_as_what_hides_its_layers(classifier_of, make):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    example = torch.rand(1, 3, 6, 8)
    plain, program = classifier_of(network), classifier_of(make(network.eval(), example))
    reasons = core.capability(program)
    sound = [name for name in ("gradient", "integrated_gradients", "smoothgrad", "occlusion") if not reasons[name]]
    expected, found = (core.explain(classifier, example, sound, target=0) for classifier in (plain, program))
    for name in sound:
        assert torch.allclose(found[name].values, expected[name].values, atol=1e-6)
    for name in ("guided_backprop", "grad_cam", "attention_rollout", "deeplift", "lrp"):
        assert "a TorchScript program" in reasons[name]
    assert len(sound) == 4
