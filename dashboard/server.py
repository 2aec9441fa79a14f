"""Serves the dashboard: ``python -m dashboard.server --port 8501 --host 127.0.0.1 --no-browser``."""

import argparse
import importlib
import os
import pkgutil
import socket
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import streamlit as st
import torch
import uvicorn
from starlette.middleware import Middleware
from streamlit import config

import dashboard
from core.environment import restart_unless_set
from core.models.own import offer
from core.models.sources import ModelError
from core.stamping.models import DEFAULT as DEFAULT_STAMP_MODEL
from dashboard.headers import SecurityHeaders
from dashboard.library.models import DEFAULT_MODEL, models, shelf
from dashboard.owner_cookie import OwnerCookie
from dashboard.page_script import PageScript
from dashboard.routing import ROUTES

SCRIPT = Path(__file__).resolve().parent / "app.py"
DEFAULT_PORT = 8501
PORTS_TO_TRY = 20
SECONDS_TO_CLOSE = 1


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """The default model loads while the first page is already on its way."""
    leave_a_core_for_the_server()
    threading.Thread(target=warm_up, name="warm up", daemon=True).start()
    yield


def warm_up() -> None:
    """What the first page needs comes first: Streamlit's widgets import pandas when they are first drawn."""
    importlib.import_module("pandas")
    shelf.ask(DEFAULT_MODEL)
    shelf.ask(DEFAULT_STAMP_MODEL)
    models.read()


def leave_a_core_for_the_server() -> None:
    cores = os.cpu_count() or 1
    if cores > 2:
        torch.set_num_threads(cores - 1)


def find_features() -> None:
    """Makes every kind of job and every route known before anybody has opened a page."""
    for module in pkgutil.walk_packages(dashboard.__path__, "dashboard."):
        if module.name.endswith((".job", ".routes")):
            importlib.import_module(module.name)


def make_app() -> st.App:
    find_features()
    middleware = [Middleware(SecurityHeaders), Middleware(OwnerCookie), Middleware(PageScript)]
    return st.App(SCRIPT, lifespan=lifespan, routes=ROUTES, middleware=middleware)


class Announcing(uvicorn.Server):
    """Says where the dashboard is once it answers, and opens it."""

    def __init__(self, settings: uvicorn.Config, address: str, browser: bool) -> None:
        super().__init__(settings)
        self.address, self.browser = address, browser

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(f"HeatCheck runs at {self.address}  (Ctrl+C to stop)", flush=True)
            if self.browser:
                threading.Thread(target=webbrowser.open, args=(self.address,), daemon=True).start()


def listen(host: str, port: int | None) -> socket.socket:
    """A listening socket: on the port that was asked for, or on the first free one from the default on.

    Raises
    ------
    SystemExit
        With a sentence, if the port that was asked for is taken or none is free.
    """
    ports = range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TO_TRY) if port is None else [port]
    for candidate in ports:
        try:
            return socket.create_server((host, candidate), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        except OSError as error:
            reason = error.strerror
    taken = f"Port {port} on {host}" if port is not None else f"Every port from {ports[0]} to {ports[-1]} on {host}"
    sys.exit(f"{taken} cannot be used: {reason}. Choose another with --port.")


def serve(host: str = "127.0.0.1", port: int | None = None, browser: bool = True) -> None:
    """Serve until interrupted."""
    listener = listen(host, port)
    number = listener.getsockname()[1]
    app = make_app()
    config.set_option("server.port", number)
    config.set_option("server.address", host)
    shown = f"[{host}]" if ":" in host else {"0.0.0.0": "localhost"}.get(host, host)
    settings = uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_max_size=config.get_option("server.maxMessageSize") * 2**20,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=SECONDS_TO_CLOSE,
    )
    with suppress(KeyboardInterrupt):
        Announcing(settings, f"http://{shown}:{number}", browser).run([listener])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m dashboard.server", description="Serve the HeatCheck dashboard.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, help=f"port (default: the first free one from {DEFAULT_PORT})")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument(
        "--model", action="append", default=[], metavar="MODULE:FUNCTION",
        help="list a model of your own: a function that returns a classifier",
    )  # fmt: skip
    given = parser.parse_args(arguments)
    for place in given.model:
        try:
            offer(place)
        except (ModelError, ValueError) as error:
            sys.exit(str(error))
    serve(given.host, given.port, not given.no_browser)
    sys.stdout.flush()
    os._exit(0)  # a thread may be inside torch, and would abort if the interpreter ended under it


if __name__ == "__main__":
    restart_unless_set()
    main()
