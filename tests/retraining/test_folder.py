"""A study's folder keeps what makes its networks comparable."""

import numpy as np
import pytest
import torch

from core.retraining import folder as folders
from core.retraining.data import collect_data
from core.retraining.folder import EDITION, Outcome, StudyFolder, as_levels, as_pixels
from core.retraining.spec import RetrainingSpec
from core.retraining.training import retraining_precision
from core.studies.run_folder import ASKED

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("told", "expected"),
    [("float32", torch.float32), ("bfloat16", torch.bfloat16)],
)
def test_a_study_goes_on_with_the_precision_of_its_first_run_whatever_this_processor_has(tmp_path, told, expected):
    folder = StudyFolder(tmp_path)
    assert folder.precision(CPU) is retraining_precision(CPU), "nothing was run"
    folder.keep_manifest({"seed": 0})
    assert folder.precision(CPU) is retraining_precision(CPU), "nothing was trained"
    folder.keep_manifest({"precision": told})
    assert folder.precision(CPU) is expected


def test_a_study_that_an_earlier_version_began_is_refused_rather_than_mixed(tmp_path, monkeypatch):
    spec = RetrainingSpec(methods=("gradient",))
    monkeypatch.setattr(folders, "EDITION", EDITION - 1)
    StudyFolder(tmp_path).ask(spec)
    StudyFolder(tmp_path).ask(spec)
    monkeypatch.undo()
    with pytest.raises(ValueError, match=r"begun with another version of HeatCheck.*Use another folder"):
        StudyFolder(tmp_path).ask(spec)


def test_a_folder_without_a_manifest_is_of_a_version_that_had_no_editions(tmp_path):
    spec = RetrainingSpec(methods=("gradient",))
    (tmp_path / ASKED).write_text(spec.to_toml())
    with pytest.raises(ValueError, match="another version"):
        StudyFolder(tmp_path).ask(spec)


def test_what_a_killed_run_left_half_written_is_removed_by_the_next(tmp_path):
    folder = StudyFolder(tmp_path)
    (tmp_path / "maps").mkdir()
    half, whole = tmp_path / "maps" / ".train-000100.safetensors.4711.draft", tmp_path / "maps" / "a.safetensors"
    half.write_bytes(b"half"), whole.write_bytes(b"whole")
    with folder.alone():
        assert not half.exists()
    assert whole.exists()


def test_pixels_of_256_levels_are_kept_in_a_quarter_of_the_bytes_and_others_as_they_are():
    levels = collect_data().test.pixels[:5]
    assert as_levels(levels).dtype == torch.uint8
    assert torch.equal(as_pixels(as_levels(levels)), levels)
    between = levels + 1e-4
    assert torch.equal(as_pixels(as_levels(between)), between)


def test_an_outcome_of_any_number_of_pictures_is_kept(tmp_path):
    folder = StudyFolder(tmp_path)
    for count in (1, 7, 8, 60):
        own = np.random.default_rng(count).random(count) < 0.5
        folder.keep_outcome(f"k{count}", Outcome(own, 1.5))
        kept = folder.outcome(f"k{count}")
        assert kept.recognised.tolist() == own.tolist()
        assert kept.seconds == 1.5
    assert folder.outcome("none") is None
