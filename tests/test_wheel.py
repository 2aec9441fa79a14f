"""The wheel: built from the checkout and used outside it, it has the model, the gallery and the styles."""

import os
import re
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 120


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*build, str(folder), str(ROOT)], check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def heatcheck(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed in an environment that has the running one's packages but not the checkout."""
    home = tmp_path_factory.mktemp("elsewhere")
    venv.create(home / "venv", with_pip=False)
    scripts = home / "venv" / ("Scripts" if os.name == "nt" else "bin")
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(home / "venv")}))
    target = ["--python", str(scripts / "python"), "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *target], check=True)
    # After its own packages, and as a plain path, so that the editable install's pointer to the checkout isn't read.
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"))
    return scripts / "heatcheck"


def run(heatcheck: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [heatcheck, *arguments],
        cwd=heatcheck.parent,
        env=outside(),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def outside() -> dict[str, str]:
    """The environment without what points back at the checkout."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def test_the_wheel_holds_code_assets_and_styles_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {
        "core",
        "dashboard",
        next(n for n in names if "dist-info" in n).split("/")[0],
    }
    for kept in (ROOT / "assets", ROOT / "dashboard"):
        prefix = "core/assets" if kept.name == "assets" else "dashboard"
        files = {f"{prefix}/{file.relative_to(kept).as_posix()}" for file in kept.rglob("*") if file.is_file()}
        assert {file for file in files if "__pycache__" not in file} <= set(names)


def test_it_is_the_wheel_that_runs(heatcheck: Path) -> None:
    asked = [heatcheck.parent / "python", "-c", "import core; print(core.__file__)"]
    told = subprocess.run(asked, cwd=heatcheck.parent, env=outside(), capture_output=True, text=True, check=True)
    assert ROOT not in Path(told.stdout.strip()).parents


def test_doctor_and_explain_work_from_the_wheel(heatcheck: Path, tmp_path: Path) -> None:
    examined = run(heatcheck, "doctor")
    assert examined.returncode == 0, examined.stdout + examined.stderr
    assert "MISS" not in examined.stdout
    picture = next(heatcheck.parent.parent.rglob("core/assets/gallery/chelsea.jpg"))
    arguments = ["--model", "squeezenet1_1", "--methods", "gradient", "--steps", "2", "--out", str(tmp_path)]
    explained = run(heatcheck, "explain", str(picture), *arguments)
    assert explained.returncode == 0, explained.stderr
    assert (tmp_path / "gradient.png").exists()
    assert "Egyptian cat" in explained.stderr


@pytest.fixture
def address(heatcheck: Path) -> Iterator[str]:
    """Where the dashboard of the wheel is served."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [heatcheck, "--no-browser", "--port", str(port)]
    serving = subprocess.Popen(command, cwd=heatcheck.parent, env=outside())
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        serving.terminate()
        serving.wait(timeout=20)


def fetched(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.read()


def test_the_dashboard_starts_from_the_wheel_and_knows_every_kind_of_job_before_a_page_is_opened(address: str) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            assert fetched(f"{address}/_stcore/health") == b"ok"
            break
        except OSError:
            assert time.monotonic() < end, "the server did not start"
            time.sleep(0.3)
    assert b"LabelsReady" in fetched(f"{address}/api/jobs/sample-label_check/events")
    page = fetched(address).decode()
    assert "<title>" in page
    (script,) = re.findall(r'src="\./(static/js/[^"]+)"', page)[:1]
    assert len(fetched(f"{address}/{script}")) > 1000
    assert fetched(f"{address}/api/pictures/chelsea/thumbnail")
