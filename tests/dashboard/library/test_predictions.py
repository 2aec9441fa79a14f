"""What was seen of a picture goes with the picture."""

import gc
import io
import weakref

import pytest
from PIL import Image

from core.models.classifier import Classifier
from dashboard.library.absence import NotThere
from dashboard.library.models import DEFAULT_MODEL, Shelf, shelf
from dashboard.library.pictures import PictureGone, Upload, uploads
from dashboard.library.predictions import imputed, look


@pytest.fixture
def upload():
    written = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(written, "PNG")
    return uploads.add("anna", Upload("hers.png", written.getvalue()))


def test_what_was_seen_of_an_upload_leaves_the_memory_with_it(upload):
    imputed(DEFAULT_MODEL, upload, "black")
    seen = weakref.ref(look(DEFAULT_MODEL, upload))
    assert seen()
    uploads.remove(upload, "ben")
    assert seen()
    uploads.remove(upload, "anna")
    gc.collect()
    assert seen() is None
    with pytest.raises(PictureGone):
        look(DEFAULT_MODEL, upload)


def test_what_was_seen_of_other_pictures_stays(upload, monkeypatch):
    seen = look(DEFAULT_MODEL, "chelsea")
    uploads.remove(upload, "anna")
    monkeypatch.setattr(Classifier, "prepare", None)
    assert look(DEFAULT_MODEL, "chelsea") is seen


def test_what_a_model_saw_goes_with_it_and_what_others_saw_stays(monkeypatch):
    assert shelf.ask("fashion_cnn").wait(60)
    look("fashion_cnn", "fashion_boot")
    other = look(DEFAULT_MODEL, "chelsea")
    shelf.forget("fashion_cnn")
    with pytest.raises(NotThere):
        look("fashion_cnn", "fashion_boot")
    monkeypatch.setattr(Classifier, "prepare", None)
    assert look(DEFAULT_MODEL, "chelsea") is other


def test_whoever_listens_hears_which_model_left():
    small, heard = Shelf(most=1), []
    small.on_eviction(heard.append)
    for name in ("trained/nobody", "trained/no one"):
        assert small.ask(name).ended.wait(60)
    small.forget("trained/no one")
    assert heard == ["trained/nobody", "trained/no one"]
