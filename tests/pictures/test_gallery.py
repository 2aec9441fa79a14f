"""The gallery may be given away, and shows what the default model knows."""

import hashlib

import pytest

from core.models.catalogue import load_classifier
from core.pictures.gallery import GALLERY, gallery
from core.pictures.opening import open_picture

FREE = {"CC0 1.0", "CC BY 2.0", "public domain"}
SEEN_BY_LITE0 = {
    "chelsea": {"tiger cat", "Egyptian cat", "tabby"},
    "coffee": {"espresso"},
    "rocket": {"missile", "projectile"},
    "china": {"palace"},
    "flower": {"daisy"},
    "camera": {"tripod"},
}


def test_every_file_has_one_credit_and_every_credit_its_file():
    files = sorted(path for path in GALLERY.iterdir() if path.name != "credits.toml")
    assert sorted(picture.path for picture in gallery()) == files
    assert len({picture.name for picture in gallery()}) == len(gallery()) >= 8


@pytest.mark.parametrize("picture", gallery(), ids=lambda picture: picture.name)
def test_every_picture_is_free_credited_small_and_opens(picture):
    assert picture.licence in FREE
    assert picture.credit
    assert picture.title
    opened = open_picture(picture.path)
    assert 224 <= min(opened.size) <= max(opened.size) <= 640


def test_the_gallery_is_small_and_no_picture_is_there_twice():
    contents = [picture.path.read_bytes() for picture in gallery()]
    assert sum(map(len, contents)) < 1_500_000
    assert len({hashlib.sha256(content).digest() for content in contents}) == len(contents)


def test_the_default_model_knows_what_the_pictures_show():
    lite0 = load_classifier(device="cpu")
    for picture in gallery():
        if picture.name in SEEN_BY_LITE0:
            best = int(lite0(lite0.prepare(open_picture(picture.path))).argmax())
            assert lite0.labels[best] in SEEN_BY_LITE0[picture.name], picture.name
