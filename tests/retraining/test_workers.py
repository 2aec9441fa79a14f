"""Processes that share tasks say why they cannot."""

import subprocess
import sys

import pytest
import torch

import core
from core.retraining import workers
from core.retraining.workers import Workers

CPU = torch.device("cpu")


def test_a_process_that_cannot_begin_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr("core.retraining.workers.WORKER", "core.retraining.nobody")
    with (
        Workers(tmp_path, CPU, 1) as started,
        pytest.raises(core.ModelError, match=r"A training process ended.*nobody"),
    ):
        list(started.share([{"task": "maps", "key": "k"}]))


def test_a_process_loads_no_library_that_its_tasks_do_not_need():
    program = f"import sys, {workers.WORKER}; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    loaded = {*subprocess.check_output(command, env=workers.own_environment(), text=True).split()}
    assert "torch" in loaded
    assert not {"torchvision", "timm", "torch._dynamo", "pandas", "streamlit"} & loaded
