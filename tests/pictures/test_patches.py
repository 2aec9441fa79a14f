"""A patch is cut from its ground, and says where."""

import numpy as np
import pytest
import torch
from PIL import Image

from core.pictures.patches import Ground, cut, level, reduced, zooms


def draw(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def ground() -> Ground:
    """A part of a picture in which each pixel tells its row and column in the picture, 100 columns being left out."""
    rows, columns = np.indices((50, 60), dtype=np.uint8)
    return Ground("map", Image.fromarray(np.stack([rows, columns + 100, 0 * rows], axis=2)), left=100)


def test_a_patch_shows_the_pixels_that_its_origin_names(ground):
    patches = cut(ground, 16, (1,), 200, draw())
    assert len(patches) == 200
    mirrored = 0
    for pixels, origin in patches:
        if pixels[0, 0, 1] > pixels[0, -1, 1]:
            pixels, mirrored = pixels[:, ::-1], mirrored + 1
        top, left = (int(each) for each in pixels[0, 0, :2])
        assert origin == f"map[{top}:{top + 16}, {left}:{left + 16}]"
        assert (pixels[..., 0] == np.arange(top, top + 16)[:, None]).all()
        assert (pixels[..., 1] == np.arange(left, left + 16)).all()
    assert 70 < mirrored < 130


def test_every_place_may_be_drawn_the_last_row_and_column_too(ground):
    patches = cut(Ground("map", ground.part.crop((0, 0, 18, 17))), 16, (1,), 100, draw())
    assert len(patches) == 3 * 2 * 2
    assert {origin for _, origin in patches} == {
        f"map[{top}:{top + 16}, {left}:{left + 16}]" for top in (0, 1) for left in (0, 1, 2)
    }


def test_a_picture_of_a_patch_s_size_gives_itself_and_its_mirror(ground):
    part = ground.part.crop((0, 0, 16, 16))
    patches = cut(Ground("map", part), 16, zooms((16, 16), 16), 10, draw())
    assert [origin for _, origin in patches] == ["map[0:16, 0:16]"] * 2
    found = sorted(patch.tobytes() for patch, _ in patches)
    assert found == sorted((np.asarray(part).tobytes(), np.asarray(part)[:, ::-1].tobytes()))


def test_no_two_patches_are_at_one_place_in_one_way(ground):
    patches = cut(ground, 40, (1,), 10_000, draw())
    assert len(patches) == len({(patch.tobytes(), origin) for patch, origin in patches})
    assert len(patches) > 0.9 * 11 * 21 * 2


@pytest.mark.parametrize("size", [(9, 32), (32, 9), (12, 12)])
def test_a_small_picture_is_enlarged_and_its_origins_stay_inside(size):
    width, height = size
    levels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    scales = zooms(size, 16)
    assert scales == (0.75 * min(size) / 16, min(size) / 16)
    patches = cut(Ground("small", Image.fromarray(levels)), 16, scales, 100, draw())
    assert 20 <= len(patches) <= 100
    for patch, origin in patches:
        assert patch.shape == (16, 16, 3)
        rows, columns = ([int(edge) for edge in each.split(":")] for each in origin[6:-1].split(", "))
        assert 0 <= rows[0] < rows[1] <= height
        assert 0 <= columns[0] < columns[1] <= width


def test_what_is_no_whole_block_is_left_out():
    levels = np.random.default_rng(1).integers(0, 256, (7, 11, 3), dtype=np.uint8)
    blocks = levels[:6, :9].reshape(2, 3, 3, 3, 3).mean(axis=(1, 3))
    for means in (
        np.asarray(reduced(Image.fromarray(levels), 3)),
        level(Ground("", Image.fromarray(levels)), 2, 3).pixels,
    ):
        assert np.abs(means - blocks).max() < 0.6


def test_scales_go_from_detail_to_the_short_side_and_always_fit():
    for short in range(48, 1000, 7):
        scales = zooms((1000, short), 48)
        assert all(int(zoom) == zoom >= 1 and zoom * 48 <= short for zoom in scales)
        assert scales[-1] == short // 48
        assert len(scales) == min(4, short // 48)


def test_origins_of_a_reduced_part_are_in_the_picture_s_own_pixels():
    ground = Ground("large", Image.new("RGB", (100, 80)), left=7, shrunk=5)
    assert ground.origin(10, 20, 16) == "large[50:130, 107:187]"
    assert ground.origin(10.5, 20.5, 16 * 1.5) == "large[52:173, 109:230]"
