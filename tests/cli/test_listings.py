"""``heatcheck methods``, ``metrics`` and ``models``: everything that there is, by name."""

import core


def test_methods_and_models_are_listed(heatcheck):
    listed = heatcheck("methods").stdout
    assert all(entry.name in listed for entry in core.list_methods())
    found = heatcheck("models", "SqueezeNet").stdout
    assert "squeezenet1_1" in found
    assert "torchvision/squeezenet1_0" in found
    assert "resnet" not in found
    assert heatcheck("models", "no such thing").exit_code == 1


def test_metrics_are_listed_with_their_direction(heatcheck):
    listed = heatcheck("metrics").stdout
    assert all(entry.name in listed for entry in core.list_metrics())
    assert {"↑", "↓"} <= set(listed)
