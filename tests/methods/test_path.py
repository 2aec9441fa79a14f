"""Integrated gradients add up, start from black in pixel space, and say when there is nothing to add up to."""

import pytest
import torch
from captum.attr import IntegratedGradients
from torch import Tensor, nn

import core
from core.methods.explaining import explain, stream_heatmaps
from core.methods.heatmap import HeatmapReady
from core.methods.passes import PassBank
from core.methods.paths import path_points
from core.methods.readings import Question


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
        "Completeness: the shares miss the score difference by 0.0 %."
        in integrated(classifier_of(linear), pixels).notes
    )


def test_a_path_without_a_difference_is_called_degenerate(classifier_of, linear, pixels):
    grey = torch.full_like(pixels, 0.5)
    heatmap = integrated(classifier_of(linear), grey, baseline="grey")
    assert any(note.startswith("Degenerate path") for note in heatmap.notes)
    assert any(note.startswith("Constant") for note in heatmap.notes)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_degenerate_is_relative_to_the_shares_not_to_the_unit_of_the_score(classifier_of, linear, pixels, scale):
    linear.weight.data *= scale
    notes = integrated(classifier_of(linear), pixels).notes
    assert notes == ("Completeness: the shares miss the score difference by 0.0 %.",)


def test_shares_that_cancel_among_themselves_are_not_a_degenerate_path(classifier_of, linear, pixels):
    linear.weight.data[0] = 1000 * torch.randn(3, 6, 8, generator=torch.Generator().manual_seed(4)).double()
    linear.weight.data[0] -= (linear.weight.data[0] * pixels[0]).sum() / pixels.sum()
    linear.weight.data[0] += 1 / pixels.sum()
    assert integrated(classifier_of(linear), pixels).notes[0].startswith("Completeness")


def test_several_baselines_give_the_mean_of_each(classifier_of, linear, pixels):
    classifier = classifier_of(linear)
    names = ("black", "grey", "blur", "uniform_noise")
    each = torch.stack([integrated(classifier, pixels, steps=3, baseline=name).attribution for name in names])
    together = integrated(classifier, pixels, steps=3, baseline="several")
    torch.testing.assert_close(together.attribution, each.mean(dim=0))
    assert together.passes.backward == 12
    assert together.notes == ("Completeness: the shares miss the score difference by 0.0 %.",)


def expected(classifier, pixels, **settings):
    return explain(classifier, pixels, ["expected_gradients"], target=0, settings={"expected_gradients": settings})[
        "expected_gradients"
    ]


def test_expected_gradients_of_a_linear_model_are_weights_times_the_way_from_the_mean_baseline(
    classifier_of, listening, pixels
):
    heatmap = expected(classifier_of(listening), pixels, samples=64, baselines="noise")
    assert heatmap.notes == ("Completeness: the shares miss the score difference by 0.0 %.",)
    way = heatmap.attribution / listening.weight[0].detach()
    start = pixels[0] - way
    assert abs(float(start.mean()) - 0.5) < 0.05
    assert 0 < float(start.min()) < float(start.max()) < 1


def test_expected_gradients_take_one_point_on_each_path_anywhere_between_the_ends(classifier_of, listening, pixels):
    classifier = classifier_of(listening)
    classifier.prepare = lambda _: torch.zeros(1, 3, 6, 8)
    expected(classifier, pixels, samples=400)
    shares = torch.stack([(fed / pixels[0]).mean() for fed in listening.fed[-400:]])
    assert shares.min() < 0.02
    assert shares.max() > 0.98
    assert abs(float(shares.mean()) - 0.5) < 0.05
    assert abs(float(shares.std()) - 12**-0.5) < 0.03


def test_the_picture_itself_is_no_baseline(lite0, chelsea):
    bank = PassBank(lite0, chelsea, Question(0))
    gallery = [each for each in core.gallery() if each.suits == "imagenet"]
    assert len(bank.background) == len(gallery) - 1
    assert (bank.background != chelsea).flatten(1).any(dim=1).all()


def test_expected_gradients_from_one_black_baseline_approach_integrated_gradients(classifier_of, pixels):
    classifier = classifier_of(Bilinear())
    classifier.prepare = lambda _: torch.zeros(1, 3, 6, 8)
    sampled, exact = expected(classifier, pixels, samples=1000), integrated(classifier, pixels, steps=2)
    scale = float(exact.attribution.abs().max())
    torch.testing.assert_close(sampled.attribution, exact.attribution, rtol=0, atol=0.1 * scale)


def test_a_rough_path_map_comes_long_before_the_whole_way_is_gone(classifier_of, linear, pixels):
    names = ["vargrad_integrated_gradients", "integrated_gradients"]
    events = list(stream_heatmaps(classifier_of(linear, batch=8), pixels, names, target=0))
    rough = [event for event in events if isinstance(event, HeatmapReady) and not event.final]
    assert {event.heatmap.method for event in rough[:2]} == set(names)
    assert all(event.heatmap.passes.backward <= 16 for event in rough[:2])
