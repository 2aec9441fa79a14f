"""Every score of perturbation is a closed form where the network is linear."""

from dataclasses import replace

import pytest
import torch

from core.methods.heatmap import HeatmapReady
from core.methods.heatmap_request import HeatmapRequest
from core.metrics import perturbation
from core.metrics.copies import FIRST_AT_RANDOM
from core.metrics.curve_plan import Perturbation
from core.metrics.curves import Curve
from core.metrics.perturbation import drop, increase
from core.metrics.registry import find_metric
from core.studies.scoring import ScoresReady, Subject, stream_scores

ALL = [
    "deletion", "insertion", "road_morf", "road_lerf", "average_drop", "increase_in_confidence", "average_drop_binary",
    "increase_in_confidence_binary", "shape_gain",
]  # fmt: skip


@pytest.fixture
def share(linear, pixels) -> torch.Tensor:
    """What each pixel adds to the logit, against black."""
    return (linear.weight[2] * pixels[0]).detach().sum(dim=0)


def centred(linear, pixels, mean) -> torch.Tensor:
    """What each pixel adds to the logit, against a picture of one colour."""
    return (linear.weight[2] * (pixels[0] - torch.tensor(mean, dtype=torch.float64).view(3, 1, 1))).sum(dim=0).detach()


def test_deletion_is_the_area_under_the_sorted_sums(evidence_of, classifier_of, linear, pixels):
    classifier = classifier_of(linear)
    lost = centred(linear, pixels, classifier.dataset_mean)
    clean = float(linear(pixels)[0, 2].detach())
    curve = 1 - torch.cat([torch.zeros(1), lost.flatten().sort(descending=True).values.cumsum(0)]) / clean
    evidence = evidence_of(lost, "deletion")
    assert perturbation.deletion(evidence) == pytest.approx(float(torch.trapezoid(curve) / 48))


def test_insertion_adds_the_most_important_first_to_the_blurred_picture(evidence_of, linear, pixels):
    from core.pictures.imputers import Original, find_imputer

    everything = torch.ones(1, 1, 6, 8, dtype=torch.bool)
    fuzzy = find_imputer("blur").prepare(Original(pixels, (0.5, 0.5, 0.5), torch.Generator()))(everything)
    gained = (linear.weight[2] * (pixels - fuzzy)[0]).sum(dim=0).detach()
    start, clean = (float(linear(picture)[0, 2].detach()) for picture in (fuzzy, pixels))
    inserted = torch.cat([torch.zeros(1), gained.flatten().sort(descending=True).values.cumsum(0)])
    expected = float(torch.trapezoid((start + inserted) / clean) / 48)
    assert perturbation.insertion(evidence_of(gained, "insertion")) == pytest.approx(expected)


def test_road_keeps_its_uneven_shares_where_they_are(evidence_of, share):
    """Trapezoids at the true shares; the plain mean of the seven values is another number."""
    curve = evidence_of(share, "road_morf").curves[perturbation.ROAD_MORF]
    assert (curve.fractions * 48).round().int().tolist() == [0, 5, 10, 14, 19, 24, 34, 43, 48]
    widths = curve.fractions.diff()
    by_hand = float((widths * (curve.values[1:] + curve.values[:-1]) / 2).sum())
    assert perturbation.road_morf(evidence_of(share, "road_morf")) == pytest.approx(by_hand)
    assert by_hand != pytest.approx(float(curve.values[1:-1].mean()), abs=0.01)


def test_road_tells_the_exact_map_from_its_reverse(evidence_of, share):
    exact, turned = evidence_of(share, "road_morf", "road_lerf"), evidence_of(-share, "road_morf", "road_lerf")
    assert perturbation.road_morf(exact) == pytest.approx(perturbation.road_lerf(turned))
    assert perturbation.road_lerf(exact) > perturbation.road_morf(exact)


def test_keeping_the_top_fifth_keeps_exactly_that(evidence_of, classifier_of, linear, pixels):
    kept = centred(linear, pixels, classifier_of(linear).dataset_mean)
    clean = float(linear(pixels)[0, 2].detach())
    best = float(kept.flatten().topk(10).values.sum()) + clean - float(kept.sum())
    evidence = evidence_of(kept, "average_drop_binary")
    assert perturbation.average_drop_binary(evidence) == pytest.approx(max(0.0, 1 - best / clean))
    assert perturbation.increase_in_confidence_binary(evidence) == float(best > clean)


def test_a_map_of_ones_keeps_all_and_drops_nothing(evidence_of):
    evidence = evidence_of(torch.ones(6, 8))
    assert perturbation.average_drop(evidence) == pytest.approx(0, abs=1e-12)


def test_a_map_without_a_positive_place_keeps_nothing_and_gets_no_score(evidence_of):
    evidence = evidence_of(-torch.ones(6, 8))
    assert perturbation.average_drop(evidence) is None
    assert perturbation.increase_in_confidence(evidence) is None


def test_a_map_that_keeps_the_whole_picture_never_increases_confidence_whatever_the_batch(classifier_of):
    class Trembling(torch.nn.Module):
        """Says of a picture in company a little more than of the same picture alone, as rounding does."""

        def forward(self, seen):
            return torch.stack([seen.mean(dim=(1, 2, 3)) + 1e-6 * len(seen), seen[:, 0].mean(dim=(1, 2))], dim=1)

    picture = torch.rand(1, 3, 6, 8, generator=torch.Generator().manual_seed(3))
    subject = Subject(classifier_of(Trembling(), classes=2, batch=2), picture, 0, HeatmapRequest(methods=("random",)))
    (made,) = (event.heatmap for event in subject.heatmaps() if isinstance(event, HeatmapReady) and event.final)
    maps = {"random": made, "centre": replace(made, method="centre", values=torch.full((6, 8), 2.5))}
    scored = stream_scores(subject, maps, ["increase_in_confidence", "average_drop"], Perturbation())
    found = {event.method: event.scores for event in scored if isinstance(event, ScoresReady)}
    assert found["centre"] == {"increase_in_confidence": 0.0, "average_drop": pytest.approx(0, abs=1e-6)}


@pytest.mark.parametrize(
    ("clean", "now", "dropped", "increased"),
    [(0.8, 0.2, 0.75, 0.0), (0.5, 0.6, 0.0, 1.0), (0.5, 0.5, 0.0, 0.0), (0.0, 0.1, None, 1.0), (0.5, None, None, None)],
)
def test_a_gain_is_no_drop_and_nothing_can_be_lost_of_nothing(clean, now, dropped, increased):
    assert drop(clean, now) == pytest.approx(dropped)
    assert increase(clean, now) == increased


def test_the_gain_over_its_shape_leaves_out_what_the_shape_does(evidence_of, share):
    evidence = evidence_of(share, "shape_gain")
    areas = {trace: curve.area for trace, curve in evidence.curves.items()}
    own, first, second = (
        sum(area if trace.order == "lif" else -area for trace, area in areas.items() if trace.copy == copy)
        for copy in (0, FIRST_AT_RANDOM, FIRST_AT_RANDOM + 1)
    )
    assert perturbation.shape_gain(evidence) == pytest.approx(own - (first + second) / 2)


def test_random_maps_gain_nothing_over_their_shape_on_average(evidence_of):
    maps = [torch.rand(6, 8, generator=torch.Generator().manual_seed(seed)) for seed in range(60)]
    values = [perturbation.shape_gain(evidence_of(each, "shape_gain", steps=8)) for each in maps]
    spread = torch.tensor(values).std() / 60**0.5
    assert abs(sum(values) / 60) < 3 * spread


@pytest.mark.parametrize("name", ALL)
def test_every_score_reads_what_it_says(evidence_of, share, name):
    score = find_metric(name).measure(evidence_of(share, name))
    assert isinstance(score, float)


def test_a_curve_of_one_share_has_its_value_in_the_middle():
    values = torch.tensor([1.0, 0.3, 0.1], dtype=torch.float64)
    assert perturbation.between_ends(Curve(torch.tensor([0.0, 0.8, 1.0]), values, values[None])) == pytest.approx(0.3)
