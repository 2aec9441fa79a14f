"""The batch decides how fast an answer comes, never which answer."""

import json
import time

import pytest
import torch

import core
from core.models.batching import BatchSize, fastest_batch, measured_best, run_in_batches
from core.models.catalogue import load_classifier


class Machine:
    """Works through a batch unless it is too large, and remembers what it was asked."""

    def __init__(self, memory: int, error: type[RuntimeError] = torch.OutOfMemoryError) -> None:
        self.memory, self.error, self.asked = memory, error, []

    def __call__(self, batch):
        self.asked.append(len(batch))
        if len(batch) > self.memory:
            raise self.error("DefaultCPUAllocator: can't allocate memory" if self.error is RuntimeError else "")
        return [item * 10 for item in batch]


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, RuntimeError])
@pytest.mark.parametrize("memory", [1, 3, 7, 100])
def test_running_out_of_memory_halves_the_batch_and_loses_or_repeats_nothing(memory, error):
    machine, size = Machine(memory, error), BatchSize(16)
    batches = list(run_in_batches(list(range(37)), machine, size))
    assert [item for batch, _ in batches for item in batch] == list(range(37))
    assert [answer for _, answers in batches for answer in answers] == list(range(0, 370, 10))
    assert size.size == max(fit for fit in (16, 8, 4, 2, 1) if fit <= memory)
    assert sorted(machine.asked, reverse=True)[0] == 16


def test_the_smaller_batch_is_remembered():
    machine, size = Machine(4), BatchSize(32)
    list(run_in_batches(list(range(64)), machine, size))
    machine.asked.clear()
    list(run_in_batches(list(range(64)), machine, size))
    assert machine.asked == [4] * 16


def test_one_item_that_does_not_fit_is_an_error_and_so_is_any_other():
    with pytest.raises(torch.OutOfMemoryError):
        list(run_in_batches([1, 2, 3], Machine(0), BatchSize(2)))

    def broken(_):
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        list(run_in_batches([1, 2, 3], broken, BatchSize(2)))


def test_no_work_is_no_batch():
    assert list(run_in_batches([], Machine(1), BatchSize(4))) == []


@pytest.mark.slow
def test_logits_do_not_depend_on_the_batch(lite0, monkeypatch):
    classifier = core.wrap(lite0.network, 96, lite0.labels, lite0.preprocessing.mean, lite0.preprocessing.std)
    pixels = torch.rand(65, 3, *classifier.size, generator=torch.Generator().manual_seed(0))
    answers = []
    for size in (1, 7, 64):
        monkeypatch.setattr(classifier, "batch_size", lambda _, size=size: BatchSize(size))
        answers.append(classifier.logits(pixels))
    torch.testing.assert_close(answers[1], answers[0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(answers[2], answers[0], atol=1e-5, rtol=1e-5)


def test_the_batch_that_is_fastest_per_picture_is_taken():
    pause = {4: 0.04, 8: 0.04, 16: 0.16}
    assert measured_best(lambda size: time.sleep(pause[size]), (4, 8, 16)) == 8


def test_measuring_stops_where_memory_ends():
    asked = []

    def run(size):
        asked.append(size)
        if size > 4:
            raise torch.OutOfMemoryError
        time.sleep(0.001)

    assert measured_best(run, (4, 8, 16)) == 4
    assert 16 not in asked


def test_what_was_measured_is_kept_on_disk(own_cache):
    measured = []

    def run(size):
        measured.append(size)
        time.sleep(0.001)

    first = fastest_batch(run, (4, 8), "a network")
    measured.clear()
    assert fastest_batch(run, (4, 8), "a network").size == first.size
    assert measured == []
    (kept,) = own_cache.rglob("*.json")
    assert json.loads(kept.read_text()) == {"a network": first.size}
    fastest_batch(run, (4, 8), "another network")
    assert set(json.loads(kept.read_text())) == {"a network", "another network"}


@pytest.mark.slow
def test_a_classifier_measures_each_kind_of_pass_once_for_all_that_come_after(own_cache, monkeypatch):
    monkeypatch.setattr("core.models.classifier.CANDIDATES", {"cpu": {"forward": (1, 2), "gradient": (1, 2)}})
    first, second = (load_classifier("squeezenet1_1", "cpu") for _ in range(2))
    sizes = {kind: first.batch_size(kind).size for kind in ("forward", "gradient")}
    (kept,) = own_cache.rglob("*.json")
    assert len(json.loads(kept.read_text())) == 2
    monkeypatch.setattr("core.models.batching.measured_best", lambda *_: pytest.fail("measured again"))
    assert {kind: second.batch_size(kind).size for kind in sizes} == sizes


def test_a_size_is_measured_anew_where_threads_spin_otherwise(own_cache, monkeypatch, classifier_of, linear):
    monkeypatch.setattr("core.models.classifier.CANDIDATES", {"cpu": {"forward": (1,)}})
    for count in ("1000", "20000", "1000"):
        monkeypatch.setenv("GOMP_SPINCOUNT", count)
        classifier = classifier_of(linear)
        classifier._batch_sizes.clear()
        classifier.batch_size("forward")
    (kept,) = own_cache.rglob("*.json")
    assert len(json.loads(kept.read_text())) == 2
