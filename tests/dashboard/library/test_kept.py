"""What visitors bring: by names that nobody guesses, each within their own share, and nobody removes another's."""

import hashlib
import re
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from dashboard.library.kept import Extent, Kept, NoRoom


class Gone(Exception):
    """Nothing is there."""


@dataclass(frozen=True, eq=False)
class Text:
    """A thing as large as it is long."""

    content: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content.encode()).hexdigest()

    @property
    def size(self) -> int:
        return len(self.content)


SHARE, WHOLE = Extent(3, 100), Extent(6, 200)


def shelf(share: Extent = SHARE, whole: Extent = WHOLE) -> Kept[Text]:
    return Kept("texts", share, whole, lambda: Gone("No longer kept."))


def held(kept: Kept[Text], owner: str) -> list[str]:
    return [text.content for text in kept.own(owner).values()]


def heard_by(kept: Kept[Text]) -> list[str]:
    """The names of all that leaves from now on."""
    heard: list[str] = []
    kept.on_removal(heard.append)
    return heard


def test_a_name_is_no_digest():
    one, other = shelf(), shelf()
    names = {one.add("anna", Text("the same")), other.add("anna", Text("the same"))}
    assert len(names) == 2
    assert all(re.fullmatch(r"[0-9a-f]{32}", name) for name in names)
    assert not names & {method(b"the same").hexdigest()[:32] for method in (hashlib.sha256, hashlib.md5, hashlib.sha1)}


def test_another_persons_things_are_neither_listed_nor_removed():
    kept = shelf()
    name = kept.add("anna", Text("hers"))
    assert held(kept, "ben") == []
    assert kept.remove(name, "ben") is False
    assert held(kept, "anna") == ["hers"]
    assert kept.remove(name, "anna") is True
    assert kept.remove(name, "anna") is False
    with pytest.raises(Gone):
        kept.get(name)


def test_who_knows_a_name_sees_the_thing():
    kept = shelf()
    assert kept.get(kept.add("anna", Text("hers"))).content == "hers"


def test_the_same_thing_twice_is_one_of_an_owner_and_one_of_each_of_two():
    kept = shelf()
    first, between, again = (kept.add("anna", Text(content)) for content in ("a", "b", "a"))
    assert first == again != between
    assert held(kept, "anna") == ["a", "b"]
    assert kept.add("ben", Text("a")) != first


def test_one_owner_fills_only_their_own_share():
    kept = shelf()
    hers = kept.add("anna", Text("hers"))
    for number in range(50):
        kept.add("ben", Text(f"{number}"))
    assert kept.get(hers).content == "hers"
    assert held(kept, "ben") == ["49", "48", "47"]


def test_the_longest_unused_leaves_first_and_a_list_is_no_use():
    kept = shelf()
    first, second, third = (kept.add("anna", Text(content)) for content in "abc")
    kept.get(first)
    kept.own("anna")
    kept.add("anna", Text("d"))
    with pytest.raises(Gone):
        kept.get(second)
    assert held(kept, "anna") == ["d", "c", "a"]
    assert kept.get(third).content == "c"


def test_bytes_are_bounded_too():
    kept = shelf()
    for letter in "abc":
        kept.add("anna", Text(40 * letter))
    assert held(kept, "anna") == [40 * "c", 40 * "b"]


def test_what_is_larger_than_a_share_is_refused_with_the_quota_and_nothing_else_leaves():
    megabyte = 2**20
    kept = shelf(Extent(3, 2 * megabyte), Extent(9, 4 * megabyte))
    kept.add("anna", Text("small"))
    with pytest.raises(NoRoom, match=r"needs 3 MB, and all your texts together are limited to 2 MB\."):
        kept.add("anna", Text("x" * (2 * megabyte + 1)))
    assert held(kept, "anna") == ["small"]


def test_on_a_full_server_whoever_has_most_loses_first():
    kept = shelf()
    kept.add("anna", Text("a" * 20))
    for letter in "bc":
        kept.add("ben", Text(letter * 45))
    kept.add("carl", Text("d" * 60))
    kept.add("dora", Text("e" * 35))
    assert [held(kept, owner) for owner in ("anna", "carl", "dora")] == [["a" * 20], ["d" * 60], ["e" * 35]]
    assert held(kept, "ben") == ["c" * 45]


def test_who_would_have_most_with_the_new_thing_makes_room_for_it():
    kept = shelf(Extent(3, 100), Extent(6, 100))
    kept.add("anna", Text("a" * 50))
    kept.add("ben", Text("b" * 40))
    kept.add("ben", Text("c" * 30))
    assert (held(kept, "anna"), held(kept, "ben")) == (["a" * 50], ["c" * 30])


def test_the_number_of_things_of_all_is_bounded():
    kept = shelf(Extent(2, 100), Extent(3, 200))
    for owner in ("anna", "anna", "ben", "carl"):
        kept.add(owner, Text(f"{owner} {len(held(kept, owner))}"))
    assert [held(kept, owner) for owner in ("anna", "ben", "carl")] == [["anna 1"], ["ben 0"], ["carl 0"]]


def test_what_is_read_counts_until_it_is_let_go():
    kept = shelf()
    name = kept.add("anna", Text("a" * 80))
    read = kept.get(name)
    kept.remove(name, "anna")
    with pytest.raises(NoRoom, match="your jobs still use some"):
        kept.add("anna", Text("b" * 30))
    kept.add("ben", Text("b" * 30))
    del read
    kept.add("anna", Text("b" * 30))


def test_what_everybody_reads_is_not_pushed_out_by_one_more():
    kept = shelf(Extent(3, 100), Extent(6, 100))
    heard = heard_by(kept)
    hers, carls = kept.add("anna", Text("a" * 80)), kept.add("carl", Text("c" * 10))
    read = kept.get(hers)
    with pytest.raises(NoRoom, match="Running jobs use all 1 MB that this server has for texts"):
        kept.add("ben", Text("b" * 30))
    assert kept.get(hers) is read
    assert kept.get(carls).content == "c" * 10
    assert heard == []


def test_what_nobody_reads_leaves_in_place_of_what_is_read():
    kept = shelf(Extent(3, 100), Extent(6, 100))
    hers, carls = kept.add("anna", Text("a" * 50)), kept.add("carl", Text("c" * 30))
    read = kept.get(hers)
    kept.add("ben", Text("b" * 40))
    assert kept.get(hers) is read
    with pytest.raises(Gone):
        kept.get(carls)


def test_nothing_of_a_share_leaves_for_what_is_refused():
    kept = shelf()
    heard = heard_by(kept)
    small, large = kept.add("anna", Text("a" * 10)), kept.add("anna", Text("b" * 80))
    read = kept.get(large)
    with pytest.raises(NoRoom, match="your jobs still use some"):
        kept.add("anna", Text("c" * 30))
    assert kept.get(large) is read
    assert kept.get(small).content == "a" * 10
    assert heard == []


def test_who_has_many_things_may_bring_another_while_all_are_read():
    kept = shelf()
    read = [kept.get(kept.add("anna", Text(content))) for content in "abc"]
    kept.add("anna", Text("d"))
    assert held(kept, "anna") == ["d", "c", "b"]
    assert read[0].content == "a"


def test_whoever_listens_hears_of_all_that_leaves():
    kept = shelf()
    heard = heard_by(kept)
    names = [kept.add("anna", Text(content)) for content in "abcd"]
    kept.remove(names[3], "ben")
    assert heard == names[:1]
    kept.remove(names[3], "anna")
    assert heard == [names[0], names[3]]


@pytest.mark.parametrize(
    "leave",
    [lambda kept, old: kept.remove(old, "anna"), lambda kept, _: bring_large(kept, "new")],
    ids=["removed", "pushed out"],
)
def test_nobody_waits_while_what_leaves_is_taken_apart(leave):
    kept, waited = shelf(), []
    old = bring_large(kept, "old", taken_apart=lambda: waited.append(waits(lambda: kept.own("ben"))))
    leave(kept, old)
    assert waited == [False]


def bring_large(kept: Kept[Text], content: str, taken_apart: Callable[[], None] = lambda: None) -> str:
    """Adds a thing so large that only one fits; its last holder calls ``taken_apart``."""
    text = Text(content.ljust(SHARE.size))
    weakref.finalize(text, taken_apart)
    return kept.add("anna", text)


def waits(ask: Callable[[], object]) -> bool:
    """Whether somebody else who asks now gets no answer within a second."""
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(1)
    return asking.is_alive()


def test_many_threads_at_once_leave_the_bounds_as_they_are():
    kept = shelf()

    def bring(number: int) -> None:
        name = kept.add(f"owner {number % 3}", Text(f"{number}" * 5))
        kept.own(f"owner {number % 3}")
        kept.remove(name, "nobody")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(bring, range(300)))
    assert {owner: len(held(kept, f"owner {owner}")) for owner in range(3)} == {0: 2, 1: 2, 2: 2}
