"""The gallery may be given away, and shows what the default model knows."""

import hashlib

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.datasets import FashionMNIST

from core.models.catalogue import load_classifier
from core.pictures.datasets import stored
from core.pictures.gallery import GALLERY, gallery
from core.pictures.opening import open_picture

FREE = {"CC0 1.0", "CC BY 2.0", "MIT", "public domain"}
SIDES = {"imagenet": (224, 640), "fashion_mnist": (28, 28)}
SHOWN = {
    "fashion_boot": "Ankle boot",
    "fashion_bag": "Bag",
    "fashion_dress": "Dress",
    "fashion_sandal": "Sandal",
    "fashion_shirt": "T-shirt/top",
    "fashion_trousers": "Trouser",
}
SEEN_BY_LITE0 = {
    "hens": {"hen"},
    "chelsea": {"tiger cat", "Egyptian cat", "tabby"},
    "coffee": {"espresso"},
    "rocket": {"missile", "projectile"},
    "china": {"palace"},
    "flower": {"daisy"},
    "camera": {"tripod"},
    "lemur": {"Madagascar cat"},
    "koala": {"koala"},
    "panda": {"giant panda"},
    "polar_bear": {"ice bear"},
    "red_panda": {"lesser panda"},
    "dog": {"German shepherd"},
    "macaw": {"macaw"},
    "clownfish": {"anemone fish"},
    "crab": {"rock crab"},
    "sheep": {"ram"},
    "bison": {"bison"},
    "kangaroo": {"wallaby"},
    "jaguars": {"jaguar"},
    "komodo_dragon": {"Komodo dragon"},
    "castle": {"castle"},
    "aqueduct": {"viaduct"},
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
    least, most = SIDES[picture.suits]
    opened = open_picture(picture.path)
    assert least <= min(opened.size) <= max(opened.size) <= most


def test_the_gallery_is_small_and_no_picture_is_there_twice():
    contents = [picture.path.read_bytes() for picture in gallery()]
    assert sum(map(len, contents)) < 2_200_000
    assert len({hashlib.sha256(content).digest() for content in contents}) == len(contents)


def test_the_default_model_knows_what_the_pictures_show():
    lite0 = load_classifier(device="cpu")
    for picture in gallery():
        if picture.name in SEEN_BY_LITE0:
            best = int(lite0(lite0.prepare(open_picture(picture.path))).argmax())
            assert lite0.labels[best] in SEEN_BY_LITE0[picture.name], picture.name


def test_clothes_stand_after_the_photos_are_of_six_kinds_and_named_by_both_networks():
    clothes = [picture for picture in gallery() if picture.suits == "fashion_mnist"]
    assert clothes == list(gallery()[-6:])
    shown = {}
    for name in ("fashion_vit", "fashion_cnn"):
        classifier = load_classifier(name, device="cpu")
        logits = torch.cat([classifier(classifier.prepare(open_picture(picture.path))) for picture in clothes])
        shown[name] = [classifier.labels[best] for best in logits.argmax(dim=1)]
        assert logits.softmax(dim=1).amax(dim=1).min() > 0.5
    assert shown["fashion_vit"] == shown["fashion_cnn"] == [SHOWN[picture.name] for picture in clothes]
    assert len(set(SHOWN.values())) == 6


def test_clothes_are_pictures_of_the_bundled_test_set():
    known = {
        levels.tobytes(): label for levels, label in zip(stored("test_pictures"), stored("test_labels"), strict=True)
    }
    for picture in gallery():
        if picture.suits == "fashion_mnist":
            assert known[np.asarray(Image.open(picture.path)).tobytes()] == FashionMNIST.classes.index(
                SHOWN[picture.name]
            )
