import pytest
import torch

from core.pictures.datasets import Labelled
from core.randomness import generator
from core.retraining.data import LabelledData, in_parts
from core.retraining.division import Example, SourcePictures


def halves(count: int, purpose: str) -> Labelled:
    """Noise with a bright square: on the left for class 0, on the right for class 1."""
    draw = generator(0, "halves", purpose)
    pixels = 0.3 * torch.rand(count, 3, 8, 8, generator=draw)
    labels = torch.arange(count) % 2
    rows, columns = (torch.randint(0, high, (count,), generator=draw) for high in (7, 3))
    for place, (row, column) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        left = column + (4 if labels[place] else 0)
        pixels[place, :, row : row + 2, left : left + 2] = 1.0
    return Labelled(pixels, labels)


@pytest.fixture(scope="session")
def squares() -> LabelledData:
    """Two classes that a small network tells apart by where a bright square is."""
    return LabelledData("squares", "Squares", ("left", "right"), halves(600, "train"), halves(60, "test"))


@pytest.fixture(scope="session")
def digits() -> LabelledData:
    """scikit-learn's handwritten digits: 1,797 grey pictures of 8 x 8 pixels with 17 levels."""
    from sklearn.datasets import load_digits

    found = load_digits()
    levels = torch.from_numpy(found.images * (255 / 16)).round().to(torch.uint8)
    examples = [
        Example(f"digit {place}", own[None], number)
        for place, (own, number) in enumerate(zip(levels, found.target.tolist(), strict=True))
    ]
    return in_parts("digits", SourcePictures("Digits", tuple("0123456789"), examples), None, seed=0)
