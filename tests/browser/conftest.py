"""A served dashboard and a browser for it; an error in the browser's console fails the test."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api")

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-device-scale-factor=1",
    "--font-render-hinting=none",
]
START_SECONDS = 90
MODEL = "efficientnet_lite0"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("browser")
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="needs Chromium or Chrome"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(address: str) -> bool:
    try:
        return urllib.request.urlopen(address, timeout=5).status == 200
    except OSError:
        return False


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the served dashboard keeps what it trains."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[str]:
    """Address of a dashboard whose default model is loaded."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    log = tmp_path_factory.mktemp("server") / "log.txt"
    command = [sys.executable, "-m", "dashboard.server", "--port", str(port), "--no-browser"]
    with log.open("w") as written:
        kept = {**os.environ, "HEATCHECK_HOME": str(home)}
        process = subprocess.Popen(command, cwd=ROOT, env=kept, stdout=written, stderr=subprocess.STDOUT)
        try:
            until = time.monotonic() + START_SECONDS
            while not answers(f"{address}/api/pictures/chelsea/crop?model={MODEL}"):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.3)
            yield address
        finally:
            process.terminate()
            process.wait(10)
    told = log.read_text()
    assert not re.search(r"Traceback|deprecat|widget with key", told, re.IGNORECASE), told


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any, server: str) -> Iterator[Callable[..., Any]]:
    """Opens an address of the dashboard as a newcomer would, and waits until the page is at rest."""
    contexts, errors = [], []

    def open_one(query: str = "", scheme: str = "light", width: int = 1280) -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce", locale="en-GB"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if is_mistake(said) else None)
        page.goto(f"{server}/{query}")
        at_rest(page)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not errors, errors


def is_mistake(said: Any) -> bool:
    """Streamlit looks for its server below a page's address first, and the browser writes that it is not there."""
    return said.type == "error" and not re.search(r"/(stamp|sanity)/_stcore/", said.location["url"])


def at_rest(page: Any) -> None:
    """Waits for Streamlit's own word that the script has run."""
    app = page.get_by_test_id("stApp")
    sync_api.expect(app).to_have_attribute("data-test-connection-state", "CONNECTED", timeout=30_000)
    sync_api.expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=30_000)


@pytest.fixture
def rest() -> Callable[[Any], None]:
    return at_rest
