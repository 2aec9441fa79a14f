"""A function that collects a stream is called, and is seen, as the stream is."""

from collections.abc import Iterator
from inspect import signature
from typing import get_type_hints

import pytest

import core
from core.jobs.stream_results import collects


def stream_numbers(count: int, start: int = 0) -> Iterator[int]:
    yield from range(start, start + count)


@collects(stream_numbers, start=1)
def add(numbers, _) -> float:
    """All together."""
    return float(sum(numbers))


def test_its_types_are_the_stream_s_and_what_it_comes_to():
    assert get_type_hints(add) == {"count": int, "start": int, "return": float}
    hints = get_type_hints(core.explain)
    assert list(hints) == [*signature(core.stream_heatmaps).parameters, "return"]
    assert hints["classifier"] is core.Classifier
    assert hints["return"] == dict[str, core.Heatmap]


def test_a_default_of_no_parameter_is_refused_when_it_is_written():
    with pytest.raises(TypeError, match="stream_numbers has no parameter 'strat'"):
        collects(stream_numbers, strat=1)


@pytest.mark.parametrize(
    ("args", "kwargs", "said"),
    [
        ((), {}, r"add\(\) missing a required argument: 'count'"),
        ((3, 1, 2), {}, r"add\(\) too many positional arguments"),
        ((3,), {"strat": 1}, r"add\(\) got an unexpected keyword argument 'strat'"),
    ],
)
def test_a_wrong_call_is_told_by_the_name_that_was_called(args, kwargs, said):
    with pytest.raises(TypeError, match=said):
        add(*args, **kwargs)


def test_an_error_of_the_stream_itself_is_as_it_was():
    with pytest.raises(TypeError, match="unsupported operand"):
        add(None)
