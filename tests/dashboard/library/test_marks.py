"""What people mark on pictures is kept within bounds, and comes from the browser bit by bit."""

import pytest
import torch

from dashboard.library.marks import Mark, MarkGone, bits_of_mask, box, marks, mask_of_bits


def marked(place: int, model: str = "m", picture: str = "p") -> Mark:
    return Mark(model, picture, box(place, 0, 2, 3, (5, 7)))


def test_a_mask_comes_back_from_its_bits():
    mask = torch.rand(5, 7, generator=torch.Generator().manual_seed(0)) > 0.5
    assert torch.equal(mask_of_bits(bits_of_mask(mask), 5, 7), mask)


@pytest.mark.parametrize("text", ["", "oA", "not base64", "AAAAAAAAAAAA"])
def test_what_is_no_mask_of_this_size_is_refused(text):
    with pytest.raises(ValueError, match=r"mask"):
        mask_of_bits(text, 5, 7)


def test_a_box_is_left_top_width_height_on_a_picture_that_is_not_square():
    mask = box(4, 1, 9, 2, (5, 7))
    assert mask.nonzero().tolist() == [[row, column] for row in (1, 2) for column in (4, 5, 6)]


def test_one_mask_on_other_pictures_or_models_is_another_mark():
    different = [marked(0), marked(1), marked(0, model="n"), marked(0, picture="q")]
    names = [marks.add("anna", mark) for mark in [*different, marked(0)]]
    assert len(set(names)) == 4
    assert names[4] == names[0]
    assert torch.equal(marks.get(names[1]).mask, marked(1).mask)


def test_the_same_mark_of_another_person_has_another_name():
    assert marks.add("anna", marked(0)) != marks.add("ben", marked(0))


def test_a_mark_that_is_gone_says_what_to_do():
    with pytest.raises(MarkGone, match="Mark it again"):
        marks.get("nothing")
