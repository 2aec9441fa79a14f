"""The flow: it ends where its velocities lead, sees nothing that is hidden, and the bundled ones are what they were."""

import hashlib
from functools import partial

import pytest
import torch

from core.generation.choosing import chosen_prior
from core.generation.donors import donors
from core.generation.energy import energy_score
from core.generation.flow import FLOWS, FOLDER, carried, flow, load_flow, refined_donors
from core.generation.flow_training import Learned, flow_loss, highest, holes, rectangle, train_flow
from core.generation.flow_training import examples as flow_examples
from core.generation.pools import Pool, bundled_pool
from core.generation.priors import Scene, whole
from core.generation.velocity import Velocity
from core.pictures.datasets import fashion_mnist
from core.randomness import generator

SUMS = dict(reversed(line.split()) for line in (FOLDER / "SHA256SUMS").read_text().splitlines())
MOST_BYTES = 4 * 2**20
LEFT = torch.zeros(28, 28, dtype=torch.bool)
LEFT[:, :14] = True


@pytest.fixture
def scene(garment):
    return Scene(garment, bundled_pool("fashion_mnist", 28, 28))


@pytest.mark.parametrize("time", [0.0, 0.4, 0.9])
def test_straight_paths_end_at_their_picture_from_any_time(scene, time):
    """Where all pictures are one picture, the velocity from x is (picture - x) / (1 - t)."""
    picture = 2 * torch.rand(1, 1, 28, 28, generator=generator(0)) - 1

    def towards(noisy, moment, seen, hole):  # noqa: ARG001
        return (picture - noisy) / (1 - moment[:, None, None, None])

    towards.channels = 1
    start, noise = (draw(4, 1, 28, 28, generator=generator(1)) for draw in (torch.rand, torch.randn))
    fills = carried(towards, scene, LEFT, start, time, noise)
    expected = ((picture + 1) / 2).expand(4, 3, -1, -1)
    assert torch.allclose(fills[:, :, LEFT], expected[:, :, LEFT], atol=1e-5)


@pytest.mark.parametrize("prior", [flow, refined_donors])
def test_what_is_hidden_has_no_say(scene, prior):
    hidden = Scene(torch.where(LEFT, scene.pixels.flip(2), scene.pixels), scene.pool)
    one, other = (prior(each)(LEFT, range(4), partial(generator, 0)) for each in (scene, hidden))
    assert torch.equal(one[:, :, LEFT], other[:, :, LEFT])
    assert one.shape == (4, 3, 28, 28)
    assert one.min() >= 0
    assert one.max() <= 1


def test_refining_does_not_make_donors_worse_and_keeps_them_apart():
    pool, scores = bundled_pool("fashion_mnist", 28, 28), {donors: 0.0, refined_donors: 0.0}
    for number in range(20):
        pixels = fashion_mnist("test").pixels[number : number + 1]
        hole = rectangle(0.25, (28, 28), generator(number, "test"))
        for prior in scores:
            fills = whole(prior(Scene(pixels, pool))(hole, range(16), partial(generator, number)))
            scores[prior] += energy_score(fills, pixels[0], hole) / 20
            assert len({fill.numpy().tobytes() for fill in fills}) == 16
    assert scores[refined_donors] < scores[donors] < 0.3


@pytest.mark.parametrize("name", list(FLOWS))
def test_a_bundled_flow_is_the_file_that_was_stored_and_small(name):
    content = (FOLDER / f"{name}.safetensors").read_bytes()
    assert hashlib.sha256(content).hexdigest() == SUMS[f"{name}.safetensors"]
    assert len(content) < MOST_BYTES
    assert (FOLDER / f"{name}.LICENSE.txt").is_file()
    assert all(torch.isfinite(weights).all() for weights in load_flow(name).parameters())


def test_pictures_without_a_flow_are_told_what_fits():
    mine = Pool("mine", "", torch.rand(20, 3, 28, 28, generator=generator(0)), tuple(map(str, range(20))))
    with pytest.raises(ValueError, match="fashion_mnist at 28 × 28 and patches at 48 × 48 pixels only"):
        chosen_prior("flow", mine)


def test_training_holes_have_the_shares_drawn_and_come_in_all_shapes():
    drawn = holes(400, (28, 28), generator(0))
    assert drawn.shape == (400, 1, 28, 28)
    shares = drawn.mean(dim=(1, 2, 3))
    assert shares.min() > 0.05
    assert shares.max() < 0.97
    assert 0.4 < shares.mean() < 0.65
    assert int(highest(0.37, (28, 28), generator(1)).sum()) == round(0.37 * 784)
    inside = rectangle(0.25, (28, 28), generator(2))
    rows, columns = inside.any(1).sum(), inside.any(0).sum()
    assert int(inside.sum()) == int(rows * columns)
    assert abs(float(inside.float().mean()) - 0.25) < 0.03


def test_the_loss_counts_the_hole_alone():
    network = Velocity(1, 2)
    with torch.no_grad():
        network.last.bias.fill_(3.0)
    pictures = torch.rand(2, 1, 8, 8, generator=generator(0))
    example = next(flow_examples(pictures.repeat(32, 1, 1, 1), 0))
    wanted = example.pictures - example.noise
    by_hand = torch.stack(
        [(3 - each[hole > 0]).square().mean() for each, hole in zip(wanted, example.hole, strict=True)]
    ).mean()
    assert flow_loss(network, example).item() == pytest.approx(float(by_hand), rel=1e-4)


def test_training_is_the_same_to_the_bit_learns_and_leaves_the_global_draws_alone():
    pixels = fashion_mnist("train").pixels[:128, :1, ::2, ::2].contiguous()
    before = torch.get_rng_state()

    def trained():
        *reports, network = train_flow(pixels, 2, 30, 5)
        assert all(isinstance(each, Learned) for each in reports)
        return reports[-1].loss, network.state_dict()

    (loss, one), (_, again) = trained(), trained()
    assert all(torch.equal(one[key], again[key]) for key in one)
    assert loss < 2.0
    assert torch.equal(before, torch.get_rng_state())
