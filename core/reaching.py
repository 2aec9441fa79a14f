"""Whether a host on the internet answers, found out soon."""

import socket
import threading
from queue import Empty, SimpleQueue
from urllib.parse import urlparse
from urllib.request import getproxies, proxy_bypass

PATIENCE = 2.0
"""Seconds that a host has to answer, its name looked up included."""


def answers(host: str, scheme: str = "https", patience: float = PATIENCE) -> bool:
    """Whether a connection to the host, or to the proxy before it, opens in time, however slow the name server is."""
    opened: SimpleQueue[bool] = SimpleQueue()

    def connect() -> None:
        try:
            socket.create_connection(way_to(host, scheme), timeout=patience).close()
        except OSError:
            opened.put(False)
        else:
            opened.put(True)

    threading.Thread(target=connect, daemon=True).start()  # looking up a name takes no time limit
    try:
        return opened.get(timeout=patience)
    except Empty:
        return False


def way_to(host: str, scheme: str = "https") -> tuple[str, int]:
    """Address and port that a request to the host goes to first."""
    proxy = getproxies().get(scheme)
    if proxy and not proxy_bypass(host):
        parts = urlparse(proxy if "://" in proxy else f"http://{proxy}")
        return parts.hostname or host, parts.port or usual_port(parts.scheme)
    return host, usual_port(scheme)


def usual_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80
