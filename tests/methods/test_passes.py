"""The bank decides in which order pictures go, and keeps rounds apart."""

import pytest
import torch
from torch import Tensor

from core.methods.passes import PassBank, Pending, visiting_plan
from core.methods.readings import Outputs, Question
from core.methods.requests import Collected, Request


def request(name: str, count: int, round_size: int | None = None) -> Request:
    return Request((name,), Outputs(), count, lambda places: torch.zeros(len(places)), Collected, round_size)


def plan(*requests: Request) -> list[str]:
    return ["".join(f"{one.name[0]}{place} " for one, place in part).strip() for part in visiting_plan(requests)]


def test_requests_take_turns_by_doubling_in_one_part():
    assert plan(request("a", 5), request("b", 2)) == ["b0 a0 b1 a1 a2 a3 a4"]


def test_a_round_is_a_part_of_its_own_and_rounds_follow_each_other():
    assert plan(request("a", 5), request("r", 6, 2)) == ["a0", "r0 r1", "a1 a2", "r2 r3", "a3 a4", "r4 r5"]


def test_two_requests_with_rounds_never_share_a_part():
    parts = plan(request("r", 4, 2), request("s", 4, 2))
    assert parts == ["r0 r1", "s0 s1", "r2 r3", "s2 s3"]


def test_every_place_is_visited_once():
    requests = [request("a", 37), request("b", 1), request("c", 20, 6), request("d", 7, 7)]
    visited = [entry for part in visiting_plan(requests) for entry in part]
    assert len(visited) == len(set(visited)) == sum(one.count for one in requests)


class Follower:
    """Each round's pictures are the mean answer of the round before."""

    def __init__(self) -> None:
        self.level = 1.0
        self.answers: list[Tensor] = []

    def pictures(self, places: range) -> Tensor:
        return torch.full((len(places), 3, 6, 8), self.level, dtype=torch.float64)

    def add(self, places: range, answers: Tensor) -> None:
        assert len(places) == len(answers)
        self.answers += answers
        if len(self.answers) % 6 == 0:
            self.level /= 2

    def value(self) -> list[Tensor]:
        return self.answers


def test_a_round_s_pictures_are_made_after_all_answers_of_the_round_before(classifier_of, listening, pixels):
    bank = PassBank(classifier_of(listening, batch=4), pixels, Question(0))
    follower = Follower()
    asked = Request(("follow",), Outputs(), 18, follower.pictures, lambda: follower, round_size=6)
    assert list(bank.compute([asked])) == [4, 6, 10, 12, 16, 18]
    levels = [float(fed.mean()) for fed in listening.fed]
    assert levels == [1.0] * 6 + [0.5] * 6 + [0.25] * 6
    assert len(bank.read(asked)) == 18


def test_what_is_not_known_is_pending(classifier_of, linear, pixels):
    bank = PassBank(classifier_of(linear), pixels, Question(0))
    with pytest.raises(Pending) as raised:
        bank.gradient()
    assert raised.value.request.count == 1
