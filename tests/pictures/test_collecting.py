"""A study's pictures are found with the truth beside them, named apart, and opened no sooner than asked for."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from core.models.functions import as_classifier
from core.pictures import annotations, collecting
from core.pictures.collecting import collect_pictures
from core.pictures.datasets import stored
from core.pictures.gallery import gallery
from core.pictures.opening import PictureError, open_picture

BOX = "0 0.25 0.25 0.5 0.5"
QUARTER = {(row, column) for row in range(5) for column in range(10)}


@pytest.fixture
def folder(tmp_path):
    """Makes files in a folder: pictures of 20 x 10, texts as they are given, JSON of anything else."""

    def make(**files: object):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str):
                path.write_text(content)
            elif isinstance(content, Image.Image):
                content.save(path)
            else:
                path.write_text(json.dumps(content))
        return tmp_path

    return make


@pytest.fixture
def picture():
    return Image.new("RGB", (20, 10), "red")


@pytest.fixture
def mask():
    drawn = Image.new("L", (20, 10))
    drawn.paste(255, (0, 0, 10, 5))
    return drawn


def coco(*names: str, box: tuple[float, ...] = (0, 0, 10, 5)) -> dict[str, object]:
    images = [{"id": place, "file_name": name} for place, name in enumerate(names)]
    return {"images": images, "annotations": [{"id": 1, "image_id": each["id"], "bbox": box} for each in images]}


def marked(picture) -> set[tuple[int, int]] | None:
    return picture.truth and set(map(tuple, np.argwhere(np.asarray(picture.truth.draw())).tolist()))


def names(found) -> list[str]:
    return [picture.name for picture in found]


def test_a_folder_gives_its_pictures_and_those_below_in_order_without_what_is_hidden(folder, picture):
    made = folder(
        **{"b.png": picture, "a.JPG": picture, "sub/c.webp": picture, ".d.png": picture, ".e/f.png": picture,
           "notes.md": "no picture", "Sub2/x.bmp": picture, "z.tiff": picture}
    )  # fmt: skip
    found = collect_pictures(made)
    assert names(found) == ["a.JPG", "b.png", "z.tiff", "Sub2/x.bmp", "sub/c.webp"]
    assert all(each.truth is None and each.open().size == (20, 10) for each in found)
    assert names(found) == names(collect_pictures(str(made)))


def test_a_folder_as_people_have_it_passes_over_no_picture(folder, picture):
    made = folder(
        **{"saved from the web.JFIF": picture, "no ending.png": picture, "README": "no picture", "phone.HEIC": "ftyp",
           "._a.png": "of a Mac", "Thumbs.db": "x", "movie.mp4": "x", "naïve 图.png": picture}
    )  # fmt: skip
    (made / "no ending.png").rename(made / "no ending")
    (made / "phone.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0")
    found = {each.name: each for each in collect_pictures(made)}
    assert set(found) == {"saved from the web.JFIF", "no ending", "phone.HEIC", "naïve 图.png"}
    with pytest.raises(PictureError, match="HEIC"):
        found.pop("phone.HEIC").open()
    assert {each.open().size for each in found.values()} == {(20, 10)}


@pytest.mark.parametrize(
    "layout",
    [
        ("images/a.png", "labels/a.txt"),
        ("images/val/a.png", "labels/val/a.txt"),
        ("images/images/a.png", "images/labels/a.txt"),
        ("a.png", "a.txt"),
        ("sub/a.png", "sub/a.txt"),
    ],
)
def test_label_files_of_yolo_lie_beside_or_in_labels(layout, folder, picture):
    image, label = layout
    (found,) = collect_pictures(folder(**{image: picture, label: BOX}))
    assert found.name == image
    assert marked(found) == QUARTER


def test_labels_side_by_side_are_found_from_the_folder_of_pictures_too(folder, picture, monkeypatch):
    made = folder(**{"images/a.png": picture, "labels/a.txt": BOX})
    (found,) = collect_pictures(made / "images")
    assert (found.name, marked(found)) == ("a.png", QUARTER)
    monkeypatch.chdir(made / "images")
    (found,) = collect_pictures(".")
    assert (found.name, marked(found)) == ("a.png", QUARTER)
    (found,) = collect_pictures("a.png")
    assert (found.name, marked(found)) == ("a.png", QUARTER)


@pytest.mark.parametrize(
    ("image", "drawn"),
    [
        ("a.jpg", "a_mask.png"),
        ("a.jpg", "masks/a.png"),
        ("sub/a.png", "sub/masks/a.png"),
        ("images/a.jpg", "masks/a.png"),
        ("images/val/a.jpg", "masks/val/a.png"),
    ],
)
def test_masks_lie_beside_or_in_masks_and_are_no_pictures_of_the_study(image, drawn, folder, picture, mask):
    (found,) = collect_pictures(folder(**{image: picture, drawn: mask}))
    assert (found.name, marked(found)) == (image, QUARTER)


def test_masks_without_a_picture_are_no_pictures_where_others_have_one(folder, picture, mask):
    made = folder(**{"a.png": picture, "b.png": picture, "masks/a.png": mask, "masks/gone.png": mask})
    found = collect_pictures(made)
    assert names(found) == ["a.png", "b.png"]
    assert [marked(each) for each in found] == [QUARTER, None]


def test_a_folder_of_masks_alone_is_a_folder_of_pictures(folder, picture):
    assert names(collect_pictures(folder(**{"masks/a.png": picture}))) == ["masks/a.png"]


@pytest.mark.parametrize(
    ("image", "table", "listed"),
    [
        ("a.png", "coco.json", "a.png"),
        ("train/a.png", "train/_annotations.coco.json", "a.png"),
        ("train/a.png", "coco.json", "train/a.png"),
        ("train/a.png", "coco.json", "train\\a.png"),
        ("images/val/a.png", "annotations/val.json", "a.png"),
        ("images/val/a.png", "annotations/val.json", "val/a.png"),
    ],
)
def test_tables_of_coco_mark_the_pictures_of_their_folder(image, table, listed, folder, picture):
    (found,) = collect_pictures(folder(**{image: picture, table: coco("other.png", listed)}))
    assert (found.name, marked(found)) == (image, QUARTER)


def test_a_table_marks_no_picture_outside_its_folder_and_none_that_it_does_not_list(folder, picture):
    made = folder(
        **{"a/x.png": picture, "b/x.png": picture, "b/coco.json": coco("x.png"), "b/y.png": picture, "xx.png": picture}
    )
    assert {each.name: marked(each) for each in collect_pictures(made)} == {
        "xx.png": None,
        "a/x.png": None,
        "b/x.png": QUARTER,
        "b/y.png": None,
    }


def test_the_longest_name_that_fits_is_the_pictures_own(folder, picture):
    table = coco("x.png", "sub/x.png")
    table["annotations"][1]["bbox"] = [0, 0, 1, 1]
    found = collect_pictures(folder(**{"x.png": picture, "sub/x.png": picture, "coco.json": table}))
    assert {each.name: marked(each) for each in found} == {"x.png": QUARTER, "sub/x.png": {(0, 0)}}


def test_a_table_is_a_source_of_the_pictures_that_it_lists(folder, picture):
    made = folder(
        **{"images/a.png": picture, "images/b.png": picture, "annotations/some.json": coco("b.png", "gone.png")}
    )
    (found,) = collect_pictures(made / "annotations" / "some.json")
    assert (found.name, marked(found)) == ("images/b.png", QUARTER)


def test_the_most_exact_truth_counts(folder, picture, mask):
    small = coco("a.png", box=(0, 0, 1, 1))
    made = folder(**{"a.png": picture, "coco.json": small, "a.txt": "0 0.5 0.5 1 1"})
    assert marked(collect_pictures(made)[0]) == {(0, 0)}
    mask.save(made / "a_mask.png")
    assert marked(collect_pictures(made)[0]) == QUARTER


def test_json_of_other_kinds_and_that_of_a_picture_is_left_alone(folder, picture):
    (found,) = collect_pictures(folder(**{"a.png": picture, "a.json": "no json", "settings.json": {"images": 3}}))
    assert found.truth is None


@pytest.mark.parametrize(
    "files",
    [
        ("coco.json",),
        ("coco.json", "sub/other.json"),
        ("annotations/train.json", "settings.json"),
        ("_annotations.coco.json", "settings.json"),
        ("sub/_annotations.coco.json", "sub/settings.json"),
        ("sub/annotations/train.json",),
    ],
)
def test_a_broken_table_is_named_with_its_line(files, folder, picture):
    table, *others = files
    made = folder(**{"a.png": picture, "sub/a.png": picture, table: "{\n oh"}, **dict.fromkeys(others, "{}"))
    with pytest.raises(ValueError, match=rf"{table}, line 2: not valid JSON"):
        collect_pictures(made)


@pytest.mark.parametrize(
    "broken",
    [
        ("settings.json", "package.json"),
        ("sub/coco.json",),
        ("code/package.json",),
        ("code/annotations.json",),
        ("code/annotations/train.json",),
    ],
)
def test_broken_json_that_is_not_meant_for_the_pictures_is_left_alone(broken, folder, picture):
    table = coco("b.png")
    made = folder(
        **{"a.png": picture, "sub/b.png": picture, "sub/table.json": table, **dict.fromkeys(broken, "{\n oh")}
    )
    assert {each.name: marked(each) for each in collect_pictures(made)} == {"a.png": None, "sub/b.png": QUARTER}


def test_a_caption_beside_a_picture_marks_nothing_and_hides_no_label_file(folder, picture):
    made = folder(**{"images/a.png": picture, "images/a.txt": "a photo of a cat", "labels/a.txt": BOX,
                     "images/b.png": picture, "images/b.txt": "a photo of a dog"})  # fmt: skip
    assert {each.name: marked(each) for each in collect_pictures(made)} == {
        "images/a.png": QUARTER,
        "images/b.png": None,
    }


def test_no_picture_is_opened_before_it_is_asked_for(folder, picture, mask, monkeypatch):
    made = folder(**{"a.png": picture, "a_mask.png": mask, "b.png": picture, "b.txt": BOX})
    opened = []
    for module in (collecting, annotations):
        for name in ("open_picture", "opened", "read"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, lambda *given: opened.append(given))
    assert len(collect_pictures(made)) == 2
    assert not opened


def test_broken_pictures_and_labels_speak_up_when_opened_and_not_before(folder, picture):
    files = {"a.png": "no picture", "b.png": picture, "b.txt": f"{BOX}\noh", "c.png": picture}
    found = collect_pictures(
        folder(**{f"images/{name}": each for name, each in files.items()}, **{"labels/c.txt": "oh"})
    )
    with pytest.raises(PictureError, match="not a PNG"):
        found[0].open()
    with pytest.raises(PictureError, match=r"b\.txt, line 2"):
        found[1].truth.draw()
    with pytest.raises(PictureError, match=r"c\.txt, line 1"):
        found[2].truth.draw()
    assert found[1].open().size == found[2].open().size == (20, 10)


def test_one_picture_is_a_source(folder, picture):
    made = folder(**{"sub/a.png": picture, "sub/a.txt": BOX, "sub/b.png": picture})
    (found,) = collect_pictures(made / "sub" / "a.png")
    assert (found.name, marked(found), found.open().size) == ("a.png", QUARTER, (20, 10))


@pytest.mark.parametrize("source", ["empty", "gone", "gone.png", [], ()])
def test_a_source_without_pictures_is_refused_in_words(source, folder):
    made = folder(**{"empty/notes.txt": "no picture"})
    with pytest.raises(ValueError, match=r"There is no picture|There is neither a folder nor a picture"):
        collect_pictures(made / source if isinstance(source, str) else source)


@pytest.mark.parametrize("source", [3, None, iter([])])
def test_what_holds_no_pictures_is_refused_in_words(source):
    with pytest.raises(ValueError, match="come from a folder, a list or a data set"):
        collect_pictures(source)


@pytest.mark.parametrize("dataset", ["imagenet", "fashion_mnist"])
def test_the_gallery_gives_the_pictures_that_suit_the_classifier(dataset):
    found = collect_pictures("gallery", dataset)
    suited = [each for each in gallery() if each.suits == dataset]
    assert names(found) == [each.name for each in suited]
    assert all(
        one.open().tobytes() == open_picture(each.path).tobytes() for one, each in zip(found, suited, strict=True)
    )


def test_fashion_mnist_is_the_bundled_test_set_classes_in_turn():
    found = collect_pictures("fashion_mnist")
    assert len(found) == len(set(names(found))) == 1000
    for place in (0, 17, 999):
        picture = found[place].open()
        assert (picture.mode, picture.size) == ("RGB", (28, 28))
        assert np.array_equal(np.asarray(picture)[..., 1], stored("test_pictures")[place])
    assert stored("test_labels")[:20].tolist() == [*range(10), *range(10)]


def test_a_folder_with_the_name_of_a_bundled_source_is_had_by_its_path(folder, picture, monkeypatch):
    monkeypatch.chdir(folder(**{"gallery/a.png": picture}))
    assert names(collect_pictures("./gallery")) == ["a.png"]


def test_a_list_of_paths_and_pictures_keeps_its_order_and_finds_truths(folder, picture):
    made = folder(**{"x/a.png": picture, "x/a.txt": BOX, "y/a.png": picture, "y/b.png": picture})
    found = collect_pictures([made / "y/a.png", str(made / "x/a.png"), picture, made / "y/a.png"])
    assert names(found) == ["y/a.png", "x/a.png", "picture 2", "y/a.png (2)"]
    assert [marked(each) for each in found] == [None, QUARTER, None, None]
    assert {each.open().size for each in found} == {(20, 10)}


def test_pil_pictures_are_shown_as_files_are():
    turned = Image.new("RGBA", (20, 10), (0, 0, 0, 0))
    turned.getexif()[0x0112] = 6
    (found,) = collect_pictures([turned])
    assert (found.open().mode, found.open().size, found.open().getpixel((0, 0))) == ("RGB", (10, 20), (255,) * 3)
    assert turned.mode == "RGBA"


class DataSet:
    """As torchvision has them: a length, and tuples of picture and label."""

    def __init__(self, picture: Image.Image) -> None:
        self.asked: list[int] = []
        self.picture = picture

    def __len__(self) -> int:
        return 12

    def __getitem__(self, place: int) -> tuple[object, int]:
        self.asked.append(place)
        if place == 5:
            raise OSError("truncated")
        return (torch.zeros(3, 10, 20), 0) if place == 6 else (self.picture, 0)


def test_a_data_set_is_asked_only_for_what_is_opened_and_may_fail_there(picture):
    source = DataSet(picture)
    found = collect_pictures(source)
    assert not source.asked
    assert names(found)[:3] == ["picture 00", "picture 01", "picture 02"]
    assert (found[3].open().size, source.asked) == ((20, 10), [3])
    with pytest.raises(PictureError, match=r"failed at item 5 \(truncated\)"):
        found[5].open()
    with pytest.raises(PictureError, match="Item 6 is of type Tensor"):
        found[6].open()


def test_a_truth_goes_through_the_classifiers_crop(folder, picture):
    classifier = as_classifier(lambda pixels: pixels.mean(dim=(2, 3)), (10, 10), ("red", "green", "blue"))
    (found,) = collect_pictures(folder(**{"a.png": picture, "a.txt": BOX}))
    mask = found.truth.mask(classifier)  # 5 columns are cut off on either side
    assert set(map(tuple, mask.nonzero().tolist())) == {(row, column) for row in range(5) for column in range(5)}
