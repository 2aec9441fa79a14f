"""Infidelity, max-sensitivity, repeatability and completeness: closed forms on a linear network, and captum's word."""

from collections import Counter
from dataclasses import replace

import pytest
import torch
from captum.metrics import infidelity as captum_infidelity
from captum.metrics import sensitivity_max
from conftest import Linear
from torch import nn

import core
from core.jobs.events import Progress, Returning
from core.methods.heatmap import Heatmap, Passes
from core.methods.heatmap_request import HeatmapRequest
from core.metrics.curve_plan import Perturbation
from core.metrics.disturbances import NOISY_COPIES, PATCHES, RADIUS, noisy_copy, patch_removals, random_patches
from core.metrics.evidence import Evidence
from core.metrics.robustness import completeness_delta, infidelity, max_sensitivity, repeatability, unexplained
from core.randomness import generator
from core.studies.scoring import ScoresReady, Subject, explained_again, stream_scores


def finished(stream):
    returning = Returning(stream)
    steps = len(list(returning))
    return returning.result, steps


def heatmap(values: torch.Tensor, **more: object) -> Heatmap:
    return Heatmap(values, values[None], "mine", 2, "sum", 0.0, Passes(), **more)


@pytest.fixture
def removals(classifier_of, linear, pixels):
    """What the linear network's class 2 loses by patches, and in how many steps that was found out."""

    def make(network=linear, batch=4, seed=0, output="logit"):
        return finished(patch_removals(classifier_of(network, batch=batch), pixels, 2, output, seed))

    return make


@pytest.fixture
def evidence(classifier_of, linear, pixels, removals):
    """Evidence on any map of the linear network's class 2."""

    def make(values, network=linear, batch=4, **found) -> Evidence:
        found.setdefault("removals", removals(network, batch)[0])
        return Evidence(classifier_of(network), pixels, 2, 0, heatmap(values), None, {}, 1.0, **found)

    return make


@pytest.fixture
def exact(evidence, linear, pixels):
    """The exact contributions over the data set's mean."""
    mean = pixels.new_tensor(evidence(pixels[0, 0]).classifier.dataset_mean).view(3, 1, 1)
    return (linear.weight[2].detach() * (pixels[0] - mean)).sum(dim=0)


def test_exact_contributions_of_a_linear_model_foretell_every_removal(evidence, exact):
    assert infidelity(evidence(exact)) == pytest.approx(0, abs=1e-10)
    assert infidelity(evidence(7 * exact)) == pytest.approx(0, abs=1e-10)


def test_what_says_the_reverse_foretells_nothing(evidence, exact):
    assert infidelity(evidence(-exact)) == 1


def test_every_other_map_foretells_less(evidence, exact):
    for seed in range(20):
        noise = torch.randn(6, 8, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        assert 0.1 < infidelity(evidence(noise)) <= 1
        assert 1e-4 < infidelity(evidence(exact + noise * exact.std() / 10)) < 0.5


def test_infidelity_is_captums_scaled_one_over_that_of_a_map_that_foretells_nothing(evidence, exact, linear, pixels):
    noise = torch.rand(6, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    values = exact + noise
    case = evidence(values)
    patches, _ = case.removals
    mean = pixels.new_tensor(case.classifier.dataset_mean).view(1, 3, 1, 1)

    def answer(kept):
        return linear(torch.where(kept.bool(), pixels, mean))

    def take(whole):
        gone = patches[:, None].double()
        return gone, whole - gone

    presence = torch.ones(1, 1, 6, 8, dtype=torch.float64)
    theirs = captum_infidelity(
        answer, take, presence, values[None, None], target=2, n_perturb_samples=PATCHES, normalize=True
    )
    changes = captum_infidelity(answer, take, presence, 0 * presence, target=2, n_perturb_samples=PATCHES)
    assert infidelity(case) == pytest.approx(float(theirs / changes), abs=1e-6)


def test_patches_are_squares_that_cover_every_pixel_as_often():
    counts = torch.zeros(40, 24)
    for seed in range(300):
        patches = random_patches((40, 24), generator(seed))
        assert patches.shape == (PATCHES, 40, 24)
        assert patches.any(dim=2).sum(dim=1).max() == patches.any(dim=1).sum(dim=1).max() == 6
        counts += patches.sum(dim=0)
    expected = 300 * PATCHES * (6 / 45) * (6 / 29)
    assert counts.min() > 0.6 * expected
    assert counts.max() < 1.4 * expected
    border = torch.cat([counts[0], counts[-1], counts[:, 0], counts[:, -1]]).mean()
    assert float(border) == pytest.approx(expected, rel=0.1)


def test_a_small_picture_has_patches_of_one_pixel():
    assert (random_patches((1, 3), generator(0)).flatten(1).sum(dim=1) == 1).all()


def test_falls_are_the_explained_logits_and_no_others(evidence, linear, pixels):
    case = evidence(torch.ones(6, 8))
    patches, falls = case.removals
    mean = pixels.new_tensor(case.classifier.dataset_mean).view(1, 3, 1, 1)
    for patch, fall in zip(patches, falls, strict=True):
        left = linear(torch.where(patch, mean, pixels))[0, 2]
        assert float(linear(pixels)[0, 2] - left) == pytest.approx(float(fall), abs=1e-6)


def test_falls_are_those_of_the_number_that_is_explained(removals, linear, pixels):
    (patches, falls), _ = removals(output="probability")
    mean = pixels.new_tensor((0.485, 0.456, 0.406)).view(1, 3, 1, 1)
    left = linear(torch.where(patches[0], mean, pixels)).softmax(dim=1)[0, 2]
    assert float(linear(pixels).softmax(dim=1)[0, 2] - left) == pytest.approx(float(falls[0]), abs=1e-6)


@pytest.mark.parametrize("batch", [1, 7, 64])
def test_removals_do_not_depend_on_the_batch_and_yield_after_each(removals, batch):
    (patches, falls), steps = removals(batch=batch)
    assert torch.equal(patches, removals()[0].patches)
    torch.testing.assert_close(falls, removals()[0].falls, rtol=0, atol=1e-12)
    assert steps == -(-PATCHES // batch)


def test_the_model_is_asked_about_removals_once_for_all_maps_of_a_picture(listening, classifier_of, pixels):
    subject = Subject(classifier_of(listening), pixels, 2)
    asked = []
    for names in (["gradient"], ["gradient", "centre", "sobel"]):
        made = core.explain(subject.classifier, pixels, names, 2)
        listening.fed.clear()
        list(stream_scores(subject, made, ["infidelity"], Perturbation(steps=2)))
        asked.append(len(listening.fed))
    assert asked[0] == asked[1] >= PATCHES


def test_another_seed_takes_other_patches_away(removals):
    one, same, other = (removals(seed=seed)[0].patches for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


class Silent(Linear):
    """Answers alike, whatever it sees."""

    def forward(self, pixels):
        return super().forward(0 * pixels)


def test_nothing_foretold_and_nothing_to_foretell_give_no_infidelity(evidence, exact):
    assert infidelity(evidence(torch.zeros(6, 8))) is None
    assert infidelity(evidence(exact, network=Silent())) is None


def test_a_constant_map_foretells_what_all_patches_lose_alike():
    falls = torch.tensor([1.0, 3.0]).double()
    assert unexplained(torch.ones(2).double(), falls) == pytest.approx(2 / 10)


def test_the_gradient_of_a_linear_model_does_not_move(classifier_of, linear, pixels):
    classifier = classifier_of(linear)
    subject = Subject(classifier, pixels, 2)
    made = core.explain(classifier, pixels, ["gradient"], 2)
    (ready,) = (
        event
        for event in stream_scores(subject, made, ["max_sensitivity", "repeatability"], Perturbation(steps=2))
        if isinstance(event, ScoresReady)
    )
    assert ready.scores == pytest.approx({"max_sensitivity": 0, "repeatability": 1})


class Curved(nn.Module):
    """A small network whose gradient moves with the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.read = Linear()

    def forward(self, pixels):
        return self.read(pixels.double().pow(3))


def test_max_sensitivity_is_captums_on_the_same_noise(evidence, classifier_of, pixels):
    network = Curved()
    classifier = classifier_of(network)
    noisy = [noisy_copy(pixels, 0, copy) for copy in range(NOISY_COPIES)]

    def values(picture):
        return core.explain(classifier, picture, ["gradient"], 2, reduction="sum")["gradient"].values

    def theirs(pictures):
        pictures = pictures[0] if isinstance(pictures, tuple) else pictures
        return (torch.stack([values(each[None]) for each in pictures]),)

    expected = sensitivity_max(theirs, pixels, lambda _: torch.cat(noisy), n_perturb_samples=NOISY_COPIES)
    found = max_sensitivity(evidence(values(pixels), network=network, moved=[values(each) for each in noisy]))
    assert found == pytest.approx(float(expected), rel=1e-9)
    assert found > 0


def test_the_largest_move_counts_relative_to_the_map(evidence):
    values = torch.tensor([3.0, 4.0]).repeat(6, 4)
    assert max_sensitivity(evidence(values, moved=[values * (1 + move) for move in (0.5, 2.0, 1.0)])) == pytest.approx(
        2
    )


def test_noise_stays_within_the_radius_uses_all_of_it_and_is_the_same_for_a_seed(pixels):
    noise = torch.cat([noisy_copy(pixels, 0, copy) - pixels for copy in range(NOISY_COPIES)])
    assert noise.abs().max() <= RADIUS + 1e-12
    assert noise.min() < -0.95 * RADIUS < 0.95 * RADIUS < noise.max()
    assert abs(float(noise.mean())) < 0.05 * RADIUS
    assert len({tuple(each.flatten().tolist()) for each in noise}) == NOISY_COPIES
    assert torch.equal(noisy_copy(pixels, 0, 3), noisy_copy(pixels, 0, 3))
    assert not torch.equal(noisy_copy(pixels, 0, 3), noisy_copy(pixels, 1, 3))


def test_methods_are_asked_about_noisy_copies_with_the_seed_of_the_run_and_share_their_passes(
    classifier_of, pixels, monkeypatch
):
    asked = []

    def watched(subject, heatmaps):
        asked.append((list(heatmaps), subject.pixels, subject.seed))
        return explained_again(subject, heatmaps)

    monkeypatch.setattr("core.studies.scoring.explained_again", watched)
    subject = Subject(classifier_of(Curved()), pixels, 2, HeatmapRequest(seed=5))
    made = core.explain(subject.classifier, pixels, ["gradient", "input_x_gradient"], 2, 5)
    list(stream_scores(subject, made, ["max_sensitivity", "repeatability"], Perturbation(steps=2)))
    assert all(names == list(made) for names, _, _ in asked)
    assert Counter(seed for _, _, seed in asked) == {5: NOISY_COPIES, 6: 1}
    copies = [picture for _, picture, seed in asked if seed == 5]
    assert all(torch.equal(seen, noisy_copy(pixels, 5, copy)) for copy, seen in enumerate(copies))
    assert torch.equal(next(picture for _, picture, seed in asked if seed == 6), pixels)


def test_explaining_again_keeps_the_settings_and_leaves_out_what_does_not_apply(classifier_of, linear, pixels):
    subject = Subject(classifier_of(linear), pixels, 2, HeatmapRequest(seed=5))
    made = core.explain(subject.classifier, pixels, ["smoothgrad"], 2, 5, {"smoothgrad": {"samples": 3}})
    unfit = replace(made["smoothgrad"], method="attention_rollout", settings={})
    maps, _ = finished(explained_again(subject, made | {"attention_rollout": unfit}))
    assert maps.keys() == {"smoothgrad"}
    assert torch.equal(maps["smoothgrad"], made["smoothgrad"].values)


def test_a_step_of_a_slow_score_is_a_batch(classifier_of, linear, pixels):
    subject = Subject(classifier_of(linear), pixels, 2)
    made = core.explain(subject.classifier, pixels, ["smoothgrad"], 2)
    events = list(stream_scores(subject, made, ["max_sensitivity"], Perturbation(steps=2)))
    assert sum(isinstance(event, Progress) for event in events) >= NOISY_COPIES * -(-15 // 4)


def test_a_map_of_zeros_or_a_method_that_refuses_a_copy_has_no_sensitivity(evidence):
    ones = torch.ones(6, 8)
    assert max_sensitivity(evidence(torch.zeros(6, 8), moved=[ones])) is None
    assert max_sensitivity(evidence(ones)) is None
    assert repeatability(evidence(ones + torch.eye(6, 8))) is None


def test_repeatability_is_the_correlation_with_the_map_of_the_next_seed(evidence):
    values = torch.rand(6, 8, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    again = values + torch.rand(6, 8, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    found = repeatability(evidence(values, repeated=again))
    assert found == pytest.approx(float(torch.corrcoef(torch.stack([values.flatten(), again.flatten()]))[0, 1]))
    assert repeatability(evidence(torch.ones(6, 8), repeated=again)) is None


def test_controls_that_draw_do_not_repeat_and_those_that_do_not_do(classifier_of, linear, pixels):
    classifier = classifier_of(linear)
    made = core.explain(classifier, pixels, ["random", "centre"], 2)
    scores = {
        event.method: event.scores
        for event in stream_scores(
            Subject(classifier, pixels, 2), made, ["repeatability", "max_sensitivity"], Perturbation(steps=2)
        )
        if isinstance(event, ScoresReady)
    }
    assert scores["centre"] == pytest.approx({"repeatability": 1, "max_sensitivity": 0})
    assert abs(scores["random"]["repeatability"]) < 0.5
    # The largest of 10, each about the root of 2 variances over the mean square.
    assert scores["random"]["max_sensitivity"] == pytest.approx(0.707, abs=0.25)


def test_completeness_is_told_of_methods_that_claim_it_and_of_no_others(classifier_of, linear, pixels):
    classifier = classifier_of(linear)
    made = core.explain(classifier, pixels, ["integrated_gradients", "gradient", "negated"], 2)
    assert made["integrated_gradients"].missed == pytest.approx(0, abs=1e-6)
    assert made["gradient"].missed is made["negated"].missed is None
    turned = core.explain(classifier, pixels, ["negated"], 2, settings={"negated": {"of": "integrated_gradients"}})
    assert turned["negated"].missed is None


def test_the_delta_is_what_the_shares_miss_of_the_scores_difference(classifier_of, pixels):
    network = Curved()
    classifier = classifier_of(network)
    settings = {"integrated_gradients": {"steps": 1, "quadrature": "midpoint"}}
    (made,) = core.explain(classifier, pixels, ["integrated_gradients"], 2, settings=settings).values()
    gained = float((network(pixels) - network(0 * pixels))[0, 2])
    case = Evidence(classifier, pixels, 2, 0, made, None, {}, 1.0)
    assert completeness_delta(case) == pytest.approx(
        abs(float(made.attribution.sum()) - gained) / abs(gained), rel=1e-5
    )
    assert completeness_delta(case) == pytest.approx(0.25)  # (x / 2)^2 * 3 * x is three quarters of x^3


def test_no_score_touches_the_global_random_state(evidence, exact):
    case = evidence(exact)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    subject = Subject(case.classifier, case.pixels, 2)
    made = core.explain(case.classifier, case.pixels, ["smoothgrad"], 2)
    list(stream_scores(subject, made, ["infidelity", "max_sensitivity", "repeatability"], Perturbation(steps=2)))
    assert torch.equal(torch.get_rng_state(), before)
