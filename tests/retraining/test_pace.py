"""What a study will take is timed on this machine, in the ways that it will compute."""

import time

import pytest
import torch

from core.methods.heatmap_request import HeatmapRequest
from core.models.trained import load_trained
from core.retraining.networks import USUAL
from core.retraining.pace import (
    seconds_of_a_start,
    seconds_of_filling,
    seconds_of_maps,
    seconds_of_steps,
    slowdown,
    speed_of,
)
from core.retraining.training import BUNDLED_NETWORK
from core.retraining.workers import cores

CPU = torch.device("cpu")


@pytest.mark.skipif(cores() < 2, reason="a second process needs a second core")
def test_twice_as_many_processes_as_cores_take_at_least_about_twice_as_long():
    assert slowdown(2 * cores()) > 1.5


def test_filling_a_picture_is_timed_and_so_is_the_start_of_a_process_which_imports_the_engine():
    assert 0 < seconds_of_filling() < 0.1
    began = time.process_time()
    assert 0.5 < seconds_of_a_start() < 120
    assert time.process_time() - began < seconds_of_a_start(), "the process computes, not this one"


def test_the_steps_to_a_picture_s_heatmaps_are_timed_one_by_one_and_threads_are_as_before_in_between():
    before, classifier = torch.get_num_threads(), load_trained(BUNDLED_NETWORK, CPU)
    cheap, dear = (
        seconds_of_steps(classifier, HeatmapRequest(methods=(name,))) for name in ("gradient", "integrated_gradients")
    )
    assert all(torch.get_num_threads() == before for _ in range(3) if next(dear) > 0)
    assert 0 < sum(cheap) < sum(dear)


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
