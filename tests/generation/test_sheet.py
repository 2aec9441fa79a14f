"""What a contact sheet shows where."""

import numpy as np
import pytest
import torch

from core.generation.reconstruction import VariationsReady
from core.generation.sheet import BORDER, LOST, contact_sheet


def made(side):
    """A white and a black variation of a grey picture whose left half is hidden; only the white one keeps the class."""
    hole = torch.zeros(side, side, dtype=torch.bool)
    hole[:, : side // 2] = True
    pictures = torch.full((2, 3, side, side), 0.5)
    pictures[0, :, hole], pictures[1, :, hole] = 1.0, 0.0
    return VariationsReady("hand", 0.5, "salient", 0, hole, pictures, (0.9, 0.1), (True, False), (0.1, 0.1))


@pytest.mark.parametrize(("side", "times"), [(28, 4), (99, 2), (100, 1), (224, 1)])
def test_small_pictures_are_enlarged_by_whole_pixels(side, times):
    sheet = contact_sheet([made(side)], (1, 0), torch.full((1, 3, side, side), 0.5))
    framed = side + 2 * BORDER
    assert sheet.size == (3 * framed * times, 2 * framed * times)
    pixels = np.asarray(sheet)
    blocks = pixels.reshape(2 * framed, times, 3 * framed, times, 3)
    assert (blocks == blocks[:, :1, :, :1]).all()


def test_variations_come_in_their_order_with_a_dark_border_where_the_class_is_lost():
    sheet = np.asarray(contact_sheet([made(100)], (1, 0), torch.full((1, 3, 100, 100), 0.5)))[..., 0] / 255
    hidden = sheet[BORDER + 50, [BORDER + 10 + number * (100 + 2 * BORDER) for number in range(3)]]
    assert hidden == pytest.approx([0.5, 0.0, 1.0], abs=0.01)
    assert sheet[0, [0, 104, 208]] == pytest.approx([1.0, LOST, 1.0], abs=0.01)
    differences = sheet[104 + BORDER + 50, [104 + BORDER + 10, 208 + BORDER + 10]]
    assert differences == pytest.approx([0.25, 0.75], abs=0.01)
