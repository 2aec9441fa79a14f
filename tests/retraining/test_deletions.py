"""Patches and their order: against closed forms, and against deleting one patch of one picture at a time."""

import pytest
import torch
from scipy.stats import spearmanr

from core.methods.heatmap_request import HeatmapRequest
from core.models.outputs import Contrast
from core.pictures.datasets import Labelled
from core.retraining.data import LabelledData
from core.retraining.deletions import agreements, output_drops, patch_masks, patch_sums, random_deletions
from core.retraining.networks import as_classifier

CPU = torch.device("cpu")
PATCHES = patch_masks((6, 8), 2)


def drawn(count, seed):
    pixels = torch.rand(count, 3, 6, 8, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return Labelled(pixels, torch.arange(count) % 3)


@pytest.fixture
def noise():
    """Three classes of noise, in double precision."""
    return LabelledData("noise", "Noise", ("a", "b", "c"), drawn(30, 1), drawn(12, 2))


@pytest.fixture
def classifier(linear, noise):
    """A network whose logits are weighted sums."""
    return as_classifier(linear, noise, CPU)


def maps_of(classifier, pixels, method, **settings):
    request = HeatmapRequest(methods=(method,), settings={method: settings})
    ready = [[*request.stream(classifier, own[None])][-1] for own in pixels]
    return torch.stack([event.heatmap.values[None] for event in ready])


@pytest.mark.parametrize("size", [(6, 8), (28, 28), (7, 5)])
@pytest.mark.parametrize("across", [2, 3, 4])
def test_patches_cover_every_pixel_once_and_differ_by_at_most_a_row_and_a_column(size, across):
    patches = patch_masks(size, across)
    assert len(patches) == across**2
    assert (patches.sum(dim=0) == 1).all()
    rows, columns = patches.any(dim=3).sum(dim=2), patches.any(dim=2).sum(dim=2)
    for sides in (rows, columns):
        assert sides.max() - sides.min() <= 1


def test_every_patch_is_drawn_about_as_often_and_one_a_picture():
    drawn_patches = random_deletions(PATCHES, 4000, torch.Generator().manual_seed(0))
    often = [int((drawn_patches == patch).flatten(1).all(dim=1).sum()) for patch in PATCHES]
    assert sum(often) == 4000
    assert min(often) > 900


def test_the_gradient_times_the_distance_to_the_fill_is_exact_for_a_linear_network(classifier, noise):
    pixels = noise.test.pixels
    maps = maps_of(classifier, pixels, "input_x_gradient", baseline="dataset_mean")
    drops = output_drops(classifier, noise.normalised(pixels), PATCHES, "logit")
    assert drops.dtype == torch.float64
    assert torch.allclose(patch_sums(maps, PATCHES), drops, rtol=1e-5)
    assert agreements({"exact": maps}, drops, PATCHES)["exact"] == pytest.approx(1.0, abs=1e-12)
    assert agreements({"negated": -maps}, drops, PATCHES)["negated"] == pytest.approx(-1.0, abs=1e-12)


def test_a_map_that_is_measured_from_another_fill_is_not_exact(classifier, noise):
    pixels = noise.test.pixels
    maps = maps_of(classifier, pixels, "input_x_gradient", baseline="black")
    drops = output_drops(classifier, noise.normalised(pixels), PATCHES, "logit")
    assert agreements({"black": maps}, drops, PATCHES)["black"].mean() < 0.9


@pytest.mark.parametrize("output", ["logit", "logit_margin", "probability", Contrast(1)])
def test_drops_are_those_of_deleting_one_patch_of_one_picture_at_a_time(classifier, noise, output):
    pixels = noise.test.pixels
    answers = classifier.logits(pixels)
    chosen = answers.argmax(dim=1) != 1  # no class can be contrasted with itself
    drops = output_drops(classifier, noise.normalised(pixels[chosen]), PATCHES, output)

    def read(logits, target):
        return {
            "logit": logits[target],
            "logit_margin": logits[target] - (logits.sum() - logits[target]) / 2,
            "probability": logits.softmax(0)[target],
        }.get(output if isinstance(output, str) else "", logits[target] - logits[1])

    for own, found in zip(pixels[chosen], drops, strict=True):
        whole = classifier.logits(own[None])[0]
        for patch, drop in zip(PATCHES, found.tolist(), strict=True):
            lacking = torch.where(patch, torch.tensor(noise.mean, dtype=torch.float64)[:, None, None], own)
            rest = classifier.logits(lacking[None])[0]
            target = int(whole.argmax())
            assert drop == pytest.approx(float(read(whole, target) - read(rest, target)), abs=1e-6)


def test_agreement_is_spearman_s_with_equal_sums_sharing_their_rank():
    patches = patch_masks((4, 4), 4)
    draw = torch.Generator().manual_seed(3)
    maps, drops = torch.randint(0, 4, (20, 1, 4, 4), generator=draw).double(), torch.rand(20, 16, generator=draw)
    found = agreements({"rounded": maps}, drops, patches)["rounded"]
    told = [spearmanr(own.flatten(), other).statistic for own, other in zip(maps, drops, strict=True)]
    assert found == pytest.approx(told)


def test_a_constant_map_and_a_network_that_misses_nothing_score_0():
    maps, drops = torch.rand(3, 1, 6, 8), torch.rand(3, 4)
    assert agreements({"constant": torch.full_like(maps, 0.3)}, drops, PATCHES)["constant"].tolist() == [0, 0, 0]
    assert agreements({"any": maps}, torch.zeros(3, 4), PATCHES)["any"].tolist() == [0, 0, 0]
