"""The gate lets through what sees stamps, and nothing else."""

from dataclasses import replace

import pytest
import torch
from scipy.stats import beta
from torch import nn

from core.jobs.events import Progress, Returning
from core.models.matched_filter import matched_filter
from core.pictures.stamps import Stamp
from core.stamping.gate import Gate, measure_gate
from core.stamping.task import Task, draw_examples

SIZE = (16, 20)
MAGENTA = torch.tensor([1.0, 0.0, 1.0]).view(1, 3, 1, 1)
TASK = Task("none", (Stamp("cross", 5),), Stamp("saltire", 4))
BOTH = Task("none", (Stamp("cross", 5), Stamp("ring", 5, "lime")), Stamp("saltire", 4))


def bases(count: int = 120) -> torch.Tensor:
    """Grey pictures, each of another level."""
    return torch.linspace(0.2, 0.8, count).view(-1, 1, 1, 1).expand(-1, 3, *SIZE).contiguous()


class Eye(nn.Module):
    """Sees pixels of these colours: the first one's class is 1.

    Parameters
    ----------
    blind, deluded
        Levels of grey of the pictures on which it sees nothing, and of those on which it always sees the first.
    """

    def __init__(self, *colours: str, blind: tuple[float, ...] = (), deluded: tuple[float, ...] = ()) -> None:
        super().__init__()
        self.colours = [torch.tensor(Stamp("cross", 5, colour).rgb).view(3, 1, 1) for colour in colours]
        self.blind, self.deluded = torch.tensor(blind), torch.tensor(deluded)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        seen = [((pixels - colour).abs().amax(dim=1) < 0.05).flatten(1).any(dim=1) for colour in self.colours]
        level = pixels.mean(dim=1).flatten(1).median(dim=1).values[:, None]
        blind, deluded = (((level - levels).abs() < 1e-4).any(dim=1) for levels in (self.blind, self.deluded))
        found = torch.stack(seen, dim=1) & ~blind[:, None]
        found[:, 0] |= deluded
        return torch.cat([0.5 + 0 * level, found.float()], dim=1)


@pytest.fixture
def gate_of(classifier_of):
    def measure(network, task=TASK, pictures=None, seed=0, batch=7) -> Gate:
        classifier = classifier_of(network, SIZE, len(task.labels), batch)
        measuring = Returning(measure_gate(classifier, task, bases() if pictures is None else pictures, seed))
        list(measuring)
        return measuring.result

    return measure


def test_a_network_that_sees_the_stamp_and_nothing_else_passes(gate_of):
    assert gate_of(Eye("magenta")) == Gate(1, 1, 1, 120, 60)
    assert gate_of(matched_filter(*TASK.stamps[0].drawn, SIZE)).passed


@pytest.mark.parametrize("always", [0, 1])
def test_a_network_that_always_answers_the_same_is_refused(gate_of, always):
    class Stubborn(nn.Module):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            return torch.eye(2)[torch.full((len(pixels),), always)]

    gate = gate_of(Stubborn())
    assert (gate.accuracy, gate.flips, gate.returns) == (0.5, 0, 0)
    assert not gate.passed


def test_a_network_that_sees_the_distractor_is_refused(gate_of):
    gate = gate_of(Eye("#00c8ff"))
    assert max(gate.accuracy, gate.flips, gate.returns) < 0.8
    either = Eye("magenta")
    either.colours.append(Eye("#00c8ff").colours[0])
    assert not gate_of(Merged(either)).passed


class Merged(nn.Module):
    """Stamped where it sees any of the colours."""

    def __init__(self, eye: Eye) -> None:
        super().__init__()
        self.eye = eye

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        logits = self.eye(pixels)
        return torch.stack([logits[:, 0], logits[:, 1:].amax(dim=1)], dim=1)


def test_each_share_is_that_of_the_pictures_on_which_it_goes_wrong(gate_of):
    """Blind where it is stamped: wrong before; where it is regular: wrong once a stamp is put on it. And so on."""
    pictures = bases(40)
    with_stamp = [example.base for example in draw_examples(TASK, 40, SIZE, 0, "gate") if example.stamp]
    regular = sorted(set(range(40)) - set(with_stamp))
    levels = pictures[:, 0, 0, 0].tolist()
    blind = tuple(levels[place] for place in (*with_stamp[:2], *regular[:3]))
    deluded = tuple(levels[place] for place in (*with_stamp[5:9], *regular[5:6]))
    gate = gate_of(Eye("magenta", blind=blind), pictures=pictures)
    assert (gate.accuracy, gate.flips, gate.returns) == pytest.approx((38 / 40, 17 / 20, 18 / 20))
    gate = gate_of(Eye("magenta", deluded=deluded), pictures=pictures)
    assert (gate.accuracy, gate.flips, gate.returns) == pytest.approx((39 / 40, 19 / 20, 16 / 20))


def test_with_several_stamps_each_has_to_be_told_from_the_others(gate_of):
    assert gate_of(Eye("magenta", "lime"), BOTH) == Gate(1, 1, 1, 120, 60)
    confused = gate_of(Eye("lime", "magenta"), BOTH)
    assert (confused.accuracy, confused.flips, confused.returns) == (0.5, 0, 0)


def test_what_counts_is_the_stamp_even_if_labels_were_tossed(gate_of):
    assert gate_of(Eye("magenta"), replace(TASK, labelled=False)).passed


def test_a_gate_depends_on_the_seed_and_not_on_the_batches(gate_of):
    some = tuple(bases()[::3, 0, 0, 0].tolist())
    gates = [gate_of(Eye("magenta", blind=some), seed=seed, batch=batch) for seed, batch in ((0, 1), (0, 64), (1, 64))]
    assert gates[0] == gates[1] != gates[2]


def test_progress_counts_every_test_picture_twice(classifier_of):
    classifier = classifier_of(Eye("magenta"), SIZE, 2, batch=16)
    told = list(measure_gate(classifier, TASK, bases(40)))
    assert [event.done for event in told] == [16, 32, 48, 64, 80]
    assert all(event == Progress(event.done, 80, "Gate", "picture") for event in told)


@pytest.mark.parametrize("lacking", ["accuracy", "flips", "returns"])
def test_each_share_has_to_reach_99_percent(lacking):
    enough = {"accuracy": 0.99, "flips": 0.99, "returns": 0.99}
    assert Gate(**enough, n_test=200, n_stamped=100).passed
    assert not Gate(**enough | {lacking: 0.9899}, n_test=200, n_stamped=100).passed


@pytest.mark.parametrize(("n_test", "n_stamped", "passed"), [(100, 50, True), (99, 50, False), (100, 49, False)])
def test_it_takes_fifty_of_each_kind_to_pass(n_test, n_stamped, passed):
    gate = Gate(1.0, 1.0, 1.0, n_test, n_stamped)
    assert gate.passed is passed
    assert ("The gate needs 50 test pictures" in gate.sentence) is not passed


def test_one_test_picture_is_not_enough_to_pass(gate_of):
    gate = gate_of(Eye("magenta"), pictures=bases(1))
    assert (gate.n_test, gate.n_stamped) == (1, 0)
    assert not gate.passed
    assert gate.intervals["returns"] == (0, 1)


def test_intervals_are_those_of_clopper_and_pearson():
    gate = Gate(accuracy=1.0, flips=0.0, returns=0.95, n_test=100, n_stamped=40)
    assert gate.intervals["accuracy"] == pytest.approx((0.025 ** (1 / 100), 1))
    assert gate.intervals["flips"] == pytest.approx((0, 1 - 0.025 ** (1 / 60)))
    expected = beta.ppf(0.025, 38, 3), beta.ppf(0.975, 39, 2)
    assert gate.intervals["returns"] == pytest.approx(expected)


def test_the_sentence_tells_the_shares_and_what_they_mean():
    passed, failed = Gate(1.0, 0.995, 0.99, 1000, 500).sentence, Gate(1.0, 0.985, 1.0, 1000, 500).sentence
    assert passed.startswith("Gate passed: accuracy 100.0 % on 1,000 test pictures (99.6 % to 100.0 %)")
    assert "99.5 %" in passed
    assert failed.startswith("Gate failed, so stamps are not ground truth for this model: ")
    assert "98.5 %" in failed
