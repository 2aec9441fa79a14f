"""What goes into an export beside what the page shows."""

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dashboard.components.export.manifest import about
from dashboard.jobs.session import find
from dashboard.routing import NOT_KEPT, route


@route("/api/jobs/{job}/manifest")
async def manifest(request: Request) -> Response:
    """What a job was made with, in words."""
    found = await run_sync(about, find(request.path_params["job"]))
    return JSONResponse(found, headers=NOT_KEPT)
