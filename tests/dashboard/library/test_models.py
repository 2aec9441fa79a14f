"""A model is got to know without keeping others from the device; how it answers is said if it is not as most do."""

import threading
import time

import torch
from torch import nn

import core
from dashboard.library.models import get_to_know, models, of_its_answers
from dashboard.library.queue import queue


def test_a_run_goes_on_and_is_cancelled_at_once_while_a_model_is_measured(monkeypatch, tmp_path, wait):
    classifier = core.load_classifier("fashion_cnn", device="cpu")
    step = 0.05
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _: str(tmp_path))
    monkeypatch.setattr(classifier, "blank_pass", lambda *_: time.sleep(step))
    job = queue().submit(lambda: iter(lambda: time.sleep(0.001), 1), "somebody", outlives_its_reader=True)
    measuring = threading.Thread(target=get_to_know, args=(classifier,))
    measuring.start()
    wait(lambda: job.version > 3)
    before, begin = job.version, time.monotonic()
    wait(lambda: job.version > before + 3)
    assert measuring.is_alive()
    assert time.monotonic() - begin < 20 * step
    cancelled = time.monotonic()
    queue().cancel(job.id, "somebody")
    assert job.cancelled
    assert time.monotonic() - cancelled < step
    measuring.join(60)
    assert set(classifier._seconds) == {"forward", "gradient"}


def test_a_function_that_only_answers_is_got_to_know_by_its_answers(monkeypatch, tmp_path):
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _: str(tmp_path))
    box = core.as_classifier(lambda pixels: pixels.mean(dim=(2, 3)), size=(8, 8), labels=("red", "green", "blue"))
    get_to_know(box)
    assert set(box._seconds) == {"forward"}


def test_a_model_that_was_removed_is_not_called_by_its_random_name():
    assert models.title("own/48143e660664bb32987adc8d3c0a82ab") == "Removed model"
    assert models.title("fashion_cnn") == "Small CNN (Fashion-MNIST)"


class Means(nn.Module):
    """The mean of each colour."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return pixels.mean(dim=(2, 3))


def test_a_reading_is_said_of_a_person_s_own_network_and_of_a_listed_one_where_it_is_not_softmax():
    assert of_its_answers(core.load_classifier("fashion_cnn", device="cpu")) == []
    labels = ("red", "green", "blue")
    several = core.wrap(Means(), size=6, labels=labels, reading="sigmoid")
    assert of_its_answers(several) == ["Probabilities: sigmoid of each class by itself (multi-label)."]
    brought = core.wrap(Means(), size=6, labels=labels, name="own/colours")
    assert brought.reading == "softmax"
    assert of_its_answers(brought)[0] == "Probabilities: softmax over all classes."


def test_a_network_that_answers_with_probabilities_says_so_in_its_notes():
    ends = nn.Sequential(Means(), nn.Softmax(dim=1))
    said = of_its_answers(core.wrap(ends, size=6, labels=("red", "green", "blue")))
    assert said[0].startswith("Probabilities: none")
    assert len(said) == len({*said})
