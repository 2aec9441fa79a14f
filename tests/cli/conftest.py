"""What tests of the command line share: a command that is run, its model loaded once, and tables that are read."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import core
from core.cli.app import app


@pytest.fixture
def heatcheck(squeezenet: core.Classifier, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs a command line; SqueezeNet is loaded once for all tests."""
    loaded = core.load_classifier

    def load_once(name: str, device: str = "auto", progress: Any = None) -> core.Classifier:
        return squeezenet if name == "squeezenet1_1" and device == "cpu" else loaded(name, device, progress=progress)

    monkeypatch.setattr(core, "load_classifier", load_once)
    return lambda *arguments: CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture(scope="session")
def rows() -> Callable[[Path], list[dict[str, str]]]:
    """Reads a table that a command has written."""

    def read(file: Path) -> list[dict[str, str]]:
        with file.open(newline="", encoding="utf-8") as stream:
            return list(csv.DictReader(stream))

    return read


@pytest.fixture
def shades(tmp_path: Path) -> Path:
    """A folder of pictures of noise: dark ones and light ones."""
    drawn = np.random.default_rng(0)
    for name, low in (("dark", 0), ("light", 100)):
        (tmp_path / "shades" / name).mkdir(parents=True)
        for number in range(40):
            pixels = drawn.integers(low, low + 100, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "shades" / name / f"{number}.png")
    return tmp_path / "shades"
