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
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from core.environment import VARIABLES

sync_api = pytest.importorskip("playwright.sync_api")

sync_api.expect.set_options(timeout=15_000)  # two browsers and two servers share two cores

ROOT = Path(__file__).resolve().parents[2]
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
BROWSERS = (
    *("chromium-headless-shell", "chromium", "chromium-browser"),
    *("google-chrome", "google-chrome-stable", "chrome", MAC),
)
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
DISABLED = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"),  # or every page has a renderer more
    *("HttpsUpgrades", "LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding"),
    *("PreconnectToSearch", "ThirdPartyStoragePartitioning"),
)
"""Features of Chromium that no test needs. Playwright has a list of its own, whose place this one takes."""
FLAGS = [
    f"--disable-features={','.join(DISABLED)}",
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


WAITING = "test_toy_job.py"
"""Its tests wait most of their time: they come first, so that at the end no process waits for the other."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    items.sort(key=lambda item: item.path != here / WAITING)
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


LOADED = f"api/pictures/chelsea/crop?model={MODEL}"
"""What a dashboard answers once its default model is loaded."""
UP = "_stcore/health"
"""And once it is there at all."""


@contextmanager
def serving(program: list[str], folder: Path, home: Path, ready: str, port: int | None = None) -> Iterator[str]:
    """Address of a dashboard that gives that answer, served by a Python program that takes a port."""
    port = port or free_port()
    address = f"http://127.0.0.1:{port}"
    log = folder / "log.txt"
    command = [sys.executable, *program, "--port", str(port), "--no-browser"]
    with log.open("w") as written:
        kept = {**VARIABLES, **os.environ, "HEATCHECK_HOME": str(home)}
        process = subprocess.Popen(command, cwd=ROOT, env=kept, stdout=written, stderr=subprocess.STDOUT)
        try:
            until = time.monotonic() + START_SECONDS
            while not answers(f"{address}/{ready}"):
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
def server(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[str]:
    """Address of the dashboard."""
    with serving(["-m", "dashboard.server"], tmp_path_factory.mktemp("server"), home, LOADED) as address:
        yield address


def toy_program(folder: Path) -> list[str]:
    """What serves a dashboard whose pages are the toy's, which ask no model."""
    shutil.copytree(ROOT / "dashboard" / ".streamlit", folder / ".streamlit")
    script = folder / "app.py"
    script.write_text("import toy_job\ntoy_job.app()\n")
    tests = str(ROOT / "tests")
    program = (
        f"import sys, pathlib; sys.path.insert(0, {tests!r}); import toy_job; import dashboard.server as server; "
        f"server.SCRIPT = pathlib.Path({str(script)!r}); server.warm_up = lambda: None; server.main()"
    )
    return ["-c", program]


@pytest.fixture(scope="session")
def toy_server(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[str]:
    """Address of a dashboard whose pages are the toy's."""
    folder = tmp_path_factory.mktemp("toy")
    with serving(toy_program(folder), folder, home, UP) as address:
        yield address


@pytest.fixture
def restarted(tmp_path: Path, home: Path) -> Callable[[], Any]:
    """Serves the toy's pages, each time at the same address."""
    port, program = free_port(), toy_program(tmp_path)
    return lambda: serving(program, tmp_path, home, UP, port)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Visitors:
    """Pages of browsers, each of a person that this server has never seen.

    Whoever leaves takes all along but the browser's cache and the process that draws the page: to start one, and to
    fetch and compile Streamlit's own scripts again, costs seconds in every test.
    """

    def __init__(self, chromium: Any) -> None:
        self._chromium = chromium
        self._left: list[Any] = []

    def come(self, scheme: str, width: int, height: int) -> Any:
        if not self._left:
            self._left.append(self._chromium.new_context(reduced_motion="reduce", locale="en-GB").new_page())
        page = self._left.pop()
        page.set_default_timeout(30_000)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        return page

    def leave(self, page: Any) -> None:
        for other in page.context.pages:
            if other != page:
                other.close()
        page.unroute_all()
        page.goto(urljoin(page.url, f"/{UP}"))  # of the same server, to clear what the page writes when it is left, too
        page.evaluate("localStorage.clear(), sessionStorage.clear()")
        page.mouse.move(0, 0)
        page.context.clear_cookies()
        page.context.clear_permissions()
        self._left.append(page)


@pytest.fixture(scope="session")
def visitors(chromium: Any) -> Visitors:
    return Visitors(chromium)


@pytest.fixture
def open_page(visitors: Visitors, server: str) -> Iterator[Callable[..., Any]]:
    """Opens an address of the dashboard as a newcomer would, and waits until the page is at rest."""
    came: list[Any] = []
    errors: list[str] = []
    heard = {
        "pageerror": lambda error: errors.append(str(error)),
        "console": lambda said: errors.append(said.text) if said.type == "error" else None,
    }

    def open_one(query: str = "", scheme: str = "light", width: int = 1280, at: str = server, height: int = 900) -> Any:
        page = visitors.come(scheme, width, height)
        came.append(page)
        for event, hear in heard.items():
            page.on(event, hear)
        page.goto(f"{at}/{query}")
        at_rest(page)
        return page

    yield open_one
    try:
        for page in came:
            visitors.leave(page)
            for event, hear in heard.items():
                page.remove_listener(event, hear)
    finally:
        assert not errors, errors


RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""What depends on the scheme."""


FADED = """() => Promise.race([
  Promise.allSettled(
    document.getAnimations().filter((each) => each instanceof CSSTransition).map(({ finished }) => finished)
  ),
  new Promise((resolve) => setTimeout(resolve, 2000)),
]).then(() => true)"""
"""Waits until colours are no longer on their way to those of the other scheme; one that is hidden may never arrive."""


@pytest.fixture(scope="session")
def check_accessible() -> Callable[[Any], None]:
    """Lets axe look at a page as it stands, then once more at the contrasts in the dark; it must have measured some."""
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe()

    def check(page: Any) -> None:
        # Over a gradient axe measures nothing; these shade the edge beyond which a table goes on.
        page.locator(".wide").evaluate_all("(places) => places.forEach(({ style }) => (style.background = 'none'))")
        for scheme, rules in (("light", RULES), ("dark", OF_COLOURS)):
            page.emulate_media(color_scheme=scheme)
            sync_api.expect(page.get_by_test_id("stApp")).to_have_css("color-scheme", scheme)
            at_rest(page)  # what a running script may yet replace is faded
            page.evaluate(FADED)
            # What passes is named by one node a rule: to name all takes longer than to check them.
            found = axe.run(page, options={"runOnly": rules, "resultTypes": ["violations"]}).response
            ours = [each for each in found["violations"] if not all(map(is_of_streamlit, each["nodes"]))]
            assert [summary(violation) for violation in ours] == [], scheme
            measured = [each["nodes"] for each in found["passes"] if each["id"] == "color-contrast"]
            assert sum(map(len, measured)) > 0, scheme

    return check


def is_of_streamlit(node: dict[str, Any]) -> bool:
    """Its file uploader has a role that axe would not give it."""
    return "stFileUploaderDropzone" in node["html"]


def summary(violation: dict[str, Any]) -> str:
    return f"{violation['id']}: {[(node['html'][:160], node['any'][:1]) for node in violation['nodes'][:4]]}"


def at_rest(page: Any) -> None:
    """Waits for Streamlit's own word that the script has run, and for every component's module to have come."""
    app = page.get_by_test_id("stApp")
    sync_api.expect(app).to_have_attribute("data-test-connection-state", "CONNECTED", timeout=30_000)
    app.get_by_test_id("stElementContainer").first.wait_for(state="attached")  # before its first run it runs not either
    sync_api.expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=30_000)
    sync_api.expect(page.locator("[data-testid=stSkeleton], .root:empty")).to_have_count(0)
    page.evaluate("document.fonts.ready.then(() => true)")


@pytest.fixture
def rest() -> Callable[[Any], None]:
    return at_rest


@pytest.fixture
def ended() -> Callable[..., None]:
    """Waits for the end of runs by the bars that they leave; a sample has none, so it is not taken for one of them."""

    def wait(page: Any, verb: str, runs: int = 1) -> None:
        over = page.locator('[role=progressbar][data-over="true"]')
        sync_api.expect(over).to_have_count(runs, timeout=120_000)
        sync_api.expect(page.get_by_role("button", name=verb, exact=True)).to_be_enabled(timeout=60_000)

    return wait


@pytest.fixture
def cancel() -> Callable[[Any], float]:
    """Clicks Cancel, and gives when; sooner, the page takes it for one more click on what the button said before."""

    def click(page: Any) -> float:
        page.wait_for_timeout(900)
        clicked = time.monotonic()
        page.get_by_role("button", name="Cancel", exact=True).click()
        return clicked

    return click
