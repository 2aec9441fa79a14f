"""The ranking of a study's methods, by the score that a person asks for."""

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dashboard.jobs.scores import SCORES, ranking
from dashboard.jobs.session import find
from dashboard.library.absence import NotThere
from dashboard.routing import NOT_KEPT, route


@route("/api/jobs/{job}/ranking")
async def ranks(request: Request) -> Response:
    study = find(request.path_params["job"])
    if SCORES not in study.kind.files:
        raise NotThere("That address does not belong to a study of scores.")
    found = await run_sync(ranking, study, request.query_params.get("metric", ""))
    return JSONResponse(found, headers=NOT_KEPT)
