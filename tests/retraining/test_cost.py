"""What a study takes is arithmetic on two measured speeds, and counts what the plan trains."""

import pytest
import torch

from core.methods.heatmap_request import HeatmapRequest
from core.models.trained import load_trained
from core.retraining.cost import Cost, Speed, cost_of, count_networks, seconds_of_maps, smaller_plans, speed_of
from core.retraining.masks import rank_places
from core.retraining.networks import USUAL
from core.retraining.plan import plan_trainings
from core.retraining.spec import RetrainingSpec
from core.retraining.training import BUNDLED_NETWORK

CPU = torch.device("cpu")
SPEC = RetrainingSpec(methods=("gradient",), forms=("roar",), fractions=(0.5, 0.9), seeds=2, training_pictures=1000)
SPEED = Speed(learned=1e-3, tested=1e-4)


def ranks_of(method):
    """Another ranking for each method."""
    draw = torch.Generator().manual_seed(len(method))
    maps, pixels = torch.rand(6, 1, 8, 8, generator=draw), torch.rand(6, 3, 8, 8, generator=draw)
    return rank_places(maps, pixels), rank_places(maps.flip(0), pixels)


@pytest.mark.parametrize("leak", [True, False])
@pytest.mark.parametrize("forms", [("roar",), ("roar", "kar")])
def test_the_networks_told_are_those_that_the_plan_trains(leak, forms):
    spec = RetrainingSpec(methods=("gradient",), forms=forms, fractions=(0.3, 0.9), seeds=2, leak=leak)
    assert count_networks(spec) == plan_trainings(spec, spec.request.methods, ranks_of).networks


def test_a_study_s_seconds_are_those_of_its_networks_and_heatmaps_on_all_cores():
    cost = cost_of(SPEC, SPEED, map_seconds=0.01, cores=2)
    assert cost.networks == 2 * (1 + 3 * 2 * 2)  # two seeds of whole pictures, and three rankings at two shares, twice
    assert cost.network_seconds == pytest.approx(SPEC.epochs * (1000 * 1e-3 + 1000 * 1e-4))
    assert cost.heatmap_seconds == pytest.approx(2000 * 0.01)
    assert cost.seconds == pytest.approx(13 * cost.network_seconds + cost.heatmap_seconds / 2)


def test_an_odd_network_out_takes_a_core_as_long_as_a_pair():
    assert Cost(3, 10.0, 0.0, 2).seconds == Cost(4, 10.0, 0.0, 2).seconds == 20.0


def test_what_is_kept_costs_nothing_again():
    whole, rest = (cost_of(SPEC, SPEED, 0.01, 2, trained) for trained in (0, 20))
    assert rest.networks == whole.networks - 20
    assert rest.heatmap_seconds == 0.0


def test_a_smaller_plan_has_one_seed_or_every_second_share_and_is_told_only_where_there_is_one():
    plans = smaller_plans(SPEC)
    assert [(plan.seeds, plan.fractions) for plan in plans.values()] == [(1, (0.5, 0.9)), (2, (0.5,))]
    assert all(cost_of(plan, SPEED, 0.01, 2).seconds < cost_of(SPEC, SPEED, 0.01, 2).seconds for plan in plans.values())
    assert smaller_plans(RetrainingSpec(seeds=1, fractions=(0.5,))) == {}


def test_learning_from_a_picture_takes_longer_than_recognising_it_and_threads_are_as_before():
    before = torch.get_num_threads()
    speed = speed_of(USUAL, CPU)
    assert 0 < speed.tested < speed.learned < 0.1
    classifier = load_trained(BUNDLED_NETWORK, CPU)
    cheap, dear = (
        seconds_of_maps(classifier, HeatmapRequest(methods=(name,))) for name in ("gradient", "integrated_gradients")
    )
    assert 0 < cheap < dear
    assert torch.get_num_threads() == before
