"""Going through pictures: refusals are told once, what is left out costs nothing, and summaries are paced."""

import pytest

from core.jobs.events import Progress
from core.methods.heatmap import MethodRefused
from core.pictures.opening import PictureError
from core.studies.over_pictures import PictureRefused, on_picture, over_pictures


def unit(row, *events):
    """A picture's run that yields these events and comes to that row."""
    yield from events
    return row


def broken(error):
    yield "opening"
    raise error


def counted(rows, final):
    return [("final" if final else "so far", list(rows))]


def test_pictures_come_in_turn_and_each_summary_has_the_rows_so_far():
    events = list(over_pictures([("a", unit(1, "first")), ("b", unit(2, "second"))], counted))
    assert events == ["first", ("so far", [1]), "second", ("final", [1, 2])]


def test_a_method_that_is_refused_everywhere_is_told_of_once():
    refusals = [MethodRefused("deeplift", f"On {name}: no rule.") for name in "ab"]
    other = MethodRefused("lrp", "On b: no rule.")
    units = [("a", unit(1, refusals[0])), ("b", unit(2, refusals[1], other))]
    told = [event for event in over_pictures(units, counted) if isinstance(event, MethodRefused)]
    assert told == [refusals[0], other]


@pytest.mark.parametrize("error", [PictureError("It is no picture."), ValueError("It has no positive logit.")])
def test_a_picture_that_cannot_be_judged_is_told_of_and_is_in_no_summary(error):
    units = [("a", unit(1)), ("b", broken(error)), ("c", unit(3))]
    events = list(over_pictures(units, counted))
    assert PictureRefused("b", str(error)) in events
    assert events[-1] == ("final", [1, 3])


def test_what_is_no_refusal_ends_the_study():
    with pytest.raises(RuntimeError):
        list(over_pictures([("a", broken(RuntimeError("The network broke.")))], counted))


def test_where_no_picture_could_be_judged_there_is_nothing_to_sum_up():
    assert list(over_pictures([("a", broken(ValueError("No.")))], counted)) == ["opening", PictureRefused("a", "No.")]
    assert list(over_pictures([], counted)) == []


def test_summaries_are_told_less_often_where_they_cost_more(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("core.jobs.pacing.time.monotonic", lambda: now[0])

    def slow(rows, _):
        now[0] += 1.0
        return [len(rows)]

    def picture():
        now[0] += 1.0
        yield "a step"

    events = over_pictures([(f"{second:02}", picture()) for second in range(40)], slow)
    assert [event for event in events if event != "a step"] == [1, 11, 21, 31, 40]


def test_on_a_picture_progress_counts_pictures_and_reasons_name_it():
    told = unit("row", Progress(3, 8, "Gradient"), MethodRefused("lrp", "No rule."), "another event")
    events, row = [], None

    def collected():
        nonlocal row
        row = yield from on_picture(told, "a.png", place=2, total=5)

    events = list(collected())
    assert events == [
        Progress(2.375, 5, "a.png: Gradient", "picture"),
        MethodRefused("lrp", "On a.png: No rule."),
        "another event",
    ]
    assert row == "row"
