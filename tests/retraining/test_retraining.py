"""A small study to its end: what it counts, what it keeps, and what a kill at any moment costs."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

import core
from core.jobs.events import Progress
from core.models.training import EpochDone
from core.retraining import training
from core.retraining.cost import numbers_of
from core.retraining.events import RetrainedAccuracy, RetrainingEpoch, RetrainingReady
from core.retraining.folder import StudyFolder
from core.retraining.home import bytes_of, size_of
from core.retraining.networks import build
from core.retraining.plan import Cell
from core.retraining.retraining import stream_retraining
from core.retraining.spec import RetrainingSpec
from core.retraining.training import Recipe, recognised, retraining_precision, shown, train
from core.retraining.worker import Worker
from core.retraining.workers import Workers

CPU = torch.device("cpu")
SPEC = RetrainingSpec(methods=("gradient",), fractions=(0.25, 0.75), seeds=2, data="squares")


def begun(path: Path, squares) -> Path:
    """A folder that has its pictures, which no source would give again."""
    folder = StudyFolder(path)
    folder.ask(SPEC)
    folder.keep_data(squares)
    return path


@pytest.fixture(scope="module")
def study(tmp_path_factory, squares):
    """The folder of a whole study, and its events."""
    path = begun(tmp_path_factory.mktemp("study"), squares)
    return path, list(stream_retraining(SPEC, path, "cpu", processes=1))


def accuracies(events):
    return {(e.method, e.form, e.fraction): e for e in events if isinstance(e, RetrainedAccuracy)}


def outcomes(path: Path) -> dict[str, bytes]:
    found = {file.stem: StudyFolder(path).outcome(file.stem) for file in (path / "trainings").glob("*.json")}
    return {key: own.recognised.tobytes() for key, own in found.items()}


def seen_through(masks, squares):
    """What a network is shown of the training and of the test pictures."""
    learned, tested = (shown(squares, part, own) for part, own in zip(("train", "test"), masks, strict=True))
    return lambda _: learned, tested


def test_every_cell_has_its_accuracy_its_leak_and_the_one_without_retraining(study):
    found = accuracies(study[1])
    assert set(found) == {
        (method, form, share)
        for method in ("gradient", "random", "sobel")
        for form in ("roar", "kar")
        for share in (0.25, 0.75)
    } | {("random", "roar", 0.0)}
    for key, own in found.items():
        assert len(own.retrained.by_seed) == 2
        assert (own.leak is None) == (key[2] == 0)
    last = study[1][-2] if isinstance(study[1][-1], Progress) else study[1][-1]
    assert isinstance(last, RetrainingReady)
    assert last.final
    assert {each.method for each in last.verdicts} == {"gradient", "random", "sobel"}
    assert [each.name for each in last.directions] == ["a", "c"]
    assert any(isinstance(event, RetrainingEpoch) for event in study[1])


def test_masks_of_the_random_control_tell_nothing_of_the_class(study):
    for share in (0.25, 0.75):
        leak = accuracies(study[1])["random", "roar", share].leak.over_pictures
        assert leak.low < 0.5 < leak.high


def test_edges_leak_the_class(study):
    own = accuracies(study[1])
    edges = own["sobel", "roar", 0.25]
    assert edges.leak.over_pictures.low > 0.6, "the square's place can be read from its edges"


def test_training_meets_the_same_thinned_pictures_in_every_epoch_and_is_tested_on_thinned_ones(
    study, squares, monkeypatch, tmp_path
):
    path = tmp_path / "study"
    shutil.copytree(study[0], path, ignore=shutil.ignore_patterns(".lock"))
    worker = Worker(StudyFolder(path), CPU)
    masks = tuple(each.removed("roar", 0.75) for each in worker.folder.ranks("gradient"))
    seen = {}

    def watch(_network, draw, held_out, epochs, *_):
        seen.update(epochs=[draw(epoch)[0].clone() for epoch in range(epochs)], held_out=held_out[0])
        yield Progress(1, 1, "watched")

    monkeypatch.setattr(training, "stream_training", watch)
    list(worker.test({"key": "watched", "seed": 0, "cell": asdict(Cell("gradient", "roar", 0.75))}))
    first, *others = seen["epochs"]
    assert len(others) == 2
    assert all(torch.equal(first, other) for other in others)
    for inputs, part, gone in ((first, squares.train, masks[0]), (seen["held_out"], squares.test, masks[1])):
        whole = squares.normalised(part.pixels)
        assert torch.equal(inputs, whole.masked_fill(gone.expand_as(whole), 0.0))
        assert gone.flatten(1).sum(dim=1).eq(48).all()


def test_pictures_are_filled_with_the_training_mean(study, squares):
    folder = StudyFolder(study[0])
    ranks = folder.ranks("sobel")
    masks = [each.removed("roar", 0.75) for each in ranks]
    assert [len(each) for each in masks] == [600, 60]
    seen = shown(squares, "test", masks[1])
    whole = squares.normalised(squares.test.pixels)
    gone = masks[1].expand_as(whole)
    assert not seen[gone].any(), "the training mean is 0 in a network's input"
    assert torch.equal(seen[~gone], whole[~gone])


def test_an_outcome_is_that_of_the_last_epoch_of_the_training_that_its_key_names(study, squares):
    path, _ = study
    ranks = StudyFolder(path).ranks("gradient")
    masks = tuple(each.removed("kar", 0.25) for each in ranks)
    training = train(squares, Recipe(), 1, CPU, seen_through(masks, squares), retraining_precision(CPU))
    network = None
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        while network is None:
            try:
                next(training)
            except StopIteration as ended:
                network = ended.value
    finally:
        torch.set_num_threads(before)
    expected = recognised(network, shown(squares, "test", masks[1]), squares.test.labels.numpy())
    own = accuracies(study[1])["gradient", "kar", 0.25].retrained
    assert own.by_seed[1] == pytest.approx(expected.mean())
    assert expected.tobytes() in {
        StudyFolder(path).outcome(f.stem).recognised.tobytes() for f in (path / "trainings").glob("pictures-1-*")
    }


def test_the_same_study_again_trains_nothing_and_tells_the_same(study):
    path, events = study
    before = {file: file.stat().st_mtime_ns for file in path.rglob("*.json") if file.parent.name == "trainings"}
    again = list(stream_retraining(SPEC, path, "cpu", processes=1))
    assert accuracies(again) == accuracies(events)
    assert {file: file.stat().st_mtime_ns for file in before} == before
    assert not any(isinstance(event, RetrainingEpoch) for event in again)


def test_maps_that_were_removed_for_room_are_not_made_again_once_all_is_ranked(study, tmp_path):
    path = tmp_path / "emptied"
    shutil.copytree(study[0], path, ignore=shutil.ignore_patterns("maps"))
    again = list(stream_retraining(SPEC, path, "cpu", processes=1))
    assert accuracies(again) == accuracies(study[1])
    assert not (path / "maps").exists()


SCRIPT = """
import sys
from core.retraining.retraining import stream_retraining
from core.retraining.spec import RetrainingSpec
spec = RetrainingSpec.from_toml(open(sys.argv[1] + "/study.toml").read())
for event in stream_retraining(spec, sys.argv[1], "cpu", processes=1):
    pass
"""


def killed(path: Path, within: str, files: int = 2) -> None:
    """Goes on with the study in another process, which is killed once so many files lie in a folder."""
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    running = subprocess.Popen([sys.executable, "-c", SCRIPT, str(path)], env=paths)
    wait_for(lambda: len(list((path / within).glob("[!.]*"))) >= files)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    wait_for(lambda: not children(os.getpid(), str(path)))


def test_a_kill_while_networks_are_trained_and_a_resumption_give_the_same_table_to_the_bit(study, tmp_path):
    path = tmp_path / "killed"
    shutil.copytree(study[0], path)
    trained = sorted((path / "trainings").iterdir())
    for lost in trained[::4]:  # of each kind some
        lost.unlink()
    killed(path, "trainings", len(trained) - len(trained[::4]) + 2)
    assert len(outcomes(path)) < len(outcomes(study[0]))
    resumed = list(stream_retraining(SPEC, path, "cpu", processes=2))
    assert outcomes(path) == outcomes(study[0]), "neither the kill nor the number of processes shows"
    assert accuracies(resumed) == accuracies(study[1])


def test_a_kill_while_maps_are_made_and_a_resumption_give_the_same_orders_of_removal(study, squares, tmp_path):
    path = begun(tmp_path / "killed", squares)
    killed(path, "maps")
    assert not (path / "trainings").exists()
    stream = stream_retraining(SPEC, path, "cpu", processes=1)
    next(event for event in stream if isinstance(event, RetrainingReady))
    stream.close()
    for method in ("gradient", "random", "sobel"):
        for resumed, own in zip(StudyFolder(path).ranks(method), StudyFolder(study[0]).ranks(method), strict=True):
            assert torch.equal(resumed.ranks, own.ranks)


def test_maps_are_kept_without_loss(study, squares):
    kept = safetensors.torch.load_file(study[0] / "maps" / "test-000000.safetensors")["gradient.map"]
    classifier = StudyFolder(study[0]).network(squares, CPU)
    for place in (0, 17):
        own = core.explain(classifier, squares.test.pixels[place : place + 1], ["gradient"])["gradient"].values
        torch.testing.assert_close(kept[place, 0], own, rtol=1e-5, atol=1e-6)
        assert kept[place, 0].unique().numel() == own.unique().numel(), "8 bits would make values equal"


def wait_for(condition, seconds=120):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_processes_end_with_whoever_started_them(tmp_path, squares):
    path = begun(tmp_path, squares)
    stream = stream_retraining(SPEC, path, "cpu", processes=1)
    own = os.getpid()
    for event in stream:
        if isinstance(event, Progress) and event.what.startswith("Heatmaps"):
            break
    assert children(own, str(path))
    stream.close()
    assert not children(own, str(path))


def children(parent: int, marked: str) -> list[int]:
    """Processes with this text in their command."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if marked in (each / "cmdline").read_text() and int(each.name) != parent:
                found.append(int(each.name))
        except OSError:
            continue
    return found


def test_a_finished_study_that_is_opened_says_what_it_took_when_it_was_computed(study):
    before = study[1][-1]
    events = list(stream_retraining(SPEC, study[0], "cpu", processes=1))
    progress, ready = [event for event in events if isinstance(event, Progress)][-1], events[-1]
    assert (progress.done, progress.total, progress.unit) == (ready.networks, ready.networks, "network")
    assert ready.networks == StudyFolder(study[0]).networks() > 0
    assert ready.took == before.took
    assert ready.took > 0.9 * ready.seconds, "one process trained them, one after the other"


def test_the_room_told_of_a_study_is_what_its_heatmaps_and_ranks_take(study, squares):
    taken = sum(size_of(study[0] / part) for part in ("maps", "ranks"))
    assert bytes_of(SPEC, numbers_of(squares)) == pytest.approx(taken, rel=0.05)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"unit": "region", "side": 20}, "from 1 to 8 pixels here"), ({"fractions": (0.004,)}, "is none or all of them")],
)
def test_what_does_not_fit_the_pictures_is_refused_before_a_process_starts(
    change, said, squares, tmp_path, monkeypatch
):
    monkeypatch.setattr("core.retraining.retraining.Workers", lambda *_: pytest.fail("started"))
    spec, folder = replace(SPEC, **change), StudyFolder(tmp_path)
    folder.ask(spec)
    folder.keep_data(squares)
    with pytest.raises(ValueError, match=said):
        list(stream_retraining(spec, tmp_path, "cpu"))


def test_a_folder_of_another_study_is_refused(study):
    with pytest.raises(ValueError, match="holds another study"):
        list(stream_retraining(RetrainingSpec(methods=("gradient",)), study[0], "cpu"))


def test_a_method_that_does_not_exist_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match="gradient"):
        stream_retraining(RetrainingSpec(methods=("gradeint",)), tmp_path / "new", "cpu")
    assert not (tmp_path / "new").exists()


def test_heatmaps_are_counted_by_picture_once_a_process_has_started(study):
    told = [event for event in study[1] if isinstance(event, Progress)]
    starting = [place for place, event in enumerate(told) if event.what == "Starting processes"]
    made = [(place, event) for place, event in enumerate(told) if event.what == "Heatmaps of all pictures"]
    assert max(starting, default=-1) < made[0][0]
    done = [event.done for _, event in made]
    assert done == sorted(done)
    assert len(set(done)) > 2, "more often than once a block"
    assert done[-1] == made[-1][1].total


def test_a_task_that_fails_says_why(study):
    task = {"task": "training", "key": "k", "seed": 0, "cell": asdict(Cell("occlusion", "roar", 0.5))}
    with Workers(study[0], CPU, 1) as workers, pytest.raises(core.ModelError, match="holds no ranks of occlusion"):
        list(workers.share([task]))


def test_a_process_starts_before_its_study_holds_anything_and_finds_what_the_folder_holds_by_its_first_task(
    squares, tmp_path
):
    folder = StudyFolder(tmp_path)
    task = {"task": "maps", "key": "k", "part": "test", "start": 0, "stop": 2, "methods": ["random"]}
    with Workers(tmp_path, CPU, 1) as workers:
        begun(tmp_path, squares)
        folder.keep_network(build(SPEC.network, squares, 0, CPU))
        list(workers.share([task]))
    assert folder.has_maps("k")


class Answers(torch.nn.Module):
    """Gives these logits, whatever it sees."""

    def __init__(self, logits):
        super().__init__()
        self.logits = logits

    def forward(self, inputs):
        return self.logits[: len(inputs)]


def test_an_outcome_is_that_of_the_last_epoch_though_an_earlier_one_recognises_all(
    study, squares, tmp_path, monkeypatch
):
    path = tmp_path / "study"
    shutil.copytree(study[0], path, ignore=shutil.ignore_patterns(".lock"))
    labels = squares.test.labels
    worker = Worker(StudyFolder(path), CPU)
    epochs = [torch.nn.functional.one_hot(named).float() for named in (labels, labels, labels.clamp(min=1))]
    network = Answers(epochs[0])

    def learned(*_):
        for epoch, network.logits in enumerate(epochs, 1):
            yield EpochDone(epoch, 3, 0.0, 0.0, float((network.logits.argmax(dim=1) == labels).float().mean()), 1.0)

    monkeypatch.setattr(training, "build", lambda *_: network)
    monkeypatch.setattr(training, "stream_training", learned)
    told = list(worker.test({"key": "pictures-0-own", "seed": 0, "cell": asdict(Cell("gradient", "roar", 0.75))}))
    assert [each["accuracy"] for each in told] == [1.0, 1.0, pytest.approx(float((labels > 0).float().mean()))]
    assert np.array_equal(worker.folder.outcome("pictures-0-own").recognised, labels.numpy() > 0)


def test_the_seed_of_a_study_reaches_its_networks(study, tmp_path, monkeypatch):
    path = tmp_path / "study"
    shutil.copytree(study[0], path, ignore=shutil.ignore_patterns(".lock"))
    heard = []

    def build_only(data, recipe, seed, device, *_):
        heard.append(seed)
        yield Progress(1, 1, "built")
        return build(recipe.network, data, seed, device)

    monkeypatch.setattr("core.retraining.worker.train", build_only)
    for run in (0, 1):
        worker = Worker(StudyFolder(path), CPU)
        worker.spec = replace(SPEC, seed=run)
        for number in (0, 1):
            task = {"key": f"pictures-{run}-{number}", "seed": number, "cell": asdict(Cell("gradient", "roar", 0.75))}
            list(worker.test(task))
    assert len(set(heard)) == 4
    assert heard[:2] == [0, 1]


def test_the_manifest_names_versions_seeds_and_the_explained_weights(study, squares):
    told = json.loads((study[0] / "manifest.json").read_text())
    assert told["seeds"] == [0, 1]
    [run] = told["runs"]
    assert (run["torch"], run["device"]) == (torch.__version__, "cpu")
    assert datetime.fromisoformat(run["began"]) < datetime.now(UTC)
    assert told["precision"] in ("bfloat16", "float32")
    assert told["weights"] == StudyFolder(study[0]).network(squares, CPU).weights_digest
    assert (told["training_pictures"], told["test_pictures"]) == (600, 60)


def test_a_study_that_runs_on_another_version_lists_both_runs_and_says_in_what_they_differ(study, tmp_path):
    path = tmp_path / "mixed"
    shutil.copytree(study[0], path)
    first = {**StudyFolder(path).runs()[0], "torch": "1.0.0", "device": "cuda:0"}
    StudyFolder(path).keep_manifest({"runs": [first]})
    opened = list(stream_retraining(SPEC, path, "cpu", processes=1))[-1]
    assert StudyFolder(path).runs() == [first], "nothing was made"
    assert (opened.mixed, study[1][-1].mixed) == ("", "")
    next((path / "trainings").glob("pictures-*")).unlink()
    resumed = list(stream_retraining(SPEC, path, "cpu", processes=1))[-1]
    kept, own = StudyFolder(path).runs()
    assert (kept, own["torch"]) == (first, torch.__version__)
    assert f"differ in torch (1.0.0, {torch.__version__}) and device (cuda:0, cpu)." in resumed.mixed
