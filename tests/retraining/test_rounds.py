"""Which networks a study that stops early leaves out: a decision about whole rounds, on outcomes made for it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.randomness import generator
from core.retraining.masks import rank_places
from core.retraining.plan import WHOLE, Cell, plan_trainings
from core.retraining.rounds import in_rounds
from core.retraining.spec import RetrainingSpec

PIXELS = torch.rand(6, 3, 8, 8, generator=generator(0, "pictures"))
SPEC = RetrainingSpec(
    methods=("gradient", "vargrad"), forms=("roar",), fractions=(0.5, 0.9), seeds=5, leak=False, stop_early=True
)
HARDNESS = np.random.default_rng(0).random((5, 300))


def ranks(name):
    ranking = rank_places(torch.rand(6, 1, 8, 8, generator=generator(0, name)), PIXELS)
    return ranking, ranking


PLAN = plan_trainings(SPEC, SPEC.request.methods, ranks)


def rounds_of(spec, accuracies, flipped=()):
    """The seeds of each method's cells, where its networks have this accuracy; in the flipped seeds 1 minus it."""
    trained = set()

    def outcome(cell):
        known = [each for each in PLAN.keys[cell] if each in trained]
        own = np.stack([HARDNESS[seed] < accuracies[cell.method] for seed in range(len(known))])
        for seed in flipped:
            if cell.method == "vargrad" and seed < len(own):
                own[seed] = ~own[seed]
        return own

    saved = set()
    for trainings, left_out in in_rounds(PLAN, spec, outcome):
        trained.update(each.key for each in trainings)
        saved.update(left_out)
    assert not trained & saved
    assert trained | saved == {each.key for each in PLAN.trainings}
    return {cell: sum(key in trained for key in keys) for cell, keys in PLAN.keys.items() if cell.what == "pictures"}


ALL_ALIKE = dict.fromkeys(("random", "sobel", "gradient", "vargrad"), 0.7)


def test_without_stopping_early_every_cell_gets_every_seed():
    assert set(rounds_of(replace(SPEC, stop_early=False), ALL_ALIKE | {"gradient": 0.1}).values()) == {5}


def test_a_clear_difference_of_two_seeds_ends_a_cell_and_others_go_on_beside_their_control():
    seeds = rounds_of(SPEC, ALL_ALIKE | {"gradient": 0.2, "vargrad": 0.9})
    assert {cell.method: own for cell, own in seeds.items() if cell != WHOLE} == {
        "random": 5, "sobel": 5, "gradient": 2, "vargrad": 2,
    }  # fmt: skip
    assert seeds[WHOLE] == 5


def test_the_control_gets_no_further_seed_once_all_that_is_compared_with_it_is_clear():
    seeds = rounds_of(SPEC, {"random": 0.7, "sobel": 0.4, "gradient": 0.2, "vargrad": 0.1})
    assert {own for cell, own in seeds.items() if cell != WHOLE} == {2}


def test_seeds_that_disagree_leave_a_cell_open_however_clear_the_mean_is():
    seeds = rounds_of(SPEC, {"random": 0.7, "sobel": 0.1, "gradient": 0.1, "vargrad": 0.1}, flipped=(1,))
    assert seeds[Cell("vargrad", "roar", 0.5)] == 5
    assert seeds[Cell("gradient", "roar", 0.5)] == 2


@pytest.mark.parametrize("seeds", [1, 2])
def test_up_to_two_seeds_there_is_nothing_to_stop(seeds):
    spec = replace(SPEC, seeds=seeds)
    plan = plan_trainings(spec, spec.request.methods, ranks)
    [only] = in_rounds(plan, spec, lambda _: pytest.fail("nothing is decided"))
    assert only.trainings == plan.trainings


def test_networks_that_are_known_beyond_the_round_change_no_decision():
    """As after a resumption, where later rounds are kept already."""
    accuracies = ALL_ALIKE | {"gradient": 0.2}
    late = {}

    def everything(cell):
        own = accuracies[cell.method] > HARDNESS
        own[2:] = ~own[2:] if cell.method == "gradient" else own[2:]
        return own

    for trainings, _ in in_rounds(PLAN, SPEC, everything):
        for each in trainings:
            late[each.cell.method] = max(late.get(each.cell.method, 0), each.seed)
    assert late["gradient"] == 1
