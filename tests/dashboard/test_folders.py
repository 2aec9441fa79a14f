"""Uploaded folders stay inside their place and within bounds, and one bad file does not cost the others."""

from pathlib import PurePosixPath

import pytest

from dashboard.folders import FolderGone, Folders, safe_path


def files_of(folder):
    return sorted(path.relative_to(folder.path).as_posix() for path in folder.path.rglob("*") if path.is_file())


def test_a_folder_keeps_its_shape_and_its_name():
    folders = Folders()
    folder = folders.get(folders.add([("shop/images/a.png", b"1"), ("shop/labels/a.txt", b"2")]))
    assert files_of(folder) == ["shop/images/a.png", "shop/labels/a.txt"]
    assert (folder.title, folder.files) == ("shop", 2)


def test_one_bad_file_does_not_cost_the_others():
    folders = Folders()
    folder = folders.get(folders.add([("a.png", b"1"), ("run.exe", b"2"), ("b.json", b"3")]))
    assert files_of(folder) == ["a.png", "b.json"]
    [sentence] = folder.refused
    assert sentence.startswith("run.exe: this is neither a picture")


@pytest.mark.parametrize(
    "name", ["../../x.png", "/etc/x.png", "..\\..\\x.png", "C:\\x.png", "a/../../x.png", "...", ""]
)
def test_no_name_leads_out_of_the_folder(name):
    inside = safe_path(name)
    assert not inside.is_absolute()
    assert ".." not in inside.parts
    assert inside != PurePosixPath()


def test_where_nothing_is_left_the_reason_is_told_and_nothing_is_kept():
    folders = Folders()
    with pytest.raises(ValueError, match=r"run.exe: this is neither"):
        folders.add([("run.exe", b"1")])
    with pytest.raises(ValueError, match="no file"):
        folders.add([])
    assert not folders._kept


def test_bytes_are_bounded_and_what_still_fits_is_taken():
    folders = Folders(most_bytes=2**20)
    folder = folders.get(folders.add([("a.png", b"1"), ("big.png", bytes(2**20)), ("c.png", b"3")]))
    assert files_of(folder) == ["a.png", "c.png"]
    assert "1 MB" in folder.refused[0]


def test_the_longest_unused_folder_is_removed_from_the_disk():
    folders = Folders(most=2)
    first, second = folders.add([("a.png", b"1")]), folders.add([("b.png", b"1")])
    place = folders.get(second).path
    folders.get(first)
    folders.add([("c.png", b"1")])
    assert folders.get(first).path.is_dir()
    assert not place.exists()
    with pytest.raises(FolderGone, match="Upload it again"):
        folders.get(second)


def test_the_same_folder_again_is_the_same_and_stays_where_it_is():
    folders = Folders()
    name = folders.add([("a.png", b"1")])
    place = folders.get(name).path
    assert folders.add([("a.png", b"1")]) == name
    assert folders.add([("a.png", b"2")]) != name
    assert folders.get(name).path == place
    assert place.is_dir()


def test_what_is_removed_is_gone_at_once():
    folders = Folders()
    name = folders.add([("a.png", b"1")])
    place = folders.get(name).path
    folders.remove(name)
    assert not place.exists()
