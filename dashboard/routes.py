"""What the page fetches beside Streamlit: its scripts, a job's events as they happen, maps and pictures, files."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from core.pictures.imputers import find_imputer
from core.pictures.rendering import shrunk, to_png
from dashboard.components.component import borrowed, digest, scripts
from dashboard.jobs.session import find
from dashboard.jobs.tables import MEDIA, as_file
from dashboard.jobs.views import JobView, Superseded
from dashboard.library.absence import NotThere
from dashboard.library.pictures import find_choice, thumbnail
from dashboard.library.predictions import imputed, look
from dashboard.routing import KEPT, NOT_KEPT, route

LOOKS_A_SECOND = 25
SECONDS_BETWEEN_SIGNS_OF_LIFE = 10
SMALL = 75
"""Values along the longer side of a small heatmap; ``grid.js`` knows it too."""
KEPT_FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}


@route("/api/browser/{digest}/{path:path}")
async def script(request: Request) -> Response:
    """A script as it is now; another state of it has another address.

    One that is no longer is not there, rather than what took its place: half of the modules of one state and half of
    those of another would fail in ways that nobody could explain, and a page that is loaded again asks for the right.
    """
    path = request.path_params["path"]
    found = scripts().get(path, borrowed().get(path))
    if found is None or request.path_params["digest"] != digest():
        raise NotThere("This script does not exist any more. Reload the page.")
    return Response(found, media_type="text/javascript", headers=KEPT_FOR_GOOD)


@route("/api/jobs/{job}/events")
async def events(request: Request) -> Response:
    job = find(request.path_params["job"])
    first = int(request.headers.get("last-event-id") or 0)
    headers = {**NOT_KEPT, "X-Accel-Buffering": "no"}
    return StreamingResponse(tell(job, first), media_type="text/event-stream", headers=headers)


async def tell(job: JobView[Any, Any], sent: int) -> AsyncIterator[bytes]:
    """Everything after ``sent``, then what comes, and the final state last."""
    while True:
        version, finished = job.version, job.finished
        sent, messages = job.since(sent)
        yield f"id: {sent}\ndata: {json.dumps({'job': job.state(), 'events': messages})}\n\n".encode()
        if finished:
            return
        while not await changed(job, version):
            job.since(sent)
            yield b": still here\n\n"


async def changed(job: JobView[Any, Any], version: tuple[int, ...]) -> bool:
    """Whether the job went on within the time between two signs of life; no thread waits for it."""
    for _ in range(LOOKS_A_SECOND * SECONDS_BETWEEN_SIGNS_OF_LIFE):
        if job.version != version:
            return True
        await anyio.sleep(1 / LOOKS_A_SECOND)
    return False


@route("/api/jobs/{job}/maps/{sequence:int}")
async def heatmap(request: Request) -> Response:
    return floats_of(request, lambda values: values)


@route("/api/jobs/{job}/maps/{sequence:int}/small")
async def small_heatmap(request: Request) -> Response:
    return floats_of(request, lambda values: shrunk(values, SMALL))


def floats_of(request: Request, form: Callable[[Any], Any]) -> Response:
    """A heatmap's values as little-endian floats; nothing where a better map has come since it was told of."""
    try:
        values = find(request.path_params["job"]).heatmap(int(request.path_params["sequence"]))
    except Superseded:
        return Response(status_code=204)
    return Response(form(values).numpy().astype("<f4").tobytes(), media_type="application/octet-stream", headers=KEPT)


@route("/api/jobs/{job}/crop")
async def crop(request: Request) -> Response:
    return Response(find(request.path_params["job"]).crop(), media_type="image/png", headers=KEPT)


@route("/api/pictures/{name}/thumbnail")
async def picture(request: Request) -> Response:
    name = (await run_sync(find_choice, request.path_params["name"])).name
    return Response(await run_sync(thumbnail, name), media_type="image/jpeg", headers=KEPT)


@route("/api/pictures/{name}/crop")
async def model_crop(request: Request) -> Response:
    model, name = request.query_params.get("model", ""), (await run_sync(find_choice, request.path_params["name"])).name
    pixels = (await run_sync(look, model, name)).pixels
    return Response(to_png(pixels[0]), media_type="image/png", headers=KEPT)


@route("/api/pictures/{name}/imputed")
async def imputed_crop(request: Request) -> Response:
    """A loaded model's crop of which nearly a third was replaced."""
    model, name = request.query_params.get("model", ""), (await run_sync(find_choice, request.path_params["name"])).name
    imputer = find_imputer(request.query_params.get("imputer", "")).name
    return Response(await run_sync(imputed, model, name, imputer), media_type="image/png", headers=KEPT)


@route("/api/jobs/{job}/{what}.{ending}")
async def exported(request: Request) -> Response:
    """What a job has so far, as a file; at any time."""
    what, ending = request.path_params["what"], request.path_params["ending"]
    job = find(request.path_params["job"])
    if ending not in MEDIA or what not in job.kind.saved:
        offered = ", ".join(job.kind.saved) or "no files"
        raise NotThere(f"This job offers {offered}, as csv and as parquet.")
    content = await run_sync(lambda: as_file(job.table(what), ending))
    attached = {"Content-Disposition": f'attachment; filename="heatcheck-{what}.{ending}"', **NOT_KEPT}
    return Response(content, media_type=MEDIA[ending], headers=attached)
