"""A copy that ships is what fine-tuning gives, and stands in for nothing else."""

from collections import Counter
from dataclasses import replace

import pytest
import torch

from core.models.trained import load_trained
from core.models.training import EpochDone
from core.pictures.datasets import Labelled
from core.retraining import adapting, bundled_copies, fine_tune
from core.retraining.bundled_copies import COPIES, Lesson, bundled_among, bundled_copy, copy_name, described_copy
from core.retraining.data import collect_data
from core.retraining.fine_tune import fine_tuned, stream_fine_tune
from core.retraining.fine_tune_events import FineTuned, RemovalAccuracy
from core.retraining.networks import network_seed
from core.retraining.training import BUNDLED_NETWORK, answers

CPU = torch.device("cpu")
FIRST = Lesson(seed=0, number=0)


@pytest.fixture(scope="module")
def clothes():
    return collect_data()


@pytest.fixture
def explained():
    return load_trained(BUNDLED_NETWORK, CPU)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(COPIES))
def test_a_bundled_copy_is_the_one_that_fine_tuning_makes(clothes, explained, number):
    """Another machine rounds otherwise, and training carries that on."""
    lesson = Lesson(0, number)
    *_, told, made = fine_tuned(explained.network, clothes, lesson, CPU)
    kept = bundled_copy(lesson, explained, clothes, CPU).network
    for name, weights in made.state_dict().items():
        torch.testing.assert_close(kept.state_dict()[name], weights, rtol=1e-2, atol=1e-3)
    inputs, labels = clothes.normalised(clothes.test.pixels), clothes.test.labels
    share = (answers(kept, inputs).argmax(dim=1) == labels).double().mean().item()
    assert share == pytest.approx(told.accuracy, abs=0.005)


def test_each_bundled_copy_met_the_gaps_that_its_lesson_draws_today(clothes, explained):
    """A change to how gaps are drawn must make new copies."""
    for number in range(COPIES):
        today = described_copy(Lesson(0, number), explained, clothes, {}).about
        assert {"lesson", "gaps"} <= today.keys()
        assert today.items() <= said_of(number).items()


def said_of(number):
    """What the file of a copy says of it."""
    return bundled_copies.read(bundled_copies.BUNDLED / f"fine_tuned_{number + 1}.safetensors")[0].description.about


def test_the_copies_differ(explained):
    weights = [load_trained(copy_name(number), CPU).weights_digest for number in range(COPIES)]
    assert len({*weights, explained.weights_digest}) == COPIES + 1


def test_what_is_no_part_of_the_lesson_changes_nothing(clothes, explained):
    assert bundled_copy(FIRST, explained, clothes, CPU) is not None
    assert bundled_copy(replace(FIRST, side=7), explained, clothes, CPU) is not None, "no region is removed"
    otherwise_tested = replace(clothes, name="mine", test=first(clothes.test, 50))
    assert bundled_copy(FIRST, explained, otherwise_tested, CPU) is not None


@pytest.mark.parametrize("changed", [{"seed": 1}, {"number": COPIES}, {"unit": "region"}, {"unit": "feature"}])
def test_another_lesson_is_learned_anew(clothes, explained, changed):
    lesson = replace(FIRST, **changed)
    assert bundled_copy(lesson, explained, clothes, CPU) is None
    assert lesson.digest(explained, clothes) != FIRST.digest(explained, clothes)


def test_a_region_of_another_side_is_another_lesson(clothes, explained):
    digests = {Lesson(0, 0, "region", side).digest(explained, clothes) for side in (2, 4)}
    assert len(digests) == 2


def test_one_other_pixel_label_or_picture_fewer_is_another_lesson(clothes, explained):
    pixels, labels = clothes.train.pixels.clone(), clothes.train.labels.clone()
    pixels[5, 0, 3, 3] += 1e-3
    labels[7] = (labels[7] + 1) % len(clothes.labels)
    for train in (
        replace(clothes.train, pixels=pixels),
        replace(clothes.train, labels=labels),
        first(clothes.train, len(labels) - 1),
    ):
        changed = replace(clothes, train=train)
        assert bundled_copy(FIRST, explained, changed, CPU) is None
        assert FIRST.digest(explained, changed) != FIRST.digest(explained, clothes)


def test_copies_of_another_network_are_made_anew(clothes, explained):
    other = load_trained(BUNDLED_NETWORK, CPU)
    with torch.no_grad():
        other.network.head.bias[0] += 1e-3
    assert bundled_copy(FIRST, other, clothes, CPU) is None
    assert FIRST.digest(other, clothes) != FIRST.digest(explained, clothes)


@pytest.mark.parametrize("constant", ["EPOCHS", "PEAK", "BATCH", "DECAY", "SMOOTHING"])
def test_another_recipe_is_another_lesson(clothes, explained, monkeypatch, constant):
    before = FIRST.digest(explained, clothes)
    monkeypatch.setattr(bundled_copies, constant, 2 * getattr(bundled_copies, constant))
    assert bundled_copy(FIRST, explained, clothes, CPU) is None
    assert FIRST.digest(explained, clothes) != before


def test_a_run_takes_the_bundled_copies_and_learns_only_the_further_ones(monkeypatch):
    learned = []

    def watch(_network, _draw, _held_out, epochs, seed, *_):
        learned.append(seed)
        yield EpochDone(epochs, epochs, 0.0, 1.0, 0.5, 0.0)

    monkeypatch.setattr(adapting, "stream_training", watch)
    asked = {"pictures": 2, "fractions": (0.5,), "device": "cpu"}
    told = [e for e in stream_fine_tune(("gradient",), seeds=COPIES + 1, **asked) if isinstance(e, FineTuned)]
    assert learned == [COPIES]
    assert Counter((each.seed, each.bundled) for each in told) == Counter(
        [(None, False), *((number, True) for number in range(COPIES)), (COPIES, False)]
    )
    assert bundled_among(0, COPIES + 1, "pixel") == COPIES
    assert bundled_among(1, 3, "pixel") == bundled_among(0, 3, "region") == 0
    learned.clear()
    list(stream_fine_tune(("gradient",), seeds=1, seed=1, **asked))
    list(stream_fine_tune(("gradient",), seeds=1, unit="region", **asked))
    assert learned == [network_seed(1, 0), network_seed(0, 0)]


def test_a_copy_tells_its_own_accuracy_and_how_long_it_took(clothes):
    asked = {"pictures": 2, "seeds": 2, "fractions": (0.5,), "device": "cpu"}
    told = [e for e in stream_fine_tune(("gradient",), **asked) if isinstance(e, FineTuned) and e.bundled]
    inputs = clothes.normalised(clothes.test.pixels)
    for each in told:
        network = load_trained(copy_name(each.seed), CPU).network
        right = answers(network, inputs).argmax(dim=1) == clothes.test.labels
        assert each.accuracy == pytest.approx(right.double().mean().item())
        assert each.seconds == said_of(each.seed)["seconds"] > 0


def test_the_bundled_copies_are_the_networks_that_judge(clothes):
    shown = first(clothes.test, 50)
    *_, ready = stream_fine_tune(("gradient",), pictures=50, fractions=(0.5,), device="cpu")
    inputs, shares = clothes.normalised(shown.pixels), []
    for number in range(COPIES):
        named = answers(load_trained(copy_name(number), CPU).network, inputs).argmax(dim=1)
        shares.append((named == shown.labels).double().mean().item())
    assert list(ready.adapted.by_seed) == pytest.approx(shares)
    assert len(set(shares)) == COPIES, "another network in a copy's place would be seen"


@pytest.mark.slow
def test_a_run_with_a_bundled_copy_comes_to_what_one_that_learns_it_comes_to(monkeypatch):
    """Another machine rounds otherwise while it learns; two of the 20 pictures may then be named otherwise."""
    asked = {"pictures": 20, "seeds": 1, "fractions": (0.5,), "device": "cpu"}
    bundled = by_cell(stream_fine_tune(("gradient",), **asked))
    monkeypatch.setattr(fine_tune, "bundled_copy", lambda *_: None)
    learned = by_cell(stream_fine_tune(("gradient",), **asked))
    assert bundled.keys() == learned.keys()
    for cell, (adapted, unadapted) in bundled.items():
        assert unadapted == learned[cell][1]
        assert adapted == pytest.approx(learned[cell][0], abs=0.1 + 1e-9)


def by_cell(events):
    """The accuracies after and before fine-tuning, by method, form and share."""
    cells = {}
    for event in events:
        if isinstance(event, RemovalAccuracy):
            own = event.adapted.over_pictures.mean, event.unadapted.over_pictures.mean
            cells[event.method, event.form, event.fraction] = own
    return cells


def first(part: Labelled, count: int) -> Labelled:
    """The first pictures of a part."""
    return replace(part, pixels=part.pixels[:count], labels=part.labels[:count])
