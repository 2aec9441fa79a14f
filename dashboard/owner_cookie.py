"""Gives each browser a secret by which it is recognised: its uploads belong to it."""

import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.library.owner import COOKIE, SECRET

SECONDS = 400 * 24 * 60 * 60
"""As long as browsers keep a cookie at most; every visit renews it."""


class OwnerCookie:
    """Sets the cookie with every page; the websocket that the page opens next brings it along."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            return await self.app(scope, receive, send)

        async def add_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and is_page(message):
                headers = MutableHeaders(scope=message)
                headers.append("set-cookie", cookie(scope))
                headers["cache-control"] = "private, no-cache"  # a cache between would give it to others too
            await send(message)

        return await self.app(scope, receive, add_cookie)


def is_page(message: Message) -> bool:
    """Whether the answer is a page, or says that the browser's own copy of it still holds."""
    return message["status"] == 304 or Headers(raw=message["headers"]).get("content-type", "").startswith("text/html")


def cookie(scope: Scope) -> str:
    """The browser's secret, a new one where it has none that is sound, and who may see it: no script, no other site."""
    brought = HTTPConnection(scope).cookies.get(COOKIE, "")
    secret = brought if SECRET.fullmatch(brought) else secrets.token_urlsafe(32)
    secure = "; Secure" if scope["scheme"] == "https" else ""
    return f"{COOKIE}={secret}; Max-Age={SECONDS}; Path=/; HttpOnly; SameSite=Lax{secure}"
