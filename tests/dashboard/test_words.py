"""What the browser says, held against what the engine can say."""

import re
import tomllib
from pathlib import Path
from typing import get_args

from core.metrics.fidelity import Verdict
from core.metrics.statistics import Standing

DASHBOARD = Path(__file__).resolve().parents[2] / "dashboard"
BROWSER = DASHBOARD / "parts" / "browser"


def entries(script, table):
    """Sign and words by name, as a table of a script has them."""
    [body] = re.findall(rf"const {table} = {{(.*?)}};", (BROWSER / script).read_text(), re.DOTALL)
    return {name: (sign, words) for name, sign, words in re.findall(r'(\w+): \["(.?)", "([^"]+)"\]', body)}


def test_every_verdict_has_its_words():
    assert set(entries("verdict.js", "VERDICTS")) == set(get_args(Verdict))
    assert set(entries("study_table.js", "STANDINGS")) == set(get_args(Standing))


def test_the_legend_of_a_study_tells_every_sign_and_none_stands_for_two_verdicts():
    signs = [sign for sign, _ in entries("study_table.js", "STANDINGS").values() if sign]
    [legend] = re.findall(r'const SIGNS = "(.*)";', (BROWSER / "study_table.js").read_text())
    assert len(set(signs)) == len(signs) == 4
    assert all(f"{sign} " in legend for sign in signs)


def test_links_to_files_have_the_colours_of_the_theme():
    theme = tomllib.loads((DASHBOARD / ".streamlit" / "config.toml").read_text())["theme"]
    [colours] = re.findall(r"\.st-key-files a { color: light-dark\((.*), (.*)\); }", (BROWSER / "page.css").read_text())
    assert colours == (theme["light"]["linkColor"], theme["dark"]["linkColor"])
