"""The public API: every name is there, and comes from the room that the type checker sees."""

import ast
from pathlib import Path

import pytest

import core


def test_names_are_fetched_from_where_the_type_checker_is_told_that_they_are():
    parsed = ast.parse(Path(core.__file__).read_text(encoding="utf-8"))
    told = {node.module: tuple(name.name for name in node.names) for node in ast.walk(parsed) if is_own_import(node)}
    assert told == core._ROOMS
    assert sorted(core.__all__) == sorted(core._HOMES)


def is_own_import(node: ast.AST) -> bool:
    return isinstance(node, ast.ImportFrom) and str(node.module).startswith("core.")


@pytest.mark.parametrize("name", core.__all__)
def test_every_public_name_is_there_and_explains_itself(name):
    assert getattr(core, name).__doc__
    assert name in dir(core)


def test_what_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'explane'"):
        core.explane  # noqa: B018
