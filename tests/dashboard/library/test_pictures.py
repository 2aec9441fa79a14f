"""Uploads stay within bounds."""

import io
import re
import weakref
from dataclasses import replace

import pytest
from PIL import Image

import core
from core.stamping.models import list_stamp_models
from dashboard.library.pictures import (
    PictureGone,
    Upload,
    bases_for,
    family_of,
    find_choice,
    gallery,
    gallery_for,
    own_uploads,
    thumbnail,
    uploads,
)


def written(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 16), colour).save(file, "PNG")
    return file.getvalue()


def test_another_persons_upload_is_not_listed_nor_removed():
    name = uploads.add("anna", Upload("hers", written("red")))
    assert find_choice(name) in own_uploads("anna")
    assert own_uploads("ben") == []
    assert not uploads.remove(name, "ben")
    assert find_choice(name).title == "hers"


def test_what_does_not_open_is_no_upload():
    with pytest.raises(core.PictureError):
        Upload("a", b"not a picture")


def test_a_removed_upload_is_gone_with_its_thumbnail():
    upload = Upload("hers", written("green"))
    name, known = uploads.add("anna", upload), weakref.ref(upload)
    thumbnail(name)
    del upload
    assert uploads.remove(name, "anna")
    assert known() is None
    for use in (find_choice, thumbnail):
        with pytest.raises(PictureGone, match="Upload it again"):
            use(name)


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


def test_the_pictures_that_a_person_s_model_was_shown_have_names_that_nobody_guesses():
    public = list_stamp_models()[0]
    theirs = replace(public, owner="anna")
    assert re.fullmatch("base-[0-9a-f]{8}", family_of(public))
    assert re.fullmatch("base-[0-9a-f]{32}", family_of(theirs))


def test_where_a_folder_lay_is_told_to_nobody(tmp_path):
    public = list_stamp_models()[0]
    model = replace(public, task=replace(public.task, bases=str(tmp_path / "gone")))
    with pytest.raises(ValueError, match="no longer on this server") as told:
        bases_for(model)
    assert str(tmp_path) not in str(told.value)
