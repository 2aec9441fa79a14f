"""Components of the page: scripts and styles beside their Python, without a build step.

Scripts are modules that import each other by relative path. They are served under an address that identifies the state
of all of them, so that a browser may cache them forever; styles go with their component, since each has a tree of its
own.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

import streamlit as st

DASHBOARD = Path(__file__).resolve().parents[1]
IMPORT = re.compile(r'^import\s[^;"]*"(\.[^"]+)"', re.MULTILINE)
"""Of a script, from where it imports."""
LOAD = """const load = (path) => import(new URL(`/api/browser/%s/${path}`, document.baseURI));
export default async (component) => (await Promise.all(%s.map(load))).at(-1).default(component);
"""
"""All that Streamlit sends of a script: its modules are asked for at once, not only when another imports them."""


def declare(name: str) -> Callable[..., None]:
    """Registers the component whose script has that path below the dashboard, without ending."""
    component = st.components.v2.component(
        f"heatcheck_{name.replace('/', '_')}",
        html='<div class="root"></div>\n',
        css=styles(f"{name}.js"),
        js=LOAD % (digest(), json.dumps(list(dict.fromkeys(imported(f"{name}.js"))))),
    )

    def mount(data: dict[str, Any], key: str, **callbacks: Any) -> None:
        component(data=data | {"script": f"{name}.js", "since": since(key, data)}, key=key, **callbacks)

    return mount


@cache
def scripts() -> Mapping[str, str]:
    """Every script by its path below the dashboard: what is served to browsers, and nothing else but the borrowed."""
    return texts("*.js")


@cache
def borrowed() -> Mapping[str, str]:
    """Scripts of others, with their licences, by path; ours load them when they are first needed."""
    return texts("*.mjs")


def texts(pattern: str) -> Mapping[str, str]:
    """Files below the dashboard, by path."""
    files = sorted(DASHBOARD.rglob(pattern))
    return {file.relative_to(DASHBOARD).as_posix(): file.read_text(encoding="utf-8") for file in files}


@cache
def digest() -> str:
    """Another one whenever a script differs, a borrowed one too; all share it, since they import each other."""
    every = {**scripts(), **borrowed()}
    whole = "".join(f"{path}\n{len(script)}\n{script}" for path, script in every.items())
    return sha256(whole.encode()).hexdigest()[:16]


def styles(script: str) -> str:
    """The style of every component, and those beside the script and all that it imports, the imported ones first."""
    beside = ["components/base.css", *(f"{path.removesuffix('.js')}.css" for path in dict.fromkeys(imported(script)))]
    files = [DASHBOARD / path for path in beside]
    return "\n".join(file.read_text(encoding="utf-8") for file in files if file.is_file())


@cache
def imported(script: str) -> tuple[str, ...]:
    """What a script needs before it, some of it more than once, and itself."""
    return (*(path for each in imports(script) for path in imported(each)), script)


def imports(script: str) -> Iterator[str]:
    """The scripts that one imports by itself."""
    for source in IMPORT.findall(scripts()[script]):
        yield normpath(str(PurePosixPath(script).parent / source))


def since(key: str, data: dict[str, Any]) -> float:
    """When the data of this place changed: while its script is being fetched, the browser may mix up two changes."""
    sent: dict[str, tuple[dict[str, Any], float]] = st.session_state.setdefault("sent to components", {})
    if key not in sent or sent[key][0] != data:
        sent[key] = (data, time.time())
    return sent[key][1]
