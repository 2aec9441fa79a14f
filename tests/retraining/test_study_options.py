"""A small study with linear fill, probed maps and an early stop, against the same study in full."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from itertools import combinations

import pytest
import safetensors.torch
import torch

from core.jobs.events import Returning
from core.metrics.statistics import BASELINE
from core.retraining.events import RetrainedAccuracy, RetrainingReady
from core.retraining.filling import fill_linearly
from core.retraining.folder import StudyFolder
from core.retraining.masks import rank_places
from core.retraining.outcomes import areas_between
from core.retraining.pace import one_thread
from core.retraining.plan import WHOLE, Cell, plan_trainings
from core.retraining.probes import probed
from core.retraining.retraining import stream_retraining
from core.retraining.spec import RetrainingSpec
from core.retraining.training import recognised, retraining_precision, shown, train
from core.retraining.worker import Worker

CPU = torch.device("cpu")
FULL = RetrainingSpec(
    methods=("gradient",), forms=("roar",), fractions=(0.75,), seeds=3, epochs=2, data="squares",
    fill="noisy_linear", probes=("blur",),
)  # fmt: skip
EARLY = replace(FULL, stop_early=True)
FRESH = replace(FULL, fill="mean", probes=(), seeds=1, fresh_random=True)


def begun(path, spec, squares):
    """A folder that has its pictures, which no source would give again."""
    folder = StudyFolder(path)
    folder.ask(spec)
    folder.keep_data(squares)
    return path


@pytest.fixture(scope="module")
def full(tmp_path_factory, squares):
    """The folder of the study in full, and its events."""
    path = begun(tmp_path_factory.mktemp("full"), FULL, squares)
    return path, list(stream_retraining(FULL, path, "cpu", processes=1))


@pytest.fixture(scope="module")
def early(full, tmp_path_factory):
    """The study that stops early by two processes, with the maps of the other one and none of its networks."""
    path = tmp_path_factory.mktemp("early") / "study"
    shutil.copytree(full[0], path, ignore=shutil.ignore_patterns("trainings", "study.toml"))
    return path, list(stream_retraining(EARLY, path, "cpu", processes=2))


@pytest.fixture(scope="module")
def fresh(full, tmp_path_factory):
    """A worker of the study whose random control is drawn anew in each epoch, with the maps of the other one."""
    path = tmp_path_factory.mktemp("fresh") / "study"
    shutil.copytree(full[0], path, ignore=shutil.ignore_patterns("trainings", "study.toml"))
    folder = StudyFolder(path)
    folder.ask(FRESH)
    return Worker(folder, CPU)


def accuracies(events):
    return {(e.method, e.fraction, e.probe): e for e in events if isinstance(e, RetrainedAccuracy)}


def last(events):
    return [event for event in events if isinstance(event, RetrainingReady)][-1]


def outcomes(path):
    return {file.stem: StudyFolder(path).outcome(file.stem).recognised.tobytes() for file in path.glob("trainings/*")}


def test_a_study_that_stops_early_has_the_networks_of_the_full_one_and_not_those_it_saved(full, early):
    whole, fewer = outcomes(full[0]), outcomes(early[0])
    assert fewer.items() <= whole.items(), "to the bit, though two processes shared the work"
    ready = last(early[1])
    assert ready.final
    assert len(whole) - len(fewer) == ready.saved == StudyFolder(early[0]).saved()
    assert ready.networks + ready.saved == last(full[1]).networks
    before = accuracies(full[1])
    for place, own in accuracies(early[1]).items():
        kept = len(own.retrained.by_seed)
        assert own.retrained.by_seed == before[place].retrained.by_seed[:kept]


def test_what_was_stopped_is_what_two_seeds_decided(full, early):
    folder = StudyFolder(full[0])
    plan = plan_trainings(FULL, FULL.request.methods, folder.ranks)

    def first_two(cell):
        return [torch.from_numpy(folder.outcome(key).recognised) for key in plan.keys[cell][:2]]

    stopped = 0
    for what in ("pictures", "masks"):
        control = torch.stack(first_two(Cell(BASELINE, "roar", 0.75, what))).numpy()
        for method, probe in (("gradient", None), ("gradient", "blur"), ("sobel", None)):
            cell = Cell(method, "roar", 0.75, what, probe)
            [gap] = areas_between([([torch.stack(first_two(cell)).numpy()], [control])])
            clear = gap.above_zero or gap.below_zero
            assert (early[0] / "trainings" / f"{plan.keys[cell][2]}.json").exists() != clear
            stopped += clear
    assert stopped, "otherwise this test shows nothing"


def test_a_resumption_of_a_study_that_stops_early_trains_the_same_networks(early, tmp_path):
    path = tmp_path / "killed"
    shutil.copytree(early[0], path)
    for file in sorted(path.glob("trainings/*"))[::2]:
        file.unlink()
    (path / "saved.json").unlink()
    resumed = list(stream_retraining(EARLY, path, "cpu", processes=1))
    assert outcomes(path) == outcomes(early[0])
    assert accuracies(resumed) == accuracies(early[1])
    assert StudyFolder(path).saved() == StudyFolder(early[0]).saved()


def test_the_explained_network_and_the_retrained_ones_meet_filled_pictures(full, squares):
    folder = StudyFolder(full[0])
    masks = [each.removed("roar", 0.75) for each in folder.ranks("gradient")]
    learned, tested = (
        squares.normalised(fill_linearly(part.pixels, own, FULL.seed))
        for part, own in zip((squares.train, squares.test), masks, strict=True)
    )
    labels = squares.test.labels.numpy()
    own = accuracies(full[1])["gradient", 0.75, None]
    explained = recognised(folder.network(squares, CPU).network, tested, labels)
    assert own.unadapted.by_seed == (pytest.approx(explained.mean()),)
    with one_thread():
        training = Returning(
            train(squares, FULL.recipe, 1, CPU, (lambda _: learned, tested), retraining_precision(CPU))
        )
        list(training)
        retrained = recognised(training.result, tested, labels)
    assert own.retrained.by_seed[1] == retrained.mean()
    assert not torch.allclose(tested, shown(squares, "test", masks[1])), "the mean would be another picture"


def masks_by_epoch(worker, cell, seed=0):
    """The masks of the training pictures in three epochs."""
    fixed = worker.folder.ranks(cell.ranked)[0].removed(cell.form, cell.fraction)
    learned = worker.learned(cell, seed, fixed, lambda removed: removed)
    return fixed, [learned(epoch) for epoch in range(3)]


@pytest.mark.parametrize("what", ["pictures", "masks"])
def test_the_random_control_s_masks_are_drawn_anew_in_each_epoch_where_asked(fresh, what):
    cell = Cell(BASELINE, "roar", 0.75, what)
    fixed, epochs = masks_by_epoch(fresh, cell)
    assert all(mask.flatten(1).sum(dim=1).eq(48).all() for mask in epochs), "exactly the share, in every picture"
    drawn = [fixed, *epochs, *masks_by_epoch(fresh, cell, seed=1)[1]]
    assert all(not torch.equal(one, other) for one, other in combinations(drawn, 2))
    assert all(torch.equal(*pair) for pair in zip(epochs, masks_by_epoch(fresh, cell)[1], strict=True))
    often = torch.cat(epochs).double().mean(dim=(0, 1))
    spread = (0.75 * 0.25 / len(torch.cat(epochs))) ** 0.5
    assert (often - 0.75).abs().max() < 5 * spread, "each place as often as any other"


def test_every_other_mask_stays_in_all_epochs(fresh):
    for cell in (Cell("gradient", "roar", 0.75), Cell("sobel", "roar", 0.75), WHOLE):
        fixed, epochs = masks_by_epoch(fresh, cell)
        assert all(torch.equal(fixed, mask) for mask in epochs)


def test_networks_of_fixed_and_of_fresh_masks_never_stand_for_each_other(full):
    plans = [plan_trainings(spec, ("gradient", BASELINE), StudyFolder(full[0]).ranks)
             for spec in (FRESH, replace(FRESH, fresh_random=False), replace(FRESH, seed=1))]  # fmt: skip
    for what in ("pictures", "masks"):
        assert len({plan.keys[Cell(BASELINE, "roar", 0.75, what)] for plan in plans}) == 3
        assert len({plan.keys[Cell("gradient", "roar", 0.75, what)] for plan in plans}) == 1
    assert len({plan.keys[Cell(BASELINE, "roar", 0.75, "explained")] for plan in plans}) == 1
    assert len({plan.keys[WHOLE] for plan in plans}) == 1


def test_a_study_of_fresh_masks_is_told_and_kept_like_any_other(fresh, tmp_path):
    path = tmp_path / "study"
    shutil.copytree(fresh.folder.path, path, ignore=shutil.ignore_patterns(".lock"))
    own = accuracies(stream_retraining(FRESH, path, "cpu", processes=1))
    assert {method for method, _, _ in own} == {"gradient", "random", "sobel"}
    again = accuracies(stream_retraining(FRESH, path, "cpu", processes=1))
    assert again == own


def test_a_probed_map_is_ranked_from_the_kept_one_and_has_its_accuracy_leak_and_finding(full, squares):
    folder = StudyFolder(full[0])
    kept = safetensors.torch.load_file(full[0] / "maps" / "test-000000.safetensors")
    assert {name for name in kept if name.endswith(".map")} == {
        f"{name}.map" for name in ("gradient", "random", "sobel")
    }
    blurred = rank_places(probed(kept["gradient.map"], "blur"), squares.test.pixels[: len(kept["gradient.map"])])
    assert torch.equal(folder.ranks("gradient.blur")[1].ranks, blurred.ranks)
    own = accuracies(full[1])
    assert set(own) == {(name, 0.75, None) for name in ("gradient", "random", "sobel")} | {
        ("gradient", 0.75, "blur"), ("random", 0.0, None),
    }  # fmt: skip
    assert own["gradient", 0.75, "blur"].leak is not None
    [found] = last(full[1]).probes
    plain, blur = (own["gradient", 0.75, probe].retrained.over_pictures.mean for probe in (None, "blur"))
    assert found.change.over_pictures.mean == pytest.approx(plain - blur)
    assert {each.method for each in last(full[1]).verdicts} == {"gradient", "random", "sobel"}


def test_a_folder_serves_one_run_at_a_time(full):
    first = stream_retraining(FULL, full[0], "cpu", processes=1)
    next(first)
    with pytest.raises(ValueError, match=r"Another run is working on the study in .*\. Wait until it has ended"):
        next(stream_retraining(FULL, full[0], "cpu", processes=1))
    first.close()
    second = stream_retraining(FULL, full[0], "cpu", processes=1)
    next(second)
    second.close()


HOLDS = """
import sys, time
from pathlib import Path
from core.retraining.folder import StudyFolder
with StudyFolder(Path(sys.argv[1])).alone():
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_run_of_another_process_is_seen_and_one_that_was_killed_leaves_no_lock(tmp_path):
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], env=paths, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    folder = StudyFolder(tmp_path)
    with pytest.raises(ValueError, match="Another run is working"), folder.alone():
        pass
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    with folder.alone():
        assert folder.path.exists()
