"""What the tests of stamping share."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person who has trained nothing; what tests train is kept there, and nowhere else."""
    monkeypatch.setenv("HEATCHECK_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "trained"
