"""Who looks at a page is known by the browser's cookie, or else for as long as the page is open."""

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from dashboard.library.owner import COOKIE, name_of

SECRET = "Az09-_" + "x" * 37


def script() -> None:
    import streamlit as st

    from dashboard.library.owner import owner

    st.text(owner())


def seen() -> str:
    app = AppTest.from_function(script).run()
    first = app.text[0].value
    assert app.run().text[0].value == first
    return first


def test_all_pages_of_a_browser_have_one_owner(monkeypatch):
    monkeypatch.setattr(ContextProxy, "cookies", {COOKIE: SECRET})
    assert seen() == seen() == name_of(SECRET)


@pytest.mark.parametrize("cookies", [{}, {COOKIE: ""}, {COOKIE: "somebody"}, {COOKIE: f"{SECRET}\n"}])
def test_without_a_sound_cookie_each_page_is_somebody_else_s(monkeypatch, cookies):
    monkeypatch.setattr(ContextProxy, "cookies", cookies)
    assert seen() != seen()
