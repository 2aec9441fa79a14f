"""What is drawn says what the numbers say."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from core.pictures.rendering import DIVERGING, SEQUENTIAL, coloured, overlay, to_png

WHITE = int(DIVERGING[3][1:3], 16)


def lightness(colours: torch.Tensor) -> torch.Tensor:
    return (torch.tensor([0.2126, 0.7152, 0.0722]).view(3, 1, 1) * colours**2.2).sum(0) ** (1 / 3)


def test_png_gives_back_the_pixels_to_half_a_level():
    pixels = torch.rand(3, 7, 11, generator=torch.Generator().manual_seed(0))
    read = np.asarray(Image.open(io.BytesIO(to_png(pixels))), np.float32).transpose(2, 0, 1) / 255
    assert read.shape == (3, 7, 11)
    assert np.abs(read - pixels.numpy()).max() <= 0.5 / 255 + 1e-6


def test_png_clips_what_lies_outside():
    read = np.asarray(Image.open(io.BytesIO(to_png(torch.tensor([-1.0, 2.0]).expand(3, 1, 2)))))
    assert read.tolist() == [[[0, 0, 0], [255, 255, 255]]]


def test_zero_is_white_in_a_signed_map_however_lopsided_it_is():
    colours = coloured(torch.tensor([[0.0, 100.0, -1.0]]), signed=True)
    assert (colours[:, 0, 0] * 255).round().tolist() == [WHITE] * 3


def test_signs_are_told_apart_by_blue_and_orange_and_magnitudes_by_lightness():
    colours = coloured(torch.linspace(-1, 1, 101)[None], signed=True)
    for_it, against = colours[:, 0, -1], colours[:, 0, 0]
    assert for_it[0] > for_it[2]
    assert against[2] > against[0]
    light = lightness(colours)[0]
    assert (light[:51].diff() > 0).all()
    assert (light[50:].diff() < 0).all()


def test_more_is_lighter_in_an_unsigned_map_and_negative_counts_as_nothing():
    colours = coloured(torch.linspace(-0.5, 1, 151)[None], signed=False)
    light = lightness(colours)[0]
    assert (light[50:].diff() > 0).all()
    assert (light[:51] == light[0]).all()


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("value", [0.0, float("nan"), 1e-30])
def test_a_constant_map_has_one_colour_and_divides_by_nothing(signed, value):
    colours = coloured(torch.full((3, 4), value), signed)
    assert colours.isfinite().all()
    assert (colours == colours[:, :1, :1]).all()


def test_a_negative_constant_is_all_against():
    colours = coloured(torch.full((2, 2), -3.0), signed=True)
    assert (colours[:, 0, 0] * 255).round().tolist() == [int(DIVERGING[0][at : at + 2], 16) for at in (1, 3, 5)]


def test_opacity_goes_from_the_picture_to_the_map():
    pixels = torch.full((3, 2, 2), 0.2)
    values = torch.tensor([[0.0, 1.0], [0.5, 0.25]])
    assert overlay(values, pixels, signed=False, opacity=0).getpixel((0, 0)) == (51, 51, 51)
    assert "#{:02x}{:02x}{:02x}".format(*overlay(values, pixels, False, opacity=1).getpixel((1, 0))) == SEQUENTIAL[-1]
    half = overlay(values, pixels, signed=False, opacity=0.5)
    assert (half.size, half.mode) == ((2, 2), "RGB")
