"""Small pictures to choose from: those that can be explained, and what each imputer makes of the chosen one."""

from collections.abc import Callable, Sequence
from urllib.parse import urlencode

import streamlit as st

import core
from dashboard.components.component import declare
from dashboard.library.pictures import Choice

PICTURES = "pictures shown"
IMPUTERS = "imputers shown"
_COMPONENT = declare("components/thumbnails/thumbnails")


def picture_strip(pictures: Sequence[Choice], chosen: Choice | None, choose: Callable[[str], None]) -> None:
    """One thumbnail a picture; ``choose`` is called with the name of the one that is taken."""
    shown = [(picture.name, picture.title, f"/api/pictures/{picture.name}/thumbnail") for picture in pictures]
    credit = f"{chosen.title}: {chosen.credit}" if chosen else ""
    thumbnails(PICTURES, "Picture", shown, chosen.name if chosen else "", choose, credit)


def imputer_strip(model: str, picture: str, chosen: str, choose: Callable[[str], None]) -> None:
    """What each imputer makes of a picture of which nearly a third is removed."""
    shown = [
        (each.name, each.label, f"/api/pictures/{picture}/imputed?{urlencode({'model': model, 'imputer': each.name})}")
        for each in core.list_imputers()
    ]
    credit = "30 % of the pixels removed, in squares of 9 x 9."
    thumbnails(IMPUTERS, "Imputer", shown, chosen, choose, credit, wrapped=True)


def thumbnails(
    key: str,
    label: str,
    pictures: Sequence[tuple[str, str, str]],
    chosen: str,
    choose: Callable[[str], None],
    credit: str,
    wrapped: bool = False,
) -> None:
    """Name, title and address of each; in one row that scrolls, or wrapped into several."""
    _COMPONENT(
        data={
            "label": label,
            "pictures": [{"name": name, "title": title, "source": source} for name, title, source in pictures],
            "chosen": chosen,
            "credit": credit,
            "wrapped": wrapped,
        },
        key=key,
        on_chosen_change=lambda: choose(st.session_state[key].chosen),
    )
