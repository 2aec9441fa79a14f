"""The short form of ``make calibrate``: how often maps that know nothing are said to know something."""

import pytest
from calibration.families import NOISE, NOTHING, PICTURE_ONLY
from calibration.measuring import Judged, calibrate
from calibration.report import rows, share

PICTURES, EACH = 12, 9
MOST_BETTER, MOST_TWO_SIDED, MOST_FINDS = 3.0, 6.0, 2.5
"""Percent over all families [SCIENCE.md, section 9]."""
IN_ONE_FAMILY = 2.0
"""How much of that any one family may have more: the maps of 12 pictures decide it to about a percent."""


@pytest.fixture(scope="module", params=["fashion_cnn", "fashion_vit"])
def judged(request: pytest.FixtureRequest) -> list[Judged]:
    return [each for some in calibrate(request.param, PICTURES, EACH, steps=None) for each in some]


@pytest.mark.slow
def test_maps_that_know_nothing_are_rarely_called_better_or_worse_than_chance_and_rarely_find_anything(judged):
    nothing = [each for each in judged if each.family in NOTHING]
    assert len(nothing) > 1200
    assert share(nothing, "finds", "edge") <= MOST_BETTER
    assert share(nothing, "finds", "edge", "worse") <= MOST_TWO_SIDED
    assert share(nothing, "finds") <= MOST_FINDS
    for family in NOTHING:
        some = [each for each in nothing if each.family == family]
        assert len(some) >= PICTURES * (EACH if family in NOISE else 8)
        assert share(some, "finds", "edge") <= MOST_BETTER + IN_ONE_FAMILY, family
        assert share(some, "finds", "edge", "worse") <= MOST_TWO_SIDED + 2 * IN_ONE_FAMILY, family
        assert share(some, "finds") <= MOST_FINDS + IN_ONE_FAMILY, family


@pytest.mark.slow
def test_edges_and_bumps_that_no_model_made_do_not_beat_the_controls_by_being_like_them(judged):
    some = [each for each in judged if each.family == PICTURE_ONLY]
    assert len(some) == 6 * PICTURES
    assert share(some, "finds") <= 2 * MOST_FINDS


@pytest.mark.slow
def test_occlusion_of_a_small_network_is_found_to_be_better_than_chance_and_than_controls(judged):
    real = [each for each in judged if each.family == "occlusion"]
    assert share(real, "finds", "edge") >= 50
    assert share(real, "finds") >= 25


def test_the_table_has_a_row_a_family_and_counts_each_map_once():
    judged = [Judged(number % 2, family, 0.2, 0.1, "finds") for family in NOTHING for number in range(4)]
    judged += [Judged(0, family, 0.0, 0.1, "random") for family in (PICTURE_ONLY, "occlusion")]
    table = list(rows("net", judged))
    assert [line[20:48].strip() for line in table] == [
        *NOTHING, "all that know nothing", PICTURE_ONLY, "power of occlusion"
    ]  # fmt: skip
    assert table[0].split()[-4:] == ["4", "100.0", "100.0", "100.0"]
    assert table[-1].split()[-4:] == ["1", "0.0", "0.0", "0.0"]
