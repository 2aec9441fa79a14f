"""A small study of real pictures: what retraining finds with handwritten digits, and how much of it is the mask."""

import pytest
import torch

from core.retraining.data import collect_data
from core.retraining.folder import StudyFolder
from core.retraining.retraining import RetrainedAccuracy, RetrainingReady, stream_retraining
from core.retraining.spec import RetrainingSpec

SHARES = (0.5, 0.9)
SPEC = RetrainingSpec(methods=("gradient",), forms=("roar",), fractions=SHARES, seeds=1, data="digits", epochs=5)
CHANCE = 0.1
FOLLOWING = ("gradient", "sobel")
"""Methods whose maps depend on the picture."""


@pytest.fixture(scope="module")
def events(tmp_path_factory, digits):
    """A study of 600 training pictures and all test pictures: thirteen networks of half a second each."""
    folder = StudyFolder(tmp_path_factory.mktemp("digits"))
    folder.ask(SPEC)
    folder.keep_data(collect_data(digits, most=600))
    return list(stream_retraining(SPEC, folder.path, "cpu", processes=1))


@pytest.fixture(scope="module")
def accuracies(events):
    """The last accuracy of each method and share removed."""
    return {(each.method, each.fraction): each for each in events if isinstance(each, RetrainedAccuracy)}


def test_every_digit_is_in_one_part_and_a_seventh_of_each_is_for_tests(digits):
    train, test = ([own.numpy().tobytes() for own in part.pixels[:, 0]] for part in (digits.train, digits.test))
    assert len({*train, *test}) == len(train) + len(test) == 1797
    learned, tested = (torch.bincount(part.labels) for part in (digits.train, digits.test))
    assert (tested / (learned + tested) - 1 / 7).abs().max() < 0.01


@pytest.mark.slow
def test_networks_learn_digits_of_eight_pixels(accuracies):
    assert accuracies["random", 0.0].retrained.over_pictures.low > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("share", SHARES)
def test_the_masks_of_random_removal_alone_tell_nothing_of_a_digit(accuracies, share):
    leak = accuracies["random", share].leak.over_pictures
    assert leak.low < CHANCE < leak.high
    assert accuracies["random", share].leak_decides is False


@pytest.mark.slow
@pytest.mark.parametrize("method", FOLLOWING)
def test_masks_that_follow_the_picture_tell_much_of_a_digit_alone(accuracies, method):
    for share in SHARES:
        assert accuracies[method, share].leak.over_pictures.low > 3 * CHANCE


@pytest.mark.slow
@pytest.mark.parametrize("method", FOLLOWING)
def test_what_little_is_left_of_a_digit_adds_nothing_to_the_mask_and_the_leak_decides(accuracies, method):
    own = accuracies[method, 0.9]
    assert own.retrained.over_pictures.low > accuracies["random", 0.9].retrained.over_pictures.high
    assert own.leak_decides


@pytest.mark.slow
def test_networks_that_learned_with_gaps_recognise_more_than_the_one_that_did_not(accuracies):
    for share in SHARES:
        own = accuracies["random", share]
        assert own.retrained.over_pictures.low > own.unadapted.over_pictures.high


@pytest.mark.slow
def test_gradients_remove_no_more_than_random_and_with_six_pixels_left_random_removal_is_not_slow(events):
    """(a) At 90 % six of 64 pixels are left: retraining wins back some of the lost accuracy, and far from half."""
    last = [each for each in events if isinstance(each, RetrainingReady)][-1]
    assert {each.name: each.finding for each in last.directions} == {"a": "not reproduced", "c": "reproduced"}


@pytest.mark.slow
def test_retraining_wins_back_accuracy_after_random_removal(accuracies):
    for share in SHARES:
        own = accuracies["random", share]
        assert own.retrained.over_pictures.low > own.unadapted.over_pictures.high
