"""Controls look at no model."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from core.methods.explaining import explain
from core.methods.registry import Unfit, capability, find_method, list_controls, list_methods

BLIND = [entry.name for entry in list_methods() if entry.blind]


def test_blind_controls_are_the_same_for_every_model_and_cost_no_pass(lite0, squeezenet, chelsea):
    one, other = (explain(classifier, chelsea, BLIND, target=0) for classifier in (lite0, squeezenet))
    for name in BLIND:
        assert torch.equal(one[name].values, other[name].values)
        assert one[name].passes.forward == one[name].passes.backward == 0


def test_sobel_agrees_with_scipy(classifier_of, linear, pixels):
    grey = np.einsum("c,chw->hw", [0.2989, 0.587, 0.114], pixels[0].numpy())
    expected = np.hypot(*(ndimage.sobel(grey, axis, mode="nearest") for axis in (0, 1)))
    values = explain(classifier_of(linear), pixels, ["sobel"], target=0)["sobel"].values
    np.testing.assert_allclose(values, expected, rtol=1e-3)


@pytest.mark.parametrize("name", ["random", "blurred_random"])
def test_random_controls_follow_the_seed_and_the_picture(lite0, chelsea, name):
    def draw(pixels, seed):
        return explain(lite0, pixels, [name], target=0, seed=seed)[name].values

    assert torch.equal(draw(chelsea, 0), draw(chelsea, 0))
    assert not torch.equal(draw(chelsea, 0), draw(chelsea, 1))
    assert not torch.equal(draw(chelsea, 0), draw(chelsea * 0.5, 0))


def test_centre_is_highest_in_the_middle_and_the_same_under_flips(classifier_of, linear, pixels):
    values = explain(classifier_of(linear), pixels, ["centre"], target=0)["centre"].values
    torch.testing.assert_close(values, values.flip(0).flip(1))
    assert values.max() == values[3, 4]


@pytest.mark.parametrize("of", ["gradient", "occlusion", "vargrad"])
def test_negated_is_another_method_s_map_upside_down_and_shares_its_passes(classifier_of, linear, pixels, of):
    settings = {"negated": {"of": of}}
    maps = explain(classifier_of(linear), pixels, [of, "negated"], target=0, settings=settings)
    torch.testing.assert_close(maps["negated"].values, -maps[of].values)
    assert maps["negated"].passes.forward == 0
    assert maps["negated"].notes[0].startswith(f"{find_method(of).label}, negated: ")


def test_a_negated_map_stays_negated_whatever_reduction_the_others_get(classifier_of, linear, pixels):
    maps = explain(classifier_of(linear), pixels, ["gradient", "negated"], target=0, reduction="abs_sum")
    torch.testing.assert_close(maps["negated"].values, -maps["gradient"].values)


def test_what_can_t_be_explained_can_t_be_negated_either(classifier_of, linear, pixels):
    with pytest.raises(
        Unfit, match=r"The method to negate, Guided backprop, does not apply\. This method changes how ReLUs"
    ):
        explain(classifier_of(linear), pixels, ["negated"], settings={"negated": {"of": "guided_backprop"}})


def test_a_control_is_not_negated(classifier_of, linear, pixels):
    with pytest.raises(ValueError, match="of must be one of gradient"):
        explain(classifier_of(linear), pixels, ["negated"], settings={"negated": {"of": "sobel"}})


def test_the_oracle_is_the_truth_and_says_so_where_there_is_none(lite0, chelsea):
    truth = torch.zeros(224, 224, dtype=torch.bool)
    truth[30:50, 100:130] = True
    shown = explain(lite0, chelsea, ["oracle"], target=0, truth=truth, reduction="max_abs")["oracle"]
    assert torch.equal(shown.values, truth.float())
    assert shown.passes.forward == shown.passes.backward == 0
    with pytest.raises(Unfit, match="only where a region is marked"):
        explain(lite0, chelsea, ["oracle"], target=0)
    assert "oracle" not in BLIND
    assert {entry.name for entry in list_controls(True)} - {entry.name for entry in list_controls(False)} == {"oracle"}
    assert "only where" in capability(lite0)["oracle"]
