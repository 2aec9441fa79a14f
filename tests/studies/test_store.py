"""The store of scores: entries stay as they are, and its room is limited."""

import pytest

from core.studies.store import Store


def test_an_entry_is_kept_without_loss_and_a_second_one_changes_nothing(tmp_path):
    store = Store(tmp_path / "scores.sqlite")
    found = {("m", "a"): 0.1 + 0.2, ("m", "undefined"): None, ("m", "b"): b"\x00\xff", ("m", "n"): 3, ("m", "t"): "why"}
    store.keep("subject", found)
    store.keep("subject", {("m", "a"): 7.0, ("n", "a"): 1.0})
    assert Store(tmp_path / "scores.sqlite").known("subject") == {**found, ("n", "a"): 1.0}
    assert store.known("another") == {}


def test_what_was_not_used_for_the_longest_time_makes_room(tmp_path):
    most = 2**20
    store = Store(tmp_path / "scores.sqlite", most)
    for number in range(1000):
        store.keep(f"subject {number}", {("m", "curve"): bytes(4000)})
        assert store.known("subject 0"), "used again and again"
    assert store.known("subject 999")
    assert not store.known("subject 1")
    assert (tmp_path / "scores.sqlite").stat().st_size < 2 * most


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="Set HEATCHECK_HOME"):
        Store(tmp_path / "file" / "scores.sqlite")
