"""Training and test pictures: how a source's own division is kept, how a draw is made, and that none is in both."""

import re
from collections import Counter

import pytest
import torch

from core.randomness import generator
from core.retraining.division import Example, SourcePictures, divided
from core.studies.over_pictures import PictureRefused

TWO = ("cat", "dog")


def examples(part: str, count: int, classes: int = 2) -> list[Example]:
    """Different pictures; the classes take turns."""
    levels = torch.randint(0, 256, (count, 3, 8, 8), generator=generator(0, part), dtype=torch.uint8)
    return [Example(f"{part} {place}", own, place % classes) for place, own in enumerate(levels)]


def named(own: Example, name: str, number: int | None = None) -> Example:
    """The same pixels, in memory of their own."""
    return Example(name, own.levels.clone(), own.number if number is None else number)


def contents(part) -> Counter[bytes]:
    return Counter((picture * 255).round().byte().numpy().tobytes() for picture in part.pixels)


def test_every_class_gives_a_seventh_of_its_pictures_to_the_test_and_none_is_in_both():
    levels = [torch.full((3, 8, 8), place, dtype=torch.uint8) for place in range(84)]
    found = [Example(str(place), own, int(place % 4 == 0)) for place, own in enumerate(levels)]
    data = divided(SourcePictures("Many", TWO, found), None, seed=0)
    assert torch.bincount(data.test.labels).tolist() == [9, 3]
    assert torch.bincount(data.train.labels).tolist() == [54, 18]
    means = torch.cat([data.train.pixels, data.test.pixels]).mean(dim=(1, 2, 3))
    assert sorted((means * 255).round().int().tolist()) == list(range(84))
    assert "drawn with seed 0" in data.division


def test_a_draw_depends_on_its_seed_alone():
    def tested(seed):
        return contents(divided(SourcePictures("Many", TWO, examples("all", 40)), None, seed).test)

    assert tested(1) == tested(1) != tested(2)


def test_an_own_division_is_kept():
    train, test = examples("train", 9), examples("test", 4)
    data = divided(SourcePictures("Own", TWO, train, test, "Its own."), None, seed=3)
    assert (len(data.train.labels), len(data.test.labels), data.division) == (9, 4, "Its own.")
    for part, given in ((data.train, train), (data.test, test)):
        assert torch.equal(part.pixels, torch.stack([own.levels for own in given]) / 255)
        assert part.labels.tolist() == [own.number for own in given]


def test_a_picture_that_is_in_both_parts_is_only_tested():
    train, test = examples("train", 9), examples("test", 4)
    train[4] = named(test[2], "train 4")
    data = divided(SourcePictures("Own", TWO, train, test, "Its own."), None, seed=0)
    assert not set(contents(data.train)) & set(contents(data.test))
    assert (len(data.train.labels), len(data.test.labels)) == (8, 4)
    assert data.refused == (
        PictureRefused("train 4", "At 8 × 8 pixels it is the same picture as test 2, which is kept."),
    )
    assert data.division == "Its own. 1 identical picture is left out."


def test_copies_are_one_picture_in_a_draw_wherever_they_lie():
    found = examples("all", 40)
    copies = [named(own, f"copy of {own.name}") for own in found]
    for seed in range(3):
        data = divided(SourcePictures("Twice", TWO, found + copies), None, seed)
        together = contents(data.train) + contents(data.test)
        assert set(together.values()) == {1}
        assert together.total() == 40
        assert len(data.refused) == 40
        assert data.division.endswith(" 40 identical pictures are left out.")


def test_a_picture_under_two_labels_is_kept_once_and_said_to_be_in_dispute():
    found = examples("all", 20)
    data = divided(SourcePictures("Two", TWO, [*found, named(found[0], "again", number=1)]), None, seed=0)
    assert len(data.train.labels) + len(data.test.labels) == 20
    (told,) = data.refused
    assert told.picture == "again"
    assert told.reason == (
        "At 8 × 8 pixels it is the same picture as all 0, which is kept under another label; "
        "remove the one that is wrong."
    )


def test_no_more_training_pictures_are_read_than_needed():
    def unending():
        yield from examples("train", 12)
        pytest.fail("read on")

    data = divided(SourcePictures("Long", TWO, unending(), examples("test", 4)), 10, seed=0)
    assert len(data.train.labels) == 10
    assert len(data.test.labels) == 4


def test_no_more_test_pictures_are_used_than_asked_for_and_the_division_says_so():
    own = divided(SourcePictures("Own", TWO, examples("train", 9), examples("test", 8), "Its own."), None, 0, tests=6)
    assert len(own.test.labels) == 6
    assert own.division == "Its own. 6 of the test pictures are used."
    all_of_them = divided(SourcePictures("Own", TWO, examples("train", 9), examples("test", 6), "Its own."), None, 0, 6)
    assert all_of_them.division == "Its own."
    drawn = divided(SourcePictures("Many", TWO, examples("all", 70)), None, 0, tests=4)
    assert (len(drawn.test.labels), len(drawn.train.labels)) == (4, 60), "the others are not learned instead"
    with pytest.raises(ValueError, match="The first 1 test pictures do not show each of the 2 classes"):
        divided(SourcePictures("Own", TWO, examples("train", 9), examples("test", 8)), None, 0, tests=1)


def test_copies_do_not_count_towards_the_training_pictures_asked_for():
    train, test = examples("train", 12), examples("test", 4)
    train[0] = named(test[0], "train 0")
    assert len(divided(SourcePictures("Own", TWO, train, test), 10, seed=0).train.labels) == 10


def test_greys_share_their_memory_and_colours_do_not():
    greys = [Example(own.name, own.levels[:1].clone(), own.number) for own in examples("grey", 9)]
    grey = divided(SourcePictures("Grey", TWO, greys, examples("test", 4)), None, 0)
    assert grey.train.pixels.shape == (9, 3, 8, 8)
    assert grey.train.pixels.stride(1) == 0
    assert grey.test.pixels.stride(1) != 0
    mixed = divided(SourcePictures("Mixed", TWO, [*greys, *examples("colour", 2)], examples("test", 4)), None, 0)
    assert torch.equal(mixed.train.pixels[:9], grey.train.pixels)


def test_classes_without_names_are_the_numbers_that_occur():
    numbered = [own._replace(number=3 + 4 * own.number) for own in examples("all", 20)]
    data = divided(SourcePictures("Counts", (), numbered), None, 0)
    assert data.labels == ("3", "7")
    assert set(data.train.labels.tolist()) == {0, 1}


def test_what_is_left_out_before_any_picture_is_read_is_kept_first():
    first, later = PictureRefused("a", "No."), PictureRefused("b", "Not either.")
    found = SourcePictures("Own", TWO, [later, *examples("train", 4)], examples("test", 4), "", (first,))
    assert divided(found, None, 0).refused == (first, later)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (
            SourcePictures("Few", TWO, [*examples("cats", 14, 1), examples("dog", 2)[1]]),
            "at least two classes with 7 different pictures each; too few of dog (1).",
        ),
        (SourcePictures("Lone", ("cat",), examples("cats", 14, 1)), "Lone has one."),
        (
            SourcePictures("Lone", ("cat",), examples("cats", 9, 1), examples("more", 4, 1)),
            "two classes; Lone has one.",
        ),
        (SourcePictures("None", (), []), "None has none."),
        (
            SourcePictures("Own", TWO, examples("train", 9), examples("test", 4, 1)),
            "Own has no test picture of dog. Training and test pictures must be of the same classes.",
        ),
        (
            SourcePictures("Own", TWO, examples("train", 9, 1), examples("test", 4)),
            "Own has no training picture of dog.",
        ),
        (
            SourcePictures(
                "Own", TWO, [*examples("train", 9, 1), named(examples("test", 4)[1], "copy")], examples("test", 4)
            ),
            "Own has no training picture of dog. Training and test pictures must be of the same classes. 1 picture is "
            "left out, the first, copy, because: At 8 × 8 pixels it is the same picture as test 1, which is kept.",
        ),
        (
            SourcePictures("Broken", TWO, [PictureRefused("a.png", "It is damaged.")]),
            "too few of cat (0), dog (0). 1 picture is left out, the first, a.png, because: It is damaged.",
        ),
    ],
)
def test_what_cannot_be_learned_or_tested_is_one_sentence(source, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        divided(source, None, 0)


def test_too_few_training_pictures_to_show_every_class_are_said_to_be_too_few():
    source = SourcePictures("Own", TWO, examples("train", 9), examples("test", 4))
    with pytest.raises(ValueError, match="The first 1 training pictures do not show each of the 2 classes; use more"):
        divided(source, 1, 0)
