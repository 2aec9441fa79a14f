"""Changes of picture and weights: their size, and that nothing else is touched."""

import pytest
import torch
from torch import nn

from core.coherency.changes import (
    FAILS,
    HOLDS,
    LEVELS,
    changed_by,
    find_sizes,
    held,
    noisy_picture,
    noisy_weights,
    sizes_of,
)
from core.jobs.events import Returning


def test_the_minor_size_is_the_largest_below_the_first_that_breaks_a_prediction():
    holds = {0.1: 1.0, 0.2: 0.9, 0.4: 1.0, 0.8: 0.25, 1.6: 0.2, 3.2: 0.0}
    found = sizes_of(holds)
    assert (found.minor, found.disruptive) == (0.1, 1.6)
    assert (found.minor_holds, found.disruptive_holds) == (1.0, 0.2)


def test_where_no_level_fits_there_is_no_size():
    assert sizes_of({0.1: 0.5, 0.2: 0.4}).minor is None
    assert sizes_of({0.1: 0.5, 0.2: 0.4}).disruptive is None


def test_larger_noise_is_the_same_noise_scaled(subject_of, pixels):
    subject = subject_of("gradient")
    small, large = ((noisy_picture(subject, level).pixels - pixels) / level for level in (0.25, 2.0))
    torch.testing.assert_close(small, large)
    assert float(small.std()) == pytest.approx(1, abs=0.15)
    assert torch.equal(noisy_picture(subject, 0.0).pixels, pixels)


def test_noise_on_the_weights_is_relative_and_the_network_itself_stays(classifier_of, fingerprint):
    layers = nn.Sequential(nn.Flatten(), nn.Linear(3 * 48, 3)).double()
    classifier = classifier_of(layers)
    before, weight = fingerprint(classifier), layers[1].weight
    changed = noisy_weights(classifier, 0.5, seed=3)
    noise = changed.network[1].weight / weight - 1
    assert float(noise.std()) == pytest.approx(0.5, abs=0.05)
    assert fingerprint(classifier) == before
    assert changed.weights_digest != classifier.weights_digest
    twice = noisy_weights(classifier, 1.0, seed=3).network[1].weight / weight - 1
    torch.testing.assert_close(twice, 2 * noise)


@pytest.mark.parametrize("change", ["picture", "weights"])
def test_sizes_leave_as_many_predictions_as_they_promise(change, subject_of, linear, pixels):
    subjects = [subject_of("gradient")]
    target = int(subjects[0].classifier.logits(pixels)[0].argmax())
    subjects = [
        type(subjects[0])(subjects[0].classifier, pixels + shift, target) for shift in torch.linspace(0, 0.2, 9)
    ]
    subjects = [each for each in subjects if held(each)]
    finding = Returning(find_sizes(change, subjects))
    steps = list(finding)
    sizes = finding.result
    assert len(steps) <= len(LEVELS)
    for level, share, fits in (
        (sizes.minor, sizes.minor_holds, lambda held: held >= HOLDS),
        (sizes.disruptive, sizes.disruptive_holds, lambda held: held <= FAILS),
    ):
        if level is not None:
            alter = changed_by(change, subjects, level)
            assert share == sum(held(alter(each)) for each in subjects) / len(subjects)
            assert fits(share)
    assert sizes.minor is not None
    assert linear.weight.grad is None
