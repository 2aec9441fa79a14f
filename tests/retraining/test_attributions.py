"""Every method's maps rank the same places of the same pictures, whatever the unit."""

from math import comb, sqrt

import pytest
import torch

import core
from core.jobs.events import Returning
from core.methods.heatmap_request import HeatmapRequest
from core.retraining.attributions import stream_attributions
from core.retraining.events import RetrainingReady
from core.retraining.folder import StudyFolder
from core.retraining.networks import as_classifier, build
from core.retraining.retraining import stream_retraining
from core.retraining.spec import RetrainingSpec

CPU = torch.device("cpu")
OF_ONE_CHANNEL = ("random", "sobel", "centre", "blurred_random", "negated", "grad_cam")
SPEC = RetrainingSpec(
    methods=("gradient", *OF_ONE_CHANNEL), forms=("roar",), fractions=(0.25, 0.5), seeds=1, leak=False,
    data="squares", unit="feature",
)  # fmt: skip
FEATURES = 3 * 8 * 8


@pytest.fixture(scope="module")
def ranks(tmp_path_factory, squares):
    """The order of removal of each method, for all pictures of a study of features."""
    folder = StudyFolder(tmp_path_factory.mktemp("features"))
    folder.ask(SPEC)
    folder.keep_data(squares)
    stream = stream_retraining(SPEC, folder.path, "cpu", processes=1)
    next(event for event in stream if isinstance(event, RetrainingReady))
    stream.close()
    return {method: folder.ranks(method) for method in SPEC.request.methods}


def test_every_method_removes_the_same_number_of_the_same_features(ranks):
    assert set(ranks) == {"gradient", *OF_ONE_CHANNEL}
    for parts in ranks.values():
        for part in parts:
            assert part.places == FEATURES
            for fraction in SPEC.fractions:
                gone = part.removed("roar", fraction)
                assert gone.shape[1:] == (3, 8, 8)
                assert gone.flatten(1).sum(dim=1).unique().tolist() == [fraction * FEATURES]


@pytest.mark.parametrize("fraction", SPEC.fractions)
def test_random_removes_any_feature_as_often_and_whole_pixels_only_by_chance(ranks, fraction):
    gone = ranks["random"][0].removed("roar", fraction)
    pictures, count = len(gone), round(fraction * FEATURES)
    often = gone.float().mean(dim=0)
    assert (often - fraction).abs().max() < 5 * sqrt(fraction * (1 - fraction) / pictures)
    whole = comb(FEATURES - 3, count - 3) / comb(FEATURES, count)
    pixels = pictures * 64
    assert gone.all(dim=1).float().mean().item() == pytest.approx(whole, abs=5 * sqrt(whole * (1 - whole) / pixels))


def test_the_first_channel_of_a_random_map_is_the_map_that_pixels_have(squares):
    classifier = as_classifier(build(SPEC.network, squares, 0, CPU), squares, CPU)
    pixels = squares.test.pixels[:2]
    making = Returning(stream_attributions(classifier, pixels, HeatmapRequest(methods=("random",), seed=3), True))
    list(making)
    for place, values in enumerate(making.result["random"]):
        alone = core.explain(classifier, pixels[place : place + 1].contiguous(), ["random"], seed=3)["random"]
        assert values.shape == (3, 8, 8)
        assert torch.equal(values[0], alone.values)


def test_the_maps_of_many_pictures_are_those_of_each_alone(squares):
    classifier = as_classifier(build(SPEC.network, squares, 0, CPU), squares, CPU)
    pixels = squares.test.pixels[:5]
    making = Returning(stream_attributions(classifier, pixels, HeatmapRequest(methods=("gradient", "smoothgrad"))))
    assert [event.done for event in making] == [1, 2, 3, 4, 5]
    for place in range(5):
        alone = core.explain(classifier, pixels[place : place + 1].contiguous(), ["gradient", "smoothgrad"])
        for name, maps in making.result.items():
            torch.testing.assert_close(maps[place, 0], alone[name].values, rtol=1e-4, atol=1e-6)
