"""Whether a host on the internet answers, found out quickly."""

import socket
import threading
from queue import Empty, SimpleQueue
from urllib.parse import urlparse
from urllib.request import getproxies, proxy_bypass

PATIENCE = 2.0
"""Seconds within which a host has to answer, including the name lookup."""


def answers(host: str, scheme: str = "https", patience: float = PATIENCE) -> bool:
    """Whether a connection to the host, or to the proxy in front of it, opens in time, even with a slow name server."""
    opened: SimpleQueue[bool] = SimpleQueue()

    def connect() -> None:
        try:
            socket.create_connection(next_hop(host, scheme), timeout=patience).close()
        except OSError:
            opened.put(False)
        else:
            opened.put(True)

    threading.Thread(target=connect, daemon=True).start()  # a name lookup accepts no time limit
    try:
        return opened.get(timeout=patience)
    except Empty:
        return False


def next_hop(host: str, scheme: str = "https") -> tuple[str, int]:
    """Address and port to which a request to the host is sent first."""
    proxy = getproxies().get(scheme)
    if proxy and not proxy_bypass(host):
        parts = urlparse(proxy if "://" in proxy else f"http://{proxy}")
        return parts.hostname or host, parts.port or usual_port(parts.scheme)
    return host, usual_port(scheme)


def usual_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
