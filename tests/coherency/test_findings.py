"""Findings come from scores alone, part by part, whatever forms a study has."""

import numpy as np
import pytest

from core.coherency.anchor import Anchor
from core.coherency.events import (
    AlphasReady,
    ConsistencyReady,
    CorrelationsReady,
    DegradationsReady,
    DifferencesReady,
    ExplainedReady,
    FlipsReady,
    PlacementsReady,
    StatusesReady,
)
from core.coherency.findings import findings
from core.coherency.forms import DEGRADED, EQUALISED, STUDY, changed, choice, tallies
from core.metrics.statistics import Score

METHODS = ("gradient", "lime", "rise", "random", "sobel")
METRICS = ("fidelity", "deletion", "gini", "total_variation")
PICTURES = 40


def scores(draw, quality, methods=METHODS, noise=0.1):
    """A picture's scores: F is the quality of each method, deletion falls with it."""
    return tuple(
        Score(picture, method, metric, {"fidelity": 1, "deletion": -1}.get(metric, 0) * level + noise * draw.normal())
        for picture in ["x"]
        for method, level in zip(methods, quality, strict=True)
        for metric in METRICS
    )


def named(rows, place):
    return tuple(row._replace(picture=f"picture {place:02}") for row in rows)


@pytest.fixture
def rows():
    draw = np.random.default_rng(7)
    real, levels = METHODS[:3], ("0.0", "0.25", "0.5", "0.75", "1.0")
    return [
        {
            form: named(part, place)
            for form, part in {
                STUDY: scores(draw, (3, 2, 1, 0, 0)),
                EQUALISED: scores(draw, (3, 2, 1, 0, 0)),
                DEGRADED: scores(draw, (3, 2.5, 2, 1, 0), levels),
                changed("picture", "minor"): scores(draw, (3, 2, 1), real),
                changed("picture", "disruptive"): scores(draw, (0, 0, 0), real),
                choice("imputer", "blur"): scores(draw, (1, 2, 3), real),
            }.items()
        }
        for place in range(PICTURES)
    ]


def by_type(events):
    return {type(event): event for event in events}


def test_a_sane_metric_with_every_check_is_sound(rows):
    anchor = Anchor("fidelity", "auroc", 0.9, 0.7, 1.0, 3, PICTURES)
    found = by_type(findings(tallies(rows), anchors=[anchor]))
    assert set(found) == {
        AlphasReady, CorrelationsReady, DifferencesReady, PlacementsReady, ExplainedReady, DegradationsReady,
        ConsistencyReady, FlipsReady, StatusesReady,
    }  # fmt: skip
    assert {row.metric: row.verdict for row in found[StatusesReady].rows} == {"deletion": "sound", "fidelity": "sound"}
    assert found[StatusesReady].pictures == PICTURES
    assert all(row.value == pytest.approx(1) for row in found[AlphasReady].rows)
    (flip,) = found[FlipsReady].rows
    assert (flip.winner, flip.otherwise, flip.share) == ("gradient", "rise", 1)
    assert {row.metric for row in found[ConsistencyReady].rows} == {
        "fidelity", "deletion", "constant metric", "random metric",
    }  # fmt: skip
    assert [row.fall for row in found[DegradationsReady].rows] == ["falls", "falls"]


def test_a_finished_study_alone_gives_what_needs_nothing_else(rows):
    found = by_type(findings(tallies({STUDY: row[STUDY]} for row in rows)))
    assert set(found) == {
        AlphasReady, CorrelationsReady, DifferencesReady, PlacementsReady, ExplainedReady, StatusesReady,
    }  # fmt: skip
    assert {row.verdict for row in found[StatusesReady].rows} == {"undecided"}


def test_every_form_of_correlation_has_its_own_event(rows):
    events = [event for event in findings(tallies(rows)) if isinstance(event, CorrelationsReady)]
    assert [event.form for event in events] == ["raw", "partial", "equalised"]
    assert len({event.replaces for event in events}) == 3
    assert {(row.first, row.second) for row in events[1].rows} == {("deletion", "fidelity")}
    assert len(events[0].rows) == 6 * (len(METHODS) + 1)


def test_the_order_of_pictures_and_methods_does_not_matter(rows):
    shuffled = [{form: tuple(reversed(part)) for form, part in row.items()} for row in reversed(rows)]
    once, again = ([*findings(tallies(each), seed=3)] for each in (rows, shuffled))
    assert str(once) == str(again)


def test_one_picture_alone_decides_nothing(rows):
    found = by_type(findings(tallies(rows[:1])))
    assert {row.verdict for row in found[StatusesReady].rows} == {"undecided"}
    assert all(np.isnan(row.value) for row in found[AlphasReady].rows)


def test_nothing_is_said_of_a_change_that_has_one_size_only(rows):
    few = [{form: part for form, part in row.items() if form[-1] != "disruptive"} for row in rows]
    assert ConsistencyReady not in by_type(findings(tallies(few)))
