"""The tables in the rooms' READMEs come from the registry; run as a script, this file writes them anew."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import network_families
import nine_networks
import pytest
from nine_networks import NETWORKS

import core

HOME = Path(__file__).resolve().parents[1]
README = HOME / "README.md"
ROOMS = sorted(path for folder in ("core", "dashboard") for path in (HOME / folder).rglob("README.md"))
LONGEST = 200
BEGIN, END = "<!-- registry -->\n", "<!-- /registry -->\n"
MANY = 6
FAMILIES_READ = [
    "Every family has random weights. One cell of a picture is changed. The layer's activations before the change",
    "are subtracted; what remains shows where the layer responds. The error is the distance from there to the map's",
    "peak, in cells of the layer. The layer's own error is how far the network itself carries its strongest change;",
    "a map weighs channels, and with random weights another cell may weigh more: a neighbouring one, or any where",
    "every place has seen all of the picture (CaiT, ConvMixer, gMLP, ViT, ResMLP, Mixer). Attention maps read no",
    "layer and have their tokens' error. Two untrained networks lose the place before their last layer, RepVGG in",
    "rounding and TinyViT in attention that spreads over everything; the last layer that still tells places apart is",
    "read. CoaT answers from its class token, so the layer before its last attention is. `tests/network_families.py`",
    "runs what is missing.",
]
DIRECTIONS = {"higher": "higher", "lower": "lower", "none": "–"}


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
        cells = [
            f"{known} (`{metric.name}`)",
            metric.group,
            DIRECTIONS[metric.direction],
            metric.random,
            metric.summary,
        ]
        yield f"| {' | '.join(cells)} | {metric.paper} |"


def imputers_table() -> Iterator[str]:
    yield "| Imputer | A removed pixel becomes |"
    yield "|---|---|"
    for imputer in core.list_imputers():
        yield f"| {imputer.label} (`{imputer.name}`) | {imputer.summary} |"


def capability_table() -> Iterator[str]:
    """Method by network, a mark for a map and a number for each reason why there is none."""
    found = nine_networks.known()["reasons"]
    numbers: dict[str, int] = {}
    yield "| | " + " | ".join(NETWORKS.values()) + " |"
    yield "|---|" + ":-:|" * len(NETWORKS)
    for entry in (each for each in core.list_methods() if not each.needs_truth):
        reasons = [found[network].get(entry.name) for network in NETWORKS]
        cells = [f"[{numbers.setdefault(reason, len(numbers) + 1)}]" if reason else "●" for reason in reasons]
        yield f"| {entry.label} | " + " | ".join(cells) + " |"
    yield ""
    yield from (f"{number}. {reason}" for reason, number in numbers.items())


def place_errors() -> dict[str, list[tuple[str, float | str]]]:
    """For each method the families with their place error, or the reason why there is no map."""
    found = network_families.known()
    return {
        name: [(family.partition("/")[2], told["methods"][name]) for family, told in found.items()]
        for name in network_families.methods()
    }


def families_table() -> Iterator[str]:
    """Method by place error over many families, and each family's layer."""
    labels = {entry.name: entry.label for entry in core.list_methods()}
    yield "| Method | Families with a map | Median error, cells | Within 1 cell | Furthest | Blank | Refused |"
    yield "|---|--:|--:|--:|---|--:|--:|"
    for name, told in place_errors().items():
        errors = sorted((error, family) for family, error in told if isinstance(error, float))
        blank = sum(isinstance(error, str) and "Blank" in error for _, error in told)
        near = sum(error <= 1 for error, _ in errors)
        furthest = ", ".join(f"{family} {error:.1f}" for error, family in errors[:-4:-1])
        cells = [len(errors), f"{median(error for error, _ in errors):.2f}", near, furthest, blank]
        yield f"| {labels[name]} | {' | '.join(map(str, cells))} | {len(told) - len(errors) - blank} |"
    yield from (
        "",
        "| Family | Layer read | Plane | Layer's own error | Largest error of a map |",
        "|---|---|---|--:|--:|",
    )
    for family, told in network_families.known().items():
        errors = [error for error in told["methods"].values() if isinstance(error, float)]
        plane = " × ".join(map(str, told["plane"])) if told["layer"] else "–"
        numbers = f"{told['own']:.2f} | {max(errors):.2f}" if errors else "– | –"
        yield f"| {family.partition('/')[2]} | {told['layer'] or 'none'} | {plane} | {numbers} |"
    yield from ("", "Why a family has no map, or a blank one:", "")
    yield from reasons_for_no_map(labels)


def reasons_for_no_map(labels: dict[str, str]) -> Iterator[str]:
    """Each reason with the methods and families that it holds for."""
    methods_by: dict[str, dict[str, list[str]]] = {}
    for name, told in place_errors().items():
        for family, reason in told:
            if isinstance(reason, str):
                methods_by.setdefault(reason, {}).setdefault(family, []).append(labels[name])
    for reason, by_family in methods_by.items():
        methods = sorted({method for found in by_family.values() for method in found})
        families = ", ".join(by_family) if len(by_family) <= MANY else f"{len(by_family)} families"
        yield f"- {reason} ({', '.join(methods)}: {families})"


def models_tables() -> Iterator[str]:
    yield from capability_table()
    yield from ("", "### Where the maps lie", "", *FAMILIES_READ, "")
    yield from families_table()


TABLES: dict[str, Callable[[], Iterator[str]]] = {
    "core/methods/README.md": methods_table,
    "core/metrics/README.md": metrics_table,
    "core/pictures/README.md": imputers_table,
    "core/models/README.md": models_tables,
}
"""Each table with the room that it stands in."""


def refreshed(text: str, table: Callable[[], Iterator[str]]) -> str:
    """The text with a new table between its markers."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}" + "".join(f"{line}\n" for line in table()) + f"{END}{after}"


@pytest.mark.parametrize("room", TABLES)
def test_the_tables_are_those_of_the_registry(room):
    text = (HOME / room).read_text(encoding="utf-8")
    assert nine_networks.known()["methods"] == nine_networks.every_method(), "Run `make readme`."
    assert set(network_families.known()) <= set(network_families.FAMILIES)
    assert refreshed(text, TABLES[room]) == text, "Run `make readme`."


@pytest.mark.parametrize("page", [README, *ROOMS], ids=lambda page: page.parent.name)
def test_every_local_link_leads_somewhere(page):
    text = page.read_text(encoding="utf-8")
    links = [link.partition("#") for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert [path for path, _, _ in links if not (page.parent / path).exists()] == []
    assert [title for path, _, title in links if title and title not in anchors(page.parent / path)] == []


def anchors(page: Path) -> set[str]:
    """The names under which the headings of a page can be linked to."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")) for heading in headings}


def test_the_readme_is_short_and_leads_to_every_room_that_has_one():
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST
    assert [str(room.relative_to(HOME)) for room in ROOMS if f"({room.relative_to(HOME).as_posix()})" not in text] == []


def examples() -> dict[str, str]:
    """The method that the README adds, and its test: the code of each file by its path."""
    found = re.findall(r"```python\n# (\w+/methods/\w+\.py)\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    return dict(found)


def test_the_example_method_registers_and_runs(squeezenet, chelsea_for_squeezenet, monkeypatch):
    monkeypatch.setattr("core.methods.registry._METHODS", dict(core.methods.registry._METHODS))
    namespace: dict[str, object] = {"__name__": "example"}
    for code in examples().values():
        exec(code, namespace)
    (test,) = (found for name, found in namespace.items() if name.startswith("test_"))
    test(squeezenet, chelsea_for_squeezenet)


if __name__ == "__main__":
    nine_networks.keep(nine_networks.examined(nine_networks.known()))
    for room, table in TABLES.items():
        (HOME / room).write_text(refreshed((HOME / room).read_text(encoding="utf-8"), table), encoding="utf-8")
