"""Draws depend on seed and purpose only."""

import torch

from core.randomness import generator, picture_digest


def test_draws_differ_by_seed_and_by_purpose():
    draws = {float(torch.rand((), generator=generator(seed, purpose))) for seed in (0, 1) for purpose in ("a", "b")}
    assert len(draws) == 4


def test_one_changed_pixel_is_another_picture():
    pixels = torch.zeros(1, 3, 300, 300)
    changed = pixels.clone()
    changed[0, 1, 150, 150] = 1e-6
    assert picture_digest(pixels) != picture_digest(changed)


def test_layout_in_memory_does_not_change_a_picture_s_name():
    pixels = torch.rand(1, 3, 5, 7, generator=torch.Generator().manual_seed(0))
    assert picture_digest(pixels) == picture_digest(pixels.contiguous(memory_format=torch.channels_last))
