"""Pictures such as a stamp model was shown, but that it did not learn from."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

import core
from core.pictures.bases import collect_bases
from core.stamping.models import DEFAULT, ListedStampModel, list_stamp_models
from dashboard.library.models import shelf
from dashboard.library.pictures import PictureGone, bases_for, find_choice, open_choice


@pytest.fixture
def cross() -> ListedStampModel:
    """The default stamp model, loaded."""
    assert shelf.ask(DEFAULT).ended.wait(120)
    return next(model for model in list_stamp_models() if model.name == DEFAULT)


def test_base_pictures_show_nothing_that_was_learned_from(cross: ListedStampModel) -> None:
    widths = {entry.name: core.open_picture(entry.path).width for entry in core.gallery()}
    parts = [re.search(r"(\w+)\[\d+:\d+, (\d+):", choice.credit) for choice in bases_for(cross)]
    cuts = [(part[1], int(part[2])) for part in parts if part]
    assert len(cuts) > 5
    assert all(left >= 0.7 * widths[name] - 1 for name, left in cuts)


def test_base_pictures_come_to_the_model_to_the_bit_and_small_to_the_strip(
    client: TestClient, cross: ListedStampModel
) -> None:
    choices = bases_for(cross)
    assert len({choice.name for choice in choices}) == len({choice.title for choice in choices}) == 10
    name = choices[2].name
    assert find_choice(name) == choices[2]
    pixels = np.asarray(open_choice(name))
    tested = collect_bases("patches", 48, cross.seed, 30).test
    assert (pixels == (tested[int(name.rpartition("-")[2])].permute(1, 2, 0) * 255).round().byte().numpy()).all()
    crop = client.get(f"/api/pictures/{name}/crop", params={"model": DEFAULT})
    assert (np.asarray(Image.open(io.BytesIO(crop.content))) == pixels).all()
    assert Image.open(io.BytesIO(client.get(f"/api/pictures/{name}/thumbnail").content)).size == (128, 128)


@pytest.mark.parametrize("name", ["base-", "base-00000000-0", "base-../../etc-0"])
def test_a_name_that_is_of_no_known_base_is_gone(name: str) -> None:
    with pytest.raises(PictureGone):
        find_choice(name)
