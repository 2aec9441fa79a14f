"""Trained networks are kept, found again to the bit, and no file can do harm."""

import hashlib
import json
import pickle
import re
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch
from PIL import Image

import core
import core.models.trained
from core.models.heads import BODIES, empty_head
from core.models.small import stamp_cnn
from core.models.sources import ModelError
from core.models.trained import list_trained, load_trained, remove_trained, save_trained
from core.models.trained_file import BUNDLED, FORMS, Description

SIZE = (16, 12)
CPU = torch.device("cpu")
TOLD = Description(
    network="stamp_cnn",
    labels=("regular", "stamped"),
    size=SIZE,
    mean=(0.5, 0.4, 0.3),
    std=(0.2, 0.3, 0.4),
    dataset_mean=(0.5, 0.4, 0.35),
    title="Mine",
    dataset="stamps",
    about={"seed": 3, "nested": {"list": [1, 2.5, None, True]}},
)
NAMES = [path.stem for path in sorted(BUNDLED.glob("*.safetensors"))]
SUMS = dict(reversed(line.split()) for line in (BUNDLED / "SHA256SUMS").read_text().splitlines())


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person who has trained nothing."""
    monkeypatch.setenv("HEATCHECK_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "trained"


def own() -> list[str]:
    return [trained.name for trained in list_trained() if not trained.bundled]


def network() -> torch.nn.Module:
    return stamp_cnn(2, SIZE)


def test_what_is_kept_comes_back_to_the_bit_with_all_that_was_said_of_it():
    made = network()
    name = save_trained(TOLD, made)
    assert name == "trained/mine"
    (found,) = (trained for trained in list_trained() if trained.name == name)
    assert found.description == TOLD
    assert not found.bundled
    classifier = core.load_classifier(name, device="cpu")
    assert (classifier.name, classifier.title, classifier.labels) == (name, "Mine", ("regular", "stamped"))
    assert (classifier.size, classifier.dataset, classifier.dataset_mean) == (SIZE, "stamps", (0.5, 0.4, 0.35))
    stored = classifier.network.state_dict()
    assert all(torch.equal(stored[key], weight) for key, weight in made.state_dict().items())
    pixels = torch.rand(2, 3, *SIZE)
    shift, scale = (torch.tensor(each).view(1, 3, 1, 1) for each in (TOLD.mean, TOLD.std))
    with torch.no_grad():
        torch.testing.assert_close(classifier(pixels), made((pixels - shift) / scale))


def test_a_picture_of_its_size_is_seen_as_it_is_in_colour():
    classifier = core.load_classifier(save_trained(TOLD, network()), device="cpu")
    levels = torch.randint(0, 256, (*SIZE, 3), dtype=torch.uint8)
    pixels = classifier.prepare(Image.fromarray(levels.numpy()))
    assert torch.equal(pixels[0], levels.permute(2, 0, 1) / 255)


def test_without_weights_it_is_random_and_the_same_every_time():
    name = save_trained(TOLD, network())
    state = torch.get_rng_state()
    one, other = (core.load_classifier(name, "cpu", pretrained=False).weights_digest for _ in range(2))
    assert torch.equal(torch.get_rng_state(), state)
    assert one == other != core.load_classifier(name, "cpu").weights_digest


def test_a_taken_name_gets_a_number_and_a_bundled_one_is_taken():
    names = [save_trained(replace(TOLD, title=title), network()) for title in ("A B", "a-b", "A  b!", "…", NAMES[0])]
    assert names[:4] == ["trained/a-b", "trained/a-b-2", "trained/a-b-3", "trained/model"]
    assert names[4].removeprefix("trained/") not in NAMES
    assert len({core.load_classifier(name, "cpu").weights_digest for name in names}) == len(names)


def test_bundled_ones_are_listed_first_then_one_s_own(own_home):
    mine = save_trained(TOLD, network())
    assert [trained.name for trained in list_trained()] == [*(f"trained/{name}" for name in NAMES), mine]
    assert [trained.bundled for trained in list_trained()] == [True] * len(NAMES) + [False]
    assert [path.name for path in own_home.iterdir()] == ["mine.safetensors"]


def test_one_s_own_can_be_deleted_and_bundled_ones_can_t(own_home):
    name = save_trained(TOLD, network())
    remove_trained(name)
    assert list(own_home.iterdir()) == []
    with pytest.raises(ModelError, match="no trained model 'trained/mine'"):
        remove_trained(name)
    with pytest.raises(ModelError, match="ships with HeatCheck"):
        remove_trained(f"trained/{NAMES[0]}")
    assert (BUNDLED / f"{NAMES[0]}.safetensors").exists()


def owned(owner: str) -> list[str]:
    return [trained.name for trained in list_trained(owner) if not trained.bundled]


def test_what_has_an_owner_is_listed_for_them_and_for_whoever_reads_the_folder():
    everybodys, hers, his = (save_trained(TOLD, network(), owner) for owner in ("", "anna", "ben"))
    assert owned("anna") == [everybodys, hers]
    assert owned("ben") == [everybodys, his]
    assert owned("carl") == [everybodys]
    assert sorted(own()) == sorted([everybodys, hers, his])
    assert {trained.owner for trained in list_trained() if trained.name == hers} == {"anna"}
    assert core.load_classifier(hers, device="cpu").title == "Mine"


def test_the_name_of_what_has_an_owner_can_not_be_guessed():
    names = [save_trained(TOLD, network(), "anna") for _ in range(2)]
    assert names[0] != names[1]
    assert all(re.fullmatch(r"trained/mine-[0-9a-f]{16}", name) for name in names)
    long = save_trained(replace(TOLD, title="x" * 200), network(), "anna")
    assert long in owned("anna")


def test_nobody_is_told_what_another_s_network_is_called():
    name = save_trained(TOLD, network(), "anna")
    with pytest.raises(ModelError) as refusal:
        core.load_classifier(name[:-1], device="cpu")
    assert name not in str(refusal.value)


def test_another_s_network_and_everybody_s_are_deleted_by_nobody_but_whoever_has_the_folder():
    everybodys, hers = save_trained(TOLD, network()), save_trained(TOLD, network(), "anna")
    for name in (everybodys, hers):
        with pytest.raises(ModelError, match="belongs to somebody else"):
            remove_trained(name, "ben")
    remove_trained(hers, "anna")
    assert own() == [everybodys]
    remove_trained(everybodys)
    assert own() == []


@pytest.mark.parametrize("damage", [lambda content: content[:-100], lambda content: content + b"more"])
def test_an_owner_deletes_a_damaged_file_of_theirs_and_nobody_else_s(own_home, damage):
    name = save_trained(TOLD, network(), "anna")
    (file,) = own_home.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ModelError, match="damaged"):
        load_trained(name, CPU)
    with pytest.raises(ModelError, match="belongs to somebody else"):
        remove_trained(name, "ben")
    remove_trained(name, "anna")
    assert not list(own_home.iterdir())


@pytest.mark.parametrize("content", [b"", b"short", (2**60).to_bytes(8, "little") + b"{}", bytes(8), b"[]" * 50])
def test_a_file_that_names_no_owner_is_nobody_s_to_delete(own_home, content):
    own_home.mkdir(parents=True)
    (own_home / "broken.safetensors").write_bytes(content)
    with pytest.raises(ModelError, match="belongs to somebody else"):
        remove_trained("trained/broken", "anna")
    remove_trained("trained/broken")


def test_one_owner_keeps_only_so_many_and_no_other_is_refused_for_it(monkeypatch):
    monkeypatch.setattr(core.models.trained, "MOST_OF_ONE", 2)
    kept = [save_trained(TOLD, network(), "anna") for _ in range(2)]
    with pytest.raises(ModelError, match=r"You have 2 trained models here; the limit is 2 models or 64 MB. Remove one"):
        save_trained(TOLD, network(), "anna")
    for owner in ("ben", "", "", ""):
        save_trained(TOLD, network(), owner)
    remove_trained(kept[0], "anna")
    save_trained(TOLD, network(), "anna")


def test_one_owner_s_networks_take_up_only_so_much(monkeypatch, own_home):
    save_trained(TOLD, network(), "anna")
    (file,) = own_home.iterdir()
    monkeypatch.setattr(core.models.trained, "MOST_BYTES_OF_ONE", 2 * file.stat().st_size - 1)
    with pytest.raises(ModelError, match="Remove one"):
        save_trained(TOLD, network(), "anna")


def test_a_file_from_before_there_were_owners_is_everybody_s(own_home):
    own_home.mkdir(parents=True)
    (own_home / "old.safetensors").write_bytes(written(weights(), header()))
    assert owned("anna") == ["trained/old"]


@pytest.mark.parametrize(
    "name",
    [
        *("trained/../outside", "trained/..", "trained/", "trained//etc/passwd", "trained/a/b", "trained/.hidden"),
        *("trained/outside\0", "trained/..\\outside", f"trained/{'a' * 300}", "outside", "trained/outside.safetensors"),
    ],
)
def test_a_name_can_t_leave_the_folder(own_home, name):
    save_trained(replace(TOLD, title="outside"), network())
    outside = own_home.parent / "outside.safetensors"
    (own_home / "outside.safetensors").rename(outside)
    own_home.joinpath(".hidden.safetensors").write_bytes(outside.read_bytes())
    for use in (lambda: load_trained(name, CPU), lambda: remove_trained(name)):
        with pytest.raises(ModelError, match="no trained model"):
            use()
    assert outside.exists()
    assert own() == []


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ModelError, match=r"Did you mean trained/stamp_patches"):
        core.load_classifier("trained/stamp_ptches")


def header(**changed: object) -> dict[str, str]:
    """The header of a sound file but for these entries, which are written as they are; None leaves one out."""
    sound = {key: json.dumps(value) for key, value in vars(TOLD).items()}
    return {key: value for key, value in (sound | changed).items() if value is not None}


def weights(**changed: torch.Tensor) -> dict[str, torch.Tensor]:
    return network().state_dict() | changed


def written(state: dict[str, torch.Tensor], told: dict[str, str] | None) -> bytes:
    return safetensors.torch.save(state, told)


def giant() -> bytes:
    """A header that claims more than the file holds."""
    entry = {"dtype": "F32", "shape": [2**40, 2**20], "data_offsets": [0, 2**62]}
    text = json.dumps({"__metadata__": header(), "head.weight": entry}).encode()
    return len(text).to_bytes(8, "little") + text + bytes(64)


class Harmful:
    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (Path("harmed"),)


HOSTILE = {
    "empty": (lambda: b"", "damaged"),
    "no safetensors": (lambda: b"hello" * 100, "damaged"),
    "a pickle": (lambda: pickle.dumps(Harmful()), "damaged"),
    "cut off": (lambda: written(weights(), header())[:-100], "damaged"),
    "giant shapes": (giant, "damaged"),
    "a header of 2**60 bytes": (lambda: (2**60).to_bytes(8, "little") + bytes(100), "damaged"),
    "too large": (lambda: bytes(17 * 2**20), "at most 16 MB"),
    "no header": (lambda: written(weights(), None), "no network"),
    "no labels": (lambda: written(weights(), header(labels=None)), "no labels"),
    "not valid JSON": (lambda: written(weights(), header(about="{")), "not valid JSON"),
    "deep JSON": (lambda: written(weights(), header(about="[" * 100_000)), "not valid JSON"),
    "unknown network": (lambda: written(weights(), header(network='"resnet"')), "kind of network: 'resnet'"),
    "a network that is a list": (lambda: written(weights(), header(network="[]")), "does not know"),
    "one label": (lambda: written(weights(), header(labels='["regular"]')), "labels"),
    "a label that is a number": (lambda: written(weights(), header(labels='["regular", 1]')), "labels"),
    "a label of two lines": (lambda: written(weights(), header(labels=r'["regular", "a\nb"]')), "labels"),
    "labels that are text": (lambda: written(weights(), header(labels='"ab"')), "lists"),
    "too many labels": (lambda: written(weights(), header(labels=json.dumps(["a"] * 1001))), "labels"),
    "another number of labels": (lambda: written(weights(), header(labels='["a", "b", "c"]')), "'head.bias'"),
    "a giant size": (lambda: written(weights(), header(size="[1000000, 1000000]")), "size"),
    "a size of one number": (lambda: written(weights(), header(size="[16]")), "size"),
    "a size that is no whole number": (lambda: written(weights(), header(size="[16.0, 12.0]")), "size"),
    "too small": (lambda: written(weights(), header(size="[4, 4]")), "size"),
    "a mean that is no number": (lambda: written(weights(), header(mean='["a", 0, 0]')), "mean"),
    "a mean that is not finite": (lambda: written(weights(), header(dataset_mean="[NaN, 0, 0]")), "mean"),
    "a mean beyond white": (lambda: written(weights(), header(mean="[0, 0, 255]")), "mean"),
    "a deviation of 0": (lambda: written(weights(), header(std="[0, 1, 1]")), "deviation"),
    "an endless deviation": (lambda: written(weights(), header(std="[Infinity, 1, 1]")), "deviation"),
    "no title": (lambda: written(weights(), header(title='""')), "title"),
    "a title of lines": (lambda: written(weights(), header(title=r'"a\nb"')), "title"),
    "a data set that is none": (lambda: written(weights(), header(dataset="3")), "title"),
    "an owner that is a list": (lambda: written(weights(), header() | {"owner": '["anna"]'}), "not a line of text"),
    "an owner that is no JSON": (lambda: written(weights(), header() | {"owner": "anna"}), "not valid JSON"),
    "about nothing": (lambda: written(weights(), header(about="3")), "mapping"),
    "a weight too few": (lambda: written({"head.bias": torch.zeros(2)}, header()), "'conv1.bias' differs"),
    "a weight too many": (lambda: written(weights(extra=torch.zeros(1)), header()), "'extra' differs"),
    "another shape": (lambda: written(weights(**{"head.weight": torch.zeros(64, 2)}), header()), "'head.weight'"),
    "whole numbers": (lambda: written(weights(**{"head.bias": torch.zeros(2).long()}), header()), "'head.bias'"),
    "not finite": (
        lambda: written(weights(**{"head.bias": torch.tensor([0, torch.nan])}), header()),
        "not finite: 'head.bias'",
    ),
    "endless": (lambda: written(weights(**{"head.bias": torch.tensor([0, -torch.inf])}), header()), "not finite"),
    "a template larger than pictures": (
        lambda: written({"match.weight": torch.zeros(1, 3, 13, 13)}, header(network='"matched_filter"')),
        "template",
    ),
    "no template": (lambda: written(weights(), header(network='"matched_filter"')), "template"),
    "a template that is a number": (
        lambda: written({"match.weight": torch.tensor(1.0)}, header(network='"matched_filter"')),
        "template",
    ),
    "a head for small pictures": (
        lambda: written({}, header(network='"head of squeezenet1_1"')),
        "224 × 224",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_damaged_or_hostile_file_is_refused_in_words_and_passed_over_in_the_list(
    own_home, kind, monkeypatch, tmp_path
):
    make, reason = HOSTILE[kind]
    monkeypatch.chdir(tmp_path)
    own_home.mkdir(parents=True)
    (own_home / "broken.safetensors").write_bytes(make())
    sound = save_trained(TOLD, network())
    assert own() == [sound]
    with pytest.raises(ModelError, match=reason) as refusal:
        core.load_classifier("trained/broken", device="cpu")
    assert str(refusal.value).startswith("broken.safetensors is not a valid trained model. ")
    assert str(refusal.value).endswith(".")
    assert len(str(refusal.value)) < 400
    assert not (tmp_path / "harmed").exists()


def test_the_sound_file_that_hostile_ones_are_made_of_is_taken(own_home):
    own_home.mkdir(parents=True)
    (own_home / "sound.safetensors").write_bytes(written(weights(), header()))
    assert own() == ["trained/sound"]
    halves = {key: weight.half() for key, weight in weights().items()}
    (own_home / "sound.safetensors").write_bytes(written(halves, header()))
    classifier = core.load_classifier("trained/sound", device="cpu")
    assert {weight.dtype for weight in classifier.network.parameters()} == {torch.float32}


def test_folders_and_files_of_strange_names_are_passed_over(own_home):
    name = save_trained(TOLD, network())
    content = (own_home / "mine.safetensors").read_bytes()
    (own_home / "folder.safetensors").mkdir()
    for strange in ("two words.safetensors", "mine.pt", "..safetensors", "é.safetensors"):
        (own_home / strange).write_bytes(content)
    assert own() == [name]


def test_a_description_that_could_not_be_read_again_is_not_written(own_home):
    with pytest.raises(ModelError, match="size"):
        save_trained(replace(TOLD, size=(4, 4)), network())
    assert not own_home.exists()


def test_where_nothing_can_be_written_it_says_so(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HEATCHECK_HOME", str(tmp_path / "file"))
    with pytest.raises(ModelError, match="cannot be saved in"):
        save_trained(TOLD, network())


def test_a_file_is_there_whole_or_not_at_all(own_home, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ModelError, match="No space left on device"):
        save_trained(TOLD, network())
    assert list(own_home.iterdir()) == []


def test_without_a_home_of_its_own_it_is_the_user_s_data_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("HEATCHECK_HOME")
    monkeypatch.setattr("platformdirs.user_data_dir", lambda name: str(tmp_path / name))
    save_trained(TOLD, network())
    assert (tmp_path / "heatcheck" / "trained" / "mine.safetensors").is_file()


@pytest.mark.parametrize("body", BODIES)
def test_a_head_is_kept_alone_and_put_on_its_bundled_network(own_home, body):
    told = replace(TOLD, network=f"head of {body}", size=(224, 224), title="head")
    head = empty_head(BODIES[body], 2)
    name = save_trained(told, head)
    assert (own_home / "head.safetensors").stat().st_size < 20_000
    classifier = core.load_classifier(name, device="cpu")
    pixels = torch.rand(1, 3, 224, 224)
    shift, scale = (torch.tensor(each).view(1, 3, 1, 1) for each in (TOLD.mean, TOLD.std))
    seen = []
    original = core.load_classifier(body, device="cpu").network
    last = {"efficientnet_lite0": "blocks.1.1.bn1", "squeezenet1_1": "features.6"}[body]
    original.get_submodule(last).register_forward_hook(lambda *told: seen.append(told[-1]))
    with torch.no_grad():
        original((pixels - shift) / scale)
        expected = head(seen[0].amax(dim=(2, 3)))
        torch.testing.assert_close(classifier(pixels), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_bundled_models_are_those_that_the_training_script_made(name):
    content = (BUNDLED / f"{name}.safetensors").read_bytes()
    assert hashlib.sha256(content).hexdigest() == SUMS[f"{name}.safetensors"]
    assert set(SUMS) == {f"{each}.safetensors" for each in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_the_licence_lies_beside_the_model(name):
    notice = (BUNDLED / f"{name}.LICENSE.txt").read_text()
    on_clothes = name.startswith(("labels_", "retraining_", "fine_tuned_")) or name == "stamp_fashion"
    origin = {"matched_filter": "../stamps/cross.png"}.get(name, "../gallery/credits.toml")
    scripts = {"labels": "train_labels.py", "retraining": "train_retraining.py", "fine": "train_fine_tuned.py"}
    script = scripts.get(name.partition("_")[0], "train_stamps.py")
    assert all(term in notice for term in ("Apache License", "Version 2.0", script))
    assert ("Copyright (c) 2017 Zalando SE" if on_clothes else origin) in notice


@pytest.mark.parametrize("form", FORMS)
def test_every_rectifier_is_a_module_of_its_own_and_all_methods_fit_but_those_for_attention(form):
    size = (224, 224) if "head" in form else SIZE
    learned = FORMS[form].learned(2, size, {"match.weight": (1, 3, 5, 5)})
    classifier = replace(TOLD, network=form, size=size).classifier("any", FORMS[form].whole(learned), CPU)
    called = []
    for module in classifier.network.modules():
        if "ReLU" in type(module).__name__:
            assert not module.inplace or "head" in form
            module.register_forward_hook(lambda module, *_: called.append(module))
    classifier(torch.rand(1, 3, *size))
    assert called
    assert len(called) == len(set(called))
    reasons = core.capability(classifier)
    unfit = {method for method, reason in reasons.items() if reason}
    assert unfit - {"oracle"} == {"attention_rollout", "gradient_rollout"}
