"""Starting the server."""

import socket

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard.headers import SecurityHeaders
from dashboard.page_script import SCRIPT, STYLE, PageScript
from dashboard.server import DEFAULT_PORT, listen


def test_a_port_that_is_taken_is_named_in_the_sentence():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SystemExit, match=rf"Port {port} on 127.0.0.1 cannot be used"):
            listen("127.0.0.1", port)


def test_without_a_wish_the_next_free_port_is_taken():
    with listen("127.0.0.1", None) as first, listen("127.0.0.1", None) as second:
        assert DEFAULT_PORT <= first.getsockname()[1] < second.getsockname()[1]


def test_every_answer_has_the_headers_and_the_hidden_paths_are_gone():
    plain = Route("/", lambda _: PlainTextResponse("here"))
    client = TestClient(Starlette(routes=[plain], middleware=[Middleware(SecurityHeaders)]))
    answer = client.get("/")
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get("/_stcore/metrics").status_code == 404


def test_the_script_and_the_style_of_the_page_come_before_all_others_and_only_into_pages():
    page = "<html><head><script src=own.js></script></head></html>"
    routes = [Route("/", lambda _: HTMLResponse(page)), Route("/plain", lambda _: PlainTextResponse(page))]
    wrapped = [Middleware(PageScript), Middleware(GZipMiddleware, minimum_size=1)]
    client = TestClient(Starlette(routes=routes, middleware=wrapped), headers={"accept": "text/html"})
    before, _, after = client.get("/").text.partition(SCRIPT)
    assert STYLE in before
    assert after == "</script><script src=own.js></script></head></html>"
    assert client.get("/plain").text == page
