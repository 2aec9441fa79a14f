"""A study's file: whatever way a statement is written, its line is found."""

import pytest

from core.studies.spec_file import line_of, parsed

TEXT = '''# a study
words = """
models = 3
"""
models = [
  "a",   # models = 3

  "b",
]
"settings" . smoothgrad = { samples = 3, level = 0.1 }

[[runs]]
seed = 1
[other]
deep.name = 1
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("words",), 2),
        (("models",), 5),
        (("settings", "smoothgrad", "level"), 10),
        (("runs",), 12),
        (("other", "deep", "name"), 15),
        (("other", "missing"), 14),
        (("missing",), None),
    ],
)
def test_the_line_of_a_key_is_where_its_statement_begins(key, line):
    assert line_of(TEXT, key) == line


def test_a_mistake_of_syntax_names_its_line():
    with pytest.raises(ValueError, match=r"not valid TOML: .*line 2"):
        parsed("a = 1\nb = \n", ["a", "b"], "A study")
