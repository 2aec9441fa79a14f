"""Stamps as an address has them, and whole inside their picture."""

import pytest

from core.pictures.stamps import Placed, Stamp
from dashboard.stamp.placing import inside, read_placed, write_stamp


def test_a_stamp_s_colour_comes_back_from_its_address() -> None:
    stamp = Stamp("ring", 5, "teal", 0.35)
    assert read_placed(f"{write_stamp(stamp)},-1,4") == Placed(Stamp("ring", 5, "#008080", 0.35), -1, 4)


@pytest.mark.parametrize(("place", "found"), [((-3, 99), (0, 34)), ((99, -3), (22, 0)), ((5, 6), (5, 6))])
def test_a_stamp_stays_whole_inside_a_picture_that_is_not_square(
    place: tuple[int, int], found: tuple[int, int]
) -> None:
    placed = inside(Placed(Stamp("cross", 6), *place), (40, 28))
    assert (placed.left, placed.top) == found
