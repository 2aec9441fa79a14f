"""Which groups are random at which stage."""

import pytest

from core.models.randomising import LayerGroup
from core.sanity.stages import plan_stages

GROUPS = [LayerGroup(name, (name,), size) for name, size in (("stem", 1), ("middle", 2), ("head", 5))]


@pytest.mark.parametrize(
    ("mode", "titles", "groups"),
    [
        ("cascading", ["head", "middle", "stem"], [(2,), (1, 2), (0, 1, 2)]),
        ("bottom_up", ["stem", "middle", "head"], [(0,), (0, 1), (0, 1, 2)]),
        ("independent", ["head", "middle", "stem"], [(2,), (1,), (0,)]),
    ],
)
def test_a_mode_reaches_the_groups_in_its_order(mode: str, titles: list[str], groups: list[tuple[int, ...]]) -> None:
    stages = plan_stages(GROUPS, mode)  # type: ignore[arg-type]
    assert [stage.number for stage in stages] == [1, 2, 3]
    assert [stage.title for stage in stages] == titles
    assert [stage.groups for stage in stages] == groups
    sizes = [1, 2, 5]
    assert [stage.share for stage in stages] == [sum(sizes[place] for place in each) / 8 for each in groups]
