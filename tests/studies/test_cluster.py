"""A study on a real Ray cluster of this machine: the tables of a local run, whatever happens to its workers."""

import os
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest
from deadly_workers import Failing, Killed

import core
from core.studies import cluster
from core.studies.folder import Folder
from core.studies.running import StudyReady, UnitMissing

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray")  # which is imported by who uses it
SPEC = core.StudySpec(
    models=("fashion_cnn",), data="fashion_mnist", limit=10, methods=("gradient", "grad_cam"),
    metrics=("fidelity", "average_drop"), steps=4, maps=True,
)  # fmt: skip
TABLES = ("scores.parquet", "curves.parquet")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HEATCHECK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # as a worker has
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parents[1]), *sys.path]))
    (tmp_path / "home").mkdir()


def run(spec, folder, **options):
    return list(core.stream_study(spec, folder, "cpu", **options))


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for part in ("units", "maps", "pictures", "summaries")
        for file in sorted((folder / part).iterdir())
    } | {name: (folder / name).read_bytes() for name in TABLES}


@pytest.mark.slow
@pytest.mark.timeout(600)  # each worker that is started again loads torch anew
def test_a_run_of_which_workers_are_killed_names_what_it_gave_up_and_resumed_has_all_that_a_local_run_has(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(cluster, "Worker", Killed)
    before = {*Path.home().glob(".ray/*")}
    events = run(SPEC, tmp_path / "cluster", ray="local", workers=2)
    assert (tmp_path / "home" / "killed").exists()
    assert (tmp_path / "home" / "address").read_text() == "127.0.0.1", "no other machine can reach it"
    assert {*Path.home().glob(".ray/*")} == before, "no token is written"
    (missing,) = (event for event in events if isinstance(event, UnitMissing))
    assert missing.unit == "fashion_cnn, seed 0, fashion_mnist 001"
    assert missing.error.startswith("Its worker was lost. Actor")
    assert events[-1] == StudyReady(9, 0, 1)
    assert pd.read_parquet(tmp_path / "cluster" / "scores.parquet")["picture"].nunique() == 9
    assert Folder(tmp_path / "cluster").manifest()["quarantined"] == {missing.unit: missing.error}
    assert run(SPEC, tmp_path / "cluster")[-1] == StudyReady(10, 0, 0), "a resumed run tries it again"
    assert run(SPEC, tmp_path / "again")[-1] == StudyReady(10, 0, 0)
    assert files(tmp_path / "cluster") == files(tmp_path / "again"), "of the scores that the workers gave"
    monkeypatch.setenv("HEATCHECK_HOME", str(tmp_path / "another home"))  # nothing is known there
    run(SPEC, tmp_path / "local")
    assert files(tmp_path / "cluster") == files(tmp_path / "local")


@pytest.mark.slow
@pytest.mark.timeout(600)  # each worker that is started again loads torch anew
def test_workers_that_cannot_load_the_model_end_the_run_with_the_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "Worker", Failing)
    with pytest.raises(ValueError, match="No worker could load fashion_cnn: ModelError: fashion_cnn is not here"):
        run(SPEC, tmp_path / "study", ray="local", workers=1)


def test_where_no_cluster_answers_a_sentence_says_so_in_time_and_how_to_start_one(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "ANSWER_SECONDS", 3)
    with socket.socket() as silent:  # it takes who comes and says nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(ValueError, match=rf"no Ray cluster at {address} \(.*3 s\)\. Start one.* --ray local"):
            run(SPEC, tmp_path / "study", ray=address)
    assert time.monotonic() - began < 60


def test_a_cluster_that_is_not_well_is_told_in_its_words(monkeypatch):
    program = "import sys; print('Traceback', 'rpc: it is full', sep=chr(10), file=sys.stderr); sys.exit(1)"
    own = subprocess.run
    monkeypatch.setattr(cluster.subprocess, "run", lambda _, **how: own([sys.executable, "-c", program], **how))
    with pytest.raises(ConnectionError, match=r"^rpc: it is full$"):
        cluster.expect_answer("auto")


def test_a_worker_reads_what_its_machine_knows_and_writes_nothing(tmp_path):
    from core.studies.store import Store

    file = tmp_path / "scores.sqlite"
    Store(file).keep("subject", {("m", "a"): 1.0})
    before = file.read_bytes()
    gathering = cluster.Gathering(file)
    gathering.keep("subject", {("m", "a"): 2.0, ("m", "b"): 3.0})
    gathering.keep("other", {("m", "a"): 4.0})
    assert gathering.known("subject")[("m", "b")] == 3.0
    assert dict(gathering.taken())["other"] == {("m", "a"): 4.0}
    assert gathering.taken() == ()
    assert gathering.known("subject") == {("m", "a"): 1.0}
    assert cluster.Gathering(tmp_path / "none.sqlite").known("subject") == {}
    assert not (tmp_path / "none.sqlite").exists()
    assert file.read_bytes() == before
