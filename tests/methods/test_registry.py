"""A method describes itself, and refuses what it cannot take with the way out."""

import ast
import sys
from pathlib import Path
from typing import get_args

import pytest

from core.methods.explaining import explain
from core.methods.registry import Family, find_method, list_methods

PROMISED = {
    "gradient", "input_x_gradient", "guided_backprop", "deconvnet", "integrated_gradients", "expected_gradients",
    "smoothgrad", "smoothgrad_squared", "vargrad", "smoothgrad_guided_backprop", "smoothgrad_squared_guided_backprop",
    "vargrad_guided_backprop", "smoothgrad_integrated_gradients", "smoothgrad_squared_integrated_gradients",
    "vargrad_integrated_gradients", "deeplift", "lrp", "lrp_alpha_beta", "grad_cam", "grad_cam_plus_plus", "hires_cam",
    "layer_cam", "score_cam", "guided_grad_cam", "occlusion", "rise", "lime", "kernel_shap", "mask_search",
    "extremal_perturbation", "attention_rollout", "gradient_rollout", "random", "blurred_random", "sobel", "centre",
    "negated", "oracle",
}  # fmt: skip


def test_every_promised_method_is_there():
    assert {entry.name for entry in list_methods()} >= PROMISED


def test_every_promised_method_names_a_paper_that_can_be_found():
    promised = [entry for entry in list_methods() if entry.name in PROMISED and not entry.control]
    assert [entry.name for entry in promised if not ("arXiv:" in entry.paper or "doi:" in entry.paper)] == []


def test_controls_come_last_and_families_in_their_order():
    families = [entry.family for entry in list_methods()]
    assert families == sorted(families, key=get_args(Family).index)
    assert list_methods()[-1].control


def imported(source):
    """Every module that a source imports, in whatever form."""
    nodes = list(ast.walk(ast.parse(source)))
    whole = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    parts = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    named = {f"{node.module}.{name.name}" for node in parts for name in node.names}
    return whole | {node.module for node in parts} | named


@pytest.mark.parametrize(
    "line",
    ["from core.methods.gradient import gradient", "from core.methods import gradient", "import core.methods.gradient"],
)
def test_an_import_of_a_family_is_seen_in_every_form(line):
    assert "core.methods.gradient" in imported(f"def later():\n    {line}\n")


def test_a_family_imports_no_other_family():
    """They meet in the registry; what several share stands in files that enter nothing."""
    families = {entry.attribute.__module__ for entry in list_methods()}
    assert len(families) > 5
    for family in families:
        source = Path(sys.modules[family].__file__).read_text(encoding="utf-8")
        assert not imported(source) & (families - {family}), family


@pytest.mark.parametrize("entry", list_methods(), ids=lambda entry: entry.name)
def test_every_method_and_parameter_says_what_it_is(entry):
    assert entry.label
    assert entry.summary.endswith(".")
    assert entry.control or entry.paper
    for parameter in entry.parameters:
        assert parameter.help, parameter.name
        if parameter.kind in ("integer", "number"):
            assert parameter.low <= parameter.default <= parameter.high
        if parameter.kind == "choice":
            assert parameter.default in parameter.choices


def test_an_unknown_method_is_answered_with_the_nearest_names():
    with pytest.raises(ValueError, match=r"no method 'gradcam'. Did you mean grad_cam"):
        find_method("gradcam")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"samples": 0}, "samples must be a whole number from 1 to 200, not 0"),
        ({"samples": 2.5}, "samples must be a whole number from 1 to 200, not 2.5"),
        ({"samples": True}, "samples must be a whole number"),
        ({"level": 2}, "level must be a number from 0 to 1, not 2"),
        ({"sigma": 1}, "smoothgrad has no setting 'sigma'; its settings: samples, level"),
    ],
)
def test_settings_out_of_range_are_refused_with_the_range(settings, message):
    with pytest.raises(ValueError, match=message):
        find_method("smoothgrad").complete(settings)


def test_a_choice_that_does_not_exist_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="baseline must be one of black, grey"):
        find_method("integrated_gradients").complete({"baseline": "white"})


def test_changed_settings_are_kept_with_the_heatmap(lite0, chelsea):
    heatmap = explain(lite0, chelsea, ["smoothgrad"], settings={"smoothgrad": {"samples": 2}})["smoothgrad"]
    assert heatmap.settings == {"samples": 2, "level": 0.15}
