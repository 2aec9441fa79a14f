"""``heatcheck doctor``: what works on this machine, found by trying it."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import platformdirs
import typer

import core
from core.assets import ASSETS
from core.cli.options import FAILED

if TYPE_CHECKING:
    from core.models.batching import Kind

PACKAGES = ("torch", "torchvision", "timm", "streamlit")
PEERS = ("captum",)
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
REINSTALL = "Reinstall HeatCheck, or restore the file from the repository."
SECONDS_MEASURED = 1.0


@dataclass(frozen=True)
class Finding:
    """One thing that was checked.

    Parameters
    ----------
    state
        Its state, in a few words.
    remedy
        What to do about it; empty where nothing is wrong.
    needed
        Whether HeatCheck needs it.
    """

    subject: str
    state: str
    remedy: str = ""
    needed: bool = True

    @property
    def sound(self) -> bool:
        return not self.remedy


def doctor() -> None:
    """Check what works on this machine, and what to do about the rest."""
    broken = False
    for finding in examine():
        state = "ok  " if finding.sound else "MISS" if finding.needed else "note"
        typer.echo(" ".join(filter(None, [state, f"{finding.subject}: {finding.state}.", finding.remedy])))
        broken = broken or (finding.needed and not finding.sound)
    if broken:
        raise typer.Exit(FAILED)


def examine() -> Iterator[Finding]:
    """Checks one thing after another, the slow measurements last."""
    yield Finding("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    for package in PACKAGES:
        yield installed(package)
    for package in PEERS:
        yield installed(package, needed=False)
    yield from devices()
    yield waiting_threads()
    yield browser()
    yield dashboard()
    yield from weights()
    yield pictures()
    yield cache()
    yield from speed()


def installed(package: str, needed: bool = True) -> Finding:
    try:
        return Finding(package, version(package))
    except PackageNotFoundError:
        purpose = "" if needed else "; used by the tests and the benchmarks only"
        return Finding(package, f"not installed{purpose}", f"To install it: pip install {package}", needed)


def devices() -> Iterator[Finding]:
    """Every device, with the one that ``auto`` uses marked."""
    import torch

    from core.models.catalogue import chosen_device
    from core.models.classifier import device_name

    names = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    names += ["mps"] if torch.backends.mps.is_available() else []
    chosen = chosen_device("auto").type
    for name in [*names, "cpu"]:
        used = ", used" if name.partition(":")[0] == chosen else ""
        yield Finding("Device", f"{name}: {device_name(torch.device(name))}{used}")


def waiting_threads() -> Finding:
    """How long waiting threads keep a core busy."""
    spins = os.environ.get("GOMP_SPINCOUNT")
    state = f"spin {spins} times, then sleep" if spins else "keep a core busy while they wait (OpenMP default)"
    return Finding("Waiting threads", state)


def browser() -> Finding:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found:
        return Finding("Browser for tests", found)
    return Finding(
        "Browser for tests",
        "neither Chromium nor Chrome found; the browser tests need one of them, the dashboard works in any browser",
        "Install Chromium to run the tests.",
        needed=False,
    )


def dashboard() -> Finding:
    """Whether the dashboard and its settings are installed beside the engine."""
    server = find_spec("dashboard.server")
    if server is None or server.origin is None:
        return Finding("Dashboard", "not installed", REINSTALL)
    home = Path(server.origin).parent
    styles = list(home.rglob("*.css"))
    if not styles or not (home / ".streamlit" / "config.toml").is_file():
        return Finding("Dashboard", f"styles or settings are missing in {home}", REINSTALL)
    return Finding("Dashboard", f"installed with {len(styles)} style sheets")


def weights() -> Iterator[Finding]:
    """Each bundled weights file, compared with its published digest."""
    folder = ASSETS / "weights"
    if not (folder / "SHA256SUMS").is_file():
        yield Finding("Weights", "missing", REINSTALL)
        return
    for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, name = line.split()
        file = folder / name
        if not file.is_file():
            yield Finding(f"Weights of {file.stem}", "missing", REINSTALL)
        elif hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            yield Finding(f"Weights of {file.stem}", "digest differs from the published one", REINSTALL)
        else:
            yield Finding(f"Weights of {file.stem}", f"{file.stat().st_size / 1e6:.1f} MB, digest matches")


def pictures() -> Finding:
    """Whether every picture of the gallery opens."""
    for picture in core.gallery():
        try:
            core.open_picture(picture.path)
        except core.PictureError as error:
            return Finding("Gallery", f"{picture.name}: {error}", REINSTALL)
    return Finding("Gallery", f"{len(core.gallery())} pictures")


def cache() -> Finding:
    """Whether measurements and downloads can be stored."""
    folder = Path(platformdirs.user_cache_dir("heatcheck"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        return Finding("Cache", f"{folder} is not writable ({error.strerror})", "Allow HeatCheck to write there.")
    return Finding("Cache", str(folder))


def speed() -> Iterator[Finding]:
    """The default model's best batch sizes on the current device, and their throughput."""
    from core.models.batching import Kind
    from core.models.catalogue import DEFAULT

    start = time.perf_counter()
    classifier = core.load_classifier(DEFAULT)
    yield Finding(classifier.title, f"loaded in {time.perf_counter() - start:.1f} s on {classifier.device}")
    for kind in get_args(Kind):
        size = classifier.batch_size(kind).size
        rate = pictures_a_second(classifier, kind, size)
        yield Finding(f"Speed, {kind}", f"{rate:.0f} pictures/s in batches of {size}")


def pictures_a_second(classifier: core.Classifier, kind: Kind, size: int) -> float:
    """Throughput over about a second, after one warm-up run."""
    classifier.blank_pass(kind, size)
    start, done = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < SECONDS_MEASURED:
        classifier.blank_pass(kind, size)
        done += size
    return done / elapsed
