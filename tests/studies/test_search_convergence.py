"""Mask search, RISE and occlusion at equal passes are the methods themselves, judged as elsewhere."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

import core
from core.jobs.events import Progress
from core.metrics.curve_plan import Perturbation
from core.metrics.distance import share_as_near
from core.models.batching import BatchSize
from core.pictures.windows import sliding_windows
from core.studies.search_arms import ARMS, fewest_windows, finest_grid, finest_stride, window_side
from core.studies.search_convergence import (
    DoubtReached,
    MapJudged,
    MapReached,
    ProbabilityProbed,
    plan_mask_search,
)

PASSES = (100, 200, 1000)
SIZE = (24, 32)


class SeesABlock(nn.Module):
    """Class 0 is probable where one block of the picture is seen; keeps what it was fed."""

    def __init__(self, slope=12.0):
        super().__init__()
        self.slope, self.fed = slope, 0

    def forward(self, pixels):
        self.fed += len(pixels)
        seen = pixels[:, :, 4:14, 12:22].mean(dim=(1, 2, 3))
        return torch.stack([self.slope * (seen - 0.4), torch.zeros_like(seen)], dim=1)


@pytest.fixture
def whole():
    return 0.8 + 0.2 * torch.rand(1, 3, *SIZE, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.fixture
def truth():
    marked = torch.zeros(SIZE, dtype=torch.bool)
    marked[4:14, 12:22] = True
    return marked


@pytest.fixture
def compared(classifier_of, whole, truth):
    """The events of a comparison by a classifier whose batches divide none of its numbers of passes."""
    classifier = classifier_of(SeesABlock(), size=SIZE, classes=2, batch=16)
    return classifier, list(core.stream_mask_search(classifier, whole, 0, PASSES, truth=truth))


def of(events, kind):
    return {(event.arm, event.passes): event for event in events if isinstance(event, kind)}


def test_the_probe_comes_first_and_then_at_each_number_of_passes_every_map_and_its_quality(compared):
    kinds = [event for event in compared[1] if not isinstance(event, Progress)]
    assert isinstance(kinds[0], ProbabilityProbed)
    told = [
        (type(event).__name__, event.passes, event.arm) for event in kinds[1:] if not isinstance(event, DoubtReached)
    ]
    expected = [(kind, passes, arm) for passes in PASSES for kind in ("MapReached", "MapJudged") for arm in ARMS]
    assert told == expected


def test_methods_are_compared_at_exactly_equal_passes_and_occlusion_takes_no_more(compared):
    for (arm, passes), event in of(compared[1], MapReached).items():
        made = event.heatmap.passes
        assert made.backward == 0
        if arm == "occlusion":
            assert 1 + fewest_windows(SIZE) <= made.forward <= passes
        else:
            assert made.forward == passes


@pytest.mark.parametrize("form", ["win_stay", "total_variation"])
@pytest.mark.parametrize("passes", PASSES)
def test_a_map_on_the_way_is_what_a_search_of_that_many_passes_gives(compared, whole, form, passes):
    settings = {"mask_search": {"form": form, "chains": 50, "steps": passes // 50}}
    alone = core.explain(compared[0], whole, ["mask_search"], 0, settings=settings)["mask_search"]
    reached = of(compared[1], MapReached)[form, passes].heatmap
    torch.testing.assert_close(reached.values, alone.values)
    torch.testing.assert_close(of(compared[1], DoubtReached)[form, passes].heatmap.values, alone.doubt)


def test_rise_ends_as_rise_and_occlusion_is_that_of_its_grid(compared, whole):
    reached = of(compared[1], MapReached)
    settings = {"rise": {"samples": 1000}, "occlusion": finest_grid(SIZE, 200)}
    alone = core.explain(compared[0], whole, ["rise", "occlusion"], 0, settings=settings)
    torch.testing.assert_close(reached["rise", 1000].heatmap.values, alone["rise"].values)
    torch.testing.assert_close(reached["occlusion", 200].heatmap.values, alone["occlusion"].values)


def test_quality_is_the_area_between_curves_the_insertion_and_the_distance_of_the_same_map(compared, whole, truth):
    reached = of(compared[1], MapReached)
    for key, judged in of(compared[1], MapJudged).items():
        values = {"map": reached[key].heatmap.values}
        curves = core.perturb(compared[0], whole, values, 0, ("mif", "lif"), steps=10)
        assert judged.fidelity == pytest.approx(curves["map", "lif"].area - curves["map", "mif"].area, abs=1e-6)
        inserted = core.perturb(compared[0], whole, values, 0, ("lif",), steps=10, imputer="blur")
        assert judged.insertion == pytest.approx(inserted["map", "lif"].area, abs=1e-6)
        assert judged.stamp_distance == core.stamp_distance(values["map"], truth)


def test_of_a_class_that_one_block_decides_every_method_finds_it_and_halves_come_to_agree(compared, truth):
    judged, reached = of(compared[1], MapJudged), of(compared[1], MapReached)
    for arm in ARMS:
        assert judged[arm, 1000].fidelity > judged[arm, 1000].spread  # the end of chance's 95 % interval
        assert share_as_near(reached[arm, 1000].heatmap.values, truth) < 0.05  # exact, over all shifted copies
    for arm in ("win_stay", "total_variation", "rise"):
        assert judged[arm, 1000].agreement > judged[arm, 100].agreement
        assert f"{judged[arm, 1000].agreement:.2f}" in judged[arm, 1000].sentence
    assert judged["occlusion", 1000].agreement is None
    assert judged["occlusion", 1000].sentence == ""


def test_both_forms_cost_one_set_of_passes_and_the_plan_knows_how_many_are_made(classifier_of, whole):
    network = SeesABlock()
    classifier = classifier_of(network, size=SIZE, classes=2, batch=16)
    steps = [event for event in core.stream_mask_search(classifier, whole, 0, PASSES) if isinstance(event, Progress)]
    planned = plan_mask_search(classifier, PASSES, Perturbation())
    assert steps[-1].done == steps[-1].total == sum(part.passes for part in planned)
    ends = 1 + len(PASSES) * (2 + 1)  # the whole picture, and without any pixel: both imputers, and the copies' own
    assert 0 <= network.fed - steps[-1].done <= ends + len(PASSES)
    assert all(one.share <= other.share + 1e-9 for one, other in pairwise(steps))


def test_a_plain_function_is_searched_by_its_outputs_alone():
    def answer(pictures):
        lit = pictures.numpy()[:, :, :, :14].mean(axis=(1, 2, 3))
        return np.stack([12 * (lit - 0.4), np.zeros_like(lit)], axis=1)

    classifier = core.as_classifier(answer, 28, ("left is lit", "else"))
    classifier._batch_sizes.update(forward=BatchSize(25))
    truth = torch.zeros(28, 28, dtype=torch.bool)
    truth[:, :14] = True
    events = list(core.stream_mask_search(classifier, torch.full((1, 3, 28, 28), 0.7), 0, (500,), truth=truth))
    for arm, judged in of(events, MapJudged).items():
        assert judged.stamp_distance < 1.5, arm
    assert all(event.heatmap.passes.backward == 0 for event in of(events, MapReached).values())


@pytest.mark.parametrize(("slope", "hardly"), [(0.05, True), (12.0, False)])
def test_that_a_probability_hardly_moves_is_known_before_anything_is_searched(classifier_of, whole, slope, hardly):
    network = SeesABlock(slope)
    classifier = classifier_of(network, size=SIZE, classes=2, batch=16)
    first = next(e for e in core.stream_mask_search(classifier, whole, 0, (2000,)) if not isinstance(e, Progress))
    assert isinstance(first, ProbabilityProbed)
    assert first.hardly_moves == hardly
    assert ("Use RISE or occlusion" in first.sentence) == hardly
    assert network.fed <= 1 + 32


def test_the_same_seed_gives_the_same_and_another_one_other_chains(classifier_of, whole):
    classifier = classifier_of(SeesABlock(), size=SIZE, classes=2, batch=16)
    one, again, other = (
        of(core.stream_mask_search(classifier, whole, 0, (100,), seed=seed), MapReached)["win_stay", 100].heatmap.values
        for seed in (0, 0, 1)
    )
    assert torch.equal(one, again)
    assert not torch.allclose(one, other)


@pytest.mark.parametrize("size", [(224, 224), (28, 28), (24, 32), (61, 40)])
@pytest.mark.parametrize("passes", [100, 250, 1000, 4000])
def test_the_grid_is_the_finest_that_the_passes_suffice_for(size, passes):
    settings, side = finest_grid(size, passes), window_side(size)
    assert 1 + len(sliding_windows(size, 1 / 7, settings["overlap"])) <= passes
    finer = finest_stride(size, passes) - 1
    if finer and 1 - finer / side <= 0.9:
        assert 1 + len(sliding_windows(size, 1 / 7, 1 - finer / side)) > passes


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"passes": ()}, "ascending numbers from .* to 8,000; got none"),
        ({"passes": (500, 250)}, "got 500, 250"),
        ({"passes": (20,)}, "got 20"),
        ({"passes": (9000,)}, "got 9000"),
        ({"imputer": "gray"}, "gray"),
        ({"truth": torch.zeros(SIZE, dtype=torch.bool)}, "mark some pixels"),
        ({"target": 7}, "classes 0 to 1"),
    ],
)
def test_what_cannot_be_compared_is_refused_at_once(classifier_of, whole, asked, words):
    classifier = classifier_of(SeesABlock(), size=SIZE, classes=2)
    with pytest.raises(ValueError, match=words):
        core.stream_mask_search(classifier, whole, **{"target": 0, "passes": PASSES, **asked})
