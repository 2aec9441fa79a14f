"""What a study takes is arithmetic on two measured speeds, and counts what the plan trains."""

from dataclasses import replace

import pytest
import torch

from core.randomness import generator
from core.retraining.cost import Cost, Pictures, cost_of, count_networks, never_trained, smaller_plans
from core.retraining.masks import Ranking, rank_places
from core.retraining.pace import (
    Pace,
    Speed,
)
from core.retraining.plan import plan_trainings
from core.retraining.spec import RetrainingSpec

SPEC = RetrainingSpec(methods=("gradient",), forms=("roar",), fractions=(0.5, 0.9), seeds=2, training_pictures=1000)
PACE = Pace(Speed(learned=1e-3, tested=1e-4), explained=0.01, filled=5e-4, start=8.0)


def ranks_of(name):
    """Another ranking for each name."""
    draw = generator(0, name)
    maps, pixels = torch.rand(6, 1, 8, 8, generator=draw), torch.rand(6, 3, 8, 8, generator=draw)
    return rank_places(maps, pixels), rank_places(maps.flip(0), pixels)


@pytest.mark.parametrize("leak", [True, False])
@pytest.mark.parametrize("forms", [("roar",), ("roar", "kar")])
@pytest.mark.parametrize("probes", [(), ("blur", "dilate")])
def test_the_networks_told_are_those_that_the_plan_trains(leak, forms, probes):
    spec = RetrainingSpec(methods=("gradient",), forms=forms, fractions=(0.3, 0.9), seeds=2, leak=leak, probes=probes)
    assert count_networks(spec) == plan_trainings(spec, spec.request.methods, ranks_of).networks


def test_what_the_negated_map_shares_with_the_map_itself_is_known_once_there_are_maps():
    spec = RetrainingSpec(methods=("gradient", "negated"), fractions=(0.25, 0.75), seeds=2)
    own = ranks_of("gradient")
    turned = tuple(Ranking(rank.places - 1 - rank.ranks) for rank in own)
    plan = plan_trainings(spec, spec.request.methods, lambda name: turned if name == "negated" else ranks_of(name))
    assert plan.shared == 2 * 2 * 2  # at two shares, in both forms, two seeds
    assert count_networks(spec) == plan.networks + plan.shared


def test_a_study_s_seconds_are_those_of_its_networks_and_heatmaps_on_all_cores_and_of_the_start():
    cost = cost_of(SPEC, PACE, cores=2)
    assert cost.networks == 2 * (1 + 3 * 2 * 2)  # two seeds of whole pictures, and three rankings at two shares, twice
    assert cost.network_seconds == pytest.approx(SPEC.epochs * (1000 * 1e-3 + 1000 * 1e-4))
    assert cost.heatmap_seconds == pytest.approx(2000 * 0.01)
    assert cost.seconds == pytest.approx(13 * cost.network_seconds + cost.heatmap_seconds / 2 + 8.0)


def test_where_all_cores_compute_everything_takes_as_many_times_as_long_as_was_measured():
    alone, beside = (cost_of(SPEC, own, cores=2) for own in (PACE, PACE._replace(slowdown=1.5)))
    assert beside.seconds == pytest.approx(1.5 * alone.seconds)


def test_the_processes_start_while_the_explained_network_learns_unless_it_is_bundled():
    quick = PACE._replace(start=1.0)
    learning = cost_of(SPEC, quick, cores=2)
    assert learning.start_seconds == learning.network_seconds > 1.0
    bundled = replace(SPEC, training_pictures=None)
    assert cost_of(bundled, quick, cores=2).start_seconds == 1.0
    assert cost_of(SPEC, quick, cores=2, done=3).start_seconds == 1.0


def test_a_study_of_other_pictures_costs_what_their_numbers_say_and_trains_its_explained_network():
    full = replace(SPEC, data="torchvision/FashionMNIST", training_pictures=None)
    cost = cost_of(full, PACE, cores=2, pictures=Pictures(60_000, 10_000, (32, 32)))
    assert cost.network_seconds == pytest.approx(3 * (60_000 * 1e-3 + 10_000 * 1e-4))
    assert cost.heatmaps == 70_000 * 3
    assert cost.start_seconds == cost.network_seconds


def test_filling_costs_every_network_that_learns_from_pictures_and_none_that_learns_from_masks():
    cost = cost_of(replace(SPEC, fill="noisy_linear"), PACE, cores=2)
    assert cost.filling_seconds == pytest.approx(2 * (1 + 3 * 2) * 2000 * 5e-4)
    assert cost.seconds == pytest.approx(cost_of(SPEC, PACE, cores=2).seconds + cost.filling_seconds / 2)


def test_two_probes_cost_every_method_twice_again_and_the_controls_nothing():
    probed = cost_of(replace(SPEC, probes=("blur", "dilate")), PACE, cores=2)
    assert probed.networks == 2 * (1 + (3 + 2) * 2 * 2)
    assert probed.heatmap_seconds == cost_of(SPEC, PACE, cores=2).heatmap_seconds, "the maps are those of the method"


def test_stopping_early_may_spare_what_comes_after_two_seeds_except_whole_pictures():
    assert cost_of(replace(SPEC, stop_early=True), PACE, cores=2).spared == 0
    assert cost_of(replace(SPEC, stop_early=True, seeds=5), PACE, cores=2).spared == 3 * 3 * 2 * 2
    assert cost_of(replace(SPEC, seeds=5), PACE, cores=2).spared == 0


def test_an_odd_network_out_takes_a_core_as_long_as_a_pair():
    assert Cost(3, 10.0, 0.0, 2).seconds == Cost(4, 10.0, 0.0, 2).seconds == 20.0


def test_the_networks_of_a_refused_method_are_those_that_the_study_would_lack_without_it():
    both = replace(SPEC, methods=("gradient", "vargrad"), probes=("blur",))
    lacking = count_networks(both) - count_networks(replace(both, methods=("vargrad",)))
    assert never_trained(both, {"gradient": "No gradients."}) == lacking > 0


def test_what_is_kept_costs_nothing_again():
    whole, rest = (cost_of(SPEC, PACE, 2, done) for done in (0, 20))
    assert rest.networks == whole.networks - 20
    assert rest.heatmap_seconds == 0.0


def test_a_smaller_plan_has_one_seed_fewer_shares_or_no_probes_and_is_told_only_where_there_is_one():
    spec = replace(SPEC, probes=("blur",))
    plans = smaller_plans(spec)
    assert [(plan.seeds, plan.fractions, plan.probes) for plan in plans.values()] == [
        (1, (0.5, 0.9), ("blur",)),
        (2, (0.5,), ("blur",)),
        (2, (0.5, 0.9), ()),
    ]
    assert all(cost_of(plan, PACE, 2).seconds < cost_of(spec, PACE, 2).seconds for plan in plans.values())
    assert smaller_plans(RetrainingSpec(seeds=1, fractions=(0.5,))) == {}
