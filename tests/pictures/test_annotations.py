"""What was marked on a picture lies where it was marked, in the picture and in what a network sees of it."""

import json
import zlib

import numpy as np
import pytest
import torch
from PIL import Image, ImageFile, PngImagePlugin, WebPImagePlugin
from PIL.GifImagePlugin import GifImageFile

from core.models.catalogue import load_classifier
from core.models.cropping import centre_crop
from core.models.functions import as_classifier
from core.pictures.annotations import (
    Canvas,
    Truth,
    coco_outlines,
    draw_coco,
    draw_mask,
    read_coco,
    shown_size,
)
from core.pictures.opening import PictureError, opened
from core.pictures.yolo import draw_yolo, is_yolo

WIDE = (60, 40)


def places(picture: Image.Image) -> set[tuple[int, int]]:
    """Row and column of each marked pixel."""
    levels = np.asarray(picture)
    assert set(np.unique(levels)) <= {0, levels.dtype.type(255)}
    return set(map(tuple, np.argwhere(levels).tolist()))


def rectangle(rows: range, columns: range) -> set[tuple[int, int]]:
    return {(row, column) for row in rows for column in columns}


@pytest.fixture
def wide(tmp_path):
    path = tmp_path / "wide.png"
    Image.new("RGB", WIDE, "grey").save(path)
    return path


@pytest.fixture
def yolo(wide, tmp_path):
    """What lines of YOLO mark on a picture 60 wide and 40 high."""

    def draw(*lines: str) -> set[tuple[int, int]]:
        label = tmp_path / "wide.txt"
        label.write_text("\n".join(lines))
        return places(draw_yolo(label, wide))

    return draw


@pytest.fixture
def coco(wide, tmp_path):
    """What annotations of COCO mark on it."""

    def draw(*annotations: dict[str, object], **stated: object) -> set[tuple[int, int]]:
        file = tmp_path / "coco.json"
        images = [{"id": 7, "file_name": "wide.png", **stated}, {"id": 8, "file_name": "other.png"}]
        made = [{"id": place, "image_id": 7, **each} for place, each in enumerate(annotations)]
        others = [{"id": 99, "image_id": 8, "bbox": [0, 0, 60, 40]}]
        file.write_text(json.dumps({"images": images, "annotations": others + made}))
        (listed,) = (entry for name, entry in read_coco(file).items() if name.name == "wide.png")
        return places(draw_coco(listed, wide))

    return draw


def test_a_yolo_box_has_its_place_and_size_along_the_right_axes(yolo):
    # centre (45, 10), 12 wide, 8 high
    assert yolo("3 0.75 0.25 0.2 0.2") == rectangle(range(6, 14), range(39, 51))


def test_a_coco_box_is_left_top_width_height(coco):
    assert coco({"bbox": [39, 6, 12, 8]}) == rectangle(range(6, 14), range(39, 51))


def test_both_ways_to_write_a_box_mark_the_same_pixels_wherever_it_lies(yolo, coco):
    draw = np.random.default_rng(3)
    for left, top, width, height in draw.uniform(-20, 60, (40, 4)).tolist():
        shares = ((left + abs(width) / 2) / 60, (top + abs(height) / 2) / 40, abs(width) / 60, abs(height) / 40)
        marked = yolo(f"0 {' '.join(map(str, shares))}")
        assert marked == coco({"bbox": [left, top, abs(width), abs(height)]})
        assert marked == {
            (row, column)
            for row in range(40)
            for column in range(60)
            if left <= column + 0.5 < left + abs(width) and top <= row + 0.5 < top + abs(height)
        }


@pytest.mark.parametrize(
    ("line", "rows", "columns"),
    [
        ("0 0 0 0.2 0.2", range(4), range(6)),
        ("0 1 1 0.2 0.2", range(36, 40), range(54, 60)),
        ("0 0.5 0.5 3 0.1", range(18, 22), range(60)),
        ("0 -0.5 0.5 0.2 0.2", range(0), range(0)),
        ("0 0.5 1.5 0.2 0.2", range(0), range(0)),
        ("0 1.5 0.5 0.2 0.2", range(0), range(0)),
        ("0 0.5 -0.5 0.2 0.2", range(0), range(0)),
        ("0 0.5 0.5 0 0.5", range(0), range(0)),
    ],
)
def test_what_is_out_of_the_frame_is_cut_and_marks_nothing_on_the_other_side(yolo, line, rows, columns):
    assert yolo(line) == rectangle(rows, columns)


def test_all_boxes_are_united_whatever_their_class(yolo):
    one, other = "1 0.1 0.1 0.2 0.2", "2 0.15 0.15 0.2 0.2"
    assert yolo(one, "", other) == yolo(one) | yolo(other) != yolo(one)


def test_a_label_file_without_lines_marks_nothing(yolo):
    assert yolo("") == set()


def test_an_outline_with_the_corners_of_a_box_marks_that_box(yolo, coco):
    draw = np.random.default_rng(4)
    for left, top, width, height in (draw.integers(-20, 80, (40, 4)) / 2).tolist():
        right, bottom = left + abs(width), top + abs(height)
        corners = [left, top, right, top, right, bottom, left, bottom]
        box = coco({"bbox": [left, top, abs(width), abs(height)]})
        assert coco({"bbox": [0, 0, 60, 40], "segmentation": [corners]}) == box
        shares = [corner / (40 if place % 2 else 60) for place, corner in enumerate(corners)]
        if max(map(abs, shares)) < 10:
            assert yolo(f"0 {' '.join(map(str, shares))}") == box


def test_a_triangle_marks_the_pixels_whose_centres_are_inside(coco):
    inside = {(row, column) for row in range(40) for column in range(60) if (column + 0.5) / 60 + (row + 0.5) / 40 < 1}
    on_edge = {
        (row, column) for row in range(40) for column in range(60) if (column + 0.5) * 2 + (row + 0.5) * 3 == 120
    }
    found = coco({"segmentation": [[0, 0, 60, 0, 0, 40]]})
    assert inside - on_edge <= found <= inside | on_edge


def test_all_outlines_of_an_annotation_and_all_annotations_are_united(coco):
    first, second = [0, 0, 4, 0, 4, 4, 0, 4], [10, 10, 14, 10, 14, 14, 10, 14]
    expected = rectangle(range(4), range(4)) | rectangle(range(10, 14), range(10, 14))
    assert coco({"segmentation": [first, second]}) == expected
    assert coco({"segmentation": [first]}, {"bbox": [10, 10, 4, 4], "segmentation": []}) == expected


def runs(mask: np.ndarray) -> list[int]:
    """Run lengths of a mask, counted pixel by pixel: down the columns, unmarked first."""
    lengths, value = [0], False
    for column in range(mask.shape[1]):
        for row in range(mask.shape[0]):
            if mask[row, column] != value:
                lengths.append(0)
                value = not value
            lengths[-1] += 1
    return lengths


@pytest.mark.parametrize("first", [False, True])
def test_a_mask_in_run_lengths_marks_its_pixels_on_a_picture_that_is_not_square(coco, first):
    mask = np.random.default_rng(5).random((40, 60)) < 0.3
    mask[0, 0] = first
    drawn = {"bbox": [0, 0, 1, 1], "iscrowd": 1, "segmentation": {"size": [40, 60], "counts": runs(mask)}}
    marked = set(map(tuple, np.argwhere(mask).tolist()))
    assert coco(drawn) == marked
    assert coco(drawn, {"bbox": [0, 0, 60, 3]}) == marked | rectangle(range(3), range(60))


def test_of_a_mask_in_compressed_run_lengths_the_box_counts(coco):
    compressed = {"size": [40, 60], "counts": "PPYo1"}
    assert coco({"bbox": [39, 6, 12, 8], "segmentation": compressed}) == rectangle(range(6, 14), range(39, 51))


def test_a_picture_that_is_listed_without_annotations_has_nothing_marked(coco):
    assert coco() == set()


@pytest.mark.parametrize(
    "line",
    [
        "0 0.5 0.5 0.2",
        "0 0.5 0.5 0.2 x",
        "0 0.5 0.5 0.2 nan",
        "0 0.5 0.5 0.2 inf",
        "0 0.5 0.5 -0.2 0.2",
        "0 320 240 64 48",
        "0 0.1 0.1 0.2 0.2 1.3",
        "0 0.1 0.1 0.2 0.2 -0.3",
        "0 0.1 0.1 0.2 0.2 0.3 0.3 0.4",
        "0 0.1 0.1 0.2 0.2 0.3 20.5",
        "a cat on a mat",
    ],
)
def test_a_line_that_is_no_box_is_named_with_its_file_and_number(yolo, line):
    with pytest.raises(PictureError, match=r"wide\.txt, line 3: .* is not a box\. A box is class x_centre y_centre"):
        yolo("0 0.5 0.5 0.2 0.2", "", line)


BOX = "3 0.75 0.25 0.2 0.2"  # from 0.65 to 0.85 across, and from 0.15 to 0.35 down


@pytest.mark.parametrize(
    "more",
    [
        "0.91", "1", "17", "0.91 17", "1 1",  # confidence, track
        "0.7 0.2 2", "0.7 0.2 2 0.8 0.3 1", "0.7 0.2 2 0 0 0", "0.7 0.2 2.0 0.8 0.3 0.0 0.84 0.16 1",  # visible or not
        "0.7 0.2 0.8 0.3", "0.8 0.3 0.7 0.2 0.66 0.34", "0.66 0.16 0.8 0.3 0.7 0.2 0.84 0.34 0.75 0.25",
    ],
)  # fmt: skip
def test_of_a_box_with_a_confidence_a_track_or_keypoints_the_box_is_marked(yolo, more):
    assert yolo(f"{BOX} {more}") == yolo(BOX) == rectangle(range(6, 14), range(39, 51))


@pytest.mark.parametrize("turn", [0, 0.4, 0.8, 1.2, np.pi / 4])
@pytest.mark.parametrize("start", range(4))
def test_a_turned_box_stays_an_outline_wherever_it_begins(yolo, turn, start):
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    corners = np.roll(np.array([[-1, -0.5], [1, -0.5], [1, 0.5], [-1, 0.5]]), -start, axis=0) @ spin.T
    at = (corners * 12 + [30, 20]).astype(np.float64)
    line = " ".join(f"{x / 60:.6f} {y / 40:.6f}" for x, y in at)
    centres = np.stack(np.meshgrid(np.arange(60) + 0.5, np.arange(40) + 0.5), axis=-1)
    own = ((centres - [30, 20]) @ spin) / 12
    near = (np.abs(own) / [1, 0.5]).max(axis=-1)
    found = yolo(f"0 {line}")
    assert {tuple(place) for place in np.argwhere(near < 0.97)} <= found
    assert found <= {tuple(place) for place in np.argwhere(near < 1.03)}


def test_an_outline_around_the_middle_of_the_picture_stays_one(yolo):
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    for first in range(0, 40, 5):
        around = np.roll(angles, first)
        corners = np.stack([30 + 9 * np.cos(around), 20 + 9 * np.sin(around)], axis=1)
        found = yolo("0 " + " ".join(f"{x / 60:.6f} {y / 40:.6f}" for x, y in corners))
        assert len(found) == pytest.approx(np.pi * 81, rel=0.05)


def test_parts_of_an_outline_joined_by_a_bridge_stay_one(yolo):
    left, right = [(0.3, 0.3), (0.45, 0.3), (0.45, 0.7), (0.3, 0.7)], [(0.55, 0.3), (0.7, 0.3), (0.7, 0.7), (0.55, 0.7)]
    joined = [*left[:3], right[0], *right[1:], right[0], left[2], left[3]]
    found = yolo("0 " + " ".join(f"{x} {y}" for x, y in joined))
    assert len(found) == pytest.approx(2 * 9 * 16, rel=0.1)


def test_a_label_file_that_is_no_text_is_named(wide, tmp_path):
    label = tmp_path / "wide.txt"
    label.write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(PictureError, match=r"wide\.txt cannot be read \(it is not UTF-8 text"):
        draw_yolo(label, wide)
    with pytest.raises(PictureError, match=r"gone\.txt cannot be read \(No such file"):
        draw_yolo(tmp_path / "gone.txt", wide)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"\n \n0 0.5 0.5 0.2 0.2\nnonsense", True),
        (b"\xef\xbb\xbf0 0.5 0.5 0.2 0.2", True),
        (b"0 0.1 0.1 0.2 0.2 0.3 0.3", True),
        (b"a photo of a cat\n0 0.5 0.5 0.2 0.2", False),
        (b"0 320 240 64 48", False),
        (b"", False),
        (b"\xff\xfe\x00\xd8", False),
    ],
)
def test_a_text_is_of_yolo_by_its_first_line_that_is_not_empty(tmp_path, text, expected):
    (tmp_path / "a.txt").write_bytes(text)
    assert is_yolo(tmp_path / "a.txt") is expected


def test_what_is_no_file_is_no_label_file(tmp_path):
    assert not is_yolo(tmp_path)
    assert not is_yolo(tmp_path / "gone.txt")


@pytest.mark.parametrize(
    ("annotation", "sentence"),
    [
        ({"bbox": [1, 2, 3, 4], "segmentation": {"counts": [0, 4], "size": [40, 60]}}, "do not fill the 60 × 40"),
        ({"bbox": [1, 2, 3, 4], "segmentation": {"counts": [2400], "size": [60, 40]}}, "do not fill the 60 × 40"),
        ({"bbox": [1, 2, 3, 4], "segmentation": {"counts": [2400]}}, "do not fill the 60 × 40"),
        ({"bbox": [1, 2, 3, 4], "segmentation": {"counts": [1e9], "size": [40, 60]}}, "do not fill the 60 × 40"),
        ({"segmentation": {"counts": [-1, 2401], "size": [40, 60]}}, "non-negative whole numbers"),
        ({"segmentation": {"counts": [0.5, 2399.5], "size": [40, 60]}}, "non-negative whole numbers"),
        ({"segmentation": {"size": [40, 60]}}, "non-negative whole numbers"),
        ({"segmentation": {"counts": "PPYo1", "size": [40, 60]}}, "compressed run lengths.* and has no box"),
        ({"bbox": [1, 2, 3], "segmentation": {"counts": "PPYo1", "size": [40, 60]}}, "has no box"),
        ({"bbox": [1, 2, 3, 4], "segmentation": [[1, 2, 3, 4]]}, "at least three corners"),
        ({"bbox": [1, 2, 3, 4], "segmentation": [[1, 2, 3, 4, 5, 6, 7]]}, "at least three corners"),
        ({"bbox": [1, 2, 3, 4], "segmentation": [[1, 2, 3, 4, 5, "x"]]}, "at least three corners"),
        ({"bbox": [1, 2, 3, 4], "segmentation": [7]}, "at least three corners"),
        ({"bbox": [1, 2, 3, 4], "segmentation": 7}, "at least three corners"),
        ({"bbox": [1, 2, 3]}, "has no box"),
        ({"bbox": [1, 2, -3, 4]}, "has no box"),
        ({"bbox": [1, 2, 3, float("nan")]}, "has no box"),
        ({"bbox": None}, "has no box"),
        ({"bbox": [10**400, 2, 3, 4]}, "has no box"),
        ({"bbox": [1e308, 2, 1e308, 4]}, "has no box"),
    ],
)
def test_an_annotation_that_marks_no_place_is_named(coco, annotation, sentence):
    with pytest.raises(PictureError, match=rf"coco\.json, annotation 1 of wide\.png .*{sentence}"):
        coco({"bbox": [0, 0, 1, 1]}, annotation)


def test_annotations_of_a_picture_of_another_size_are_refused(coco):
    assert coco({"bbox": [0, 0, 1, 1]}, width=60, height=40) == {(0, 0)}
    with pytest.raises(PictureError, match=r"made for 40 × 60 pixels of wide\.png, which has 60 × 40"):
        coco({"bbox": [0, 0, 1, 1]}, width=40, height=60)


@pytest.mark.parametrize(
    "content",
    ["[]", "{}", "3", '{"images": [], "annotations": []}', '{"images": 3, "annotations": {"a": 1}}',
     '{"images": [{"id": 1, "file_name": "a.png"}], "annotations": [{"image_id": 1, "caption": "A cat."}]}',
     '{"images": [{"id": [1], "file_name": "a.png"}], "annotations": [{"image_id": [1], "bbox": [0, 0, 1, 1]}]}'],
)  # fmt: skip
def test_json_that_marks_no_places_lists_nothing(tmp_path, content):
    file = tmp_path / "other.json"
    file.write_text(content)
    assert read_coco(file) == {}


def test_a_table_that_is_no_json_is_named_with_the_line(tmp_path):
    file = tmp_path / "coco.json"
    file.write_text('{"images": [],\n "annotations": oh}')
    with pytest.raises(ValueError, match=r"coco\.json, line 2: not valid JSON"):
        read_coco(file)
    file.write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(ValueError, match=r"coco\.json cannot be read"):
        read_coco(file)
    file.write_text("[" * 100_000)
    with pytest.raises(ValueError, match=r"coco\.json is nested too deeply"):
        read_coco(file)


def test_an_annotation_without_an_outline_has_none():
    assert coco_outlines({"segmentation": None}, "") == coco_outlines({}, "") == []


def marked_square(mode: str, off: object, on: object) -> Image.Image:
    mask = Image.new(mode, WIDE, off)
    mask.paste(on, (39, 6, 51, 14))
    return mask


SQUARE = rectangle(range(6, 14), range(39, 51))


@pytest.mark.parametrize(
    "mask",
    [
        marked_square("1", 0, 1),
        marked_square("L", 0, 255),
        marked_square("L", 0, 1),
        marked_square("I;16", 0, 300),
        marked_square("LA", (0, 255), (9, 255)),
        marked_square("LA", (0, 0), (0, 255)),
        marked_square("RGB", (0, 0, 0), (0, 0, 1)),
        marked_square("RGB", (0, 0, 0), (1, 0, 0)),
        marked_square("RGBA", (0, 0, 0, 255), (0, 255, 0, 255)),
        marked_square("RGBA", (0, 0, 0, 0), (0, 0, 0, 255)),
        marked_square("RGBA", (90, 90, 90, 0), (90, 90, 90, 1)),
        marked_square("L", 0, 255).convert("P"),
    ],
    ids=lambda mask: mask.mode,
)
def test_a_mask_marks_what_is_not_black_or_not_transparent(mask, wide, tmp_path):
    mask.save(tmp_path / "mask.png")
    assert places(draw_mask(tmp_path / "mask.png", wide)) == SQUARE


def with_border(mode: str, off: object, border: object, on: object) -> Image.Image:
    """An object of which a border is left open."""
    mask = Image.new(mode, WIDE, off)
    mask.paste(border, (35, 2, 55, 18))
    mask.paste(on, (39, 6, 51, 14))
    return mask


def voc(classes: Image.Image) -> Image.Image:
    """The same class numbers in colours of Pascal VOC."""
    mask = Image.frombytes("P", classes.size, classes.tobytes())
    palette = [0] * 768
    palette[15:18], palette[765:768] = (128, 0, 128), (224, 224, 192)
    mask.putpalette(palette)
    return mask


@pytest.mark.parametrize(
    "mask",
    [
        voc(with_border("L", 0, 255, 5)),
        voc(with_border("L", 0, 255, 5)).convert("RGB"),
        with_border("L", 0, 255, 5),
        with_border("L", 0, 255, 1),
    ],
    ids=["palette", "colours", "class numbers", "ones"],
)
def test_the_open_border_of_an_object_marks_nothing(mask, wide, tmp_path):
    mask.save(tmp_path / "mask.png")
    assert places(draw_mask(tmp_path / "mask.png", wide)) == SQUARE


@pytest.mark.parametrize("channels", ["L", "RGB"])
def test_a_soft_mask_marks_what_is_at_least_half_white(channels, wide, tmp_path):
    levels = np.zeros((40, 60), np.uint8)
    levels[4:16, 37:53], levels[5:15, 38:52], levels[6:14, 39:51] = 3, 90, 255
    levels[6, 39:51], levels[7, 39:51] = 251, 180
    levels[levels == 3] = np.arange(52) % 2 * 3
    Image.fromarray(levels).convert(channels).save(tmp_path / "mask.png")
    assert places(draw_mask(tmp_path / "mask.png", wide)) == SQUARE


def test_a_palette_counts_by_its_colours_and_not_by_their_numbers(wide, tmp_path):
    mask = marked_square("P", 1, 0)
    mask.putpalette([255, 255, 255, 0, 0, 0])
    mask.save(tmp_path / "mask.png")
    assert places(draw_mask(tmp_path / "mask.png", wide)) == SQUARE


def test_a_mask_of_another_size_is_refused_even_if_only_turned(wide, tmp_path):
    Image.new("L", (40, 60)).save(tmp_path / "mask.png")
    with pytest.raises(PictureError, match=r"mask\.png is 40 × 60 pixels, but its picture is 60 × 40"):
        draw_mask(tmp_path / "mask.png", wide)


def test_a_broken_mask_is_refused(wide, tmp_path):
    (tmp_path / "mask.png").write_bytes(b"\x89PNG oh")
    with pytest.raises(PictureError, match="damaged"):
        draw_mask(tmp_path / "mask.png", wide)


def test_marks_are_on_the_picture_as_it_is_shown_and_not_as_it_is_stored(tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6
    picture, label = tmp_path / "turned.jpg", tmp_path / "turned.txt"
    Image.new("RGB", WIDE).save(picture, exif=turned)
    label.write_text("0 0.25 0.75 0.5 0.5")
    assert places(draw_yolo(label, picture)) == rectangle(range(30, 60), range(20))


KINDS = {".jpg": "JPEG", ".webp": "WEBP", ".png": "PNG", ".tif": "TIFF"}


@pytest.mark.parametrize("orientation", [*range(10), None])
@pytest.mark.parametrize("ending", KINDS)
def test_the_size_of_a_picture_is_that_of_the_picture_that_is_opened(tmp_path, ending, orientation):
    path, exif = tmp_path / f"a{ending}", Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    Image.new("RGB", WIDE).save(path, exif=exif)
    assert shown_size(path) == opened(path).size == (WIDE[::-1] if orientation in range(5, 9) else WIDE)


def chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")


XMP = b"XML:com.adobe.xmp\0\0\0\0\0" + b'<x tiff:Orientation="6"/>'


@pytest.mark.parametrize("before_pixels", [False, True])
@pytest.mark.parametrize("kind", [b"eXIf", b"iTXt"])
def test_a_png_may_tell_its_orientation_before_or_behind_its_pixels(wide, kind, before_pixels):
    exif = Image.Exif()
    exif[0x0112] = 6
    told = chunk(kind, XMP if kind == b"iTXt" else exif.tobytes().removeprefix(b"Exif\0\0"))
    content = wide.read_bytes()
    place = content.index(b"IDAT" if before_pixels else b"IEND") - 4
    wide.write_bytes(content[:place] + told + content[place:])
    assert shown_size(wide) == opened(wide).size == WIDE[::-1]


def test_exif_data_that_cannot_be_written_again_turn_nothing(tmp_path, monkeypatch):
    exif, path = Image.Exif(), tmp_path / "a.jpg"
    exif[0x0112] = 6
    Image.new("RGB", WIDE).save(path, exif=exif)

    def fail(_: object, offset: int = 8) -> bytes:
        raise ValueError(offset)

    monkeypatch.setattr(Image.Exif, "tobytes", fail)
    assert shown_size(path) == opened(path).size == WIDE


@pytest.mark.parametrize("ending", [".jpg", ".webp", ".png", ".gif", ".bmp"])
def test_the_size_of_a_picture_is_learnt_without_decoding_it(tmp_path, monkeypatch, ending):
    path = tmp_path / f"a{ending}"
    Image.new("RGB", WIDE).save(path)

    def load(_: object) -> None:
        raise AssertionError("decoded")

    for kind in (ImageFile.ImageFile, PngImagePlugin.PngImageFile, WebPImagePlugin.WebPImageFile, GifImageFile):
        monkeypatch.setattr(kind, "load", load)
    assert shown_size(path) == WIDE


def test_a_picture_over_the_limit_gets_no_canvas(wide, monkeypatch):
    monkeypatch.setenv("HEATCHECK_MAX_MEGAPIXELS", "0.002")
    with pytest.raises(PictureError, match=r"the limit is 0\.002"):
        shown_size(wide)


@pytest.mark.parametrize("size", [(60, 40), (40, 60), (300, 45), (224, 224)])
@pytest.mark.parametrize("model", ["squeezenet1_1", "efficientnet_lite0", "fashion_cnn"])
def test_the_mask_is_where_the_network_sees_what_was_marked(model, size):
    classifier = load_classifier(model, device="cpu")
    canvas = Canvas(size)
    canvas.box(0.4 * size[0], 0.1 * size[1], 0.55 * size[0], 0.7 * size[1])
    painted = canvas.picture.convert("RGB")  # a picture that is white where it is marked
    mask = Truth(lambda: canvas.picture).mask(classifier)
    seen = classifier.prepare(painted)[0]
    assert (mask.dtype, mask.shape) == (torch.bool, classifier.size)
    assert torch.equal(mask, (seen > 0.5).all(dim=0))
    assert 0 < mask.float().mean() < 1


def test_resize_and_crop_of_a_wide_picture_put_a_box_where_arithmetic_does():
    classifier = as_classifier(lambda pixels: pixels.mean(dim=(2, 3)), (20, 20), ("red", "green", "blue"))
    canvas = Canvas((120, 40))
    canvas.box(48, 8, 60, 20)  # halved, and 20 cut off on the left: columns 4 to 10, rows 4 to 10
    assert classifier.preprocessing.geometry.func is centre_crop
    mask = Truth(lambda: canvas.picture).mask(classifier)
    assert places(Image.fromarray(mask.numpy())) == rectangle(range(4, 10), range(4, 10))


def test_what_is_cut_off_by_the_crop_leaves_an_empty_mask():
    classifier = as_classifier(lambda pixels: pixels.mean(dim=(2, 3)), (20, 20), ("red", "green", "blue"))
    canvas = Canvas((120, 40))
    canvas.box(0, 0, 30, 40)
    assert not Truth(lambda: canvas.picture).mask(classifier).any()
