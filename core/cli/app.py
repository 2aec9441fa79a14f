"""The command line: ``heatcheck`` opens the dashboard, ``heatcheck explain`` judges heatmaps without it."""

from __future__ import annotations

import signal
from typing import Annotated

import typer

from core.cli.doctor import doctor
from core.cli.evaluate import evaluate
from core.cli.explain import explain
from core.cli.fine_tune import fine_tune
from core.cli.listings import methods, metrics, models
from core.cli.mask_search import mask_search
from core.cli.reconstruct import reconstruct
from core.cli.retrain import retrain
from core.cli.retraining_toy import retraining_toy
from core.cli.sanity import sanity
from core.cli.single_patch import single_patch
from core.cli.stamp import stamp
from core.cli.study import study, view
from core.environment import restart, restart_unless_set

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
for command in (
    *(explain, evaluate, mask_search, reconstruct, fine_tune, retrain, single_patch, retraining_toy),
    *(view, methods, metrics, models, doctor),
):
    app.command()(command)
for group in (stamp, sanity, study):
    app.add_typer(group)


def main() -> None:
    """Entry point of the ``heatcheck`` command."""
    restart_unless_set()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interrupt inside its import would crash torch
    app(prog_name="heatcheck")


@app.callback(invoke_without_command=True)
def dashboard(
    context: typer.Context,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port; by default the first free from 8501.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on; by default this machine only.")] = "127.0.0.1",
    model: Annotated[
        list[str] | None,
        typer.Option(help="A model of your own to list: module:function, a function that returns a classifier."),
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the dashboard in a browser.")] = True,
) -> None:
    """Explain an image classifier, and find out whether the explanation deserves to be believed.

    Without a command, heatcheck opens the dashboard.
    """
    if context.invoked_subcommand is None:
        asked = ["--host", host]
        asked += [] if port is None else ["--port", str(port)]
        asked += [part for place in model or [] for part in ("--model", place)]
        asked += [] if browser else ["--no-browser"]
        restart(["-P", "-m", "dashboard.server", *asked])
