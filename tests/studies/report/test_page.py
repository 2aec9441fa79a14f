"""A study's report: one page with everything in it, small enough to send, whatever its pictures are called."""

import re
from dataclasses import asdict
from functools import partial
from html.parser import HTMLParser
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file
from scipy.stats import t

import core
from core.metrics.statistics import Score, Tally
from core.studies.folder import Folder
from core.studies.report.contents import MeanCurve, levels, verdict
from core.studies.report.page import page_of
from core.studies.running import in_words

METRIC = {"label": "Fidelity", "direction": "higher", "limited": True}
METHODS = {name: {"label": name, "control": name == "random"} for name in ("a", "b", "random")}


def made(path: Path, methods: list[str], pictures: list[str], side: int) -> Folder:
    """A study whose heatmaps are noise, which nothing makes smaller."""
    folder, drawn = Folder(path), np.random.default_rng(0)
    folder.ask(core.StudySpec(methods=tuple(methods), maps=True).to_toml())
    folder.keep_manifest({**in_words(), "units": len(pictures)})
    scores = [
        Score(picture, method, "fidelity", float(drawn.random()))
        for picture in pictures
        for method in (*methods, "random")
    ]
    tally = Tally()
    tally.add(scores)
    for place, picture in enumerate(pictures):
        own = [[each.method, each.metric, each.score] for each in scores if each.picture == picture]
        folder.keep_unit(
            place,
            {
                "model": "m",
                "seed": 0,
                "picture": picture,
                "target": 1,
                "label": "a <b> & c",
                "scores": own,
                "curves": [],
            },
        )
        maps = {name: drawn.standard_normal((side, side)).astype(np.float32) for name in (*methods, "random")}
        folder.write(folder.map_file(place), partial(save_file, maps))
        photo = Image.fromarray(drawn.integers(0, 256, (side, side, 3), dtype=np.uint8))
        folder.write(folder.picture_file(place), partial(photo.save, format="WEBP"))
    rows = [
        {name: None if value != value else value for name, value in asdict(row).items()} for row in tally.summary(0)
    ]
    counts = {"model": "m", "seed": 0, "pictures": len(pictures), "scored": len(pictures), "accuracy": ""}
    folder.keep_summary(0, {**counts, "rows": rows})
    folder.write_tables()
    return folder


class Reader(HTMLParser):
    """Every address that a page would ask for, and every element that it has."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.elements: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.elements.append(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href")]


def test_twelve_methods_on_twenty_pictures_take_less_than_15_mb_and_nothing_from_elsewhere(tmp_path):
    methods = [each.name for each in core.list_methods() if not each.control][:12]
    folder = made(tmp_path / "study", methods, [f"{number}.jpg" for number in range(20)], 224)
    page = page_of(folder)
    assert len(page.encode()) < 15e6
    reader = Reader()
    reader.feed(page)
    assert reader.elements.count("img") == 20 * (1 + 13)
    assert all(address.startswith("data:") for address in reader.addresses)
    assert not re.search(r"https?://|@import", page)
    assert "one value for 2 × 2 pixels" in page


def test_names_of_pictures_and_labels_are_text_whatever_they_hold(tmp_path):
    folder = made(tmp_path / "<i>study", ["gradient"], ["</article><script>alert(1)</script>.jpg"], 8)
    page = page_of(folder)
    reader = Reader()
    reader.feed(page)
    assert reader.elements.count("script") == 1
    assert "i" not in reader.elements
    assert "a &lt;b&gt; &amp; c" in page


def test_a_page_brings_what_reproduces_its_study(tmp_path):
    folder = made(tmp_path / "study", ["gradient"], ["a.jpg"], 8)
    page = page_of(folder)
    assert "heatcheck study run study.toml --out study" in page
    assert core.StudySpec.from_toml((folder.path / "study.toml").read_text()).methods == ("gradient",)
    assert "methods = [&quot;gradient&quot;]" in page


def test_a_study_without_scores_says_how_to_go_on(tmp_path):
    folder = Folder(tmp_path)
    folder.ask(core.StudySpec().to_toml())
    with pytest.raises(ValueError, match="heatcheck study resume"):
        page_of(folder)


def test_a_mean_curve_and_its_interval_are_those_of_all_curves_at_once():
    drawn = np.random.default_rng(3).random((7, 5))
    found = MeanCurve(np.linspace(0, 1, 5), drawn[0], np.zeros(5))
    for values in drawn[1:]:
        found.add(values)
    np.testing.assert_allclose(found.mean, drawn.mean(axis=0), rtol=1e-12)
    low, high = t.interval(0.95, 6, drawn.mean(axis=0), drawn.std(axis=0, ddof=1) / sqrt(7))
    np.testing.assert_allclose(found.half_width, (high - low) / 2, rtol=1e-9)


@pytest.mark.parametrize("side", [1, 2, 3])
def test_a_level_stands_for_the_mean_of_its_block(side):
    values = np.random.default_rng(1).standard_normal((7, 8))
    painted, signed = levels(values, side)
    assert signed
    blocks = np.array(
        [
            [values[r : r + side, c : c + side].mean() for c in range(0, 8 - side + 1, side)]
            for r in range(0, 7 - side + 1, side)
        ]
    )
    largest = np.abs(blocks).max()
    np.testing.assert_allclose((painted.astype(float) - 127.5) / 127.5 * largest, blocks, atol=largest / 255 * 1.001)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            [("a", "better", 9), ("b", "worse", 9)],
            "1 of 2 methods better than every control; 1 worse than random; best: a",
        ),
        ([("a", "edge", 9), ("random", "control", 9)], "none of 1 method better than every control; best: a"),
        ([("a", "unclear", 4), ("b", "unclear", 4)], "a verdict needs 5 pictures"),
        ([("random", "control", 9)], "no method has a score"),
    ],
)
def test_a_verdict_counts_the_methods_that_beat_every_control(rows, said):
    told = [
        {"method": name, "verdict": standing, "n": n, "mean": 0.5 - 0.1 * at, "low": 0.1, "high": 0.9}
        for at, (name, standing, n) in enumerate(rows)
    ]
    assert said in verdict(told, METRIC, METHODS)
