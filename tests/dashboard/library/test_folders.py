"""Uploaded folders stay inside their place and within bounds, and one bad file does not cost the others."""

import tempfile
from pathlib import PurePosixPath

import pytest

import dashboard.library.folders
from dashboard.library.folders import Folder, FolderGone, safe_path, write_folder
from dashboard.library.kept import Extent, Kept, NoRoom


def files_of(folder):
    return sorted(path.relative_to(folder.path).as_posix() for path in folder.path.rglob("*") if path.is_file())


def refusal(files):
    """Why not; unlike what pytest would keep of the error, it holds no folder."""
    try:
        write_folder(files)
    except ValueError as error:
        return str(error)
    raise AssertionError("nothing was refused")


@pytest.fixture
def folders():
    return Kept[Folder]("folders", Extent(2, 100), Extent(4, 150), FolderGone)


@pytest.fixture
def disk(tmp_path, monkeypatch):
    """Where all folders are written."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_keeps_its_shape_and_its_name():
    folder = write_folder([("shop/images/a.png", b"1"), ("shop/labels/a.txt", b"2")])
    assert files_of(folder) == ["shop/images/a.png", "shop/labels/a.txt"]
    assert (folder.title, folder.files) == ("shop", 2)


def test_one_bad_file_does_not_cost_the_others():
    folder = write_folder([("a.png", b"1"), ("run.exe", b"2"), ("b.json", b"3")])
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


def test_where_nothing_is_left_the_reason_is_told_and_nothing_is_kept(disk):
    assert "run.exe: this is neither" in refusal([("run.exe", b"1")])
    assert "no file" in refusal([])
    assert not [*disk.iterdir()]


def test_bytes_are_bounded_and_what_still_fits_is_taken(monkeypatch):
    monkeypatch.setattr(dashboard.library.folders, "SHARE", Extent(4, 2**20))
    folder = write_folder([("a.png", b"1"), ("big.png", bytes(2**20)), ("c.png", b"3")])
    assert files_of(folder) == ["a.png", "c.png"]
    assert "1 MB" in folder.refused[0]


def test_the_folder_that_leaves_is_removed_from_the_disk(folders):
    first, second = (folders.add("anna", write_folder([(f"{letter}.png", b"1")])) for letter in "ab")
    place = folders.get(second).path
    folders.get(first)
    folders.add("anna", write_folder([("c.png", b"1")]))
    assert folders.get(first).path.is_dir()
    assert not place.exists()
    with pytest.raises(FolderGone):
        folders.get(second)


def test_the_same_folder_again_is_the_same_and_stays_where_it_is(folders, disk):
    name = folders.add("anna", write_folder([("a.png", b"1")]))
    place = folders.get(name).path
    assert folders.add("anna", write_folder([("a.png", b"1")])) == name
    assert [*disk.iterdir()] == [place]
    assert folders.add("anna", write_folder([("a.png", b"2")])) != name
    assert folders.add("ben", write_folder([("a.png", b"1")])) != name
    assert folders.get(name).path == place


def test_what_is_removed_is_gone_at_once_and_another_removes_nothing(folders):
    name = folders.add("anna", write_folder([("a.png", b"1")]))
    place = folders.get(name).path
    assert not folders.remove(name, "ben")
    assert place.is_dir()
    assert folders.remove(name, "anna")
    assert not place.exists()


@pytest.mark.parametrize(
    ("first", "second"),
    [("a?.png", "a*.png"), ("a.png", "a.png/b.png"), ("a.png", "a.png/deep/b.png"), ("a.png/b.png", "a.png")],
)
def test_no_file_takes_the_place_of_another(first, second):
    folder = write_folder([(first, b"1"), (second, b"2")])
    assert [path.read_bytes() for path in folder.path.rglob("*") if path.is_file()] == [b"1"]
    [sentence] = folder.refused
    assert sentence.startswith(f"{second}: another file has the same name")
    assert folder.files == 1


@pytest.mark.parametrize(
    "name", ["x" * 101 + ".png", "x" * 101 + "/a.png", "猫" * 96 + ".png", "/".join("x" * 3000) + ".png"]
)
def test_names_that_are_too_long_are_refused_in_words(name):
    folder = write_folder([("a.png", b"1"), (name, b"2")])
    assert files_of(folder) == ["a.png"]
    [sentence] = folder.refused
    assert "limited to 100 characters" in sentence or "File name too long" in sentence
    longest = "x" * 96 + ".png"
    assert files_of(write_folder([(longest, b"1")])) == [longest]


def test_a_large_file_of_boxes_is_refused_and_a_large_picture_is_not(monkeypatch):
    monkeypatch.setattr(dashboard.library.folders, "MOST_BYTES_OF_JSON", 2**20)
    folder = write_folder([("a.png", bytes(2**20 + 1)), ("b.json", b"1" * (2**20 + 1)), ("c.json", b"{}")])
    assert files_of(folder) == ["a.png", "c.json"]
    assert "b.json: annotation files are limited to 1 MB." in folder.refused[0]


def test_pictures_and_whether_they_are_marked_are_known_at_once():
    plain = write_folder([("a.png", b"1"), ("b.png", b"2"), ("sub/true.CSV", b"a.png,cat")])
    assert (plain.pictures, plain.marked, plain.tables) == (("a.png", "b.png"), False, ("sub/true.CSV",))
    marked = write_folder([("images/a.png", b"1"), ("labels/a.txt", b"0 0.5 0.5 0.5 0.5")])
    assert (marked.files, marked.pictures, marked.marked) == (2, ("images/a.png",), True)


def test_boxes_without_a_picture_are_no_folder_and_its_address_is_not_told(disk):
    told = refusal([("labels/a.txt", b"0 0.5 0.5 0.5 0.5")])
    assert "There is no picture in this folder" in told
    assert "heatcheck-" not in told
    assert refusal([("a.png", b"1"), ("annotations.json", b"{")]).startswith("annotations.json, line 1: not valid JSON")
    assert not [*disk.iterdir()]


def test_a_folder_that_somebody_holds_stays_on_the_disk_until_it_is_let_go(folders):
    name = folders.add("anna", write_folder([("a.png", b"1")]))
    held = folders.get(name)
    place = held.path
    folders.remove(name, "anna")
    assert files_of(held) == ["a.png"]
    with pytest.raises(FolderGone):
        folders.get(name)
    del held
    assert not place.exists()


def test_a_folder_that_a_study_holds_fills_its_owner_s_share(folders, disk):
    held = folders.get(folders.add("anna", write_folder([("a.png", bytes(60))])))
    with pytest.raises(NoRoom, match="All your folders together are limited to 1 MB"):
        folders.add("anna", write_folder([("b.png", bytes(50))]))
    assert files_of(held) == ["a.png"]
    folders.add("ben", write_folder([("b.png", bytes(50))]))
    del held
    folders.add("anna", write_folder([("b.png", bytes(50))]))
    assert len([*disk.iterdir()]) == 2


def test_a_full_disk_is_told_in_words(monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dashboard.library.folders.tempfile, "mkdtemp", full)
    assert "No space left on device" in refusal([("a.png", b"1")])
