"""Studies are found again by what was asked, and take limited room."""

import os
from dataclasses import replace

import pytest
import torch

from core.retraining import home as homes
from core.retraining.cost import Pictures
from core.retraining.folder import EDITION, MAPS, Outcome, StudyFolder
from core.retraining.home import bytes_of, folder_of, home, kept_study, networks_in, settled_in, size_of
from core.retraining.spec import RetrainingSpec

SPEC = RetrainingSpec(methods=("gradient",), forms=("roar",), fractions=(0.5,), seeds=1, training_pictures=500)
MAP_BYTES = 1000


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HEATCHECK_HOME", str(tmp_path))


def kept(seed, age):
    """A study that was last used so many seconds ago, with maps and a trained network."""
    spec = replace(SPEC, seed=seed)
    folder = StudyFolder(folder_of(spec))
    folder.ask(spec)
    folder.keep_maps("train-000000", {"gradient": torch.zeros(MAP_BYTES // 4)}, {})
    folder.keep_outcome("pictures-0-aa", Outcome(torch.ones(8).bool().numpy(), 1.0))
    os.utime(folder.path, (age, age))
    return spec, folder.path


def test_equal_specs_share_a_folder_and_no_others_do():
    assert folder_of(SPEC) == folder_of(RetrainingSpec.from_toml(SPEC.to_toml()))
    others = [replace(SPEC, seed=1), replace(SPEC, leak=False), replace(SPEC, methods=("vargrad",))]
    assert len({folder_of(spec) for spec in [SPEC, *others]}) == 4
    assert folder_of(SPEC).parent == home()


def test_the_same_request_of_another_version_has_a_folder_of_its_own(monkeypatch):
    own = folder_of(SPEC)
    monkeypatch.setattr(homes, "EDITION", EDITION - 1)
    assert folder_of(SPEC) != own


def test_what_is_trained_is_counted_without_the_explained_network():
    spec, path = kept(0, age=0)
    StudyFolder(path).keep_outcome("explained-0-aa", Outcome(torch.ones(8).bool().numpy(), 1.0))
    assert networks_in(spec) == 1
    assert networks_in(replace(spec, seed=9)) == 0


def test_networks_that_another_stands_for_are_settled_once_there_is_one():
    spec, path = kept(0, age=0)
    StudyFolder(path).keep_manifest({"shared": 3})
    assert settled_in(spec, StudyFolder(path)) == networks_in(spec) + 3
    empty = StudyFolder(path.parent / "empty")
    empty.ask(spec)
    empty.keep_manifest({"shared": 3})
    assert settled_in(spec, empty) == 0


def test_a_study_that_another_process_runs_is_not_removed_for_room():
    (_, old_path), (_, new_path) = kept(1, age=100), kept(2, age=200)
    with StudyFolder(old_path).alone(), kept_study(SPEC, most=bytes_of(SPEC) + size_of(old_path)):
        assert (old_path / MAPS).exists()
        assert not (new_path / MAPS).exists()


def test_room_is_made_by_the_maps_of_the_longest_unused_study_first_and_its_trainings_stay():
    (old, old_path), (_, new_path) = kept(1, age=100), kept(2, age=200)
    room = bytes_of(SPEC) + size_of(old_path) + size_of(new_path) - MAP_BYTES // 2
    with kept_study(SPEC, most=room):
        assert not (old_path / MAPS).exists()
        assert networks_in(old) == 1
        assert (new_path / MAPS).exists()


def test_where_maps_are_not_enough_whole_studies_go_the_longest_unused_first():
    (_, old_path), (new, new_path) = kept(1, age=100), kept(2, age=200)
    with kept_study(SPEC, most=bytes_of(SPEC) + size_of(new_path) - MAP_BYTES):
        assert not old_path.exists()
        assert networks_in(new) == 1


def test_a_running_study_is_spared_and_where_it_leaves_no_room_the_next_is_refused():
    spec, path = kept(1, age=100)
    with kept_study(spec):
        with pytest.raises(ValueError, match="leave no room for this one"), kept_study(SPEC, most=bytes_of(SPEC)):
            pass
        assert (path / MAPS).exists()
    with kept_study(SPEC, most=bytes_of(SPEC)):
        assert not path.exists()


def test_the_room_of_other_pictures_is_counted_where_they_are_known():
    other = replace(SPEC, data="upload 1")
    pictures = Pictures(600, 60, (8, 8))
    with kept_study(other, most=bytes_of(other, pictures), pictures=pictures):
        pass
    with (
        pytest.raises(ValueError, match="leave no room"),
        kept_study(other, most=bytes_of(other, pictures) - 1, pictures=pictures),
    ):
        pass
