"""A class is named by number or label, and never guessed between two."""

import numpy as np
import pytest
import torch

import core
from core.models.class_choice import chosen_class

DOG, COAT = 0, 1
LABELS = ("Cardigan", "cardigan", "crane", "crane", "cup", "7")


def test_a_label_as_written_goes_before_one_in_other_case():
    assert chosen_class(LABELS, "cardigan", "small") == COAT
    assert chosen_class(LABELS, "Cardigan", "small") == DOG


@pytest.mark.parametrize(("said", "numbers"), [("CARDIGAN", "0 and 1"), ("crane", "2 and 3"), ("Crane", "2 and 3")])
def test_a_label_that_stands_for_two_classes_asks_for_the_number(said, numbers):
    with pytest.raises(ValueError, match=f"2 classes called '{said}': {numbers}. Give the number."):
        chosen_class(LABELS, said, "small")


def test_where_labels_are_digits_a_label_goes_before_a_number():
    reversed_digits = tuple("9876543210")
    assert [chosen_class(reversed_digits, digit, "small") for digit in reversed_digits] == list(range(10))
    assert chosen_class(LABELS, "3", "small") == 3


def test_a_number_stays_a_number_where_labels_are_digits():
    assert chosen_class(tuple("9876543210"), 7, "small") == 7


NUMBERS = [2, np.int64(2), np.array(2), np.array([2]), torch.tensor(2), torch.tensor([2]), [2], (2,), "2", "class 2"]


@pytest.mark.parametrize("choice", NUMBERS, ids=repr)
def test_a_class_is_the_same_however_its_number_comes(classifier_of, linear, pixels, choice):
    small = classifier_of(linear)
    named = core.explain(small, pixels, ["gradient", "occlusion"], target=choice)
    assert {heatmap.target for heatmap in named.values()} == {2}
    assert torch.equal(named["gradient"].attribution, linear.weight[2])


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (True, "by its number or its label"),
        (np.bool_(True), "by its number or its label"),
        (2.0, "by its number or its label"),
        (None.__class__, "by its number or its label"),
        ([0, 1], "One class is explained at a time"),
        ([], "One class is explained at a time"),
        (torch.tensor([0, 1]), "One class is explained at a time"),
        (np.array([0, 1]), "One class is explained at a time"),
        (-1, "classes 0 to 5"),
        (6, "classes 0 to 5"),
        ("6", "classes 0 to 5"),
        ("cap", "Did you mean cup"),
    ],
    ids=repr,
)
def test_what_is_no_class_is_refused_in_words(choice, said):
    with pytest.raises(ValueError, match=said):
        chosen_class(LABELS, choice, "small")
