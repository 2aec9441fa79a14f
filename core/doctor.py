"""What works on this machine, found by trying it."""

import hashlib
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import platformdirs
import torch

from core.assets import ASSETS
from core.models.batching import Kind
from core.models.catalogue import DEFAULT, chosen_device, load_classifier
from core.models.classifier import Classifier, device_name
from core.pictures.gallery import gallery
from core.pictures.opening import PictureError, open_picture

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
    """One thing that was looked at.

    Parameters
    ----------
    state
        What there is, in a few words.
    remedy
        What to do about it; empty where all is well.
    needed
        Whether HeatCheck does without it.
    """

    subject: str
    state: str
    remedy: str = ""
    needed: bool = True

    @property
    def sound(self) -> bool:
        return not self.remedy


def examine() -> Iterator[Finding]:
    """Looks at one thing after the other, the slow measurements last."""
    yield Finding("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    for package in PACKAGES:
        yield installed(package)
    for package in PEERS:
        yield installed(package, needed=False)
    yield from devices()
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
        purpose = "" if needed else "; only the tests and the benchmarks use it"
        return Finding(package, f"not installed{purpose}", f"Install it: pip install {package}", needed)


def devices() -> Iterator[Finding]:
    """Every device, the one that ``auto`` takes marked."""
    names = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    names += ["mps"] if torch.backends.mps.is_available() else []
    chosen = chosen_device("auto").type
    for name in [*names, "cpu"]:
        used = ", used" if name.partition(":")[0] == chosen else ""
        yield Finding("Device", f"{name}: {device_name(torch.device(name))}{used}")


def browser() -> Finding:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found:
        return Finding("Browser for tests", found)
    return Finding(
        "Browser for tests",
        "neither Chromium nor Chrome found; the dashboard works in any browser, the browser tests need one of these",
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
        return Finding("Dashboard", f"its styles or settings are missing in {home}", REINSTALL)
    return Finding("Dashboard", f"installed with {len(styles)} style sheets")


def weights() -> Iterator[Finding]:
    """Each bundled weights file against the digest that it was published with."""
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
            yield Finding(f"Weights of {file.stem}", "not those that were published", REINSTALL)
        else:
            yield Finding(f"Weights of {file.stem}", f"{file.stat().st_size / 1e6:.1f} MB, digest as published")


def pictures() -> Finding:
    """Whether every picture of the gallery opens."""
    for picture in gallery():
        try:
            open_picture(picture.path)
        except PictureError as error:
            return Finding("Gallery", f"{picture.name}: {error}", REINSTALL)
    return Finding("Gallery", f"{len(gallery())} pictures")


def cache() -> Finding:
    """Whether what is measured and downloaded can be kept."""
    folder = Path(platformdirs.user_cache_dir("heatcheck"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        return Finding("Cache", f"{folder} can't be written to ({error.strerror})", "Give leave to write there.")
    return Finding("Cache", str(folder))


def speed() -> Iterator[Finding]:
    """The default model's best batches on the device in use, and how many pictures a second they make."""
    start = time.perf_counter()
    classifier = load_classifier(DEFAULT)
    yield Finding(classifier.title, f"loaded in {time.perf_counter() - start:.1f} s on {classifier.device}")
    for kind in get_args(Kind):
        size = classifier.batch_size(kind).size
        rate = pictures_a_second(classifier, kind, size)
        yield Finding(f"Speed, {kind}", f"{rate:.0f} pictures/s in batches of {size}")


def pictures_a_second(classifier: Classifier, kind: Kind, size: int) -> float:
    """Throughput over about a second, after one run that doesn't count."""
    classifier.blank_pass(kind, size)
    start, done = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < SECONDS_MEASURED:
        classifier.blank_pass(kind, size)
        done += size
    return done / elapsed
