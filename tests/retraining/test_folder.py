"""A study's folder keeps what makes its networks comparable."""

import pytest
import torch

from core.retraining.folder import StudyFolder
from core.retraining.training import retraining_precision

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("told", "expected"),
    [({}, torch.float32), ({"precision": "float32"}, torch.float32), ({"precision": "bfloat16"}, torch.bfloat16)],
)
def test_a_study_goes_on_with_the_precision_of_its_first_run_whatever_this_processor_has(tmp_path, told, expected):
    folder = StudyFolder(tmp_path)
    assert folder.precision(CPU) is retraining_precision(CPU), "nothing was run"
    folder.keep_manifest({"seed": 0, **told})
    assert folder.precision(CPU) is expected


def test_what_a_killed_run_left_half_written_is_removed_by_the_next(tmp_path):
    folder = StudyFolder(tmp_path)
    (tmp_path / "maps").mkdir()
    half, whole = tmp_path / "maps" / ".train-000100.safetensors.4711.draft", tmp_path / "maps" / "a.safetensors"
    half.write_bytes(b"half"), whole.write_bytes(b"whole")
    with folder.alone():
        assert not half.exists()
    assert whole.exists()
