"""The command line as a whole: it starts the dashboard, and starts itself without what it does not need."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import core
from core.environment import VARIABLES

CHELSEA = str(next(picture.path for picture in core.gallery() if picture.name == "chelsea"))


def test_without_a_command_the_dashboard_is_started_in_a_process_that_keeps_its_memory(heatcheck, monkeypatch):
    started = []
    monkeypatch.setattr("os.execve", lambda *arguments: started.append(arguments))
    heatcheck("--port", "8600", "--host", "::1", "--no-browser")
    (python, arguments, environment) = started[0]
    assert arguments == [python, *["-P", "-m", "dashboard.server", "--host", "::1", "--port", "8600", "--no-browser"]]
    assert environment["MALLOC_MMAP_MAX_"] == "0"
    assert environment.keys() >= VARIABLES.keys()


@pytest.mark.slow
def test_help_needs_no_torch_and_an_early_interrupt_leaves_no_traceback():
    loads_torch = "import sys, core.cli.app; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loads_torch], check=False).returncode == 0
    command = [sys.executable, "-m", "core.cli", "explain", CHELSEA]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    own = Path(f"/proc/{running.pid}/maps")
    while "torch" not in own.read_text():  # an interrupt before it has begun is Python's own
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode in (-signal.SIGINT, 130)
    assert "Traceback" not in said
