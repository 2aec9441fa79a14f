"""Training tells what it does, learns, and comes out the same to the bit."""

import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from core.jobs.events import Progress
from core.models.small import batch_norm_cnn
from core.models.training import EpochDone, pools_first, stream_training


def drawn(purpose: int, count: int = 20):
    """Points of the plane; their class is the side of a line on which they lie."""
    points = torch.randn(count, 2, generator=torch.Generator().manual_seed(purpose))
    return points, (points @ torch.tensor([1.0, -2.0]) > 0).long()


def network() -> nn.Module:
    made = nn.Linear(2, 2)
    with torch.no_grad():
        made.weight.copy_(torch.tensor([[0.3, -0.1], [0.2, 0.4]]))
        made.bias.copy_(torch.tensor([0.1, -0.2]))
    return made


def trained(seed: int = 0, epochs: int = 3, peak: float = 0.1, **asked):
    made = network()
    return made, list(stream_training(made, drawn, drawn(99), epochs, seed, peak, **asked))


def test_every_batch_tells_the_examples_seen_so_far_and_every_epoch_what_it_came_to():
    _, events = trained(epochs=2, batch=8)
    told = [(event.done, event.total) if isinstance(event, Progress) else event.epoch for event in events]
    assert told == [(8, 40), (16, 40), (20, 40), 1, (28, 40), (36, 40), (40, 40), 2]
    assert {event.epochs for event in events if isinstance(event, EpochDone)} == {2}
    assert [event.what for event in events if isinstance(event, Progress)][::3] == ["Epoch 1 of 2", "Epoch 2 of 2"]


@pytest.mark.parametrize("batch", [8, 20, 64])
def test_an_epoch_s_figures_are_means_over_its_examples_however_they_were_batched(batch):
    _, events = trained(epochs=2, peak=1e-9, batch=batch)  # next to nothing is learned, so the figures are known
    for epoch, (points, labels) in zip(
        [event for event in events if isinstance(event, EpochDone)], [drawn(0), drawn(1)], strict=True
    ):
        with torch.no_grad():
            logits = network()(points)
            held_out, truth = network()(drawn(99)[0]), drawn(99)[1]
        assert epoch.loss == pytest.approx(float(F.cross_entropy(logits, labels)), abs=1e-6)
        assert epoch.accuracy == pytest.approx(float((logits.argmax(1) == labels).float().mean()))
        assert epoch.held_out == pytest.approx(float((held_out.argmax(1) == truth).float().mean()))


def test_it_learns_what_there_is_to_learn():
    _, events = trained(epochs=60)
    first, *_, last = (event for event in events if isinstance(event, EpochDone))
    assert last.loss < first.loss / 3
    assert last.held_out >= 0.9
    assert 0 <= first.seconds <= last.seconds


def test_an_epoch_is_drawn_when_its_turn_comes_and_once():
    asked = []

    def draw(epoch):
        asked.append(epoch)
        return drawn(epoch)

    steps = stream_training(network(), draw, drawn(99), 3, 0, 0.1, batch=10)
    assert asked == []
    for _ in range(3):
        next(steps)
    assert asked == [0]
    next(steps)
    assert asked == [0, 1]


def test_one_seed_gives_the_same_weights_to_the_bit_and_another_meets_them_in_another_order():
    (one, _), (same, _), (other, _) = trained(0, batch=4), trained(0, batch=4), trained(1, batch=4)
    assert all(torch.equal(*pair) for pair in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.weight, other.weight)


def test_examples_come_in_another_order_each_epoch():
    orders = []

    class Listening(nn.Linear):
        def forward(self, points):
            if self.training:
                orders.append(points[:, 0].tolist())
            return super().forward(points)

    list(stream_training(Listening(2, 2), lambda _: drawn(0), drawn(99), 2, 0, 0.1))
    first, second = orders
    assert first != second
    assert sorted(first) == sorted(second) == sorted(drawn(0)[0][:, 0].tolist())


def test_global_random_states_and_the_caller_s_gradient_mode_stay_as_they_were():
    made = network()
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    with torch.no_grad():
        list(stream_training(made, drawn, drawn(99), 3, 0, 0.1))
        assert not torch.is_grad_enabled()
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    assert np.random.get_state()[1].tolist() == states[2]  # noqa: NPY002
    assert not torch.equal(made.weight, network().weight)


def test_held_out_examples_are_asked_as_they_will_be_asked_later_and_not_learned_from():
    made = nn.Sequential(nn.Dropout(1.0), network())
    *_, last = stream_training(made, drawn, drawn(99), 1, 0, 1e-9)
    with torch.no_grad():
        expected = (network()(drawn(99)[0]).argmax(1) == drawn(99)[1]).float().mean()
    assert last.held_out == pytest.approx(float(expected))


def test_a_last_example_that_nothing_could_normalise_joins_the_batch_before_it():
    """Of 8 x 8 pixels the network leaves one place, and a variance needs two values."""
    made = batch_norm_cnn(2, (8, 8))
    pixels = torch.rand(17, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    examples = pixels, torch.arange(17) % 2
    events = list(stream_training(made, lambda _: examples, examples, 2, 0, 0.01, batch=8))
    assert [event.done for event in events if isinstance(event, Progress)] == [8, 17, 25, 34]


def stepped(network: nn.Module, examples) -> tuple[torch.Tensor, ...]:
    """What a pass gives, and the gradient of every weight."""
    network.train()
    logits = network(examples[0].contiguous(memory_format=torch.channels_last))
    return logits, *torch.autograd.grad(F.cross_entropy(logits, examples[1]), list(network.parameters()))


@pytest.mark.parametrize("constant", [False, True])
def test_pools_before_relus_give_the_same_outputs_and_gradients_to_the_bit(constant):
    """Also of pictures of one colour, where every window has ties."""
    draw = torch.Generator().manual_seed(0)
    pixels = torch.randn(16, 3, 1 if constant else 28, 1 if constant else 28, generator=draw).expand(-1, -1, 28, 28)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = batch_norm_cnn(10, (28, 28)).to(memory_format=torch.channels_last)
    examples = pixels, torch.arange(16) % 10
    expected, found = stepped(made, examples), stepped(pools_first(made), examples)
    assert all(torch.equal(*pair) for pair in zip(expected, found, strict=True))


def test_only_a_pool_that_follows_a_relu_changes_its_place_and_the_network_itself_stays():
    made = nn.Sequential(
        nn.MaxPool2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.ReLU(), nn.AvgPool2d(2), nn.ReLU(), nn.Flatten()
    )
    before = list(made)
    found = list(pools_first(made))
    assert found == [before[place] for place in (0, 2, 1, 3, 4, 5, 6)]
    assert list(made) == before
    pooled = nn.ModuleList([nn.ReLU(), nn.MaxPool2d(2)])
    assert pools_first(pooled) is pooled, "only layers that follow each other are known to"


def test_a_training_changes_the_weights_and_the_running_means_of_the_network_that_it_was_given():
    made = batch_norm_cnn(2, (8, 8))
    before = {name: own.clone() for name, own in made.state_dict().items()}
    examples = torch.rand(16, 3, 8, 8, generator=torch.Generator().manual_seed(0)), torch.arange(16) % 2
    list(stream_training(made, lambda _: examples, examples, 1, 0, 0.01))
    assert not any(torch.equal(own, before[name]) for name, own in made.state_dict().items())
    assert not any(part.training for part in made.modules())


def test_at_half_precision_it_learns_the_same_each_time_and_weights_and_held_out_passes_stay_whole():
    outputs = set()

    class Listening(nn.Linear):
        def forward(self, points):
            found = super().forward(points)
            outputs.add((self.training, found.dtype))
            return found

    def half(seed):
        made = Listening(2, 2)
        made.load_state_dict(network().state_dict())
        *_, last = stream_training(made, drawn, drawn(99), 60, seed, 0.1, precision=torch.bfloat16)
        return made, last

    (one, last), (same, _) = half(0), half(0)
    assert outputs == {(True, torch.bfloat16), (False, torch.float32)}
    assert one.weight.dtype == torch.float32
    assert torch.equal(one.weight, same.weight)
    assert last.held_out >= 0.9
    whole, _ = trained(epochs=60)
    assert not torch.equal(one.weight, whole.weight)
    torch.testing.assert_close(one.weight, whole.weight, rtol=0.05, atol=0.05)
