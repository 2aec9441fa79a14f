"""The public API: every name is there, and comes from the room that the type checker sees."""

import ast
from collections.abc import Generator
from inspect import signature
from pathlib import Path

import pytest
import torch
from torch import nn

import core

STREAMS = [name for name in core.__all__ if name.startswith("stream_")]


def test_names_are_fetched_from_where_the_type_checker_is_told_that_they_are():
    parsed = ast.parse(Path(core.__file__).read_text(encoding="utf-8"))
    told = {node.module: tuple(name.name for name in node.names) for node in ast.walk(parsed) if is_own_import(node)}
    assert told == core._ROOMS
    assert sorted(core.__all__) == sorted(core._HOMES)


def is_own_import(node: ast.AST) -> bool:
    return isinstance(node, ast.ImportFrom) and str(node.module).startswith("core.")


@pytest.mark.parametrize("name", core.__all__)
def test_every_public_name_is_there_and_explains_itself(name):
    assert getattr(core, name).__doc__
    assert name in dir(core)


def test_what_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'explane'"):
        core.explane  # noqa: B018


@pytest.fixture
def calls(classifier_of, linear, pixels, tmp_path):
    """For every stream something small that it can be asked."""
    picture = {"classifier": classifier_of(linear), "pixels": pixels}
    explained = {**picture, "methods": ["gradient"]}
    judged = {**picture, "maps": {"mine": pixels[0, 0]}, "target": 0}
    pictures = {"classifier": classifier_of(linear), "source": "gallery", "methods": ["gradient"]}
    stamped = {"model": core.load_stamp_model("trained/matched_filter", device="cpu"), "methods": ["gradient"]}
    small_study = core.StudySpec(models=("fashion_cnn",), data="fashion_mnist", limit=1, methods=("gradient",))
    return {
        "stream_agreement": {**explained, "truth": torch.eye(6, 8, dtype=torch.bool)},
        "stream_baselines": {**picture, "methods": ["input_x_gradient"]},
        "stream_ceiling": picture,
        "stream_checks": explained,
        "stream_coherency": pictures,
        "stream_curves": judged,
        "stream_evaluation": pictures,
        "stream_heatmaps": explained,
        "stream_imputer_rankings": judged,
        "stream_fine_tune": {"methods": ["gradient"], "pictures": 5, "seeds": 1, "device": "cpu"},
        "stream_label_check": {"methods": ["gradient"], "device": "cpu"},
        "stream_mask_search": {**picture, "passes": [50, 100]},
        "stream_matched": {**picture, "values": pixels[0, 0], "target": 0},
        "stream_randomisation": explained,
        "stream_reconstruct": {**picture, "maps": {"mine": pixels[0, 0]}, "prior": grey},
        "stream_reconstructions": {**pictures, "prior": grey},
        "stream_retraining": {"spec": core.RetrainingSpec(methods=("gradient",)), "folder": tmp_path, "device": "cpu"},
        "stream_retraining_toy": {"seeds": 2},
        "stream_sanity_study": pictures,
        "stream_single_patch": {"methods": ["gradient"], "pictures": 5, "seeds": 1, "device": "cpu"},
        "stream_stamp_benchmark": stamped,
        "stream_stamp_sweep": {**stamped, "sizes": [4], "opacities": [1.0]},
        "stream_stamp_training": {"task": stamped["model"].task, "device": "cpu"},
        "stream_study": {"spec": small_study, "folder": tmp_path / "study", "device": "cpu"},
        "stream_trial": explained,
        "stream_truth_anchor": stamped,
    }


def grey(pixels, hole, count, seed):  # noqa: ARG001
    return torch.full((count, *pixels.shape[1:]), 0.5)


@pytest.mark.parametrize("name", STREAMS)
def test_every_stream_can_be_closed_between_two_steps(calls, name):
    """As a queue does to cancel a job: what the stream borrowed is returned then, not whenever it is forgotten."""
    stream = getattr(core, name)(**calls[name])
    assert isinstance(stream, Generator)
    next(stream)
    stream.close()
    assert list(stream) == []


@pytest.mark.parametrize("name", [name for name in STREAMS if "settings" in signature(getattr(core, name)).parameters])
def test_settings_of_a_method_that_does_not_exist_are_refused_by_every_stream_that_takes_settings(calls, name):
    stream = getattr(core, name)
    with pytest.raises(ValueError, match="Did you mean gradient"):
        stream(**calls[name], settings={"gradeint": {"samples": 3}})
    with pytest.raises(ValueError, match="smoothgrad has no setting 'sample'"):
        stream(**calls[name], settings={"smoothgrad": {"sample": 3}})
    stream(**calls[name], settings={"smoothgrad": {"samples": 3}})


@pytest.fixture
def asked(classifier_of):
    """A small network with layers, and a picture for it."""
    layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    return classifier_of(layers), torch.rand(1, 3, 6, 8, generator=torch.Generator().manual_seed(3))


def test_explain_takes_what_was_promised_by_keyword_and_by_position(asked):
    spelt = core.explain(*asked, methods=["random", "gradient"], target=1, seed=3)
    placed = core.explain(*asked, ["random", "gradient"], 1, 3)
    assert list(spelt) == list(placed) == ["random", "gradient"]
    assert all(torch.equal(spelt[name].values, placed[name].values) for name in spelt)
    usual, predicted = core.explain(*asked, ["random"]), core.predict(*asked)[0].index
    assert usual["random"].target == predicted
    assert torch.equal(usual["random"].values, core.explain(*asked, ["random"], predicted, 0)["random"].values)


def test_perturb_takes_what_was_promised_by_keyword_and_by_position(asked):
    maps = {"mine": asked[1][0, 0]}
    spelt = core.perturb(
        *asked, maps, target=1, orders=("lif", "random"), steps=4, imputer="black", y="accuracy", batch_size=2, seed=3
    )
    placed = core.perturb(*asked, maps, 1, ("lif", "random"), 4, "black", "accuracy", 2, 3)
    assert list(spelt) == list(placed) == [("mine", "lif"), ("mine", "random")]
    assert all(torch.equal(spelt[key].values, placed[key].values) for key in spelt)
    usual = core.perturb(*asked, maps, 1)
    told = core.perturb(*asked, maps, 1, ("mif", "lif", "random"), 50, "dataset_mean", "probability", None, 0)
    assert list(usual) == list(told)
    assert all(torch.equal(usual[key].values, told[key].values) for key in usual)


def test_evaluate_takes_what_was_promised_by_keyword_and_by_position(asked):
    pictures = [core.open_picture(picture.path) for picture in core.gallery()[:2]]
    spelt = core.evaluate(asked[0], pictures, methods=["gradient"], metrics=["deletion"], limit=1, seed=3)
    placed = core.evaluate(asked[0], pictures, ["gradient"], ["deletion"], 1, 3)
    assert spelt.frame.equals(placed.frame)
    assert spelt.frame["picture"].nunique() == 1
    assert set(spelt.frame["metric"]) == {"deletion"}
    assert (
        core.evaluate(asked[0], pictures, ["gradient"], ["deletion"]).asked.items()
        >= {"limit": None, "seed": 0}.items()
    )


def test_check_randomisation_takes_what_was_promised_by_keyword_and_by_position(asked):
    spelt = core.check_randomisation(*asked, methods=["gradient"], target=1, mode="bottom_up", seed=3)
    placed = core.check_randomisation(*asked, ["gradient"], 1, "bottom_up", 3)
    assert [told(point) for point in spelt] == [told(point) for point in placed]
    assert {point.draw for point in spelt} == {0}
    usual = core.check_randomisation(*asked, ["gradient"])
    assert [told(point) for point in usual] == [
        told(point) for point in core.check_randomisation(*asked, ["gradient"], None, "cascading", 0)
    ]


def told(point):
    return {name: value for name, value in vars(point).items() if name != "heatmap"}
