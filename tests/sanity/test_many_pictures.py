"""The check over many pictures."""

from collections.abc import Callable
from math import isnan
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import core
from core.jobs.events import Progress
from core.methods.heatmap import MethodRefused
from core.metrics.statistics import intervals
from core.models.classifier import Classifier
from core.sanity.many_pictures import (
    PictureChecked,
    SanitySummary,
    similarity_rows,
    stream_sanity_study,
    verdicts,
)
from core.sanity.randomisation import StageReady, StagesFound
from core.sanity.stages import Stage
from core.sanity.verdict import VerdictReady
from core.studies.over_pictures import PictureRefused

SIZE = (24, 32)
STAGES = (Stage(1, "head", (1,), 0.5), Stage(2, "stem", (0, 1), 1.0))


@pytest.fixture
def small(classifier_of: Callable[..., Classifier]) -> Classifier:
    """Takes pictures in, whatever their size."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = nn.Sequential(
            nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3)
        )
    classifier = classifier_of(network, size=SIZE)
    classifier.prepare = lambda picture: torch.from_numpy(  # type: ignore[method-assign]
        np.asarray(picture.resize(SIZE[::-1]), dtype=np.float32).transpose(2, 0, 1)[None] / 255
    )
    return classifier


def photos(count: int) -> list[Image.Image]:
    draw = np.random.default_rng(0)
    return [Image.fromarray(draw.integers(0, 255, (*SIZE, 3), dtype=np.uint8)) for _ in range(count)]


def checked(values: list[list[float | None]]) -> list[PictureChecked]:
    """Pictures whose likenesses at both stages are given."""
    return [
        PictureChecked(
            f"picture {place}",
            tuple(
                StageReady("gradient", stage.number, stage.title, stage.share, 0, None, spearman_abs=value)
                for stage, value in zip(STAGES, each, strict=True)
            ),
            0.1,
            place + 1,
            len(values),
        )
        for place, each in enumerate(values)
    ]


def verdict(values: list[list[float | None]], mode: str = "cascading") -> VerdictReady:
    stages = StagesFound(mode, STAGES, 1)  # type: ignore[arg-type]
    (found,) = verdicts(checked(values), stages, 0, final=True)
    return found


def test_each_picture_is_told_once_with_the_means_of_all_so_far(small: Classifier) -> None:
    events = list(stream_sanity_study(small, photos(3), ["gradient"]))
    assert [e.done for e in events if isinstance(e, PictureChecked)] == [1, 2, 3]
    summaries = [e.pictures for e in events if isinstance(e, SanitySummary)]
    assert summaries == sorted(summaries)
    assert (summaries[0], summaries[-1]) == (1, 3)
    assert len([e for e in events if isinstance(e, StagesFound)]) == 1
    assert all(point.heatmap is None for e in events if isinstance(e, PictureChecked) for point in e.points)
    done = [e.done / e.total for e in events if isinstance(e, Progress)]
    assert done == sorted(done)
    assert done[-1] <= 1


def test_the_trained_network_is_in_no_row_and_rows_are_means_over_pictures(small: Classifier) -> None:
    events = list(stream_sanity_study(small, photos(3), ["gradient"]))
    points = [point for e in events if isinstance(e, PictureChecked) for point in e.points]
    rows = [e for e in events if isinstance(e, SanitySummary)][-1].rows
    assert min(row.stage for row in rows) == 1
    for row in rows:
        own = [getattr(p, row.similarity) for p in points if (p.method, p.stage) == (row.method, row.stage)]
        known = [value for value in own if value is not None]
        assert row.n == len(known)
        assert row.mean == pytest.approx(np.mean(known))


def test_the_interval_of_a_row_is_that_of_a_mean_over_pictures() -> None:
    values = [[0.1, 0.5], [0.3, 0.6], [0.2, 0.9], [0.6, 0.4], [0.4, None]]
    rows = {row.stage: row for row in similarity_rows(checked(values), 0) if row.similarity == "spearman_abs"}
    expected = intervals(np.array([[0.1], [0.3], [0.2], [0.6], [0.4]]), 0)[:, 0]
    assert (rows[1].mean, rows[1].low, rows[1].high) == pytest.approx(tuple(expected))
    assert (rows[1].n, rows[2].n) == (5, 4)


def test_a_verdict_over_pictures_takes_five_of_them() -> None:
    assert verdict([[0.9, 0.9]] * 2 + [[0.8, 0.8]] * 2).standing == "unclear"
    assert verdict([[0.9, 0.9]] * 3 + [[0.8, 0.8]] * 2).standing == "fails"
    assert "needs five" in verdict([[0.9, 0.9]] * 4).sentence
    assert "needs five" not in verdict([[0.9, 0.9]] * 5).sentence


def test_a_verdict_needs_the_whole_interval_on_one_side_of_half() -> None:
    assert verdict([[0.1, 0.2], [0.2, 0.1], [0.15, 0.2], [0.1, 0.1], [0.2, 0.3]]).standing == "passes"
    assert verdict([[0.9, 0.1], [0.1, 0.9], [0.15, 0.2], [0.1, 0.9], [0.2, 0.3]]).standing == "unclear"


def test_the_mean_counts_each_picture_once_and_the_last_stage_apart() -> None:
    found = verdict([[0.2, 0.4], [0.4, 0.6], [0.1, None], [0.3, 0.3], [0.3, 0.3]])
    assert found.mean.value == pytest.approx(np.mean([0.3, 0.5, 0.1, 0.3, 0.3]))
    assert found.last.value == pytest.approx(np.mean([0.4, 0.6, 0.3, 0.3]))
    assert (found.n, found.blank) == (5, 1)


def test_a_verdict_over_pictures_looks_at_the_last_stage_too() -> None:
    assert verdict([[0.05, 0.9]] * 5).standing == "fails"
    assert verdict([[0.05, 0.8]] * 5, "independent").standing == "passes"


def test_single_layers_have_no_last_stage() -> None:
    assert isnan(verdict([[0.2, 0.4]] * 5, "independent").last.value)


def test_an_interval_of_correlations_ends_at_one() -> None:
    found = verdict([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0], [0.2, 0.2], [1.0, 1.0]])
    assert found.mean.high == 1.0
    assert found.mean.low >= -1.0


def test_one_picture_is_judged_by_its_draws(small: Classifier) -> None:
    events = list(stream_sanity_study(small, photos(1), ["gradient"], draws=2))
    verdicts = {e.method: e for e in events if isinstance(e, VerdictReady) and e.final}
    assert verdicts["sobel"].standing == "fails"
    assert "2 draws of weights" in verdicts["sobel"].sentence
    assert [e.pictures for e in events if isinstance(e, SanitySummary)] == [1]


def test_pictures_meet_weights_of_their_own(small: Classifier) -> None:
    """Else the interval over pictures would leave out what the draw of weights does."""
    one, other = photos(2)
    events = stream_sanity_study(small, [one, other, one.rotate(180)], ["gradient"])
    told = [
        tuple(p.spearman for p in e.points if p.method == "gradient") for e in events if isinstance(e, PictureChecked)
    ]
    assert len(set(told)) == 3


def test_a_broken_picture_is_told_of_and_the_rest_goes_on(small: Classifier, tmp_path: Path) -> None:
    for place, photo in enumerate(photos(2)):
        photo.save(tmp_path / f"{place}.png")
    (tmp_path / "0.5.png").write_bytes(b"no picture")
    events = list(stream_sanity_study(small, tmp_path, ["gradient"]))
    assert [e.picture for e in events if isinstance(e, PictureRefused)] == ["0.5.png"]
    assert len([e for e in events if isinstance(e, PictureChecked)]) == 2
    assert [e.final for e in events if isinstance(e, VerdictReady)][-1]


def test_progress_names_a_picture_as_a_person_reads_it_and_a_result_by_its_file(small: Classifier) -> None:
    events = list(stream_sanity_study(small, "gallery", ["gradient"], limit=1))
    first = next(each for each in core.gallery() if each.suits == small.dataset)
    assert {each.what.partition(":")[0] for each in events if isinstance(each, Progress)} == {first.title}
    assert [each.picture for each in events if isinstance(each, PictureChecked)] == [first.name]


def test_a_method_that_does_not_apply_is_refused_once(small: Classifier) -> None:
    events = list(stream_sanity_study(small, photos(2), ["attention_rollout"]))
    assert len([e for e in events if isinstance(e, MethodRefused)]) == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"limit": 0}, "at least 1 picture"),
        ({"mode": "sideways"}, "The mode must be one of"),
        ({"methods": ["gradeint"]}, "gradient"),
        ({"source": "/nowhere/at/all"}, "nowhere"),
    ],
)
def test_what_does_not_exist_is_refused_at_once(small: Classifier, wrong: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        stream_sanity_study(small, **{"source": photos(1), "methods": ["gradient"], **wrong})  # type: ignore[arg-type]
