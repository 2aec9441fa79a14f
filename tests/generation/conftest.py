"""Clothes, and a network that tells them apart."""

import pytest

import core
from core.pictures.datasets import fashion_mnist


@pytest.fixture(scope="session")
def clothes_cnn():
    return core.load_classifier("fashion_cnn", device="cpu")


@pytest.fixture(scope="session")
def garment():
    """The first of the bundled test pictures."""
    return fashion_mnist("test").pixels[:1].contiguous()
