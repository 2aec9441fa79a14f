"""A host either answers or is found out soon not to."""

import socket
import time
from collections.abc import Iterator

import pytest

from core.network import answers, next_hop


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_host_that_listens_answers_and_one_that_does_not_is_told_at_once(listening, monkeypatch):
    here = listening.getsockname()
    monkeypatch.setattr("core.network.next_hop", lambda *_: here)
    assert answers("somewhere.example")
    listening.close()
    start = time.perf_counter()
    assert not answers("somewhere.example")
    assert time.perf_counter() - start < 1


def test_a_name_server_that_sleeps_is_not_waited_for(monkeypatch):
    def asleep(*_: object, **__: object) -> None:
        time.sleep(5)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr("socket.getaddrinfo", asleep)
    start = time.perf_counter()
    assert not answers("somewhere.example", patience=0.2)
    assert time.perf_counter() - start < 1


def test_a_proxy_is_asked_instead_of_the_host(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert next_hop("huggingface.co") == ("proxy.example", 3128)
    monkeypatch.setenv("no_proxy", "huggingface.co")
    assert next_hop("huggingface.co") == ("huggingface.co", 443)


def test_each_scheme_has_its_port_and_its_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    assert next_hop("plain.example", "http") == ("plain.example", 80)
    assert next_hop("plain.example") == ("plain.example", 443)
    monkeypatch.setenv("http_proxy", "proxy.example")
    assert next_hop("plain.example", "http") == ("proxy.example", 80)
    assert next_hop("plain.example") == ("plain.example", 443)
    monkeypatch.setenv("https_proxy", "https://proxy.example")
    assert next_hop("plain.example") == ("proxy.example", 443)
