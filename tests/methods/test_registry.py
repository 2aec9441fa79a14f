"""A method describes itself, and refuses what it cannot take with the way out."""

import pytest

from core.methods.explaining import explain
from core.methods.registry import find_method, list_methods

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
    assert {entry.name for entry in list_methods()} == PROMISED


@pytest.mark.parametrize("entry", list_methods(), ids=lambda entry: entry.name)
def test_every_method_and_parameter_says_what_it_is(entry):
    assert entry.label
    assert entry.summary.endswith(".")
    assert entry.control or "arXiv:" in entry.paper or "doi:" in entry.paper
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
        ({"samples": 0}, "samples is a whole number from 1 to 200; 0 is not"),
        ({"samples": 2.5}, "samples is a whole number from 1 to 200; 2.5 is not"),
        ({"samples": True}, "samples is a whole number"),
        ({"level": 2}, "level is a number from 0 to 1; 2 is not"),
        ({"sigma": 1}, "smoothgrad has no setting 'sigma'; it has samples, level"),
    ],
)
def test_settings_out_of_range_are_refused_with_the_range(settings, message):
    with pytest.raises(ValueError, match=message):
        find_method("smoothgrad").complete(settings)


def test_a_choice_that_does_not_exist_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="baseline is one of black, grey"):
        find_method("integrated_gradients").complete({"baseline": "white"})


def test_changed_settings_are_kept_with_the_heatmap(lite0, chelsea):
    heatmap = explain(lite0, chelsea, ["smoothgrad"], settings={"smoothgrad": {"samples": 2}})["smoothgrad"]
    assert heatmap.settings == {"samples": 2, "level": 0.15}
