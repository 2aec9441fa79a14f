"""Where the files that ship with HeatCheck are: beside the code in a checkout, inside the package in a wheel."""

from pathlib import Path

_HERE = Path(__file__).resolve().parent
ASSETS = _HERE / "assets" if (_HERE / "assets").is_dir() else _HERE.parent / "assets"
