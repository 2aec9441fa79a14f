"""Uploaded folders stay inside their place and within bounds, and one bad file does not cost the others."""

from pathlib import PurePosixPath

import pytest

import dashboard.folders
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


@pytest.mark.parametrize(
    ("first", "second"),
    [("a?.png", "a*.png"), ("a.png", "a.png/b.png"), ("a.png", "a.png/deep/b.png"), ("a.png/b.png", "a.png")],
)
def test_no_file_takes_the_place_of_another(first, second):
    folders = Folders()
    folder = folders.get(folders.add([(first, b"1"), (second, b"2")]))
    assert [path.read_bytes() for path in folder.path.rglob("*") if path.is_file()] == [b"1"]
    [sentence] = folder.refused
    assert sentence.startswith(f"{second}: its name is taken")
    assert folder.files == 1


@pytest.mark.parametrize(
    "name", ["x" * 101 + ".png", "x" * 101 + "/a.png", "猫" * 96 + ".png", "/".join("x" * 3000) + ".png"]
)
def test_names_that_are_too_long_are_refused_in_words(name):
    folders = Folders()
    folder = folders.get(folders.add([("a.png", b"1"), (name, b"2")]))
    assert files_of(folder) == ["a.png"]
    [sentence] = folder.refused
    assert "at most 100 characters" in sentence or "File name too long" in sentence
    longest = "x" * 96 + ".png"
    assert files_of(folders.get(folders.add([(longest, b"1")]))) == [longest]


def test_a_large_file_of_boxes_is_refused_and_a_large_picture_is_not(monkeypatch):
    monkeypatch.setattr(dashboard.folders, "MOST_BYTES_OF_JSON", 2**20)
    folders = Folders()
    folder = folders.get(folders.add([("a.png", bytes(2**20 + 1)), ("b.json", b"1" * (2**20 + 1)), ("c.json", b"{}")]))
    assert files_of(folder) == ["a.png", "c.json"]
    assert "b.json: a file of boxes has at most 1 MB here." in folder.refused[0]


def test_pictures_and_whether_they_are_marked_are_known_at_once():
    folders = Folders()
    plain = folders.get(folders.add([("a.png", b"1"), ("b.png", b"2")]))
    assert (plain.pictures, plain.marked) == (2, False)
    marked = folders.get(folders.add([("images/a.png", b"1"), ("labels/a.txt", b"0 0.5 0.5 0.5 0.5")]))
    assert (marked.files, marked.pictures, marked.marked) == (2, 1, True)


def test_boxes_without_a_picture_are_no_folder_and_its_address_is_not_told():
    folders = Folders()
    with pytest.raises(ValueError, match="There is no picture in this folder") as told:
        folders.add([("labels/a.txt", b"0 0.5 0.5 0.5 0.5")])
    assert "heatcheck-" not in str(told.value)
    with pytest.raises(ValueError, match=r"^annotations.json, line 1: this is no JSON"):
        folders.add([("a.png", b"1"), ("annotations.json", b"{")])
    assert not folders._kept


def test_a_folder_that_somebody_holds_stays_on_the_disk_until_it_is_let_go():
    folders = Folders(most=1)
    name = folders.add([("a.png", b"1")])
    held = folders.get(name)
    place = held.path
    folders.remove(name)
    assert files_of(held) == ["a.png"]
    with pytest.raises(FolderGone):
        folders.get(name)
    del held
    assert not place.exists()


def test_bytes_of_all_folders_are_bounded_with_those_that_studies_hold():
    folders = Folders(most_bytes_of_all=100)
    first, second = folders.add([("a.png", bytes(40))]), folders.add([("b.png", bytes(50))])
    held = folders.get(second)
    third = folders.add([("c.png", bytes(50))])
    with pytest.raises(FolderGone):
        folders.get(first)
    assert {*folders._kept} == {second, third}
    with pytest.raises(ValueError, match="Studies still read"):
        folders.add([("d.png", bytes(51))])
    del held
    assert folders.get(folders.add([("d.png", bytes(51))])).path.is_dir()


def test_a_full_disk_is_told_in_words(monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dashboard.folders.tempfile, "mkdtemp", full)
    with pytest.raises(ValueError, match="No space left on device"):
        Folders().add([("a.png", b"1")])
