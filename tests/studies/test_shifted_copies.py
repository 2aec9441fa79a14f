"""A map is judged among copies of itself that lie elsewhere."""

import pytest
import torch
from torch import nn

import core
from core.jobs.events import Progress
from core.studies.shifted_copies import MatchedReady


class Corner(nn.Module):
    """Sees nothing but the upper left corner."""

    def forward(self, pixels):
        seen = pixels[:, :, :6, :6].mean(dim=(1, 2, 3))
        return torch.stack([seen, -seen], dim=1)


def corner_map(row: int = 0, column: int = 0) -> torch.Tensor:
    values = torch.zeros(24, 24)
    values[row : row + 6, column : column + 6] = 1
    return values


@pytest.fixture
def judged(classifier_of):
    def judge(values, **asked):
        classifier = classifier_of(Corner(), size=(24, 24), classes=2, batch=16)
        pixels = torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(1))
        return list(core.stream_matched(classifier, pixels, values, 0, imputer="black", y="relative_logit", **asked))

    return judge


def test_the_map_that_knows_the_place_comes_first_of_twenty(judged):
    last = judged(corner_map(), seed=1)[-1]
    assert last.rank == 1
    assert len(last.by_chance) == 19
    assert last.value > max(last.by_chance)


def test_the_same_shape_elsewhere_does_not(judged):
    assert judged(corner_map(9, 9))[-1].rank > 1


def test_a_constant_map_equals_none_of_its_copies_by_more_than_chance(judged):
    """All are orders of equal pixels; they share their ties, so each copy is the map itself."""
    last = judged(torch.ones(24, 24))[-1]
    assert last.rank == 20
    assert all(value == pytest.approx(last.value) for value in last.by_chance)


def test_its_own_score_is_the_engine_s_fidelity(judged, classifier_of):
    pixels = torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(1))
    values = torch.rand(24, 24, generator=torch.Generator().manual_seed(2))
    classifier = classifier_of(Corner(), size=(24, 24), classes=2)
    curves = core.perturb(classifier, pixels, {"": values}, 0, ("mif", "lif"), 10, "black", "relative_logit")
    assert judged(values)[-1].value == pytest.approx(curves["", "lif"].area - curves["", "mif"].area, abs=1e-6)


def test_it_is_told_as_copies_become_known(judged):
    told = [event for event in judged(corner_map()) if isinstance(event, MatchedReady)]
    assert [len(event.by_chance) for event in told] == [4, 9, 14, 19]
    assert [event.final for event in told] == [False, False, False, True]
    assert len({event.value for event in told}) == 1
    assert isinstance(judged(corner_map())[0], Progress)


def test_too_few_copies_are_refused(judged):
    with pytest.raises(ValueError, match="at least 19 copies"):
        judged(corner_map(), variants=18)
