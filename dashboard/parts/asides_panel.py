"""Two questions about a finished run: what other imputers say, and whether a map is more than its shape."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

import core
from dashboard.asides import find_aside, match_shape, rank_under_imputers
from dashboard.jobs import LiveJob, NotThere, collect
from dashboard.parts.component import declare
from dashboard.parts.heatmap_cards import described
from dashboard.parts.progress import progress
from dashboard.parts.run_panel import wish, wished
from dashboard.runs import Run
from dashboard.sanity import LiveRandomisation
from dashboard.workshop import queue

IMPUTERS, SHAPE, STRIP = "imputers", "shape", "strip"
JOBS = ("job", "study", IMPUTERS, SHAPE, STRIP)
_IMPUTER_RANKS = declare("imputer_ranks", "dom", "stream", "table")
_SHAPE_CHECK = declare("shape_check", "dom", "stream")


def asides_panel(run: Run, stale: bool) -> None:
    """Both questions, each with its button and, once asked, its answer as it comes."""
    methods = mapped(run)
    if not run.finished or not methods:
        return
    st.header("Does the ranking hold?", anchor=False)
    ranked = ask(
        run, IMPUTERS, "What if another imputer?", "Ranks these heatmaps under every imputer.",
        lambda beside: rank_under_imputers(run, beside),
    )  # fmt: skip
    if ranked:
        imputers = [{"name": each.name, "label": each.label} for each in core.list_imputers()]
        told = {"imputers": imputers, "chosen": run.asked.imputer, "methods": list(methods.values())}
        _IMPUTER_RANKS(data={"run": ranked.id, "stale": stale, **told}, key="imputer_ranks")
    st.header("Is it more than its shape?", anchor=False)
    method = choose_method(run, methods)
    matched = ask(
        run, SHAPE, "Compare with copies of itself", "Shifts and flips the map: the same shape, elsewhere.",
        lambda beside: match_shape(run, method, beside),
    )  # fmt: skip
    if matched:
        label = methods[matched.about.method]["label"]
        _SHAPE_CHECK(data={"run": matched.id, "label": label, "stale": stale}, key="shape_check")


def mapped(run: Run) -> dict[str, dict[str, Any]]:
    """What the page tells of those methods that have their heatmap."""
    finished = {message["method"] for message in collect(run, "heatmap") if message["final"]}
    return {method["name"]: method for method in described(run.asked) if method["name"] in finished}


def choose_method(run: Run, methods: Mapping[str, Mapping[str, Any]]) -> str:
    """The best one until another is chosen; controls have no place of their own to be compared with."""
    scores = {score["method"]: score["value"] for score in collect(run, "fidelity")}
    real = [name for name, method in methods.items() if not method["control"]] or list(methods)
    best = max(real, key=lambda name: scores.get(name, -math.inf))
    return st.selectbox(
        "Heatmap",
        real,
        index=real.index(best),
        format_func=lambda name: methods[name]["label"],
        key="shaped",
        bind="query-params",
        width=320,
    )


def ask(
    run: Run, name: str, words: str, what: str, start: Callable[[Sequence[str]], str], ready: bool = True
) -> LiveJob | None:
    """A button that asks, or ends what was asked; the job about this run that the address names, if any."""
    if wished(name):
        try:
            st.query_params[name] = start(others(name))
        except NotThere as absence:
            st.warning(str(absence))
    found = find_aside(st.query_params.get(name, ""), run)
    running = found is not None and not found.finished
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        if running:
            st.button("Cancel", key=f"ask {name}", on_click=queue().cancel, args=(found.id,))
        else:
            st.button(words, key=f"ask {name}", on_click=wish, args=(name,), disabled=not ready)
        with st.container(width="stretch"):
            if found:
                progress(name, found.id, running=running, **counted(found))
            else:
                st.caption(what)
    return found


def counted(job: LiveJob) -> dict[str, Any]:
    """What tells how far it is."""
    if isinstance(job, LiveRandomisation):
        return {"counts": "maps", "methods": len(job.asked.methods)}
    return {"counts": "answers"}


def others(name: str) -> list[str]:
    """The jobs of this page that go on beside a new one."""
    addresses = [st.query_params.get(each, "") for each in JOBS if each != name]
    return [job for address in addresses for job in address.split(",") if job]
