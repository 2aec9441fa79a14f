"""What every component is told beside its data."""

import time

import streamlit as st

from dashboard.parts.component import since


def test_a_place_knows_since_when_its_data_are_so(monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    first = since("cards", {"run": "one"})
    time.sleep(0.002)
    assert since("cards", {"run": "one"}) == first
    assert since("cards", {"run": "two"}) > first
    assert since("cards", {"run": "one"}) != first
