"""What tests of the Retrain page share: folders of a person's own, and the tabs that learn from them."""

import io

import numpy as np
import pytest
from PIL import Image

from dashboard.library.folders import folders, write_folder

SHADES = {"dark": 0, "grey": 90, "light": 190}


@pytest.fixture
def shades():
    """The files of a folder with noise in three shades, a folder for each."""

    def files(title="shop", of_a_class=14, side=12):
        drawn = np.random.default_rng(0)
        return [
            (f"{title}/{name}/{number}.png", as_png(drawn.integers(low, low + 60, (side, side, 3), dtype=np.uint8)))
            for name, low in SHADES.items()
            for number in range(of_a_class)
        ]

    return files


@pytest.fixture
def upload():
    """Keeps files as a folder that somebody has uploaded, and gives its name."""
    return lambda files, owner="somebody": folders.add(owner, write_folder(files))


def as_png(levels):
    file = io.BytesIO()
    Image.fromarray(levels).save(file, "PNG")
    return file.getvalue()
