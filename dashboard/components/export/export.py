"""Takes a result along: a file that opens anywhere, pictures of the panel as it is seen, tables."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from dashboard.components.component import DASHBOARD, declare
from dashboard.jobs.tables import MEDIA, Recorded
from dashboard.jobs.views import JobView

THEMED = {
    "text-color": "textColor",
    "background-color": "backgroundColor",
    "secondary-background-color": "secondaryBackgroundColor",
    "border-color": "borderColor",
    "link-color": "linkColor",
    "primary-color": "primaryColor",
    "chart-categorical-colors": "chartCategoricalColors",
}
"""What styles of components call the theme's colours, and what the theme itself does."""
FONT = '"Source Sans", "Source Sans 3", system-ui, sans-serif'
_COMPONENT = declare("components/export/export")


def export(jobs: Sequence[JobView[Any, Any]], panel: str, titles: Sequence[str] = ()) -> None:
    """Buttons for the files of a panel, and links to the tables of these jobs.

    Parameters
    ----------
    panel
        The key of the container that is taken along.
    titles
        Whose jobs they are, where several stand side by side.
    """
    tables = [table for place, job in enumerate(jobs) for table in tables_of(job, titles[place] if titles else "")]
    data = {"panel": panel, "runs": [job.id for job in jobs], "tables": tables}
    data |= {
        "name": f"heatcheck-{jobs[0].kind.name.replace('_', '-')}",
        "style": style_of_file(),
        "version": version("heatcheck"),
    }
    _COMPONENT(data=data, key=f"export {panel}")


def tables_of(job: JobView[Any, Any], title: str) -> list[dict[str, Any]]:
    """Each table that can be saved of a job: what it has, and where it is in each form; not those without a row."""
    of = f", {title}" if title else ""
    return [
        {
            "words": f"{name.replace('-', ' ').capitalize()}{of}",
            "forms": [[ending, f"/api/jobs/{job.id}/{name}.{ending}"] for ending in MEDIA],
        }
        for name, table in job.kind.saved.items()
        if not isinstance(table, Recorded) or table.items(job)
    ]


@cache
def style_of_file() -> str:
    """How an exported file looks beside its components: the page's theme, light or dark as its reader likes it."""
    theme = tomllib.loads((DASHBOARD / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    light, dark = (themed(theme | theme[scheme]) for scheme in ("light", "dark"))
    always = f"--st-base-radius: {theme['baseRadius']}; --st-font: {FONT};"
    own = (DASHBOARD / "components" / "export" / "opened.css").read_text(encoding="utf-8")
    at_night = f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    return f":root {{ {always} {light} }}\n{at_night}\n{own}"


def themed(theme: Mapping[str, Any]) -> str:
    """The colours of a scheme, by the names that styles have for them."""
    found = {name: theme[option] for name, option in THEMED.items()}
    return " ".join(
        f"--st-{name}: {', '.join(value) if isinstance(value, list) else value};" for name, value in found.items()
    )
