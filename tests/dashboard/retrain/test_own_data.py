"""A folder of a person's own: read in the background, named by its content, never by where it lies."""

import random
import re

import pytest

from core.retraining.cost import Pictures
from dashboard.library.absence import NotThere
from dashboard.library.folders import folders
from dashboard.retrain.own_data import DataRequest, Known, classes_by_way, find_data, readings


@pytest.fixture
def read(wait):
    """What is known of a folder's pictures once they are read."""

    def known(name, **otherwise):
        request = DataRequest(folder=name, picture_side=8, **otherwise)
        wait(lambda: readings.ask(request))
        return readings.ask(request)

    return known


def test_the_pictures_are_told_by_the_folder_s_own_name(upload, shades):
    own = find_data(DataRequest(folder=upload(shades()), picture_side=8))
    data = own.collect()
    assert (data.title, data.labels, data.size) == ("shop", ("dark", "grey", "light"), (8, 8))
    assert (len(data.train.labels), len(data.test.labels)) == (36, 6)
    assert data.name == own.name
    assert str(own.folder.path) not in repr((data.name, data.title, data.refused))


def test_a_study_calls_the_same_files_the_same_whoever_brings_them_in_whatever_order(upload, shades):
    mixed = random.Random(0).sample(shades(), k=42)
    other = [("shop/dark/0.png", dict(shades())["shop/light/0.png"]), *shades()[1:]]
    names = [find_data(DataRequest(folder=upload(each, owner))).name
             for owner, each in (("anna", shades()), ("bert", mixed), ("carl", other))]  # fmt: skip
    assert names[0] == names[1] != names[2]


def test_what_is_known_are_numbers_classes_and_who_divided(upload, shades, read):
    known = read(upload(shades()))
    assert (known.classes, known.pictures) == (3, Pictures(36, 6, (8, 8)))
    assert known.division == "One in seven pictures of each class is for tests, drawn with seed 0."


def test_folders_called_train_and_test_divide_the_pictures(upload, shades, read):
    files = [(name.replace("shop/", f"shop/{'test' if place % 14 < 4 else 'train'}/"), content)
             for place, (name, content) in enumerate(shades())]  # fmt: skip
    known = read(upload(files))
    assert known.pictures == Pictures(30, 12, (8, 8))
    assert "its folders train and test" in known.division


def test_labels_may_be_in_a_table_of_the_folder(upload, shades, read):
    files = [(f"shop/all/{place}.png", content) for place, (_, content) in enumerate(shades())]
    rows = "".join(f"{place}.png,{'odd' if place % 2 else 'even'}\n" for place in range(42))
    name = upload([*files, ("shop/classes.csv", f"file,label\n{rows}".encode())])
    assert read(name, labels="shop/classes.csv").classes == 2


@pytest.mark.parametrize(
    ("chosen", "labels", "said"),
    [
        (lambda files: files[:14], "folders", "at least two classes with 7 different pictures each; shop has one"),
        (lambda files: files[:30], "folders", "too few of light (2)"),
        (lambda files: [(name.split("/")[-1], content) for name, content in files[:14]], "folders", "has a label"),
        (lambda files: files, "names", "None of the pictures has a label"),
        (lambda files: [*files[:20], *[(name, b"no picture") for name, _ in files[20:]]], "folders", "left out"),
    ],
)
def test_a_refusal_is_a_sentence_without_an_address_of_this_server(upload, shades, read, chosen, labels, said):
    name = upload(chosen(shades()))
    refusal = read(name, labels=labels)
    assert isinstance(refusal, str)
    assert said in refusal
    assert not re.search(r"heatcheck-|/tmp|" + re.escape(str(folders.get(name).path)), refusal)


def test_the_reasons_why_pictures_are_left_out_hold_no_address_either(upload, shades, read):
    name = upload([*shades(), ("shop/dark/bad.png", b"no picture"), ("shop/dark/twin.png", shades()[0][1])])
    known = read(name)
    assert isinstance(known, Known)
    assert {each.picture for each in known.refused} == {"dark/bad.png", "dark/twin.png"}
    assert str(folders.get(name).path) not in repr(known)


def test_nothing_is_known_any_more_of_a_folder_that_was_removed(upload, shades, read):
    name = upload(shades())
    read(name)
    folders.remove(name, "somebody")
    with pytest.raises(NotThere, match="no longer kept"):
        readings.ask(DataRequest(folder=name, picture_side=8))


def in_names(files):
    """The same files without their folders: each begins with the name of its own."""
    return [("shop/" + "_".join(name.split("/")[1:]), content) for name, content in files]


def with_table(files):
    """The same files called by numbers, and a table of their classes."""
    rows = "".join(f"{place}.png,{name.split('/')[1]}\n" for place, (name, _) in enumerate(files))
    return [
        *((f"shop/{place}.png", content) for place, (_, content) in enumerate(files)),
        ("shop/classes.csv", rows.encode()),
    ]


@pytest.mark.parametrize(
    ("laid_out", "ways"),
    [(list, {"folders": 3}), (in_names, {"names": 3}), (with_table, {"shop/classes.csv": 3})],
)
def test_the_sources_of_labels_that_give_classes_are_known_at_the_upload(upload, shades, laid_out, ways):
    assert classes_by_way(folders.get(upload(laid_out(shades())))) == ways


def test_names_of_single_pictures_are_no_classes(upload, shades):
    lone = [(f"shop/{chr(ord('a') + place)}.png", content) for place, (_, content) in enumerate(shades()[:20])]
    assert classes_by_way(folders.get(upload(lone))) == {}


@pytest.fixture
def with_folder(page, wait, words):
    """The Retrain page with an uploaded folder, once its pictures are read."""

    def opened(name, **query):
        app = page("retrain", data="folder", folder=name, methods="gradient", **{"data.side": "8", **query})
        wait(lambda: "Reading the pictures" not in words(app.run()))
        return app

    return opened


@pytest.mark.parametrize(
    ("laid_out", "chosen", "said"),
    [
        (in_names, "names", "Labels are read from the file names, which give 3 classes."),
        (with_table, "shop/classes.csv", "Labels are read from shop/classes.csv, which gives 3 classes."),
    ],
)
def test_labels_in_names_or_in_a_table_are_found_by_the_page_which_says_so(
    with_folder, upload, shades, words, laid_out, chosen, said
):
    app = with_folder(upload(laid_out(shades())))
    assert app.selectbox(key="data.labels").value == chosen
    assert said in words(app)
    assert "36 training pictures and 6 test pictures of 3 classes" in words(app)


def test_where_the_chosen_labels_give_no_classes_those_that_would_are_named(with_folder, upload, shades, words):
    app = with_folder(upload(in_names(shades())), **{"data.labels": "folders"})
    assert "None of the pictures has a label." in words(app)
    assert "Under Labels, choose “file names”, which give 3 classes." in words(app)


@pytest.mark.parametrize(("of_a_class", "few"), [(7, True), (14, False)])
def test_that_too_few_test_pictures_allow_no_verdict_is_said_before_a_run(
    with_folder, upload, shades, words, of_a_class, few
):
    app = with_folder(upload(shades(of_a_class=of_a_class)))
    assert ("A verdict needs at least 5 test pictures; there are 3. Add more pictures." in words(app)) == few
