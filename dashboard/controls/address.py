"""What the address says of a choice: names, never labels, so that a link outlives a wording.

Streamlit binds a widget to the address by the words that it shows. Here its options have names of their own; a link
that still has the words opens what it opened. Model, picture and class go along to another page that offers them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st
from streamlit.elements.lib.mutable_tab_container import TabContainer

T = TypeVar("T")
DRAWN = "usual choices"
UNKNOWN = "names of the address that nothing here has"
IGNORED = "The link's choice is ignored."
CARRIED, ARRIVING = "carried choices", "choices to take along"
CARRY = ("model", "picture", "class")


def choose(widget: Callable[..., Any], label: str, titles: Mapping[T, str], usual: T, key: str, **settings: Any) -> T:
    """The name of one option: what the person chose, or the address names, or the usual one.

    Parameters
    ----------
    widget
        Streamlit's, which chooses one of several options.
    titles
        What a person reads for each name.
    key
        Of the widget, and in the address.
    """
    restore(label, key, titles, usual, lambda named: named[0] if named else usual)
    settings |= at_mounting(widget, titles, key)
    chosen: T = widget(label, list(titles), format_func=titles.__getitem__, key=key, **settings)
    note(key, [str(chosen)], chosen == usual)
    if key in CARRY and (chosen != usual or is_offered(carried().get(key, []), titles)):
        carry(key, titles[chosen])
    return chosen


def choose_several(
    widget: Callable[..., Any], label: str, titles: Mapping[T, str], usual: Collection[T], key: str, **settings: Any
) -> list[T]:
    """The names of any number of options; else as :func:`choose`."""
    restore(label, key, titles, list(usual), lambda named: named)
    settings |= at_mounting(widget, titles, key)
    chosen: list[T] = widget(label, list(titles), format_func=titles.__getitem__, key=key, **settings)
    note(key, [str(name) for name in chosen] or [""], set(chosen) == set(usual))
    return chosen


def at_mounting(widget: Callable[..., Any], titles: Mapping[T, str], key: str) -> dict[str, Any]:
    """What shows a widget's value in a browser whose script for it comes only now.

    The browser is told once of a value that was set. A script that came after that would show the first option, and the
    next click anywhere would send it here as if somebody had chosen it.
    """
    value = st.session_state[key]
    if widget is not st.selectbox:
        return {} if value is None else {"default": value}
    return {"index": list(titles).index(value)} if value in titles else {}


def bound(widget: Callable[..., Any], label: str, *given: Any, key: str, **settings: Any) -> Any:
    """The value of a widget that Streamlit itself binds to the address: a number, a switch, one of a few numbers.

    Streamlit passes over what is no value of the widget; the page says so. A number out of bounds becomes the nearest.
    """
    said = "" if key in st.session_state else st.query_params.get(key, "")
    if widget in (st.number_input, st.slider) and (nearest := nearest_end(said, *given[:2])) is not None:
        st.session_state[key] = nearest
    value = widget(label, *given, key=key, bind="query-params", **settings)
    if said and not is_said(said, value):
        note_unknown(
            label, key, [said], value, f"{value} is chosen instead." if type(value) in (int, float) else IGNORED
        )
    return value


def nearest_end(said: str, least: float, most: float) -> float | None:
    """The end of the range that a number beyond it is nearest to; None for one within it, or for no number.

    >>> nearest_end("99999", 2, 2000), nearest_end("-1", 0, 9), nearest_end("7", 2, 9), nearest_end("abc", 2, 9)
    (2000, 0, None, None)
    """
    try:
        number = float(said)
    except ValueError:
        return None
    return least if number < least else most if number > most else None


def is_said(said: str, value: Any) -> bool:
    """Whether the address's text means the value.

    >>> is_said("7", 7), is_said("0.50", 0.5), is_said("TRUE", True), is_said("abc", 0), is_said("-1", 0)
    (True, True, True, False, False)
    """
    try:
        return float(said) == float(value)
    except (TypeError, ValueError):
        return said.casefold() == str(value).casefold()


def choose_tab(titles: Mapping[str, str], key: str) -> Sequence[TabContainer]:
    """Tabs, of which the address names the open one.

    Parameters
    ----------
    titles
        Their words by the names that the address has for them.
    """
    names = {words: name for name, words in titles.items()}
    usual = next(iter(names))
    restore("Tab", key, names, usual, lambda named: named[0] if named else usual)
    tabs = st.tabs(list(names), key=key, on_change="rerun")
    shown = st.session_state[key]
    note(key, [names[shown]], shown == usual)
    return tabs


def restore(label: str, key: str, titles: Mapping[T, str], usual: Any, as_value: Callable[[list[T]], Any]) -> None:
    """Gives a widget its value before it is drawn.

    What comes along from another page goes before what the person set, and that before what the address says. What was
    left at the usual choice follows it where that changes.
    """
    drawn: dict[str, Any] = st.session_state.setdefault(DRAWN, {})
    before = drawn.get(key, usual)
    drawn[key] = usual
    came = take_carried(key, titles)
    said = st.query_params.get_all(key)
    value = st.session_state.get(key, before)
    if came is not None:
        value = came
    elif key not in st.session_state and said:
        found = {each: named(each, titles) for each in said}
        known = [name for name in found.values() if name is not None]
        unknown = [each for each in said if each and found[each] is None]
        value = as_value(known) if known or not unknown else usual
        note_unknown(label, key, unknown, value)
    elif value == before:
        value = usual
    elif isinstance(value, list):
        value = [name for name in value if name in titles]
    elif value not in titles:
        value = usual
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def note_unknown(label: str, key: str, said: Sequence[str], value: Any, outcome: str = IGNORED) -> None:
    """The address names what is not offered here; the page says so until something else than that value is chosen.

    Parameters
    ----------
    outcome
        What has become of the choice.
    """
    if said:
        names = ", ".join(f"“{each}”" for each in said)
        sentence = f"{label}: the link asks for {names}, which is not offered here. {outcome}"
        st.session_state.setdefault(UNKNOWN, {})[key] = sentence, value


def tell_unknown() -> None:
    """What the address named in vain, in the main part of the page: on a phone nobody sees the sidebar."""
    noted: dict[str, tuple[str, Any]] = st.session_state.get(UNKNOWN, {})
    for key, (sentence, value) in list(noted.items()):
        if st.session_state.get(key) == value:
            st.warning(sentence)
        else:
            del noted[key]


def named(said: str, titles: Mapping[T, str]) -> T | None:
    """The option that the address means: by its name, or by what older links have, its words.

    >>> named("blur", {"blur": "Blur"}), named("Blur", {"blur": "Blur"}), named("fog", {"blur": "Blur"})
    ('blur', 'blur', None)
    """
    by_name = (name for name in titles if str(name) == said)
    return next(by_name, worded(said, titles))


def worded(said: str, titles: Mapping[T, str]) -> T | None:
    """The only option of those words.

    >>> worded("7", {0: "9", 7: "2", 2: "7"}), worded("crane", {0: "crane", 1: "crane"})
    (2, None)
    """
    found = [name for name, words in titles.items() if words == said]
    return found[0] if len(found) == 1 else None


def note(key: str, said: list[str], usual: bool) -> None:
    """Into the address goes what a newcomer would not get anyway."""
    if usual:
        st.query_params.pop(key, None)
    elif st.query_params.get_all(key) != said:
        st.query_params[key] = said or [""]


def carried() -> dict[str, list[str]]:
    """What was chosen on any page, the last choice first: one that a page does not offer is kept for the next."""
    kept: dict[str, list[str]] = st.session_state.setdefault(CARRIED, {})
    return kept


def carry(key: str, words: str) -> None:
    """The choice goes along to other pages."""
    before = carried().get(key, [])
    carried()[key] = [words, *(each for each in before if each != words)]


def is_offered(words: Sequence[str], titles: Mapping[Any, str]) -> bool:
    """Whether a page has the last choice: the usual one is chosen there only if that one was given up."""
    return bool(words) and worded(words[0], titles) is not None


def take_carried(key: str, titles: Mapping[T, str]) -> T | None:
    """What comes along from another page, once; None where nothing does that is offered here."""
    arriving: set[str] = st.session_state.setdefault(ARRIVING, set())
    if key not in arriving:
        return None
    arriving.discard(key)
    found = (worded(words, titles) for words in carried().get(key, []))
    return next((name for name in found if name is not None), None)


def arrive() -> None:
    """On another page the address decides anew, and what was chosen before comes along."""
    st.session_state.pop(UNKNOWN, None)
    for key in st.session_state.pop(DRAWN, {}):
        st.session_state.pop(key, None)
    st.session_state[ARRIVING] = set(CARRY)
