"""Components of the page: scripts and styles that stand beside the Python, read once and joined without a build."""

import time
from pathlib import Path
from typing import Any

import streamlit as st

BROWSER = Path(__file__).resolve().parent / "browser"


def declare(name: str, *shared: str) -> Any:
    """Registers the component of that name, with the shared scripts that it uses, and their styles, before its own."""
    scripts = [read(f"{script}.js") for script in (*shared, name)]
    styles = [read(f"{style}.css") for style in ("base", *shared, name) if (BROWSER / f"{style}.css").is_file()]
    component = st.components.v2.component(
        f"heatcheck_{name}", html='<div class="root"></div>\n', css="\n".join(styles), js="\n".join(scripts)
    )

    def mount(data: dict[str, Any], key: str, **callbacks: Any) -> None:
        component(data=data | {"since": since(key, data)}, key=key, **callbacks)

    return mount


def since(key: str, data: dict[str, Any]) -> float:
    """When the data of this place changed: while its script is being fetched, the browser may mix up two changes."""
    told = st.session_state.setdefault("told to components", {})
    if key not in told or told[key][0] != data:
        told[key] = (data, time.time())
    return told[key][1]


def read(file: str) -> str:
    return (BROWSER / file).read_text(encoding="utf-8")
