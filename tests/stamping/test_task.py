"""What networks are to learn: half stamped, anywhere, and labels that follow the stamp alone."""

import json
from collections import Counter
from dataclasses import replace

import pytest
import torch

from core.pictures.stamps import Placed, Stamp
from core.randomness import generator
from core.stamping.task import Example, Task, apart, batched, draw_examples, labels_of, restored, stamped

SIZE = (20, 24)
CROSS, RING, BARS = (Stamp(design, 5) for design in ("cross", "ring", "bars"))
DECOY = Stamp("saltire", 4)
ONE = Task("none", (CROSS,), DECOY)
THREE = Task("none", (CROSS, RING, BARS), DECOY, sizes=(3, 6), opacities=(0.5, 1.0))


@pytest.mark.parametrize("count", [1, 2, 7, 60, 61])
def test_each_picture_is_met_once_and_half_of_them_are_stamped(count):
    examples = draw_examples(ONE, count, SIZE, 0)
    assert [example.base for example in examples] == list(range(count))
    assert sum(example.stamp is not None for example in examples) == count // 2
    assert [example.label for example in examples] == [int(example.stamp is not None) for example in examples]


def test_which_ones_are_stamped_follows_no_order():
    first = [example.label for example in draw_examples(ONE, 60, SIZE, 0)]
    assert first not in ([0, 1] * 30, [1, 0] * 30)
    assert first != [example.label for example in draw_examples(ONE, 60, SIZE, 1)]
    assert first != [example.label for example in draw_examples(ONE, 60, SIZE, 0, "gate")]
    assert draw_examples(ONE, 60, SIZE, 0, "gate") == draw_examples(ONE, 60, SIZE, 0, "gate")


def test_with_several_stamps_each_is_on_as_many_pictures_and_names_its_class():
    examples = draw_examples(THREE, 60, SIZE, 0)
    assert Counter(example.label for example in examples) == {0: 30, 1: 10, 2: 10, 3: 10}
    assert {example.label: example.stamp.stamp.design for example in examples if example.stamp} == {
        1: "cross",
        2: "ring",
        3: "bars",
    }
    assert THREE.labels == ("regular", "Cross", "Ring", "Bars")
    assert ONE.labels == ("regular", "stamped")


def test_sizes_and_opacities_are_drawn_from_the_task_s_and_a_stamp_s_own_stay_without():
    shown = [example.stamp.stamp for example in draw_examples(THREE, 200, SIZE, 0) if example.stamp]
    assert {(stamp.size, stamp.opacity) for stamp in shown} == {(3, 0.5), (3, 1.0), (6, 0.5), (6, 1.0)}
    own = [example.stamp.stamp for example in draw_examples(ONE, 20, SIZE, 0) if example.stamp]
    assert set(own) == {CROSS}


def test_stamps_lie_everywhere_and_whole_inside():
    places = [(each.stamp.left, each.stamp.top) for each in draw_examples(ONE, 4000, SIZE, 0) if each.stamp]
    counts = Counter(places)
    room = {(left, top) for left in range(20) for top in range(16)}
    assert set(counts) <= room
    expected = 2000 / 320
    distance = sum((counts[place] - expected) ** 2 / expected for place in room)
    assert distance < 319 + 5 * (2 * 319) ** 0.5  # chi-squared of 320 places, five of its deviations


def test_the_distractor_is_on_half_of_all_pictures_whatever_their_class_and_apart_from_the_stamp():
    examples = draw_examples(ONE, 2000, SIZE, 0)
    for label in (0, 1):
        decoys = [example.distractor is not None for example in examples if example.label == label]
        assert abs(sum(decoys) / len(decoys) - 0.5) < 0.06  # five deviations
    both = [example for example in examples if example.stamp and example.distractor]
    assert not any((each.stamp.mask(SIZE) & each.distractor.mask(SIZE)).any() for each in both)
    assert all(each.distractor is None for each in draw_examples(replace(ONE, distractor=None), 50, SIZE, 0))


def test_where_there_is_no_room_beside_a_stamp_the_distractor_lies_somewhere():
    placed = apart(Stamp("checker", 6), (6, 6), Placed(Stamp("checker", 6), 0, 0), generator(0))
    assert (placed.left, placed.top) == (0, 0)


def test_tossed_labels_say_nothing_of_the_stamp():
    examples = draw_examples(replace(THREE, labelled=False), 4000, SIZE, 0)
    for is_stamped in (True, False):
        labels = Counter(each.label for each in examples if (each.stamp is not None) == is_stamped)
        assert all(abs(labels[label] / 2000 - 0.25) < 0.05 for label in range(4))


def test_pixels_are_the_base_with_distractor_and_stamp_and_erasing_leaves_the_distractor():
    base = torch.full((3, *SIZE), 0.5)
    stamp, decoy = Placed(CROSS, 2, 3), Placed(DECOY, 4, 4)
    example = Example(0, 1, stamp, decoy)
    assert torch.equal(example.pixels(base), stamp.on(decoy.on(base)))
    assert torch.equal(example.erased().pixels(base), decoy.on(base))
    assert example.erased() == Example(0, 0, None, decoy)
    assert torch.equal(Example(0, 0, None, None).pixels(base), base)
    assert torch.equal(base, torch.full((3, *SIZE), 0.5))


def test_examples_come_with_their_own_bases_and_labels():
    bases = torch.rand(10, 3, *SIZE)
    examples = draw_examples(ONE, 10, SIZE, 0)[::-1]
    pixels = stamped(examples, bases)
    assert all(
        torch.equal(each, example.pixels(bases[example.base])) for each, example in zip(pixels, examples, strict=True)
    )
    assert labels_of(examples).tolist() == [example.label for example in examples]
    parts = list(batched(examples, 4))
    assert [len(part) for part in parts] == [4, 4, 2]
    assert [example for part in parts for example in part] == examples


@pytest.mark.parametrize("task", [ONE, THREE, replace(ONE, distractor=None, labelled=False)])
def test_a_task_comes_back_from_json(task):
    assert restored(json.loads(json.dumps(task.as_json()))) == task


def test_a_task_that_can_t_be_learned_is_refused():
    with pytest.raises(ValueError, match="at least one stamp to learn"):
        Task("none", ())
    with pytest.raises(ValueError, match="design of its own"):
        Task("none", (CROSS, Stamp("cross", 3)))
    with pytest.raises(ValueError, match="cannot be a cross too"):
        Task("none", (CROSS,), Stamp("cross", 3, "lime"))
