"""What a model says while a stamp is dragged."""

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dashboard.library.pictures import find_choice
from dashboard.routing import NOT_KEPT, route
from dashboard.stamp.model_answers import answer
from dashboard.stamp.placing import read_placed

MOST_STAMPS = 2


@route("/api/stamp/answer")
async def stamp_answer(request: Request) -> Response:
    """What a loaded model says of a picture with stamps on it, and without them."""
    query = request.query_params
    written = query.getlist("stamp")
    if len(written) > MOST_STAMPS:
        raise ValueError(f"A picture can have at most {MOST_STAMPS} stamps, not {len(written)}.")
    model, placed = query.get("model", ""), [read_placed(each) for each in written]
    choice = await run_sync(find_choice, query.get("picture", ""))
    return JSONResponse(await run_sync(answer, model, choice.name, placed), headers=NOT_KEPT)
