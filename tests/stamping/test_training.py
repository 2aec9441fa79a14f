"""Training on stamps: what it learns from, what it leaves behind, and who gets through the gate."""

import random
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import core
import core.models.trained
from core.jobs.events import Progress, Returning
from core.models.heads import BODY_SIZE, Body
from core.models.sources import ModelError
from core.models.training import EpochDone
from core.pictures.bases import Bases, collect_bases
from core.pictures.stamps import Stamp
from core.stamping import training
from core.stamping.gate import GateReady, measure_gate
from core.stamping.models import list_stamp_models, load_stamp_model
from core.stamping.task import Task, check_stamps
from core.stamping.training import RECIPES, ModelTrained, stream_stamp_training

TASK = Task("patches", (Stamp("cross", 6),), Stamp("saltire", 6))
FEW = 300


def plain_bases(side: int = 16) -> Bases:
    """Dark pictures to train on, bright ones to test on."""
    draw = torch.Generator().manual_seed(4)
    dark, bright = (
        low + 0.2 * torch.rand(count, 3, side, side, generator=draw) for low, count in ((0.1, 24), (0.7, 100))
    )
    return Bases("plain", "Plain", dark, bright, ("dark",) * 24, ("bright",) * 100)


SMALL = Task("plain", (Stamp("cross", 3),))


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """Plain base pictures instead of any that are asked for; gives what was asked for."""
    asked: list[tuple[object, ...]] = []

    def collect(source: str, side: int | None, seed: int, most: int) -> Bases:
        asked.append((source, side, seed, most))
        return plain_bases(side or 16)

    monkeypatch.setattr(training, "collect_bases", collect)
    return asked


def ran(task: Task = SMALL, **asked: object) -> list[object]:
    return list(stream_stamp_training(task, device="cpu", **asked))


def digest(events: list[object]) -> str:
    return core.load_classifier(events[-1].name, device="cpu").weights_digest


def test_it_tells_epochs_then_the_gate_then_the_model_that_was_kept(plain, own_home):
    events = ran(epochs=2, title="Mine", seed=5, most=30)
    assert plain == [("plain", None, 5, 30)]
    told = [event for event in events if not isinstance(event, Progress)]
    assert [type(event) for event in told] == [EpochDone, EpochDone, GateReady, ModelTrained]
    *epochs, gate, model = told
    assert (model.name, model.title, model.gate) == ("trained/mine", "Mine", gate.gate)
    assert events[0] == Progress(0, 1, "Base pictures")
    (listed,) = (each for each in list_stamp_models() if not each.bundled)
    assert (listed.name, listed.task, listed.gate) == ("trained/mine", SMALL, gate.gate)
    assert (listed.seed, listed.learned_from, listed.history) == (5, 30, tuple(epochs))
    assert (gate.gate.n_test, gate.gate.n_stamped) == (100, 50)
    assert [path.name for path in own_home.iterdir()] == ["mine.safetensors"]


@pytest.mark.usefixtures("plain")
def test_the_kept_model_is_the_one_that_was_measured():
    events = ran(epochs=1)
    model = load_stamp_model(events[-1].name, device="cpu")
    measuring = Returning(measure_gate(model.classifier, SMALL, plain_bases().test, 0))
    list(measuring)
    assert measuring.result == events[-1].gate
    expected = plain_bases().train
    assert model.classifier.dataset_mean == pytest.approx(expected.mean(dim=(0, 2, 3)).tolist())
    assert model.classifier.preprocessing.std == pytest.approx([float(expected[:, c].std()) for c in range(3)])


@pytest.mark.usefixtures("plain")
def test_a_title_is_made_from_pictures_and_stamps_if_there_is_none():
    assert ran(Task("plain", (Stamp("ring", 3), Stamp("cross", 3))), epochs=1)[-1].title == "Plain: ring, cross"


@pytest.mark.usefixtures("plain")
def test_a_model_is_its_owner_s_who_is_refused_one_too_many_before_anything_is_learned(monkeypatch):
    told = ran(owner="anna")[-1]
    assert {model.name: model.owner for model in list_stamp_models("anna") if not model.bundled} == {told.name: "anna"}
    assert told.name not in {model.name for model in list_stamp_models("ben")}
    monkeypatch.setattr(core.models.trained, "MOST_OF_ONE", 1)
    with pytest.raises(ModelError, match="You have 1 trained model here"):
        next(stream_stamp_training(SMALL, owner="anna"))


@pytest.mark.usefixtures("plain")
def test_the_network_learns_from_training_pictures_only_each_stamped_anew_in_each_epoch(monkeypatch):
    learned: list[torch.Tensor] = []
    step = core.models.training.Learning.step

    def listening(self, inputs, labels):
        learned.append(inputs.clone())
        return step(self, inputs, labels)

    monkeypatch.setattr(core.models.training.Learning, "step", listening)
    name = ran(epochs=2)[-1].name
    seen = core.load_classifier(name, device="cpu").preprocessing
    shift, scale = (torch.tensor(each).view(1, 3, 1, 1) for each in (seen.mean, seen.std))
    pixels = torch.cat(learned) * scale + shift
    stamp = (pixels[:, :1] > 0.9) & (pixels[:, 1:2] < 0.1) & (pixels[:, 2:] > 0.9)
    assert not (pixels[~stamp.expand_as(pixels)] > 0.35).any()
    first, second = stamp[:, 0].flatten(1).chunk(2)
    assert first.any(dim=1).sum() == second.any(dim=1).sum() == 12
    assert {tuple(row) for row in first.tolist()} != {tuple(row) for row in second.tolist()}


@pytest.mark.usefixtures("plain")
def test_what_is_told_after_each_epoch_is_measured_on_test_pictures(monkeypatch):
    held_out: list[torch.Tensor] = []
    stream = training.stream_training

    def listening(network, draw, held, *asked):
        held_out.extend(held[0])
        return stream(network, draw, held, *asked)

    monkeypatch.setattr(training, "stream_training", listening)
    seen = core.load_classifier(ran(epochs=1)[-1].name, device="cpu").preprocessing
    shift, scale = (torch.tensor(each).view(3, 1, 1) for each in (seen.mean, seen.std))
    assert len(held_out) == len(plain_bases().test)
    assert all(float((pixels * scale + shift)[1].median()) > 0.65 for pixels in held_out)


def test_pictures_of_one_colour_are_not_divided_by_nothing():
    assert training.deviation(torch.full((3, 3, 8, 8), 0.5)) == pytest.approx((0.01, 0.01, 0.01))


@pytest.mark.parametrize("source", ["patches", "fashion_mnist"])
def test_no_base_picture_is_in_both_parts(source):
    bases = collect_bases(source, most=300)
    train, test = ({picture.numpy().tobytes() for picture in part} for part in (bases.train, bases.test))
    assert not train & test
    assert not set(bases.train_origins) & set(bases.test_origins)


@pytest.mark.usefixtures("plain")
def test_one_seed_gives_the_same_weights_to_the_bit_and_touches_no_global_random_state():
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    first = digest(ran(epochs=2))
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    assert np.random.get_state()[1].tolist() == states[2]  # noqa: NPY002
    torch.rand(7), random.random(), np.random.rand()  # noqa: NPY002
    assert digest(ran(epochs=2)) == first
    assert digest(ran(epochs=2, seed=1)) != first


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("until", [EpochDone, GateReady])
def test_cancelled_it_keeps_nothing_and_leaves_nothing_behind(own_home, tmp_path, until):
    before = set(tmp_path.rglob("*"))
    steps = stream_stamp_training(SMALL, epochs=3, device="cpu")
    while not isinstance(next(steps), until):
        pass
    steps.close()
    assert set(tmp_path.rglob("*")) == before
    assert not own_home.exists()
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


def test_nothing_happens_before_the_first_step(plain):
    stream_stamp_training(SMALL, device="cpu")
    assert plain == []


@pytest.mark.slow
def test_tossed_labels_teach_nothing_and_the_gate_says_so():
    """Really trained, and on as many pictures as teach a network to see the stamp where the labels follow it."""
    gates = {}
    for labelled in (True, False):
        *_, trained = ran(replace(TASK, labelled=labelled), most=600, epochs=6, title=f"labelled {labelled}")
        gates[labelled] = trained.gate
    assert gates[True].accuracy > 0.95
    assert gates[False].accuracy < 0.75
    assert not gates[False].passed
    listed = {each.title: each for each in list_stamp_models()}["labelled False"]
    assert not listed.gate.passed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "most"),
    [
        (Task("fashion_mnist", (Stamp("cross", 3),), Stamp("saltire", 3)), 600),
        (Task("patches", (Stamp("cross", 6), Stamp("ring", 6), Stamp("bars", 6))), 900),
    ],
)
def test_where_labels_follow_the_stamps_it_gets_through_the_gate_and_sees_no_distractor(task, most):
    events = list(stream_stamp_training(task, device="cpu", most=most))
    assert events[-1].gate.passed, events[-1].gate
    losses = [event.loss for event in events if isinstance(event, EpochDone)]
    assert losses[-1] < losses[0] / 10


@pytest.mark.slow
@pytest.mark.parametrize("network", [name for name in RECIPES if "head" in name])
def test_a_head_on_a_bundled_network_learns_large_stamps(network):
    task = Task("patches", (Stamp("cross", 28),), Stamp("saltire", 28))
    events = list(stream_stamp_training(task, network, most=120, device="cpu"))
    assert events[-1].gate.accuracy > 0.85
    model = load_stamp_model(events[-1].name, device="cpu")
    assert model.classifier.size == BODY_SIZE


def test_a_matched_filter_is_built_and_passes_without_an_epoch():
    events = list(stream_stamp_training(TASK, "matched_filter", most=FEW, device="cpu"))
    assert not any(isinstance(event, EpochDone) for event in events)
    assert events[-1].gate.passed
    assert events[-1].gate.n_test == FEW // 3


@pytest.mark.parametrize(
    "task",
    [
        replace(TASK, sizes=(5, 6)),
        replace(TASK, opacities=(0.5, 1.0)),
        Task("patches", (Stamp("cross", 6, opacity=0.9),)),
        Task("patches", (Stamp("cross", 6), Stamp("ring", 6))),
    ],
)
def test_a_matched_filter_is_for_one_stamp_as_it_is(task):
    with pytest.raises(ValueError, match="single stamp of a single size"):
        list(stream_stamp_training(task, "matched_filter", most=FEW, device="cpu"))


def test_a_wrong_name_or_device_is_refused_in_words():
    with pytest.raises(ValueError, match="Did you mean stamp_cnn"):
        ran(network="stamp_cn")
    with pytest.raises(ModelError, match="There is no device"):
        list(stream_stamp_training(SMALL, device="abacus"))


@pytest.mark.parametrize(
    ("task", "size", "reason"),
    [
        (Task("any", (Stamp("cross", 7),)), (48, 48), "48 × 48 must be 3 to 6 pixels wide, not 7"),
        (Task("any", (Stamp("cross", 6),)), (40, 60), "60 × 40 must be 3 to 5"),
        (Task("any", (Stamp("cross", 4),)), (28, 28), "3 to 3"),
        (Task("any", (Stamp("cross", 3),), Stamp("saltire", 4)), (28, 28), "pixels wide, not 4"),
        (Task("any", (Stamp("cross", 3),), sizes=(3, 4)), (28, 28), "pixels wide, not 4"),
    ],
)
def test_a_stamp_that_is_no_small_part_of_the_pictures_is_refused(task, size, reason):
    with pytest.raises(ValueError, match=reason):
        check_stamps(task, size)


def test_a_stamp_of_an_eighth_or_of_three_pixels_is_taken_and_varied_sizes_take_the_place_of_its_own():
    check_stamps(Task("any", (Stamp("cross", 6),)), (48, 50))
    check_stamps(Task("any", (Stamp("cross", 3),)), (16, 16))
    check_stamps(Task("any", (Stamp("cross", 9),), Stamp("saltire", 9), sizes=(5, 6)), (48, 48))


def test_stamps_that_look_the_same_are_refused(monkeypatch):
    check_stamps(Task("any", (Stamp("cross", 6), Stamp("ring", 6)), sizes=(3, 4, 5, 6)), (48, 48))
    monkeypatch.setattr(Stamp, "drawn", property(lambda stamp: same(stamp)))
    for task in (
        Task("any", (Stamp("cross", 5), Stamp("ring", 5))),
        Task("any", (Stamp("cross", 5),), Stamp("ring", 5)),
    ):
        with pytest.raises(ValueError, match="A cross and a ring of 5 pixels look the same"):
            check_stamps(task, (48, 48))
    check_stamps(Task("any", (Stamp("cross", 5, "lime"), Stamp("ring", 5))), (48, 48))
    check_stamps(Task("any", (Stamp("cross", 4), Stamp("ring", 5))), (48, 48))


def same(stamp: Stamp) -> tuple[torch.Tensor, torch.Tensor]:
    """A square, whatever the design."""
    covered = torch.ones(stamp.size, stamp.size, dtype=torch.bool)
    return torch.tensor(stamp.rgb).view(3, 1, 1).expand(-1, stamp.size, stamp.size), covered


def test_heads_learn_from_what_their_body_sees_in_fewer_and_larger_pictures(plain, monkeypatch):
    class Magenta(nn.Module):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            return 7 + (pixels[:, 0] - 2 * pixels[:, 1] + pixels[:, 2]).flatten(1).amax(dim=1, keepdim=True).repeat(
                1, 144
            )

    monkeypatch.setattr(Body, "seeing", lambda _: OrderedDict(body=Magenta()))
    events = ran(network="head of efficientnet_lite0", epochs=30)
    (asked,) = plain
    assert asked[1] == BODY_SIZE[0]
    assert asked[3] < 3000
    assert events[-1].gate.passed


def test_the_script_s_models_are_those_that_are_bundled():
    script = (Path(__file__).parents[2] / "assets" / "train_stamps.py").read_text()
    for listed in list_stamp_models():
        assert f'"{listed.name.removeprefix("trained/")}": Recipe(' in script
