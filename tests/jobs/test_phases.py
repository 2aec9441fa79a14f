"""The progress of parts is reported as that of the whole."""

from core.jobs.events import Progress
from core.jobs.phases import Phases


def part(*steps: Progress | str):
    yield from steps
    return "result"


def test_what_is_no_progress_passes_through_and_the_result_of_a_part_comes_back():
    phases, seen = Phases([1]), []

    def whole():
        seen.append((yield from phases.part(part("event", Progress(1, 1, "maps")))))

    assert list(whole()) == ["event", Progress(1, 1, "maps")]
    assert seen == ["result"]


def test_the_whole_never_goes_back_though_a_part_begins_anew_or_fails_half_way():
    phases = Phases([10, 10])
    reported = [*phases.part(part(Progress(8, 10, "all at once"), Progress(1, 10, "one by one")))]
    reported += phases.part(part(Progress(0, 10, "curves"), Progress(10, 10, "curves")))
    assert [each.done for each in reported] == [8, 8, 8, 18]
    assert reported[-1].total == 18


def test_parts_that_nobody_planned_are_added():
    phases = Phases([])
    assert [each.total for each in phases.part(part(Progress(3, 3, "maps")))] == [3]
    assert [(each.done, each.total) for each in phases.part(part(Progress(1, 4, "curves")))] == [(4, 7)]
