"""Uploads stay within bounds."""

import io

import pytest
from PIL import Image

import core
from dashboard.pictures import PictureGone, Uploads


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
