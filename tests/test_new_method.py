"""What the README promises: a new method is one file and one test, and `make readme` updates the tables."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from nine_networks import NETWORKS
from test_readme import README, TABLES, examples

PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
UP_TO_DATE = (*PYTEST, "tests/test_readme.py", "-k", "tables_are_those")
METHOD_PANEL = "tests/dashboard/controls/test_method_panel.py"
COLLECTED = ("tests/test_readme.py", "tests/test_devices.py", "tests/methods", METHOD_PANEL)
TOUCHED = "tables_are_those or sharpened or (test_registry and (promised or family or families)) or test_method_panel"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The code with the README's example in it: its two files and nothing else are new."""
    home = README.parent
    for folder in ("core", "dashboard", "tests"):
        shutil.copytree(home / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("README.md", "pyproject.toml"):
        shutil.copy(home / file, tmp_path)
    (tmp_path / "assets").symlink_to(home / "assets")
    for path, code in examples().items():
        (tmp_path / path).write_text(code, encoding="utf-8")
    return tmp_path


@pytest.fixture
def python(copy: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs Python in the copy, on the copy's code."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=copy,
            env=os.environ | {"PYTHONPATH": str(copy)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    return run


def printed(ran: subprocess.CompletedProcess[str]) -> str:
    """What a run that went well said."""
    assert ran.returncode == 0, ran.stdout
    return ran.stdout


@pytest.mark.slow
@pytest.mark.timeout(900)  # nine networks, and three processes that import torch
def test_a_new_method_is_one_file_and_one_test_and_make_readme(
    copy: Path, python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    outdated = python(*UP_TO_DATE)
    assert outdated.returncode == 1
    assert "Run `make readme`" in outdated.stdout
    examined = printed(python("tests/test_readme.py"))
    assert [line.split()[0] for line in examined.splitlines()] == list(NETWORKS), examined
    lines = [line for room in TABLES for line in (copy / room).read_text(encoding="utf-8").splitlines()]
    assert [line.count("●") for line in lines if "| Sharpened" in line] == [0, len(NETWORKS)]
    passed = printed(python(*PYTEST, "-vv", *COLLECTED, "-k", TOUCHED))
    assert all(f"tables_are_those_of_the_registry[{room}] PASSED" in passed for room in TABLES), passed
    assert "test_sharpened.py" in passed
