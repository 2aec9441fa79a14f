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
MEAN_VERDICTS = "components/study_table/mean_verdicts.js"


def entries(script: str, table: str) -> dict[str, tuple[str, str]]:
    """Sign and words by name, as a table of a script has them."""
    [body] = re.findall(rf"const {table} = {{(.*?)}};", scripts()[script], re.DOTALL)
    return {name: (sign, words) for name, sign, words in re.findall(r'(\w+): \["(.?)", "([^"]+)"\]', body)}


def test_every_verdict_has_its_words_and_every_fidelity_a_sign_in_the_browser():
    assert set(VERDICTS) == set(get_args(Verdict))
    [signs] = re.findall(r"const SIGNS = {(.*?)};", scripts()["components/heatmap_cards/fidelity_verdict.js"])
    assert set(re.findall(r"(\w+):", signs)) == set(get_args(Verdict))
    assert set(entries(MEAN_VERDICTS, "MEAN_VERDICTS")) == set(get_args(Against))
    assert set(entries("sanity/standings.js", "STANDINGS")) == set(get_args(Standing))


def test_every_reduction_has_its_words():
    assert set(REDUCTIONS) == set(get_args(Reduction))


SENTENCES = ("NOTHING", "ALL_FLAT", "PASSED", "CLOSED", "CUT_SHORT", "ENDED_EARLY", "WAITING", "UNLEARNED", "FAINTLY")
"""Verdicts that a script has as a constant, wherever it is."""


def sentences() -> list[tuple[str, str]]:
    """Name and words of every verdict that is a constant of a script."""
    constants = re.compile(rf'^(?:export )?const ({"|".join(SENTENCES)}) = "([^"]+)";', re.MULTILINE)
    return [found for script in scripts().values() for found in constants.findall(script)]


def longest(maps: str) -> list[str]:
    """The sentences on how methods stand, of fourteen methods, in the longest form of each part."""
    [body] = re.findall(r"^function sentenceOf.*?^}", scripts()["sanity/standings.js"], re.DOTALL | re.MULTILINE)

    def filled(hole: re.Match[str]) -> str:
        if hole[1] == "all":
            return "14 methods"
        return max([maps if "maps." in hole[1] else "10", *re.findall('"(.*?)"', hole[1])], key=len)

    return [re.sub(r"\$\{(.*?)\}", filled, template) for template in re.findall("`(.*?)`", body)]


def test_a_verdict_has_at_most_twelve_words_and_stands_nowhere_else():
    assert {name for name, _ in sentences()} == set(SENTENCES)
    heads = [scripts()[f"sanity/{name}.js"] for name in ("standings_head", "label_check/label_check")]
    maps = [words for head in heads for words in re.findall(r'\b(?:fails?|pass|passes): "([^"]+)"', head)]
    standings = [sentence for words in maps for sentence in longest(words)]
    assert "10 of 14 methods fails: their maps stay similar with randomised weights." in standings
    verdicts = [*VERDICTS.values(), *(words for _, words in sentences()), *standings]
    assert [words for words in verdicts if len(words.split()) > 12] == []
    sources = [*scripts().values(), *(file.read_text(encoding="utf-8") for file in CLI.glob("*.py"))]
    phrases = [words for words in [*VERDICTS.values(), *REDUCTIONS.values()] if " " in words]
    assert [words for words in phrases if any(f'"{words}"' in source for source in sources)] == []


def test_the_legend_of_a_study_tells_every_sign_and_none_stands_for_two_verdicts():
    signs = [sign for sign, _ in entries(MEAN_VERDICTS, "MEAN_VERDICTS").values() if sign]
    [legend] = re.findall(r'const MEAN_SIGNS = "(.*)";', scripts()[STUDY_TABLE])
    assert len(set(signs)) == len(signs) == 4
    assert all(f"{sign} " in legend for sign in signs)
