"""The labels of one's own pictures are read from folders, a table or names, and from nothing else."""

import pytest

from core.pictures.labels import given_labels, listed_in_vain

PICTURES = ["val/cat/a.jpg", "val/tiger cat/images/b.jpg", "top.jpg"]


def test_a_folder_of_folders_labels_each_picture_by_the_folder_it_lies_in():
    assert given_labels(PICTURES, "folders") == {"val/cat/a.jpg": "cat", "val/tiger cat/images/b.jpg": "tiger cat"}


def test_a_file_name_labels_its_picture_up_to_the_number_at_its_end():
    named = {"cat.12.jpg": "cat", "sub/tiger_cat_003.png": "tiger_cat", "7_1.png": "7", "dog.jpg": "dog"}
    assert given_labels([*named, "0041.jpg"], "names") == named


@pytest.mark.parametrize(
    "table",
    [
        "file,label\nval/cat/a.jpg,cat\ntop.jpg,dog\n",
        "\ufeffLabel;File\r\ncat;val\\cat\\a.jpg\r\n\r\ndog;./top.jpg\r\n",
        "a.jpg\tcat\ntop\tdog",
        'id,width,class\na,3,cat\n"top",4,"dog"',
        "a.jpg,cat\ntop.jpg,dog\nelsewhere.jpg,cup\nval/tiger cat/images/b.jpg,",
    ],
    ids=["heads", "semicolons", "tabs without heads", "further columns", "other files and no label"],
)
def test_a_table_labels_the_files_that_it_lists(tmp_path, table):
    (tmp_path / "labels.csv").write_text(table, encoding="utf-8")
    assert given_labels(PICTURES, tmp_path / "labels.csv") == {"val/cat/a.jpg": "cat", "top.jpg": "dog"}


def test_a_table_with_folders_tells_files_of_one_name_apart(tmp_path):
    (tmp_path / "labels.csv").write_text("cat/a.jpg,cat\ndog/a.jpg,dog\na.jpg,cup")
    assert given_labels(["cat/a.jpg", "dog/a.jpg", "x/a.jpg"], str(tmp_path / "labels.csv")) == {
        "cat/a.jpg": "cat",
        "dog/a.jpg": "dog",
        "x/a.jpg": "cup",
    }


def test_a_mapping_labels_pictures_by_their_names():
    assert given_labels(PICTURES, {"top.jpg": "cat", "gone.jpg": "dog"}) == {"top.jpg": "cat"}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("a.jpg,cat\na.jpg,dog", "lists a.jpg as 'cat' and as 'dog'"),
        ("a.jpg", "has no two columns"),
        ("", "has no two columns"),
        ("a.jpg,cat\nb.jpg", "'b.jpg' has no label"),
        ("elsewhere.jpg,cat", "None of the pictures has a label. List each file"),
        ("filename,width,species\na.jpg,640,goldfish", "has the columns filename, width, species; .* Call them file"),
        ("index,filename,breed\n0,a.jpg,pug", "has the columns index, filename, breed"),
        ("filename,split\na.jpg,train", "has the columns filename, split"),
    ],
)
def test_a_table_that_labels_nothing_or_twice_is_refused_in_words(tmp_path, table, said):
    (tmp_path / "labels.csv").write_text(table)
    with pytest.raises(ValueError, match=said):
        given_labels(PICTURES, tmp_path / "labels.csv")
    with pytest.raises(ValueError, match="cannot be read"):
        given_labels(PICTURES, tmp_path / "gone.csv")


@pytest.mark.parametrize(
    ("source", "said"), [("folders", "a folder for each class"), ("names", "Begin each file name")]
)
def test_where_no_picture_has_a_label_the_way_to_one_is_told(source, said):
    with pytest.raises(ValueError, match=said):
        given_labels(["12.jpg"], source)


def test_a_table_may_list_files_with_folders_above_those_of_the_study(tmp_path):
    (tmp_path / "labels.csv").write_text("data/train/a.jpg,cat\ndata/x/b.jpg,dog\ndata/y/b.jpg,cup")
    assert given_labels(["a.jpg", "b.jpg", "x/b.jpg"], tmp_path / "labels.csv") == {"a.jpg": "cat", "x/b.jpg": "dog"}


def test_a_name_that_two_pictures_have_labels_neither(tmp_path):
    (tmp_path / "labels.csv").write_text("a.jpg,cat")
    with pytest.raises(ValueError, match=r"which may be cat/a.jpg or dog/a.jpg. List it with its folder"):
        given_labels(["cat/a.jpg", "dog/a.jpg"], tmp_path / "labels.csv")


def test_files_of_a_table_that_are_no_pictures_here_are_told(tmp_path):
    (tmp_path / "labels.csv").write_text("data/a.jpg,cat\nb,dog\ngone.jpg,cat\ndata/gone.jpg,cup")
    assert listed_in_vain(["a.jpg", "sub/b.png"], tmp_path / "labels.csv") == ["gone.jpg", "data/gone.jpg"]
    assert listed_in_vain(["a.jpg"], "names") == []
