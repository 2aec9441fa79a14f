"""A study as one page that opens anywhere: everything it needs stands in it, and it asks nothing of any network."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from core.jobs.durations import counted
from core.studies.folder import Folder
from core.studies.report.contents import PartFound, Told, ordered, parts_of, verdicts, written
from core.studies.report.drawing import NAMES, chart, data_address, drawn_maps, picture_address
from core.studies.run_folder import ASKED

HERE = Path(__file__).parent
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
ARROWS = {"higher": " ↑", "lower": " ↓", "none": ""}
MARKS = {"better": "✓", "edge": "△", "worse": "✗"}
MEANINGS = {
    "better": "better than every control that ignores the model",
    "edge": "better than the random control, but not than every control",
    "worse": "worse than the random control",
    "unclear": "no clear difference to the random control",
    "control": "a control",
}
LEGEND = (
    "✓ better than every control that ignores the model; △ better than the random control, but not than every control; "
    "✗ worse than the random control; by the 95 % intervals of paired differences. ↑ higher is better, "
    "↓ lower is better."
)
RUN = {
    "began": "Run of",
    "heatcheck": "HeatCheck",
    "python": "Python",
    "torch": "PyTorch",
    "device": "device",
    "processor": "processor",
}


def page_of(folder: Folder) -> str:
    """The HTML of a study's report.

    Raises
    ------
    ValueError
        Where the folder holds no study, or none of its pictures is scored yet.
    """
    standing = folder.standing()
    parts, names = parts_of(folder), folder.manifest()
    maps, side = drawn_maps(folder, [each.place for part in parts for each in part.shown])
    done = f"{standing.done:,} of {counted(standing.units or standing.done, 'unit')} finished."
    coarse = "" if side == 1 else (
        f"To keep this file small, heatmaps have one value for {side} × {side} pixels. "
        "All scores are of the full heatmaps."
    )  # fmt: skip
    today = datetime.now(UTC)
    title = f"Study {folder.path.resolve().name}"
    sections = [section(folder, part, names, maps, place) for place, part in enumerate(parts)]
    lines = [f"Made with HeatCheck on {today.day} {today:%B %Y}. {done}", *folder_notes(names), coarse]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{escape(title)}</title>
<style>
{(HERE / "page.css").read_text(encoding="utf-8")}
</style>
</head>
<body>
<main>
<header>
<h1>{escape(title)}</h1>
{paragraphs(lines)}
{switch(parts)}
</header>
{"".join(sections)}
{made_with(folder, names)}
</main>
<script>
{(HERE / "page.js").read_text(encoding="utf-8")}
</script>
</body>
</html>
"""


def folder_notes(names: Told) -> Iterator[str]:
    """What a reader has to know of the whole study."""
    if lost := names.get("quarantined"):
        yield f"Units that failed repeatedly and are missing from all numbers: {len(lost):,}. The manifest names them."


def paragraphs(lines: Sequence[str]) -> str:
    return "\n".join(f"<p>{escape(line)}</p>" for line in lines if line)


def titled(part: PartFound) -> str:
    return f"{part.model}, seed {part.seed}"


def switch(parts: Sequence[PartFound]) -> str:
    """A button for each part, where there are several."""
    if len(parts) == 1:
        return ""
    buttons = [
        f'<button type="button" data-part="{place}" aria-pressed="{"false" if place else "true"}">'
        f"{escape(titled(part))}</button>"
        for place, part in enumerate(parts)
    ]
    return f'<p class="controls choice" role="group" aria-label="Model and seed">{"".join(buttons)}</p>'


def section(folder: Folder, part: PartFound, names: Told, maps: dict[int, dict[str, str]], place: int) -> str:
    """The verdicts, means, curves and heatmaps of a part."""
    methods = ordered(part, names)
    counts = f"{part.scored:,} of {counted(part.pictures, 'picture')} scored."
    said = "".join(f"<li>{escape(sentence)}</li>" for sentence in verdicts(part, names))
    return f"""<section class="part" data-part="{place}" aria-labelledby="part-{place}">
<h2 id="part-{place}">{escape(titled(part))}</h2>
{paragraphs([counts, f"{part.accuracy}." if part.accuracy else ""])}
<h3>Verdicts</h3>
<ul class="verdicts">{said}</ul>
<h3>Means</h3>
{table(part, names, methods)}
{curves(part, names, methods)}
{gallery(folder, part, names, methods, maps)}
</section>
"""


def table(part: PartFound, names: Told, methods: Sequence[str]) -> str:
    """Means with their intervals, a row a method; a click on a head sorts by it."""
    rows = {(row["method"], row["metric"]): row for row in part.rows}
    heads = "".join(head(names["metrics"][metric]) for metric in part.metrics)
    body = []
    for method in methods:
        entry = names["methods"][method]
        tag = ' <span class="tag">control</span>' if entry["control"] else ""
        cells = "".join(
            cell(rows.get((method, metric)), names["metrics"][metric], part.scored) for metric in part.metrics
        )
        kind = "control" if entry["control"] else "method"
        body.append(f'<tr class="{kind}"><th scope="row">{escape(entry["label"])}{tag}</th>{cells}</tr>')
    return f"""<div class="wide"><table>
<caption>{escape(LEGEND)}</caption>
<thead><tr><th scope="col">Method</th>{heads}</tr></thead>
<tbody>{"".join(body)}</tbody>
</table></div>"""


def head(metric: Told) -> str:
    title = escape(f"{metric['label']}: {metric['summary']} Random map: {metric['random']}.")
    words = escape(metric["heading"] + ARROWS[metric["direction"]])
    lowest = int(metric["direction"] == "lower")
    button = f'<button type="button" class="sort" data-lowest="{lowest}" title="{title}">{words}</button>'
    return f'<th scope="col">{button}</th>'


def cell(row: Told | None, metric: Told, scored: int) -> str:
    if row is None:
        return "<td>–</td>"
    mark = MARKS.get(row["verdict"], "")
    fewer = "" if row["n"] == scored else f" <small>n {row['n']}</small>"
    difference = "" if row["difference"] is None else f"; difference to random {row['difference']:.3g}"
    if row["difference_low"] is not None:
        difference += f" [{row['difference_low']:.3g}, {row['difference_high']:.3g}]"
    title = escape(f"n {row['n']}; {MEANINGS[row['verdict']]}{difference}")
    return (
        f'<td data-value="{row["mean"]!r}" title="{title}"><span class="{row["verdict"]}">{mark}</span> '
        f"{written(row, metric)}{fewer}</td>"
    )


def curves(part: PartFound, names: Told, methods: Sequence[str]) -> str:
    """The mean curves of each method."""
    figures = [
        f'<figure class="{"control" if names["methods"][method]["control"] else "method"}">'
        f"{chart(names['methods'][method]['label'], part.curves[method])}"
        f"<figcaption>{escape(names['methods'][method]['label'])}</figcaption></figure>"
        for method in methods
        if method in part.curves
    ]
    if not figures:
        return ""
    drawn = {order for own in part.curves.values() for order in own}
    key = " ".join(f'<span class="{order}">{words}</span>' for order, words in NAMES.items() if order in drawn)
    return f"""<h3>Mean curves</h3>
<p class="key">{key} Bands: pointwise 95 % intervals. Across: share of pixels removed.</p>
<div class="charts">{"".join(figures)}</div>"""


def gallery(
    folder: Folder, part: PartFound, names: Told, methods: Sequence[str], maps: dict[int, dict[str, str]]
) -> str:
    """Some pictures with all their heatmaps and scores; one at a time on a screen, all of them on paper."""
    if not part.shown:
        return ""
    options = "".join(f'<option value="{at}">{escape(each.picture)}</option>' for at, each in enumerate(part.shown))
    chosen = "".join(
        f'<option value="{metric}">{escape(names["metrics"][metric]["label"])}</option>' for metric in part.metrics
    )
    some = "" if len(part.shown) == part.scored else f" The first {len(part.shown)} of {part.scored:,} are shown."
    pictures = "".join(picture(folder, each, names, methods, maps[each.place], part.metrics[0]) for each in part.shown)
    return f"""<h3>Heatmaps</h3>
<p>Each is in colours of its own largest value.{some}</p>
<p class="controls"><label>Picture <select class="which">{options}</select></label>
<label>Score <select class="score">{chosen}</select></label>
<label>Opacity <input type="range" class="opacity" min="0" max="100" value="75"></label></p>
<div class="gallery">{pictures}</div>"""


def picture(folder: Folder, each: Any, names: Told, methods: Sequence[str], maps: dict[str, str], metric: str) -> str:
    """A picture's heatmaps, each over the picture and with its score."""
    address = picture_address(folder, each.place)
    below = f'<img src="{address}" alt="">' if address else ""
    tiles = [f'<figure class="own">{below}<figcaption>{escape(each.label)}</figcaption></figure>']
    for method in methods:
        if method not in maps:
            continue
        label, scores = names["methods"][method]["label"], each.scores.get(method, {})
        told = " ".join(f'data-{name.replace("_", "-")}="{figure(score)}"' for name, score in scores.items())
        tiles.append(
            f'<figure><span class="tile"><span class="below"></span><img class="map" src="{maps[method]}" '
            f'alt="Heatmap of {escape(label)}"></span><figcaption>{escape(label)} '
            f"<output {told}>{figure(scores.get(metric))}</output></figcaption></figure>"
        )
    return f'<article><h4>{escape(each.picture)}</h4><div class="tiles">{"".join(tiles)}</div></article>'


def figure(score: float | None) -> str:
    return "–" if score is None else f"{score:.3g}"


def made_with(folder: Folder, names: Told) -> str:
    """What the study ran on, what was asked, and the command that reproduces it."""
    asked = (folder.path / ASKED).read_text(encoding="utf-8")
    rows = list(manifest_rows(names))
    told = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    address = data_address("text/plain", asked.encode())
    return f"""<section aria-labelledby="made">
<h2 id="made">How this was made</h2>
<p>To reproduce it, save <a href="{address}" download="{ASKED}">{ASKED}</a> and run</p>
<pre>heatcheck study run {ASKED} --out {escape(folder.path.resolve().name)}</pre>
<details open><summary>{ASKED}</summary><pre>{escape(asked)}</pre></details>
<h3>Manifest</h3>
<dl>{told}</dl>
</section>
"""


def manifest_rows(names: Told) -> Iterator[tuple[str, str]]:
    """The manifest in words: models with their weights, runs with their versions, what is missing."""
    for name, own in names.items():
        if name.startswith("model "):
            yield name.capitalize(), f"weights {own['weights']}, {counted(own['pictures'], 'picture')}"
            for note in own["notes"]:
                yield "", note
    for run in names.get("runs", ()):
        yield (
            RUN["began"] + f" {run['began'][:19]} UTC",
            ", ".join(f"{words} {run[name]}" for name, words in RUN.items() if name != "began" and name in run),
        )
    for unit, error in names.get("quarantined", {}).items():
        yield f"Missing: {unit}", error
