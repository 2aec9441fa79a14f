"""The table of families says what is found when they are run again."""

import network_families
import pytest

SMALLEST = (
    "torchvision/shufflenet_v2_x0_5",
    "timm/lcnet_050",
    "timm/levit_128s",
    "timm/mobilevit_xxs",
    "timm/tinynet_e",
)
FEWEST = 60
"""Families that the sweep has to have run, so that the table speaks of more than the usual ones."""
APART = 0.5
"""Cells by which rounding may move a peak."""


def test_every_family_was_run_with_every_method():
    known = network_families.known()
    assert len(known) >= FEWEST
    assert list(known) == network_families.FAMILIES
    assert all([*told["methods"]] == network_families.methods() for told in known.values())


@pytest.mark.slow
@pytest.mark.parametrize("family", SMALLEST)
def test_a_family_that_is_run_again_has_its_maps_where_the_table_says(family):
    told, again = network_families.known()[family], network_families.place_errors(network_families.load(family))
    assert (again["layer"], again.get("plane")) == (told["layer"], told.get("plane"))
    for method, error in told["methods"].items():
        assert again["methods"][method] == (error if isinstance(error, str) else pytest.approx(error, abs=APART))
