"""Components of the page: scripts and styles that stand beside the Python, read once and joined without a build."""

from pathlib import Path
from typing import Any

import streamlit as st

BROWSER = Path(__file__).resolve().parent / "browser"


def declare(name: str, *shared: str) -> Any:
    """Registers the component of that name, with the shared scripts that it uses put before its own."""
    scripts = [read(f"{script}.js") for script in (*shared, name)]
    styles = [read("base.css"), read(f"{name}.css")]
    return st.components.v2.component(
        f"heatcheck_{name}", html='<div class="root"></div>\n', css="\n".join(styles), js="\n".join(scripts)
    )


def read(file: str) -> str:
    return (BROWSER / file).read_text(encoding="utf-8")
