"""Processes that share tasks say why they cannot."""

import pytest
import torch

import core
from core.retraining.workers import Workers

CPU = torch.device("cpu")


def test_a_process_that_cannot_begin_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr("core.retraining.workers.WORKER", "core.retraining.nobody")
    with (
        Workers(tmp_path, CPU, 1) as workers,
        pytest.raises(core.ModelError, match=r"A training process ended.*nobody"),
    ):
        list(workers.share([{"task": "maps", "key": "k"}]))
