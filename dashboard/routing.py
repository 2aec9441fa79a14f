"""Routes beside Streamlit's own: each is declared where what it serves is, and the server finds it there."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard.library.absence import NotThere

ROUTES: list[Route] = []
KEPT = {"Cache-Control": "private, max-age=86400, immutable"}
NOT_KEPT = {"Cache-Control": "no-store"}
"""Headers of what never changes under its address, and of what does."""

Handler = Callable[[Request], Awaitable[Response]]


def route(path: str) -> Callable[[Handler], Handler]:
    """Serves a handler's answers under a path; what is not there becomes a 404, what was asked wrongly a 400."""

    def declare(handler: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except NotThere as absence:
                return JSONResponse({"error": str(absence)}, 404)
            except ValueError as mistake:
                return JSONResponse({"error": str(mistake)}, 400)
            except TimeoutError:
                return JSONResponse({"error": "The model is busy. Try again in a moment."}, 503)

        ROUTES.append(Route(path, answer))
        return handler

    return declare
