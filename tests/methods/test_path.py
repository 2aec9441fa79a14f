"""Integrated gradients add up, start from black in pixel space, and say when there is nothing to add up to."""

import pytest
import torch
from captum.attr import IntegratedGradients
from torch import Tensor, nn

from core.methods.explaining import explain
from core.methods.passes import path_points


def integrated(classifier, pixels, target=0, **settings):
    return explain(
        classifier, pixels, ["integrated_gradients"], target=target, settings={"integrated_gradients": settings}
    )["integrated_gradients"]


class Bilinear(nn.Module):
    """One logit is the product of two weighted sums, so that the path integral is known."""

    def __init__(self) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(3)
        self.left = nn.Parameter(torch.randn(3, 6, 8, generator=draw, dtype=torch.float64))
        self.right = nn.Parameter(torch.randn(3, 6, 8, generator=draw, dtype=torch.float64))

    def forward(self, pixels: Tensor) -> Tensor:
        product = (pixels * self.left).sum(dim=(1, 2, 3)) * (pixels * self.right).sum(dim=(1, 2, 3))
        return torch.stack([product, torch.zeros_like(product), torch.zeros_like(product)], dim=1)


@pytest.mark.parametrize("quadrature", ["gauss_legendre", "midpoint"])
def test_one_step_is_exact_on_a_linear_model(classifier_of, linear, pixels, quadrature):
    heatmap = integrated(classifier_of(linear), pixels, target=1, steps=1, quadrature=quadrature)
    torch.testing.assert_close(heatmap.attribution, (linear.weight[1] * pixels[0]).detach())


def test_two_points_are_exact_on_a_bilinear_model(classifier_of, pixels):
    network = Bilinear()
    heatmap = integrated(classifier_of(network), pixels, steps=2)
    left, right = (pixels * network.left).sum(), (pixels * network.right).sum()
    expected = pixels[0] * (network.left * right + network.right * left) / 2
    torch.testing.assert_close(heatmap.attribution, expected.detach())


@pytest.mark.parametrize(("baseline", "value"), [("black", 0.0), ("grey", 0.5)])
def test_baselines_are_named_in_pixel_space_and_the_path_runs_straight(
    classifier_of, listening, pixels, baseline, value
):
    integrated(classifier_of(listening), pixels, steps=5, baseline=baseline)
    shares, _ = path_points(5, "gauss_legendre")
    fed = torch.stack(listening.fed)
    for share in shares:
        on_path = value + share * (pixels[0] - value)
        assert (fed - on_path).abs().amax(dim=(1, 2, 3)).min() < 1e-12


def test_integrated_gradients_agree_with_captum(squeezenet, chelsea_for_squeezenet):
    heatmap = integrated(squeezenet, chelsea_for_squeezenet, target=285, steps=10)
    theirs = IntegratedGradients(squeezenet).attribute(
        chelsea_for_squeezenet, torch.zeros_like(chelsea_for_squeezenet), 285, n_steps=10, method="gausslegendre"
    )[0]
    torch.testing.assert_close(heatmap.attribution, theirs.float(), rtol=1e-4, atol=1e-4 * float(theirs.abs().max()))


@pytest.mark.parametrize("quadrature", ["gauss_legendre", "midpoint"])
@pytest.mark.parametrize("steps", [1, 2, 7, 50])
def test_path_weights_add_up_to_one_and_points_are_symmetric(quadrature, steps):
    shares, weights = path_points(steps, quadrature)
    assert sum(weights) == pytest.approx(1)
    assert sum(share * weight for share, weight in zip(shares, weights, strict=True)) == pytest.approx(0.5)


def test_completeness_is_told(classifier_of, linear, pixels):
    assert (
        "Completeness: the shares miss the score's difference by 0.0%."
        in integrated(classifier_of(linear), pixels).notes
    )


def test_a_path_without_a_difference_is_called_degenerate(classifier_of, linear, pixels):
    grey = torch.full_like(pixels, 0.5)
    heatmap = integrated(classifier_of(linear), grey, baseline="grey")
    assert any(note.startswith("Path degenerate") for note in heatmap.notes)
    assert any(note.startswith("Constant") for note in heatmap.notes)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_degenerate_is_relative_to_the_shares_not_to_the_unit_of_the_score(classifier_of, linear, pixels, scale):
    linear.weight.data *= scale
    notes = integrated(classifier_of(linear), pixels).notes
    assert notes == ("Completeness: the shares miss the score's difference by 0.0%.",)


def test_shares_that_cancel_among_themselves_are_not_a_degenerate_path(classifier_of, linear, pixels):
    linear.weight.data[0] = 1000 * torch.randn(3, 6, 8, generator=torch.Generator().manual_seed(4)).double()
    linear.weight.data[0] -= (linear.weight.data[0] * pixels[0]).sum() / pixels.sum()
    linear.weight.data[0] += 1 / pixels.sum()
    assert integrated(classifier_of(linear), pixels).notes[0].startswith("Completeness")
