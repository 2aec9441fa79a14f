"""A stamp covers the pixels that its mask names, and no other."""

import importlib.util
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import maximum_filter, minimum_filter
from scipy.stats import chisquare

from core.assets import ASSETS
from core.models.catalogue import load_classifier
from core.models.cropping import centre_crop
from core.models.functions import as_classifier
from core.pictures.stamps import STAMPS, Placed, Stamp, anywhere, find_stamp, list_stamps

DESIGNS = [design.name for design in list_stamps()]
AT_THREE = {
    "cross": ["010", "111", "010"],
    "ring": ["111", "101", "111"],
    "checker": ["111", "111", "111"],
    "triangle": ["010", "010", "111"],
    "bars": ["101", "101", "101"],
    "corner": ["100", "100", "111"],
    "saltire": ["101", "010", "101"],
}


def drawn_by_hand(name: str) -> np.ndarray:
    return np.array([[mark == "1" for mark in row] for row in AT_THREE[name]])


@pytest.fixture
def noise() -> torch.Tensor:
    """A picture without grey or repeated colours, so that whatever is put on it shows."""
    return torch.rand(3, 11, 17, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 0.8 + 0.1


@pytest.fixture(scope="module")
def drawing():
    """assets/draw_stamps.py, which is no part of a package."""
    specification = importlib.util.spec_from_file_location("draw_stamps", ASSETS / "draw_stamps.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_there_are_six_designs_and_a_distractor_that_comes_last():
    assert len(DESIGNS) >= 7
    assert [design.distractor for design in list_stamps()] == [False] * (len(DESIGNS) - 1) + [True]
    assert len({design.title for design in list_stamps()}) == len(DESIGNS)


def test_the_files_are_what_the_script_draws_and_none_is_left_over(drawing):
    assert sorted(path.stem for path in STAMPS.glob("*.png")) == sorted(DESIGNS)
    assert [design.__name__ for design in drawing.DESIGNS] == DESIGNS
    for design in drawing.DESIGNS:
        with Image.open(STAMPS / f"{design.__name__}.png") as kept:
            drawn = drawing.picture(design)
            assert (kept.mode, kept.size) == (drawn.mode, drawn.size) == ("LA", (48, 48))
            np.testing.assert_array_equal(np.asarray(kept), np.asarray(drawn))


@pytest.mark.parametrize("name", DESIGNS)
def test_three_pixels_show_the_design_as_it_would_be_drawn_by_hand(name):
    colours, covered = Stamp(name, 3, "white").drawn
    np.testing.assert_array_equal(covered.numpy(), drawn_by_hand(name))
    painted = np.indices((3, 3)).sum(axis=0) % 2 == 0 if name == "checker" else covered.numpy()
    for channel in colours:
        np.testing.assert_array_equal(channel.numpy()[covered], painted[covered])


@pytest.mark.parametrize("name", DESIGNS)
def test_a_multiple_of_three_repeats_each_pixel_of_what_stands_on_thirds(name):
    if name in ("ring", "triangle"):  # round and slanted
        return
    for times in (2, 4, 16):
        covered = Stamp(name, 3 * times).drawn[1].numpy()
        np.testing.assert_array_equal(covered, np.kron(drawn_by_hand(name), np.ones((times, times), dtype=bool)))


@pytest.mark.parametrize("size", range(3, 29))
def test_every_design_covers_something_at_every_size_and_no_two_look_alike(size):
    looks = {}
    for name in DESIGNS:
        colours, covered = Stamp(name, size, "white").drawn
        assert colours.shape == (3, size, size)
        assert size <= covered.sum() <= size * size
        assert 0 <= colours.min() <= colours.max() <= 1
        looks[name] = torch.where(covered, colours[0], torch.full(covered.shape, -1.0))
    for one, other in combinations(DESIGNS, 2):
        assert (looks[one] - looks[other]).abs().max() > 0.5, (one, other)


def test_at_each_place_with_or_without_overhang_the_mask_is_the_pixels_that_change(noise):
    height, width = noise.shape[-2:]
    stamp = Stamp("cross", 6)
    shape = stamp.drawn[1].numpy()
    for top in range(-7, height + 2):
        for left in range(-7, width + 2):
            placed = Placed(stamp, left, top)
            expected = np.pad(np.zeros((height, width), dtype=bool), 8)
            expected[top + 8 : top + 14, left + 8 : left + 14] = shape
            expected = expected[8:-8, 8:-8]
            stamped = placed.on(noise)
            np.testing.assert_array_equal(placed.mask((height, width)).numpy(), expected)
            np.testing.assert_array_equal((stamped != noise).any(dim=0).numpy(), expected)
            assert (torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64) == stamped[:, expected].T).all()


@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("opacity", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_opacity_blends_exactly_and_nowhere_else(name, opacity, noise):
    stamp = Stamp(name, 5, "#3366cc", opacity)
    placed = Placed(stamp, 4, 3)
    mask = placed.mask((11, 17)).numpy()
    brightness = Stamp(name, 5, "white").drawn[0][0].double().numpy()
    paint = np.array([0x33, 0x66, 0xCC])[:, None, None] / 255 * brightness
    before = noise.numpy()
    expected = before.copy()
    window = expected[:, 3:8, 4:9]
    window[:, mask[3:8, 4:9]] = ((1 - opacity) * window + opacity * paint)[:, mask[3:8, 4:9]]
    np.testing.assert_allclose(placed.on(noise).numpy(), expected, atol=1e-7)
    np.testing.assert_array_equal(placed.on(noise).numpy()[:, ~mask], before[:, ~mask])
    if opacity == 0:
        np.testing.assert_array_equal(placed.on(noise).numpy(), before)


def test_a_batch_is_stamped_as_its_pictures_are_and_stays_as_it_was(noise):
    batch = torch.stack([noise, noise.flip(-1)])[None]
    before = batch.clone()
    placed = Placed(Stamp("ring", 4), 15, -1)
    stamped = placed.on(batch)
    assert torch.equal(batch, before)
    assert stamped.dtype == batch.dtype
    for place in (0, 1):
        assert torch.equal(stamped[0, place], placed.on(batch[0, place]))


def test_a_stamp_put_on_a_picture_is_the_one_put_on_its_pixels():
    levels = np.random.default_rng(3).integers(1, 255, (40, 70, 3), dtype=np.uint8)
    picture = Image.fromarray(levels)
    stamped = np.asarray(Placed(Stamp("triangle", 9, "#10f0a0"), 64, 35).on_picture(picture))
    mask = Placed(Stamp("triangle", 9), 64, 35).mask((40, 70)).numpy()
    assert mask.sum() > 5
    assert (stamped[mask] == (0x10, 0xF0, 0xA0)).all()
    np.testing.assert_array_equal(stamped[~mask], levels[~mask])
    np.testing.assert_array_equal(np.asarray(picture), levels)


def seen_through(classifier, size: tuple[int, int], placed: Placed) -> tuple[np.ndarray, np.ndarray]:
    """The truth's mask as a classifier sees it, and how much the stamp changes each pixel that it sees, in shares.

    The picture is black and the stamp white, so that an unclipped change is the share that the stamp covers.
    """
    black = Image.new("RGB", size)
    change = classifier.prepare(placed.on_picture(black)) - classifier.prepare(black)
    assert torch.equal(change[0, 0], change[0, 2])
    return placed.truth(size).mask(classifier).numpy(), change[0, 0].numpy()


# The pictures' short sides are twice the 256 pixels that the networks scale to, before they cut 224 from the middle.
@pytest.mark.parametrize("name", ["efficientnet_lite0", "squeezenet1_1"])
@pytest.mark.parametrize("size", [(640, 512), (512, 700)])
def test_what_a_network_sees_of_a_stamp_is_the_mean_over_the_blocks_that_its_pixels_cover(name, size):
    classifier = load_classifier(name, "cpu")
    width, height = size
    left, top = (length // 2 - 224 for length in size)
    stamp = Stamp("cross", 24, "white")
    middle_place = (left + 100, top + 80)
    corners = [(x, y) for x in (left - 8, left + 448 - 16) for y in (top - 8, top + 448 - 16)]
    beyond = [(-8, -8), (width - 16, height - 16)]  # of which the crop may see nothing
    for x, y in (middle_place, *corners, *beyond):
        placed = Placed(stamp, x, y)
        mask, change = seen_through(classifier, size, placed)
        full = placed.mask((height, width)).numpy()[top : top + 448, left : left + 448]
        blocks = full.reshape(224, 2, 224, 2).mean(axis=(1, 3))
        np.testing.assert_array_equal(mask, blocks > 0.5)
        np.testing.assert_array_equal(mask, change > 0.5)
    assert not blocks.any() or size == (640, 512)


@pytest.mark.parametrize("name", ["efficientnet_lite0", "squeezenet1_1"])
@pytest.mark.parametrize("size", [(640, 427), (300, 451)])
@pytest.mark.parametrize("design", ["corner", "triangle", "ring"])
def test_on_any_picture_the_mask_is_the_nearest_pixels_but_for_the_outline(name, size, design):
    classifier = load_classifier(name, "cpu")
    width, height = size
    scale = min(size) / 256
    seen_size = [round(length / scale) for length in (height, width)]
    stamp = Stamp(design, round(28 * scale), "white")
    for x, y in ((width // 2 - 50, height // 2 + 20), (round(width / 2 - 112 * scale) - 9, height // 2)):
        placed = Placed(stamp, x, y)
        mask, change = seen_through(classifier, size, placed)
        rows, columns = (
            ((np.arange(224) + (seen - 224) / 2 + 0.5) * length / seen).astype(int)
            for seen, length in zip(seen_size, (height, width), strict=True)
        )
        nearest = placed.mask((height, width)).numpy()[np.ix_(rows, columns)]
        inside, outside = minimum_filter(nearest, 3), ~maximum_filter(nearest, 3)
        assert inside.sum() > 60
        assert mask[inside].all()
        assert not mask[outside].any()
        np.testing.assert_array_equal(mask, change > 0.5)


def test_where_nothing_is_resized_the_seen_mask_is_the_mask_itself():
    network = as_classifier(lambda pixels: pixels.mean(dim=(2, 3)), size=(48, 64), labels=("red", "green", "blue"))
    for x, y in ((20, 30), (-2, -3), (62, 46)):
        placed = Placed(Stamp("bars", 5, "white"), x, y)
        mask, change = seen_through(network, (64, 48), placed)
        np.testing.assert_array_equal(mask, placed.mask((48, 64)).numpy())
        np.testing.assert_array_equal(mask, change == 1)
    picture = Image.fromarray(np.full((48, 64, 3), 99, dtype=np.uint8))
    pixels = centre_crop(picture, (48, 64))
    torch.testing.assert_close(centre_crop(placed.on_picture(picture), (48, 64)), placed.on(pixels))


def test_anywhere_is_every_place_alike_and_none_outside():
    draw = torch.Generator().manual_seed(0)
    stamp = Stamp("cross", 4)
    tally = np.zeros((6, 9), dtype=int)
    for _ in range(5400):
        placed = anywhere(stamp, (9, 12), draw)
        tally[placed.top, placed.left] += 1  # another place would be an IndexError or, if negative, a count too many
        assert placed.left >= 0 <= placed.top
    assert tally.all()
    assert chisquare(tally.ravel()).pvalue > 1e-3


def test_anywhere_draws_from_its_generator_alone():
    state = torch.random.get_rng_state()
    places = [
        [anywhere(Stamp(), (40, 50), draw) for _ in range(5)]
        for draw in (torch.Generator().manual_seed(seed) for seed in (7, 7, 8))
    ]
    assert places[0] == places[1] != places[2]
    assert all(one != other for one, other in pairwise(places[0]))
    assert torch.equal(state, torch.random.get_rng_state())


def test_a_stamp_as_large_as_the_picture_has_one_place_and_a_larger_one_none():
    draw = torch.Generator().manual_seed(0)
    assert anywhere(Stamp(size=7), (7, 7), draw) == Placed(Stamp(size=7), 0, 0)
    with pytest.raises(ValueError, match="A stamp of 8 pixels does not fit on a picture of 9 × 7"):
        anywhere(Stamp(size=8), (7, 9), draw)


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ({"design": "crss"}, "There is no stamp 'crss'. Did you mean cross"),
        ({"size": 2}, "A stamp must be at least 3 pixels wide to show its design, not 2"),
        ({"opacity": -0.01}, "The opacity of a stamp must be from 0 to 1, not -0.01."),
        ({"opacity": 1.5}, "The opacity of a stamp must be from 0 to 1, not 1.5."),
        ({"opacity": float("nan")}, "The opacity of a stamp must be from 0 to 1, not nan."),
        ({"colour": "mauvish"}, "There is no colour 'mauvish'. Use #rrggbb or an English name"),
        ({"colour": "#12345"}, "There is no colour '#12345'. Use #rrggbb"),
        ({"colour": "#ff00ff80"}, "#ff00ff80 is partly transparent. Give the colour as #rrggbb"),
    ],
)
def test_what_no_stamp_has_is_refused_with_what_would_do(wishes, sentence):
    with pytest.raises(ValueError, match=sentence.replace(".", r"\.")) as refusal:
        Stamp(**wishes)
    assert "\n" not in str(refusal.value)


def test_a_stamp_has_its_designs_colour_unless_it_is_given_one():
    for design in list_stamps():
        assert "#{:02x}{:02x}{:02x}".format(*(round(level * 255) for level in Stamp(design.name).rgb)) == design.colour
    assert Stamp("cross", colour="navy").rgb == (0, 0, 128 / 255)
    assert Stamp("cross", colour="navy") != Stamp("cross")
    assert find_stamp("saltire").colour != find_stamp("cross").colour
    assert isinstance(STAMPS, Path)
