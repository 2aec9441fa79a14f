"""What the browser says, held against what the engine can say."""

import re
from pathlib import Path
from typing import get_args

from core.methods.registry import REDUCTIONS, Reduction
from core.metrics.fidelity import VERDICTS, Verdict
from core.metrics.statistics import Standing as Against
from core.sanity.verdict import Standing
from dashboard.components.component import scripts

DASHBOARD = Path(__file__).resolve().parents[2] / "dashboard"
CLI = DASHBOARD.parent / "core" / "cli"
STUDY_TABLE = "components/study_table/study_table.js"


def entries(script: str, table: str) -> dict[str, tuple[str, str]]:
    """Sign and words by name, as a table of a script has them."""
    [body] = re.findall(rf"const {table} = {{(.*?)}};", scripts()[script], re.DOTALL)
    return {name: (sign, words) for name, sign, words in re.findall(r'(\w+): \["(.?)", "([^"]+)"\]', body)}


def test_every_verdict_has_its_words_and_every_fidelity_a_sign_in_the_browser():
    assert set(VERDICTS) == set(get_args(Verdict))
    [signs] = re.findall(r"const SIGNS = {(.*?)};", scripts()["components/heatmap_cards/fidelity_verdict.js"])
    assert set(re.findall(r"(\w+):", signs)) == set(get_args(Verdict))
    assert set(entries(STUDY_TABLE, "MEAN_VERDICTS")) == set(get_args(Against))
    assert set(entries("sanity/standings.js", "STANDINGS")) == set(get_args(Standing))


def test_every_reduction_has_its_words():
    assert set(REDUCTIONS) == set(get_args(Reduction))


def test_a_verdict_has_at_most_twelve_words_and_stands_nowhere_else():
    assert all(len(words.split()) <= 12 for words in VERDICTS.values())
    sources = [*scripts().values(), *(file.read_text(encoding="utf-8") for file in CLI.glob("*.py"))]
    phrases = [words for words in [*VERDICTS.values(), *REDUCTIONS.values()] if " " in words]
    assert [words for words in phrases if any(f'"{words}"' in source for source in sources)] == []


def test_the_legend_of_a_study_tells_every_sign_and_none_stands_for_two_verdicts():
    signs = [sign for sign, _ in entries(STUDY_TABLE, "MEAN_VERDICTS").values() if sign]
    [legend] = re.findall(r'const MEAN_SIGNS = "(.*)";', scripts()[STUDY_TABLE])
    assert len(set(signs)) == len(signs) == 4
    assert all(f"{sign} " in legend for sign in signs)
