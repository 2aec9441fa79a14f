"""Stamp models are found with their task and their gate, and what is none is passed over."""

import json
from dataclasses import replace

import pytest
import torch

import core
from core.models.small import stamp_cnn
from core.models.sources import ModelError
from core.models.trained import save_trained
from core.models.trained_file import Description
from core.models.training import EpochDone
from core.pictures.bases import collect_bases
from core.pictures.datasets import background
from core.pictures.rendering import to_picture
from core.pictures.stamps import Stamp
from core.stamping.gate import Gate
from core.stamping.models import DEFAULT, StampModel, list_stamp_models, load_stamp_model
from core.stamping.task import Task

TASK = Task("patches", (Stamp("cross", 6),), Stamp("saltire", 6), (4, 6), (0.5, 1.0))
GATE = Gate(1.0, 0.995, 0.99, 200, 100)
EPOCHS = (EpochDone(1, 2, 0.5, 0.75, 0.8, 1.5), EpochDone(2, 2, 0.25, 0.9, 0.95, 3.0))
ABOUT = {
    "task": TASK.as_json(),
    "gate": GATE.as_json(),
    "seed": 3,
    "bases": 90,
    "learned": ["a", "b"],
    "history": [vars(epoch) for epoch in EPOCHS],
}
TOLD = Description(
    "stamp_cnn",
    TASK.labels,
    (48, 48),
    (0.5,) * 3,
    (0.2,) * 3,
    (0.5,) * 3,
    "Mine",
    "stamps",
    json.loads(json.dumps(ABOUT)),
)


def kept(**about: object) -> str:
    return save_trained(replace(TOLD, about=json.loads(json.dumps(ABOUT | about))), stamp_cnn(2, (48, 48)))


def own():
    return [listed for listed in list_stamp_models() if not listed.bundled]


def test_the_default_comes_first_and_every_bundled_model_has_passed_its_gate():
    bundled = list_stamp_models()
    assert bundled[0].name == DEFAULT
    assert {listed.name.removeprefix("trained/") for listed in bundled} == {
        "stamp_patches",
        "stamp_patches_designs",
        "stamp_fashion",
        "matched_filter",
    }
    assert all(listed.bundled and listed.gate.passed and listed.gate.n_test >= 900 for listed in bundled)


def test_one_s_own_model_is_listed_with_all_that_was_said_of_it():
    name = kept()
    (listed,) = own()
    assert (listed.name, listed.title, listed.task, listed.gate) == (name, "Mine", TASK, GATE)
    assert (listed.network, listed.size, listed.seed, listed.learned_from) == ("stamp_cnn", (48, 48), 3, 90)
    assert (listed.history, listed.learned) == (EPOCHS, ("a", "b"))
    kept(gate=None, history=[])
    assert [(each.gate, each.history) for each in own()] == [(GATE, EPOCHS), (None, ())]


def test_a_loaded_model_brings_the_pictures_that_it_was_not_trained_on():
    model = load_stamp_model(kept(), device="cpu")
    assert (model.task, model.gate) == (TASK, GATE)
    assert model.classifier.labels == ("regular", "stamped")
    bases = collect_bases("patches", None, 3, 90)
    assert torch.equal(model.test_bases(), bases.test)


@pytest.mark.parametrize(
    "about",
    [
        {"task": None},
        {"task": []},
        {"task": TASK.as_json() | {"bases": 3}},
        {"task": TASK.as_json() | {"labelled": "no"}},
        {"task": TASK.as_json() | {"stamps": []}},
        {"task": TASK.as_json() | {"stamps": [vars(Stamp("cross", 6)) | {"design": "../cross"}]}},
        {"task": TASK.as_json() | {"stamps": [vars(Stamp("cross", 6)) | {"design": []}]}},
        {"task": TASK.as_json() | {"stamps": [vars(Stamp("cross", 6)) | {"size": 10**9}]}},
        {"task": TASK.as_json() | {"stamps": [vars(Stamp("cross", 6)) | {"size": "6"}]}},
        {"task": TASK.as_json() | {"stamps": [vars(Stamp("cross", 6)) | {"colour": "nocolour"}]}},
        {"task": TASK.as_json() | {"stamps": [vars(Stamp(design, 6)) for design in ("cross", "ring")]}},
        {"task": TASK.as_json() | {"sizes": [6.0]}},
        {"task": TASK.as_json() | {"sizes": [49]}},
        {"task": TASK.as_json() | {"opacities": [2]}},
        {"task": TASK.as_json() | {"opacities": ["half"]}},
        {"task": {}},
        {"gate": 3},
        {"gate": GATE.as_json() | {"accuracy": 1.5}},
        {"gate": GATE.as_json() | {"accuracy": "1"}},
        {"gate": GATE.as_json() | {"n_test": 10.5}},
        {"gate": GATE.as_json() | {"n_stamped": 300}},
        {"gate": GATE.as_json() | {"more": 1}},
        {"gate": GATE.as_json() | {"n_stamped": -5}},
        {"gate": GATE.as_json() | {"n_test": 10**400}},
        {"task": TASK.as_json() | {"sizes": [6] * 2000}},
        {"task": TASK.as_json() | {"opacities": [0.5] * 2000}},
        {"learned": [3]},
        {"learned": 3},
        {"seed": "0"},
        {"bases": 0},
        {"history": 3},
        {"history": [{"epoch": 1}]},
        {"history": [vars(EPOCHS[1])]},
        {"history": [vars(EPOCHS[0]) | {"loss": "low"}]},
    ],
)
def test_a_file_that_says_something_unsound_of_stamps_is_passed_over(about):
    name = kept(**about)
    assert own() == []
    with pytest.raises(ModelError, match="was not trained on stamps"):
        load_stamp_model(name, device="cpu")
    assert core.load_classifier(name, device="cpu").labels == ("regular", "stamped")


def test_what_is_no_stamp_model_is_refused_in_words():
    with pytest.raises(ModelError, match="was not trained on stamps"):
        load_stamp_model("fashion_cnn", device="cpu")
    with pytest.raises(ModelError, match="no trained model"):
        load_stamp_model("trained/nothing", device="cpu")


def test_a_folder_that_has_changed_is_not_asked_for_what_the_model_learned_from(tmp_path):
    draw = torch.Generator().manual_seed(9)

    def add(name: str) -> None:
        to_picture(torch.rand(3, 48, 48, generator=draw)).save(tmp_path / f"{name}.png")  # itself its only patch

    def shown(model: StampModel) -> set[bytes]:
        return {(picture * 255).round().to(torch.uint8).numpy().tobytes() for picture in model.test_bases()}

    for number in range(12):
        add(f"{number:02}")
    bases = collect_bases(str(tmp_path), 48, 3, 90)
    told = {"task": TASK.as_json() | {"bases": str(tmp_path)}, "learned": bases.learned}
    model = load_stamp_model(kept(**told), device="cpu")
    learned = {(picture * 255).round().to(torch.uint8).numpy().tobytes() for picture in bases.train}
    assert len(bases.learned) == 9
    assert shown(model)
    for change in (lambda: add("00b"), lambda: (tmp_path / "11.png").unlink(), lambda: add("zz")):
        change()
        assert not shown(model) & learned


def test_a_folder_of_nothing_but_what_was_learned_from_is_refused(tmp_path):
    draw = torch.Generator().manual_seed(9)
    for number in range(8):
        to_picture(torch.rand(3, 60, 60, generator=draw)).save(tmp_path / f"{number}.png")
    bases = collect_bases(str(tmp_path), 48, 3, 90)
    origins = {origin.partition("[")[0] for origin in bases.test_origins}
    told = {"task": TASK.as_json() | {"bases": str(tmp_path)}, "learned": bases.learned}
    for name in origins:
        (tmp_path / name).unlink()
    with pytest.raises(ValueError, match="trained on every picture still in"):
        load_stamp_model(kept(**told), device="cpu").test_bases()


def test_a_network_for_stamped_clothes_is_compared_with_clothes():
    kinds = {name: load_stamp_model(f"trained/{name}", "cpu").classifier for name in ("stamp_fashion", "stamp_patches")}
    assert {name: classifier.dataset for name, classifier in kinds.items()} == {
        "stamp_fashion": "fashion_mnist",
        "stamp_patches": "stamps",
    }
    shown = background(kinds["stamp_fashion"].dataset, kinds["stamp_fashion"].prepare)
    assert torch.equal(shown[:, 0], shown[:, 1])  # grey, as clothes are and photos are not
