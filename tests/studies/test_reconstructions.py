"""Reconstruction over many pictures: each counts once, and a curve's point is the mean of what pictures say."""

from dataclasses import replace
from math import isnan

import pytest
import torch
from PIL import Image

import core
from core.generation import priors
from core.generation.priors import find_prior
from core.generation.reconstruction import ReconstructionReady
from core.metrics.share_kept import SHARE, VARIATIONS
from core.pictures.datasets import fashion_mnist
from core.pictures.rendering import to_picture
from core.randomness import generator
from core.studies.over_pictures import PictureRefused
from core.studies.reconstructions import PictureReconstructed, ReconstructionSummary, curve_rows, method_gaps


@pytest.fixture(scope="module")
def clothes_cnn():
    return core.load_classifier("fashion_cnn", device="cpu")


@pytest.fixture(scope="module")
def clothes():
    return [to_picture(fashion_mnist("test").pixels[number]) for number in range(3)]


def test_a_study_says_of_each_picture_what_it_says_alone(clothes_cnn, clothes):
    asked = {"shares": (0.4, 0.8), "prior": "donors", "variations": 8}
    events = list(core.stream_reconstructions(clothes_cnn, clothes, ["gradient", "grad_cam"], **asked))
    done = [each for each in events if isinstance(each, PictureReconstructed)]
    assert [each.done for each in done] == [1, 2, 3]
    for each, picture in zip(done, clothes, strict=True):
        pixels = clothes_cnn.prepare(picture)
        maps = {name: one.values for name, one in core.explain(clothes_cnn, pixels, ["gradient", "grad_cam"]).items()}
        alone = [
            (one.method, one.share, one.region, one.kept, one.confidence, one.energy)
            for one in core.stream_reconstruct(clothes_cnn, pixels, maps, **asked)
            if isinstance(one, ReconstructionReady)
        ]
        assert [
            (one.method, one.share, one.region, one.kept, one.confidence, one.energy) for one in each.results
        ] == alone
    summary = [each for each in events if isinstance(each, ReconstructionSummary)][-1]
    assert summary.prior == "Donors"
    for row in summary.rows:
        own = [
            one
            for each in done
            for one in each.results
            if (one.method, one.region, one.share) == (row.method, row.region, row.share)
        ]
        assert row.kept.mean == pytest.approx(sum(one.kept for one in own) / 3)
        assert 0 <= row.kept.low <= row.kept.mean <= row.kept.high <= 1
        assert isnan(row.energy.mean) == (row.region == "unfilled")


def test_a_picture_that_cannot_be_opened_is_left_out(clothes_cnn, clothes, tmp_path):
    clothes[0].save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no picture")
    events = list(core.stream_reconstructions(clothes_cnn, tmp_path, ["gradient"], (0.5,), prior="donors"))
    assert [each.picture for each in events if isinstance(each, PictureRefused)] == ["b.png"]
    assert [each.pictures for each in events if isinstance(each, ReconstructionSummary)][-1] == 1


def test_regions_of_equal_area_are_averaged_over_the_pictures_that_have_them():
    def result(kept):
        return ReconstructionReady(
            "m", 0.5, "salient", 0.5, 4, kept, 0.0, 1.0, kept / 2, None if kept else 0.2, (0, 1, 2, 3), "Donors", 0.1, 4
        )

    pictures = [PictureReconstructed(str(n), (result(kept),), 0.0, n, 3) for n, kept in enumerate((0.0, 0.5, 1.0))]
    (row,) = curve_rows(pictures, 0)
    assert (row.kept.mean, row.kept.n) == (0.5, 3)
    assert (row.confidence.mean, row.energy.mean, row.energy.n) == (0.25, 0.2, 1)


def kept_by_region(picture, **kept):
    """A picture whose map, cut at 50 and at 90 %, keeps these shares."""
    results = tuple(
        ReconstructionReady("m", share, region, share, 4, value, 0.0, 1.0, value, 0.2, (0, 1, 2, 3), "Donors", 0.1, 4)
        for region, values in kept.items()
        for share, value in zip((0.5, 0.9), values, strict=False)
    )
    return PictureReconstructed(picture, results, 0.0, 1, 2)


def test_the_gap_is_the_mean_distance_to_the_same_shape_elsewhere_picture_by_picture():
    pictures = [
        kept_by_region("a", salient=(0.5, 0.25), random=(1.0, 0.75), inverted=(0.0, 0.0)),
        kept_by_region("b", salient=(0.75, 0.25), random=(1.0, 1.0)),
    ]
    (found,) = method_gaps(pictures, 0)
    assert (found.method, found.gap.mean, found.gap.n) == ("m", 0.5, 2)
    assert (found.gap.low, found.gap.high) == (0.5, 0.5)  # pictures differ, what is paired does not


def test_only_shares_and_pictures_with_both_regions_count_for_the_gap():
    both, one = kept_by_region("a", salient=(0.5, 0.0), random=(1.0,)), kept_by_region("b", salient=(0.0, 0.0))
    (found,) = method_gaps([both, one], 0)
    assert (found.gap.mean, found.gap.n) == (0.5, 1)
    assert method_gaps([one], 0) == ()
    assert method_gaps([PictureReconstructed("c", (), 0.0, 1, 1)], 0) == ()


def test_a_study_that_could_say_nothing_is_refused_in_words(clothes_cnn):
    with pytest.raises(ValueError, match="at least one method"):
        core.stream_reconstructions(clothes_cnn, "fashion_mnist", [])
    with pytest.raises(ValueError, match="limit of 0"):
        core.stream_reconstructions(clothes_cnn, "fashion_mnist", ["gradient"], limit=0)
    with pytest.raises(ValueError, match="from 0 to 1"):
        core.stream_reconstructions(clothes_cnn, "fashion_mnist", ["gradient"], shares=(1.5,))


def test_the_metric_is_the_share_kept_of_the_salient_half(clothes_cnn, clothes):
    table = core.evaluate(clothes_cnn, clothes, ["gradient", "grad_cam"], metrics=["share_kept"])
    scores = table.frame.set_index(["picture", "method"])["score"]
    for number, picture in enumerate(clothes):
        pixels = clothes_cnn.prepare(picture)
        heatmaps = core.explain(clothes_cnn, pixels, ["gradient", "grad_cam"])
        alone = {
            each.method: each.kept
            for each in core.stream_reconstruct(
                clothes_cnn,
                pixels,
                {name: heatmap.values for name, heatmap in heatmaps.items()},
                shares=(SHARE,),
                variations=VARIATIONS,
                regions=["salient"],
            )
            if isinstance(each, ReconstructionReady)
        }
        assert {method: scores[f"picture {number}", method] for method in alone} == alone
    assert "random" in scores.index.get_level_values("method")


def test_the_metric_tells_the_prior_which_picture_it_fills_as_the_study_does(clothes_cnn, monkeypatch):
    """Of pictures that are named, nothing of the same name fills a hole."""
    asked = []

    def noted(scene):
        asked.append(scene.origin)
        return lambda _, numbers, __: scene.pixels.expand(len(numbers), -1, -1, -1)

    monkeypatch.setitem(priors._PRIORS, "refined_donors", replace(find_prior("refined_donors"), prepare=noted))
    core.evaluate(clothes_cnn, "fashion_mnist", ["random"], metrics=["share_kept"], limit=3)
    list(core.stream_reconstructions(clothes_cnn, "fashion_mnist", ["random"], (0.5,), limit=3))
    assert asked == [f"fashion_mnist {number:03}" for number in (*range(3), *range(3))]


def test_a_map_that_decides_the_class_is_told_from_one_that_does_not_by_its_closed_form_share(classifier_of):
    """The class is whether the left half is brighter than a bound; a fill is of one level, uniform in [0, 1].

    Hiding the left half keeps class 0 with probability 1 - bound and class 1 with bound; hiding the right half always.
    """
    bound, variations = 0.175, 64

    class Left(torch.nn.Module):
        def forward(self, pixels):
            left = pixels[:, 0, :, :14].mean(dim=(1, 2))
            return torch.stack([left, 2 * bound - left], dim=1)

    def levels(pixels, _hole, count, seed):
        return torch.rand(count, 1, 1, 1, generator=generator(seed, "levels")).expand(-1, *pixels.shape[1:])

    classifier = classifier_of(Left(), size=(28, 28), classes=2)
    left = torch.zeros(28, 28)
    left[:, :14] = 1
    maps = {"left": left, "right": 1 - left}
    kept, expected, variance = {"left": 0.0, "right": 0.0}, 0.0, 0.0
    for number in range(10):
        pixels = fashion_mnist("test").pixels[number : number + 1].contiguous()
        share = 1 - bound if float(pixels[0, 0, :, :14].mean()) > bound else bound
        expected, variance = expected + share, variance + share * (1 - share) / variations
        asked = {"prior": levels, "variations": variations, "regions": ["salient"], "seed": number}
        last = {
            each.method: each.kept
            for each in core.stream_reconstruct(classifier, pixels, maps, **asked)
            if isinstance(each, ReconstructionReady)
        }
        kept = {name: kept[name] + last[name] for name in kept}
    assert kept["right"] == 10
    assert abs(kept["left"] - expected) < 4 * variance**0.5


def test_pictures_of_one_level_get_an_answer(clothes_cnn):
    flat = Image.new("RGB", (28, 28), (90, 90, 90))
    events = list(core.stream_reconstructions(clothes_cnn, flat, ["random"], (0.5,)))
    assert [each.pictures for each in events if isinstance(each, ReconstructionSummary)] == [1]
