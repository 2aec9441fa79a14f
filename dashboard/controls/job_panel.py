"""A kind of job on a page: the button that starts or ends it, its progress, and whether the result is stale."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Generic, Literal, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.components.progress.progress import progress
from dashboard.controls.way_back import now_shown
from dashboard.jobs.changes import additions, changed_fields, listed
from dashboard.jobs.kinds import I, JobKind, R
from dashboard.jobs.outcome import was_in_vain
from dashboard.jobs.requests import FollowUpRequest
from dashboard.jobs.session import find_of, is_mine, running, sample_of, start
from dashboard.jobs.views import JobView, QueuedJob
from dashboard.library.absence import NotThere
from dashboard.library.owner import owner
from dashboard.library.queue import queue

SECONDS_TO_SEE_A_CHANGE = 0.6
"""Nobody clicks sooner on a button because it has changed; of clicks in a burst, ``page.js`` sends only the first."""
SECONDS_OF_A_STALE_ADDRESS = 3.0
"""A click that was on its way when a run was started brings the address from before."""


class Button(NamedTuple):
    """How the button looks; a page has one primary button, and others that start something else."""

    emphasis: Literal["primary", "secondary"] = "primary"
    width: Literal["stretch", "content"] = "stretch"


PRIMARY = Button()


class Shown(NamedTuple, Generic[R, I]):
    """The job that a page shows, and whether it was made with other choices than those that stand beside it."""

    job: JobView[R, I]
    stale: bool


def job_panel(
    kind: JobKind[R, I],
    request: R | None,
    where: DeltaGenerator,
    button: Button = PRIMARY,
    known: Mapping[str, Any] = MappingProxyType({}),
) -> Shown[R, I] | None:
    """Starts the job that is asked for, and tells of the one that the address names, or of the sample.

    Parameters
    ----------
    request
        What a click would ask for; None while it is not known yet.
    where
        The place of the button and of the progress; notices stand where the panel is called.
    known
        What is chosen while the request as a whole is not known, by field.
    """
    notices = st.container()  # their number changes: on a busy machine what follows would be mounted anew
    with notices:
        jobs = launch_and_find(kind, [request])
    with where:
        start_or_cancel(kind, jobs, ready=request is not None, button=button)
    if not jobs:
        return None
    with notices:
        return Shown(jobs[0], show_state(kind, jobs, [asdict(request) if request else known]))


def launch_and_find(kind: JobKind[R, I], requests: Sequence[R | None]) -> list[JobView[R, I]]:
    """The jobs that the address names, started now where the button was pressed; the sample where it names none."""
    ready = [request for request in requests if request is not None]
    if ready and take_start_request(kind):
        launch(kind, ready)
    return find_named(kind)


def launch(kind: JobKind[R, I], requests: Sequence[R]) -> list[str]:
    """Starts a job a request, and writes them into the address.

    What it named of the kind before ends, and what was asked about that: nobody would see the answers.

    Returns
    -------
    list[str]
        The jobs' names; none where one can't be started.
    """
    before = {job.id for job in find_named(kind, silent=True)}
    try:
        started = start(kind, *requests)
    except NotThere as absence:
        st.warning(str(absence))
        return []
    except TimeoutError:
        st.warning("The model is busy with other people's runs. Try again in a moment.")
        return []
    for job in running():
        if job.id in before or (isinstance(job.request, FollowUpRequest) and job.request.about in before):
            queue().cancel(job.id, owner())
    write_address(kind, started)
    return started


def write_address(kind: JobKind[R, I], names: Sequence[str]) -> None:
    """From now on the address names these jobs; one that does so already is not sent to the browser again."""
    joined, before = ",".join(names), st.query_params.get(kind.name)
    if before != joined:
        st.session_state[f"address of {kind.name}"] = before, joined, time.monotonic()
        st.query_params[kind.name] = joined
    st.query_params.pop(kind.formerly, None)


def named(kind: JobKind[Any, Any]) -> list[str]:
    """The jobs that the address names under the kind's name, or under its former one."""
    restore_address(kind)
    names = st.query_params.get(kind.name, st.query_params.get(kind.formerly, ""))
    return names.split(",") if names else []


def restore_address(kind: JobKind[Any, Any]) -> None:
    """Writes the names of jobs that were started a moment ago again, where a click brought the address from before."""
    before, started, at = st.session_state.get(f"address of {kind.name}", (None, None, 0.0))
    if started and time.monotonic() - at < SECONDS_OF_A_STALE_ADDRESS and st.query_params.get(kind.name) == before:
        st.query_params[kind.name] = started


def find_named(kind: JobKind[R, I], silent: bool = False) -> list[JobView[R, I]]:
    """The jobs of that kind that the address names, or the sample where it names none or one that is gone.

    Parameters
    ----------
    silent
        Whether nothing is said where one of them is gone.
    """
    shipped = sample_of(kind)
    try:
        return [find_of(kind, name) for name in named(kind)] or ([shipped] if shipped else [])
    except NotThere as absence:
        if not silent:
            st.info(str(absence))
        return [shipped] if shipped else []


def start_or_cancel(
    kind: JobKind[R, I],
    jobs: Sequence[JobView[R, I]],
    ready: bool,
    button: Button = PRIMARY,
    titles: Sequence[str] = (),
) -> None:
    """Start, or Cancel while a job is on its way: one button, so that the keyboard's focus stays on it.

    Another person's job, which a link leads to, is followed and left alone.

    Parameters
    ----------
    titles
        Whose jobs they are, where several are side by side.
    """
    queued = [job for job in jobs if isinstance(job, QueuedJob)]
    now_shown(queued)
    running = [job for job in queued if not job.finished]  # looked at once: one may end while the page is drawn
    names = [job.id for job in running if is_mine(job)]
    note_meaning(kind, names)
    st.button(
        "Cancel" if names else kind.verb,
        key=f"start {kind.name}",
        type=button.emphasis,
        width=button.width,
        on_click=clicked,
        args=(kind, names),
        disabled=not (names or ready),
    )
    for place, job in enumerate(queued):
        with st.container(width="stretch"):
            progress(job, job in running, f"{kind.name} {place}", titles[place] if titles else "")


def clicked(kind: JobKind[Any, Any], running: Sequence[str]) -> None:
    """Ends what runs, or asks for a start; not where the button had another meaning a moment before."""
    if time.monotonic() - meaning(kind).since < SECONDS_TO_SEE_A_CHANGE:
        return
    for name in running:
        queue().cancel(name, owner())
    if not running:
        request_start(kind)


def request_start(kind: JobKind[Any, Any]) -> None:
    """Only noted: what is to be run is known when the widgets have been read, and may have changed with this click."""
    st.session_state[f"start of {kind.name} requested"] = True


@dataclass
class Meaning:
    """What a click on the button ends, nothing where it starts a run, and since when; None before it was drawn."""

    ends: Sequence[str] | None = None
    since: float = 0.0


def meaning(kind: JobKind[Any, Any]) -> Meaning:
    """That of the kind's button."""
    found: Meaning = st.session_state.setdefault(f"meaning of {kind.name}", Meaning())
    return found


def note_meaning(kind: JobKind[Any, Any], ends: Sequence[str]) -> None:
    """From now on the button means this; a click that is on its way was meant otherwise."""
    noted = meaning(kind)
    if noted.ends != ends:
        noted.since = 0.0 if noted.ends is None else time.monotonic()
        noted.ends = ends


def take_start_request(kind: JobKind[Any, Any]) -> bool:
    """Whether the button was pressed, once."""
    return bool(st.session_state.pop(f"start of {kind.name} requested", False))


def back_to_sample(kind: JobKind[Any, Any]) -> None:
    """The address names no job any more."""
    st.session_state.pop(f"address of {kind.name}", None)
    for name in (kind.name, kind.formerly):
        st.query_params.pop(name, None)


def show_state(kind: JobKind[R, I], jobs: Sequence[JobView[R, I]], chosen: Sequence[Mapping[str, Any]]) -> bool:
    """Tells why a job failed, which choices differ from its own, or that it is a sample; whether it is stale.

    Parameters
    ----------
    chosen
        What is known of the request that each job would have now, by field.
    """
    pairs = list(zip(jobs, chosen, strict=False))
    for place, job in enumerate(jobs):
        if job.state()["state"] == "failed":
            # Beside other choices than those that failed the reason would be taken for one against them.
            if place < len(chosen) and changed_fields(job.request, chosen[place]):
                st.caption(f"The last run failed with other choices. Press {kind.verb} to try these.")
            else:
                st.error(f"{job.state()['error']} Change a setting and press {kind.verb} to try again.")
    if all(was_in_vain(job) for job in jobs) and sample_of(kind):
        st.button("Show the sample again", key=f"sample {kind.name}", on_click=back_to_sample, args=(kind,))
    if not kind.results:
        return False
    changed = ["another model"] if len(jobs) != len(chosen) else []
    changed += [words for job, now in pairs for words in changed_fields(job.request, now, job.sample)]
    if changed:
        used = listed(list(dict.fromkeys(changed)))
        it = "it" if kind.results.startswith("This ") else "them"
        st.info(f"{kind.results} used {used}. Press {kind.verb} to update {it}.")
        return True
    if any(job.sample for job in jobs):
        st.caption(f"A precomputed sample. Press {kind.verb} to run your own choice.")
    if added := [word for job, now in pairs for word in additions(job.request, now)]:
        st.caption(f"Other {' and '.join(dict.fromkeys(added))} are selected now. Press {kind.verb} to show them.")
    return False
