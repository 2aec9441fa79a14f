"""Uploads stay within bounds."""

import io

import pytest
from PIL import Image

import core
from dashboard.pictures import PictureGone, Uploads, gallery, gallery_for, thumbnail


def written(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 16), colour).save(file, "PNG")
    return file.getvalue()


def test_the_longest_unused_upload_leaves_first():
    uploads = Uploads(most=2)
    first, second = uploads.add("a", written("red")), uploads.add("b", written("green"))
    uploads.get(first)
    uploads.add("c", written("blue"))
    assert uploads.get(first)[0] == "a"
    with pytest.raises(PictureGone, match="Upload it again"):
        uploads.get(second)


def test_bytes_are_bounded_too():
    content = written("red")
    uploads = Uploads(most_bytes=len(content) + 10)
    first = uploads.add("a", content)
    uploads.add("b", written("green"))
    with pytest.raises(PictureGone):
        uploads.get(first)


def test_what_does_not_open_is_not_kept():
    uploads = Uploads()
    with pytest.raises(core.PictureError):
        uploads.add("a", b"not a picture")
    assert not uploads._kept


@pytest.mark.parametrize("dataset", ["imagenet", "fashion_mnist"])
def test_what_suits_the_model_comes_first_and_nothing_is_left_out(dataset):
    offered = gallery_for(dataset)
    suits = [choice.suits == dataset for choice in offered]
    assert any(suits)
    assert suits == sorted(suits, reverse=True)
    assert {choice.name for choice in offered} == set(gallery())


def test_a_thumbnail_of_few_pixels_is_not_smoothed():
    shown = Image.open(io.BytesIO(thumbnail(gallery_for("fashion_mnist")[0].name)))
    assert shown.size == (128, 128)
    small = shown.convert("L").resize((28, 28), Image.Resampling.NEAREST)
    again = small.resize((128, 128), Image.Resampling.NEAREST)
    differing = sum(
        abs(one - other) > 40 for one, other in zip(shown.convert("L").tobytes(), again.tobytes(), strict=True)
    )
    assert differing < 0.02 * 128 * 128
