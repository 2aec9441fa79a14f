"""Puts a script and a style into every page before Streamlit's own, so that none is drawn without them.

Streamlit reads the colour scheme and the history once, and would fetch what draws a style after the page.
"""

from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HERE = Path(__file__).parent
SCRIPT = (HERE / "page.js").read_text(encoding="utf-8")
STYLE = (HERE / "page.css").read_text(encoding="utf-8")
HEAD = "<head>"
ADDED = f"{HEAD}<style>html {{\n{STYLE}}}</style><script>{SCRIPT}</script>"
"""Inside ``html`` a rule goes before Streamlit's of the same weight, which stand after it."""
LEFT_OUT = (b"if-none-match", b"if-modified-since", b"accept-encoding")
"""Of what a browser asks: its own copy may hold an older script, and a packed page can't be added to; it has 8 kB."""


class PageScript:
    """Adds both to whatever is HTML; all else passes as it comes."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            return await self.app(scope, receive, send)
        asked = [header for header in scope["headers"] if header[0] not in LEFT_OUT]
        held: list[Message] = []

        async def add_script(message: Message) -> None:
            if message["type"] == "http.response.start" and is_html(message):
                held.append(message)
            elif held:
                held.append(message)
                if not message.get("more_body"):
                    for each in with_script(*held):
                        await send(each)
            else:
                await send(message)

        return await self.app({**scope, "headers": asked}, receive, add_script)


def is_html(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type", "").startswith("text/html")


def with_script(start: Message, *parts: Message) -> tuple[Message, Message]:
    """The answer in two messages, with both at the head of the page."""
    page = b"".join(part.get("body", b"") for part in parts)
    page = page.replace(HEAD.encode(), ADDED.encode(), 1)
    MutableHeaders(scope=start)["content-length"] = str(len(page))
    return start, {"type": "http.response.body", "body": page}
