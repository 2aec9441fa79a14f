"""The README's tables come from the registry; run as a script, this file writes them anew."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from nine_networks import FOUND, NETWORKS

import core

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- registry -->\n", "<!-- /registry -->\n"
DIRECTIONS = {"higher": "higher", "lower": "lower", "none": "–"}


def tables() -> str:
    return "\n".join([*methods_table(), "", *metrics_table(), "", *imputers_table(), "", *capability_table(), ""])


def methods_table() -> Iterator[str]:
    yield "| Method | Family | What it shows | Paper |"
    yield "|---|---|---|---|"
    for entry in core.list_methods():
        yield f"| {entry.label} (`{entry.name}`) | {entry.family} | {entry.summary} | {entry.paper or '–'} |"


def metrics_table() -> Iterator[str]:
    yield "| Metric | About | Better | Random map | What it says | Paper |"
    yield "|---|---|---|---|---|---|"
    for metric in core.list_metrics():
        known = ", ".join(filter(None, [metric.label, metric.symbol]))
        told = [f"{known} (`{metric.name}`)", metric.group, DIRECTIONS[metric.direction], metric.random, metric.summary]
        yield f"| {' | '.join(told)} | {metric.paper} |"


def imputers_table() -> Iterator[str]:
    yield "| Imputer | A removed pixel becomes |"
    yield "|---|---|"
    for imputer in core.list_imputers():
        yield f"| {imputer.label} (`{imputer.name}`) | {imputer.summary} |"


def capability_table() -> Iterator[str]:
    """Method by network, a mark for a map and a number for each reason why there is none."""
    found = json.loads(FOUND.read_text(encoding="utf-8"))
    numbers: dict[str, int] = {}
    yield "| | " + " | ".join(NETWORKS.values()) + " |"
    yield "|---|" + ":-:|" * len(NETWORKS)
    for entry in (each for each in core.list_methods() if not each.needs_truth):
        reasons = [found[network].get(entry.name) for network in NETWORKS]
        cells = [f"[{numbers.setdefault(reason, len(numbers) + 1)}]" if reason else "●" for reason in reasons]
        yield f"| {entry.label} | " + " | ".join(cells) + " |"
    yield ""
    yield from (f"{number}. {reason}" for reason, number in numbers.items())


def refreshed(text: str) -> str:
    """The text with what stands between the markers written anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{tables()}{END}{after}"


def test_the_tables_are_those_of_the_registry():
    text = README.read_text(encoding="utf-8")
    assert refreshed(text) == text, "Run `make readme`."


def test_every_local_link_leads_somewhere():
    text = README.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert links
    assert [link for link in links if not (README.parent / link).exists()] == []


def test_the_example_method_registers_and_runs(squeezenet, chelsea_for_squeezenet, monkeypatch):
    code, check = re.findall(
        r"```python\n# (?:core|tests)/methods/.*?```", README.read_text(encoding="utf-8"), re.DOTALL
    )
    monkeypatch.setattr("core.methods.registry._METHODS", dict(core.methods.registry._METHODS))
    namespace: dict[str, object] = {"__name__": "example"}
    for block in (code, check):
        exec(block.removeprefix("```python\n").removesuffix("```"), namespace)
    (test,) = (found for name, found in namespace.items() if name.startswith("test_"))
    test(squeezenet, chelsea_for_squeezenet)


if __name__ == "__main__":
    README.write_text(refreshed(README.read_text(encoding="utf-8")), encoding="utf-8")
