"""What the tests of models share."""

from pathlib import Path

import pytest
from PIL import Image

from core.models.catalogue import load_classifier
from core.models.classifier import Classifier
from core.pictures.gallery import gallery
from core.pictures.opening import open_picture


@pytest.fixture(scope="session")
def lite0() -> Classifier:
    return load_classifier("efficientnet_lite0", device="cpu")


@pytest.fixture(scope="session")
def squeezenet() -> Classifier:
    return load_classifier("squeezenet1_1", device="cpu")


@pytest.fixture(scope="session")
def uploads() -> tuple[Image.Image, ...]:
    """A photograph in the shapes that people upload: ordinary, wide, tall, small."""
    (coffee,) = (open_picture(picture.path) for picture in gallery() if picture.name == "coffee")
    return coffee, coffee.resize((900, 301)), coffee.resize((333, 777)), coffee.resize((97, 120))


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nothing has been measured."""
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _: str(tmp_path))
    return tmp_path
