"""Scripts and styles of components: what is served, what follows from what, and what every component is told."""

import json
import re
import time

import pytest
import streamlit as st

from dashboard.components.component import DASHBOARD, declare, digest, imported, imports, scripts, since, styles

FRAME = "components/kit/frame.js"
OPENED = "components/export/opened.js"
"""What an exported file runs when it is opened."""
TOP_LEVEL = re.compile(r"^(export )?(default )?(?:async )?(?:function\*?|const|let|class)\s+(\w+)", re.MULTILINE)
NAMED = re.compile(r'^import\s*{([^}]*)}\s*from "([^"]+)"', re.MULTILINE)
DECLARED = re.compile(r'declare\("([^"]+)"\)')


def exports(script: str) -> set[str]:
    return {name for exported, _, name in TOP_LEVEL.findall(scripts()[script]) if exported}


def below(script: str, source: str) -> str:
    """The path that a script's import leads to."""
    return (DASHBOARD / script).parent.joinpath(source).resolve().relative_to(DASHBOARD).as_posix()


APART = {"page.js"}
"""Comes with the page itself, before Streamlit's own script."""


def declared() -> list[str]:
    """Scripts that a component is declared for."""
    python = (file.read_text() for file in DASHBOARD.rglob("*.py"))
    return [f"{name}.js" for text in python for name in DECLARED.findall(text)]


@pytest.mark.parametrize("script", scripts())
def test_every_import_leads_to_a_file_and_to_a_name_that_it_exports(script: str):
    named = [(below(script, source), names) for names, source in NAMED.findall(scripts()[script])]
    assert [path for path, _ in named] == list(imports(script))
    for path, names in named:
        assert path in scripts()
        assert {name.strip() for name in names.split(",")} <= exports(path)


def test_no_name_is_defined_in_two_scripts():
    """So that a name found anywhere is one thing, and a copy of a function shows."""
    owners: dict[str, list[str]] = {}
    for script, text in scripts().items():
        for _, _, name in TOP_LEVEL.findall(text):
            owners.setdefault(name, []).append(script)
    assert {name: where for name, where in owners.items() if len(where) > 1} == {}


def test_every_export_is_imported_somewhere():
    used = {(below(script, source), name.strip()) for script, text in scripts().items()
            for names, source in NAMED.findall(text) for name in names.split(",")}  # fmt: skip
    assert {(script, name) for script in scripts() for name in exports(script)} == used


def test_nothing_is_kept_on_the_window():
    assert {script for script, text in scripts().items() if re.search(r"window\.\w", text)} <= APART


def test_every_component_uses_the_frame_and_no_script_is_left_over():
    names = declared()
    assert len(names) == len(set(names)) > 15
    assert all("\nexport default component({" in scripts()[name] for name in names)
    assert all(FRAME in imported(name) for name in names)
    assert {script for name in [*names, OPENED] for script in imported(name)} == set(scripts()) - APART


def test_only_the_frame_follows_a_run():
    follows = [script for script, text in scripts().items() if re.search(r"\bfollow\b.*stream\.js", text)]
    assert follows == [FRAME]


def test_styles_follow_the_imports_and_come_before_those_that_build_on_them():
    css = styles("components/study_table/study_table.js")
    rules = [(DASHBOARD / f"components/{name}.css").read_text() for name in (
        "base", "kit/chart", "kit/table", "study_table/ranking", "study_table/study_table")]  # fmt: skip
    places = [css.index(rule) for rule in rules]
    assert places == sorted(places)
    assert [css.count(rule) for rule in rules] == [1] * len(rules)
    assert (DASHBOARD / "components/kit/map_view.css").read_text() not in css


def test_every_style_belongs_to_a_script():
    apart = {"page", "components/base"}
    styled = {file.relative_to(DASHBOARD).with_suffix("").as_posix() for file in DASHBOARD.rglob("*.css")} - apart
    assert styled <= {script.removesuffix(".js") for script in scripts()}


def test_a_component_is_two_lines_that_ask_for_all_its_modules_at_once(monkeypatch: pytest.MonkeyPatch):
    sent: dict[str, str] = {}
    monkeypatch.setattr(st.components.v2, "component", lambda name, **parts: sent.update(parts, name=name))
    declare("stamp/scores/scores")
    assert sent["name"] == "heatcheck_stamp_scores_scores"
    [listed] = re.findall(r"\[.*?\]", sent["js"])
    assert json.loads(listed)[-1] == "stamp/scores/scores.js"
    assert set(json.loads(listed)) == set(imported("stamp/scores/scores.js"))
    assert f"`/api/browser/{digest()}/${{path}}`" in sent["js"]
    assert len(sent["js"].splitlines()) == 2
    assert sent["css"] == styles("stamp/scores/scores.js")


def test_a_changed_script_has_another_address(monkeypatch: pytest.MonkeyPatch):
    changed = {**scripts(), FRAME: scripts()[FRAME] + "\n"}
    before = digest()
    monkeypatch.setattr("dashboard.components.component.scripts", lambda: changed)
    assert digest.__wrapped__() != before
    monkeypatch.undo()
    assert digest.__wrapped__() == before


def test_a_place_knows_since_when_its_data_are_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(st, "session_state", {})
    first = since("cards", {"run": "one"})
    time.sleep(0.002)
    assert since("cards", {"run": "one"}) == first
    assert since("cards", {"run": "two"}) > first
    assert since("cards", {"run": "one"}) != first
