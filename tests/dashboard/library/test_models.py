"""A model is got to know without keeping others from the device."""

import threading
import time

import core
from dashboard.library.models import get_to_know, models
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


def test_a_model_that_was_removed_is_not_called_by_its_random_name():
    assert models.title("own/48143e660664bb32987adc8d3c0a82ab") == "Removed model"
    assert models.title("fashion_cnn") == "Small CNN (Fashion-MNIST)"
