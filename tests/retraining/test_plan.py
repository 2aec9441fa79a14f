"""Which networks are trained: each set of masks once, in an order that helps early."""

from dataclasses import replace
from itertools import product

import pytest
import torch

from core.randomness import generator
from core.retraining.masks import digest_of, rank_places
from core.retraining.plan import WHOLE, Cell, plan_trainings, removed
from core.retraining.probes import probed
from core.retraining.spec import RetrainingSpec

PIXELS = torch.rand(6, 3, 8, 8, generator=generator(0, "pictures"))
MAP = torch.rand(6, 1, 8, 8, generator=generator(1, "map"))
MAPS = {"gradient": MAP, "negated": -MAP, "random": torch.rand(6, 1, 8, 8, generator=generator(2, "map"))}
SPEC = RetrainingSpec(methods=("gradient", "negated"), fractions=(0.25, 0.5, 0.75), seeds=2)


def ranks(name):
    method, _, probe = name.partition(".")
    ranking = rank_places(probed(MAPS[method], probe or None), PIXELS)
    return ranking, ranking


def plan_of(spec, methods=tuple(MAPS)):
    return plan_trainings(spec, methods, ranks)


def test_keeping_and_the_reverse_order_cost_nothing_twice():
    plan = plan_of(SPEC)
    for share in SPEC.fractions:
        kept, negated = Cell("gradient", "kar", share), Cell("negated", "roar", 1 - share)
        assert plan.keys[kept] == plan.keys[negated]
    own = [each for each in plan.trainings if each.cell.what == "pictures"]
    # 3 shares x 2 forms x 2 methods x 2 seeds; the negated map's are the same, and whole pictures are one cell
    assert len(own) == 2 * (3 * 2 * 2 + 1)
    assert len({each.key for each in plan.trainings}) == len(plan.trainings)


def test_every_cell_has_a_network_of_each_seed():
    plan = plan_of(SPEC)
    keys = {each.key for each in plan.trainings}
    for cell, own in plan.keys.items():
        assert len(own) == (1 if cell.what == "explained" else 2)
        assert keys >= set(own)


def test_the_leak_is_of_both_forms_and_trained_once():
    plan = plan_of(SPEC)
    leaks = [cell for cell in plan.keys if cell.what == "masks"]
    assert {(cell.method, cell.fraction) for cell in leaks} == set(product(MAPS, SPEC.fractions))
    assert {cell.form for cell in leaks} == {"roar"}
    assert not [cell for cell in plan_of(RetrainingSpec(leak=False)).keys if cell.what == "masks"]


def test_keeping_alone_has_its_leak_too():
    plan = plan_of(RetrainingSpec(methods=("gradient",), forms=("kar",), fractions=(0.5,), seeds=1))
    assert len(plan.keys[Cell("gradient", "roar", 0.5, "masks")]) == 1


def test_whole_pictures_and_the_middle_come_first_and_the_second_seed_last():
    told = [each for each in plan_of(SPEC).trainings if each.cell.what == "pictures"]
    assert told[0].cell == WHOLE
    assert [each.cell.fraction for each in told[1:4]] == [0.5] * 3
    assert told[1].cell.method == "random"
    assert [each.seed for each in told] == sorted(each.seed for each in told)


def test_removing_nothing_removes_nothing():
    train, test = removed(ranks("gradient"), WHOLE.form, WHOLE.fraction)
    assert not train.any()
    assert not test.any()


def test_another_fill_is_another_network_and_the_same_one_for_the_same_masks():
    spec = replace(SPEC, fill="noisy_linear")
    plan, plain = plan_of(spec), plan_of(SPEC)
    for cell, keys in plan.keys.items():
        assert (keys == plain.keys[cell]) == (cell.what == "masks"), "masks alone do not depend on what fills them"
    for share in SPEC.fractions:
        assert plan.keys[Cell("gradient", "kar", share)] == plan.keys[Cell("negated", "roar", 1 - share)]
    assert not set(plan.keys[WHOLE]) & set(plan_of(replace(spec, seed=1)).keys[WHOLE]), "other noise"


def test_what_is_filled_with_the_mean_has_the_key_that_it_had_before_there_were_other_fills():
    masks = digest_of(removed(ranks("gradient"), "kar", 0.25))
    assert plan_of(SPEC).keys[Cell("gradient", "kar", 0.25)] == (f"pictures-0-{masks}", f"pictures-1-{masks}")


def test_probes_are_of_methods_alone_and_come_after_what_they_are_compared_with():
    plan = plan_of(replace(SPEC, probes=("blur", "dilate")))
    probed_cells = [cell for cell in plan.keys if cell.probe and cell.what != "explained"]
    assert {cell.method for cell in probed_cells} == {"gradient"}
    assert {(cell.what, cell.form) for cell in probed_cells} == {
        ("pictures", "roar"), ("pictures", "kar"), ("masks", "roar"),
    }  # fmt: skip
    assert len(probed_cells) == 2 * 3 * len(SPEC.fractions)
    first = [each.cell.probe for each in plan.trainings if each.seed == 0 and each.cell.what != "explained"]
    assert first == sorted(first, key=lambda probe: ["", "blur", "dilate"].index(probe or ""))
    assert {cell: keys for cell, keys in plan.keys.items() if not cell.probe} == plan_of(SPEC).keys


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_number_of_networks_leaves_out_the_explained_one(seeds):
    spec = RetrainingSpec(methods=("gradient",), fractions=(0.5,), seeds=seeds, forms=("roar",))
    plan = plan_of(spec, ("gradient", "random"))
    assert plan.networks == seeds * (2 + 2 + 1)
