"""What a terminal shows while a study runs, and how its means are laid out."""

from dataclasses import replace
from functools import partial
from io import StringIO
from math import nan
from typing import get_args

import pytest
from rich.console import Console

import core
from core.cli import terminal
from core.jobs.events import Progress
from core.metrics.statistics import Score, Standing, Summary, Tally
from core.studies.evaluation import PictureScored, SummaryReady
from core.studies.over_pictures import PictureRefused
from core.studies.study import TruthRefused


def row(method: str, metric: str, mean: float, verdict: str = "unclear", n: int = 9) -> Summary:
    return Summary(method, metric, mean, mean - 0.1, mean + 0.1, n, nan, nan, nan, verdict)


def lines(tables) -> list[str]:
    console = Console(width=200, file=StringIO())
    for table in tables:
        console.print(table)
    return console.file.getvalue().splitlines()


STUDY = (
    row("gradient", "deletion", 0.3, "better"),
    row("grad_cam", "deletion", 0.2),
    row("random", "deletion", 0.5, "control"),
    row("gradient", "fidelity", 0.1, "worse", n=4),
    row("grad_cam", "fidelity", -0.001),
    row("sobel", "fidelity", 0.4, "control"),
    row("oracle", "fidelity", 0.5, "control"),
)


def test_methods_stand_by_the_first_metric_the_best_first_and_cells_say_n_and_verdict():
    shown = lines(terminal.means(STUDY, 9, 200))
    assert shown[0].strip() == "9 pictures"
    assert shown[1].split() == ["Method", "F", "↑", "Deletion", "↓"]
    assert [line.split("  ")[0] for line in shown[2:7]] == [
        "Oracle (control)",
        "Sobel (control)",
        "Gradient",
        "Grad-CAM",
        "Random (control)",
    ]
    assert "✗ 0.10 [0.00, 0.20] n 4  ✓ 0.30 [0.20, 0.40]" in shown[4]
    assert " 0.00 [-0.10, 0.10]" in shown[5]
    assert "-0.00" not in "".join(shown)
    assert shown[2].split()[-1] == shown[6].split()[2] == "–"
    assert "paired differences" in " ".join(" ".join(shown[7:]).split())


def test_the_chance_of_the_leak_stands_below_its_mean_in_a_table_and_beside_it_in_a_line():
    leak = replace(row("gradient", "leak", 0.64), chance=0.1)
    shown = lines(terminal.means([*STUDY, leak], 9, 200))
    (above,) = [place for place, line in enumerate(shown) if line.startswith("Gradient ")]
    assert shown[above].endswith("0.64 [0.54, 0.74]")
    assert shown[above + 1].split() == ["chance", "0.10"]
    assert sum("chance" in line for line in shown) == 1
    assert terminal.leader([leak], 9) == "Leak: Gradient 0.64 [0.54, 0.74], chance 0.10"


def test_metrics_that_do_not_fit_beside_each_other_get_a_table_of_their_own():
    narrow = terminal.means(STUDY, 9, 44)
    assert [len(table.columns) for table in narrow] == [2, 2]
    assert all(len(line) <= 44 for table in narrow for line in lines([table])[1:-1])


def test_the_lower_score_leads_where_lower_is_better():
    assert terminal.leader(STUDY[:3], 9) == "Deletion ↓: Grad-CAM 0.20 [0.10, 0.30]"
    assert terminal.leader((), 9) == "No score is defined so far."


def test_no_control_leads_neither_one_that_ignores_the_model_nor_the_oracle():
    assert terminal.leader(STUDY, 9) == "F ↑: Gradient ✗ 0.10 [0.00, 0.20] n 4"
    assert terminal.leader(STUDY[-2:], 9) == "No score is defined so far."


@pytest.mark.parametrize(("name", "mean", "shown"), [("deletion", 0.0, "0.00"), ("artifact_share", 0.0004, "4.0e-04")])
def test_a_score_without_a_range_may_be_tiny(name, mean, shown):
    assert shown in terminal.leader([row("gradient", name, mean)], 9)


def events():
    tally = Tally()
    yield Progress(0, 2, "a.png: Gradient")
    yield core.MethodRefused("deeplift", "It needs [ReLU].")
    for number, name in enumerate(["a.png", "b.png"], start=1):
        scores = tuple(Score(name, method, "fidelity", number / 10) for method in ("gradient", "random"))
        tally.add(scores)
        yield PictureScored(name, scores, 1.25, number, 3)
        yield SummaryReady(tally.summary(), number)
    yield TruthRefused("b.png", "labels/b.txt is no text.")
    yield PictureRefused("c.png", "This is not a picture.")


def test_a_log_has_a_line_for_each_picture_and_each_that_is_left_out(capsys):
    assert len(list(terminal.watched(events()))) == 8
    assert capsys.readouterr().err.splitlines() == [
        "DeepLIFT is left out: It needs [ReLU].",
        "1/3 a.png, 1.2 s. F ↑: Gradient 0.10",
        "2/3 b.png, 1.2 s. F ↑: Gradient 0.15 [-0.31, 0.61]",
        "b.png only counts for scores that need no annotation: labels/b.txt is no text.",
        "c.png is left out: This is not a picture.",
    ]


@pytest.mark.parametrize("verdict", get_args(Standing))
def test_every_verdict_that_tells_something_has_a_mark_that_the_caption_explains(verdict):
    mark = terminal.MARKS.get(verdict, "").strip()
    assert bool(mark) == (verdict in ("better", "edge", "worse"))
    assert mark in terminal.CAPTION


def test_a_picture_without_new_means_has_a_line_of_its_own(capsys):
    scored = [event for event in events() if not isinstance(event, SummaryReady)]
    list(terminal.watched([*scored[2:4], *[event for event in events() if isinstance(event, SummaryReady)][1:]]))
    assert capsys.readouterr().err.splitlines() == [
        "1/3 a.png, 1.2 s.",
        "2/3 b.png, 1.2 s. F ↑: Gradient 0.15 [-0.31, 0.61]",
    ]


def test_a_terminal_has_a_bar_and_the_means_so_far(monkeypatch):
    screen = StringIO()
    monkeypatch.setattr(terminal, "Console", partial(Console, file=screen, force_terminal=True, width=100))
    assert len(list(terminal.watched(events()))) == 8
    shown = screen.getvalue()
    assert "DeepLIFT is left out: It needs [ReLU]." in shown
    assert "c.png is left out: This is not a picture." in shown
    assert "2 pictures" in shown
    assert "F ↑" in shown
    assert "2/3" in shown
