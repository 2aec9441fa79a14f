"""Answers are given again without asking, the latest of them, until they are to be forgotten."""

import pytest

from dashboard.library.remembering import remembering


def test_an_answer_is_asked_for_once_until_it_is_forgotten():
    asked = []

    @remembering(most=2)
    def length(word: str, times: int) -> int:
        asked.append((word, times))
        return times * len(word)

    assert [length("a", 2), length("a", 2), length("bb", 3)] == [2, 2, 6]
    assert asked == [("a", 2), ("bb", 3)]
    length.forget("a")
    length("a", 2)
    length("bb", 3)
    assert asked == [("a", 2), ("bb", 3), ("a", 2)]


def test_the_answer_asked_for_longest_ago_leaves_first():
    asked = []
    same = remembering(most=2)(lambda word: asked.append(word) or word)
    for word in ("a", "b", "a", "c", "a", "b"):
        same(word)
    assert asked == ["a", "b", "c", "b"]
    same.clear()
    same("b")
    assert asked[-2:] == ["b", "b"]


@pytest.mark.parametrize("forget", [lambda length: length.forget("a"), lambda length: length.clear()])
def test_a_result_that_was_on_its_way_when_it_was_forgotten_is_computed_again(forget):
    computed = []

    @remembering(most=2)
    def length(word: str) -> int:
        computed.append(word)
        if len(computed) == 1:
            forget(length)
        return len(word)

    assert [length("a"), length("a"), length("a")] == [1, 1, 1]
    assert computed == ["a", "a"]
