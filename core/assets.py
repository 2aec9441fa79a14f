"""Where files are: those that ship with HeatCheck, and those that a person makes with it.

The first are beside the code in a checkout, inside the package in a wheel.
"""

import os
from pathlib import Path

import platformdirs

_HERE = Path(__file__).resolve().parent
ASSETS = _HERE / "assets" if (_HERE / "assets").is_dir() else _HERE.parent / "assets"


def made_here(kind: str) -> Path:
    """The folder of what was made on this machine, of one kind; below HEATCHECK_HOME where that is set."""
    return Path(os.environ.get("HEATCHECK_HOME") or platformdirs.user_data_dir("heatcheck")) / kind
