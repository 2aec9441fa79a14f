"""The matched filter's truth is known in closed form, and methods reach it."""

import pytest
import torch
from torch.nn import functional as F

import core
from core.methods.paths import path_points
from core.models.matched_filter import DECIDED, SHARE, matched_filter, template
from core.pictures.stamps import Placed, Stamp, list_stamps

SIZE = (20, 24)
LEFT, TOP = 9, 5


def drawn(stamp: Stamp):
    paint, covered = stamp.drawn
    return paint.double(), covered


def stamped(stamp: Stamp, *places: tuple[int, int]):
    """A picture of dull colours with the stamp at these places."""
    pixels = 0.3 + 0.3 * torch.rand(1, 3, *SIZE, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    for left, top in places:
        pixels = Placed(stamp, left, top).on(pixels)
    return pixels


def worth(stamp: Stamp, pixels):
    """What the pixels under the stamp at its place are worth by the template, and that alone, in float64."""
    paint, covered = drawn(stamp)
    weights = torch.where(covered, paint - paint.permute(1, 2, 0)[covered].mean(), 0)
    own = float((weights * paint).sum())
    scale = DECIDED / (own - SHARE * own)
    expected = torch.zeros(3, *SIZE, dtype=torch.float64)
    here = (slice(None), slice(TOP, TOP + stamp.size), slice(LEFT, LEFT + stamp.size))
    expected[here] = scale * weights * pixels[0][here]
    return expected, own


@pytest.fixture
def filter_of(classifier_of):
    return lambda stamp: classifier_of(matched_filter(*drawn(stamp), SIZE), SIZE, classes=2)


def explained(classifier, pixels, method, **settings):
    heatmap = core.explain(classifier, pixels, [method], target=1, settings={method: settings})[method]
    return heatmap.attribution


@pytest.mark.parametrize("design", [design.name for design in list_stamps()])
def test_grey_of_any_level_answers_nothing(filter_of, design):
    stamp = Stamp(design, 5)
    assert float(template(*drawn(stamp)).sum()) == pytest.approx(0, abs=1e-9)
    for level in (0.0, 0.4, 1.0):
        logits = filter_of(stamp)(torch.full((1, 3, *SIZE), level, dtype=torch.float64))
        torch.testing.assert_close(logits, torch.tensor([[DECIDED / 2, 0.0]], dtype=torch.float64))


@pytest.mark.parametrize("design", [design.name for design in list_stamps()])
@pytest.mark.parametrize("size", [3, 5, 6])
def test_its_answer_is_that_of_the_template_above_the_threshold_summed_over_all_places(filter_of, design, size):
    stamp = Stamp(design, size)
    pixels = stamped(stamp, (LEFT, TOP), (1, 12))
    windows = F.pad(pixels, (6, 6, 6, 6)).unfold(2, size, 1).unfold(3, size, 1)
    paint, covered = drawn(stamp)
    weights = torch.where(covered, paint - paint.permute(1, 2, 0)[covered].mean(), 0)
    own = (weights * paint).sum()
    answers = torch.einsum("ncijhw,chw->ij", windows, weights)
    # Windows that begin more than half a stamp outside are not looked at; nothing there comes near the threshold.
    expected = (answers - SHARE * own).clamp(min=0).sum() * DECIDED / ((1 - SHARE) * own)
    torch.testing.assert_close(filter_of(stamp)(pixels)[0, 1], expected)


def test_softmax_is_decided_with_a_stamp_and_without(filter_of):
    stamp = Stamp("cross", 6)
    classifier = filter_of(stamp)
    for places, expected in (((), [1.0, 0.0]), (((LEFT, TOP),), [0.0, 1.0])):
        shares = classifier(stamped(stamp, *places)).softmax(dim=1)[0]
        torch.testing.assert_close(shares, torch.tensor(expected, dtype=torch.float64), atol=1e-4, rtol=0)
    torch.testing.assert_close(classifier(stamped(stamp, (LEFT, TOP), (1, 12)))[0, 1].item(), 2 * DECIDED)


@pytest.mark.parametrize("stamp", [Stamp("cross", 6), Stamp("ring", 5, "orange"), Stamp("checker", 6)])
def test_input_x_gradient_is_the_template_times_the_stamp_at_its_place(filter_of, stamp):
    pixels = stamped(stamp, (LEFT, TOP))
    expected, _ = worth(stamp, pixels)
    found = explained(filter_of(stamp), pixels, "input_x_gradient")
    torch.testing.assert_close(found, expected, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("steps", [4, 5, 7, 21, 60])
@pytest.mark.parametrize("quadrature", ["midpoint", "gauss_legendre"])
@pytest.mark.parametrize("stamp", [Stamp("cross", 6), Stamp("ring", 5, "orange")])
def test_integrated_gradients_are_that_times_the_weight_of_the_points_above_the_threshold(
    filter_of, stamp, quadrature, steps
):
    """From black with threshold T, w · (a x) exceeds T where a > T / (w · x)."""
    pixels = stamped(stamp, (LEFT, TOP))
    expected, own = worth(stamp, pixels)
    paint, _ = drawn(stamp)
    begins = SHARE * own / float((template(*drawn(stamp)) * paint).sum())
    shares, weights = path_points(steps, quadrature)
    above = sum(weight for share, weight in zip(shares, weights, strict=True) if share > begins)
    if quadrature == "midpoint":
        assert above == pytest.approx(sum((step + 0.5) / steps > SHARE for step in range(steps)) / steps)
    found = explained(filter_of(stamp), pixels, "integrated_gradients", steps=steps, quadrature=quadrature)
    torch.testing.assert_close(found, above * expected, atol=1e-9, rtol=1e-9)


def test_integrated_gradients_tend_to_their_limit(filter_of):
    stamp = Stamp("cross", 6)
    pixels = stamped(stamp, (LEFT, TOP))
    expected, _ = worth(stamp, pixels)
    limit = expected * (1 - SHARE)
    errors = []
    for steps in (10, 30, 130):
        found = explained(filter_of(stamp), pixels, "integrated_gradients", steps=steps, quadrature="midpoint")
        errors.append(float((found - limit).abs().max() / limit.abs().max()))
    assert all(error <= 0.5 / steps / (1 - SHARE) + 1e-9 for error, steps in zip(errors, (10, 30, 130), strict=True))
    assert float(limit.sum()) == pytest.approx(DECIDED)  # complete: what the picture scores above black


def test_the_bundled_one_is_built_for_a_cross_of_six_pixels_on_patches():
    classifier = core.load_classifier("trained/matched_filter", device="cpu")
    expected = matched_filter(*Stamp("cross", 6).drawn, (48, 48)).state_dict()
    stored = classifier.network.state_dict()
    assert stored.keys() == expected.keys()
    assert all(torch.equal(stored[key], expected[key]) for key in expected)
    assert classifier.preprocessing.mean == (0, 0, 0)
    assert classifier.preprocessing.std == (1, 1, 1)


def test_every_method_fits_it_but_those_for_attention():
    reasons = core.capability(core.load_classifier("trained/matched_filter", device="cpu"))
    unfit = {name for name, reason in reasons.items() if reason}
    assert unfit - {"oracle"} == {"attention_rollout", "gradient_rollout"}
