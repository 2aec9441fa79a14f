"""Sanity checks as tables: what stands in a row, and which event it comes from."""

from math import nan

import pandas as pd

from core.jobs.events import Progress
from core.metrics.statistics import Estimate
from core.sanity.labels import LabelsReady
from core.sanity.many_pictures import PictureChecked, SanitySummary, SimilarityRow
from core.sanity.randomisation import StageReady
from core.sanity.tables import labels_of, means_of, similarities_of, verdicts_of
from core.sanity.verdict import MeanSimilarity, VerdictReady


def checked(picture: str, *points: StageReady) -> PictureChecked:
    return PictureChecked(picture, points, 0.5, 1, 2)


def verdict(method: str, standing: str, mean: MeanSimilarity) -> VerdictReady:
    return VerdictReady(method, standing, mean, MeanSimilarity(), None, 2, 1, f"{standing}.", final=True)  # type: ignore[arg-type]


def test_a_point_is_a_row_with_its_picture_and_what_is_not_known_is_empty():
    refused = StageReady("gradient", 2, "stem", 1.0, 0, None, "No map.")
    events = [
        Progress(1, 2, "Gradient"),
        checked("a.png", StageReady("gradient", 1, "head", 0.5, 0, None, ssim=0.25, spearman=-0.5)),
        checked("b.png", refused),
    ]
    table = similarities_of(events)
    assert list(zip(table["picture"], table["stage"], table["reason"], strict=True)) == [
        ("a.png", 1, ""),
        ("b.png", 2, "No map."),
    ]
    assert table["ssim"][0] == 0.25
    assert pd.isna(table["ssim"][1])
    assert pd.isna(table["hog"]).all()


def test_the_latest_means_count_sorted_by_similarity_and_stage():
    early = SanitySummary((SimilarityRow("gradient", 1, "ssim", 0.1, nan, nan, 1),), 1)
    late = SanitySummary(
        (
            SimilarityRow("gradient", 2, "ssim", 0.25, 0.0, 0.5, 2),
            SimilarityRow("gradient", 1, "hog", 0.75, 0.5, 1.0, 2),
            SimilarityRow("gradient", 1, "ssim", 0.5, 0.25, 0.75, 2),
        ),
        2,
    )
    table = means_of([early, late])
    assert list(zip(table["similarity"], table["stage"], table["mean"], strict=True)) == [
        ("hog", 1, 0.75),
        ("ssim", 1, 0.5),
        ("ssim", 2, 0.25),
    ]
    assert list(table["n"]) == [2, 2, 2]


def test_the_latest_verdict_of_a_method_takes_the_place_of_earlier_ones():
    table = verdicts_of(
        [
            verdict("gradient", "unclear", MeanSimilarity(0.9)),
            verdict("sobel", "fails", MeanSimilarity(1.0, 1.0, 1.0)),
            verdict("gradient", "passes", MeanSimilarity(0.25, 0.125, 0.375)),
        ]
    ).set_index("method")
    assert list(table.index) == ["gradient", "sobel"]
    assert table.loc["gradient", "standing"] == "passes"
    assert list(table.loc["gradient", ["mean", "mean_low", "mean_high"]]) == [0.25, 0.125, 0.375]
    assert table.loc["gradient", ["last", "last_low", "last_high"]].isna().all()
    assert list(table.loc["gradient", ["n", "blank", "sentence"]]) == [2, 1, "passes."]


def test_labels_have_both_networks_likenesses_and_their_ends():
    names = ("spearman", "spearman_abs", "ssim", "hog")
    retrained, shuffled = (
        {name: Estimate(value + place / 8, 0.0, 1.0, 5) for place, name in enumerate(names)} for value in (0.5, 0.25)
    )
    (row,) = labels_of([LabelsReady("gradient", "passes", retrained, shuffled, 5, "Passes.", True)]).to_dict("records")
    assert (row["method"], row["standing"], row["n"], row["sentence"]) == ("gradient", "passes", 5, "Passes.")
    assert [row[f"retrained_{name}"] for name in names] == [0.5, 0.625, 0.75, 0.875]
    assert [row[f"shuffled_{name}"] for name in names] == [0.25, 0.375, 0.5, 0.625]
    assert (row["shuffled_hog_low"], row["shuffled_hog_high"]) == (0.0, 1.0)


def test_where_nothing_is_known_a_table_has_its_columns_and_no_row():
    for table in (similarities_of([]), means_of([]), verdicts_of([]), labels_of([])):
        assert table.empty
        assert "method" in table.columns
