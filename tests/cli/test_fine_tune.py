"""``heatcheck fine-tune``: its tables, what is kept of it, and what a mistake says."""

import re

import pytest

import core
from core.retraining.fine_tune_events import FineTuneReady, RemovalAccuracy
from core.studies.table import flat
from dashboard.jobs.messages import to_message
from dashboard.jobs.tables import NOT_RECORDED

QUICK = ("--methods", "gradient", "--pictures", 10, "--copies", 1, "--device", "cpu")


def test_accuracies_verdicts_and_directions_are_written_and_shown(heatcheck, rows, shades, tmp_path):
    result = heatcheck("fine-tune", *QUICK, "--data", shades, "--picture-side", 8, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    accuracies, verdicts, directions = (
        rows(tmp_path / "out" / f"{name}.csv") for name in ("accuracies", "verdicts", "directions")
    )
    judged = {row["method"] for row in verdicts}
    assert judged >= {"gradient", "random", "sobel", "centre"}
    assert {(row["method"], row["form"], row["fraction"]) for row in accuracies} == {
        (method, form, share)
        for method in judged
        for form in ("roar", "kar")
        for share in ("0.1", "0.3", "0.5", "0.7", "0.9")
    }
    low, mean, high = (f"adapted_over_pictures_{name}" for name in ("low", "mean", "high"))
    assert all(float(row[low]) <= float(row[mean]) <= float(row[high]) for row in accuracies)
    assert {row["finding"] for row in directions} <= {"reproduced", "not reproduced", "undecided"}
    told = " ".join(result.stderr.split())
    assert re.search(r"1 network trained, 1 copy fine-tuned, \d+ heatmaps: (about|under) ", told), told
    assert re.search(r"The network: accuracy [\d.]+ % over all \d+ whole test pictures\. ", told), told
    assert re.search(r"directions\.csv are in .*out\. It took \d+(\.\d)? s\.", told), told
    assert "Areas over 10 pictures" in result.stdout
    assert "(a) " in result.stdout


def test_the_columns_are_those_of_the_dashboard_s_tables(heatcheck, rows, tmp_path):
    result = heatcheck("fine-tune", *QUICK, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    [*events] = core.stream_fine_tune(["gradient"], pictures=10, seeds=1, device="cpu")
    accuracy = next(each for each in events if isinstance(each, RemovalAccuracy))
    message = to_message([each for each in events if isinstance(each, FineTuneReady)][-1], ())
    wanted = {
        "accuracies": flat(to_message(accuracy, ()), NOT_RECORDED),
        "verdicts": flat(message["verdicts"][0]),
        "directions": flat(message["directions"][0]),
    }
    for name, row in wanted.items():
        assert list(rows(tmp_path / "out" / f"{name}.csv")[0]) == list(row)


def test_an_interrupt_keeps_what_is_known(heatcheck, rows, tmp_path, monkeypatch):
    [*events] = core.stream_fine_tune(["gradient"], pictures=10, seeds=1, device="cpu")

    def interrupted(*_, **__):
        yield from events
        raise KeyboardInterrupt

    monkeypatch.setattr(core, "stream_fine_tune", interrupted)
    result = heatcheck("fine-tune", *QUICK, "--out", tmp_path / "out")
    assert result.exit_code == 130
    assert "Stopped. accuracies.csv, verdicts.csv and directions.csv are in " in result.stderr
    assert {row["method"] for row in rows(tmp_path / "out" / "verdicts.csv")} >= {"gradient", "random"}


def test_too_few_pictures_have_no_marks_and_no_directions(heatcheck, tmp_path):
    result = heatcheck(
        "fine-tune", "--methods", "gradient", "--pictures", 4, "--copies", 1, "--device", "cpu", "--out", tmp_path
    )
    assert result.exit_code == 0, result.output
    assert "A verdict needs at least 5 pictures." in result.stdout
    assert "(a)" not in result.stdout
    assert not re.search("^[✓△✗] ", result.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--network", "resnet"), "resnet18_32"),
        (("--methods", "gradeint"), "Did you mean gradient"),
        (("--unit", "superpixel"), "--unit must be one of pixel, feature, region"),
        (("--unit", "region", "--side", 40), "40"),
        (("--data", "nowhere"), "nowhere"),
    ],
)
def test_a_mistake_is_one_sentence_on_stderr(heatcheck, tmp_path, wrong, said):
    result = heatcheck("fine-tune", *wrong, "--out", tmp_path / "out", "--device", "cpu")
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not result.stdout
