"""What the page fetches beside Streamlit: a job's events as they happen, a run's maps and pictures, a study's files."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from core.pictures.imputers import find_imputer
from core.pictures.rendering import shrunk, to_png
from dashboard.jobs import LiveJob, NotThere, Shipped, find
from dashboard.pictures import PictureGone, find_choice, thumbnail
from dashboard.runs import Superseded, find_heatmaps, find_run, render_perturbed
from dashboard.sanity_studies import FILES, find_sanity_study
from dashboard.stamping import answer, read_placed
from dashboard.studies import MEDIA, as_file, export, find_study, ranking
from dashboard.workshop import imputed, look, shelf

LOOKS_A_SECOND = 25
SECONDS_BETWEEN_SIGNS_OF_LIFE = 10
ORDERS = ("mif", "lif", "random")
MOST_STAMPS = 2
SMALL = 75
"""Values along the longer side of a small heatmap; ``staged_grid.js`` knows it too."""
KEPT = {"Cache-Control": "private, max-age=86400, immutable"}

Handler = Callable[[Request], Awaitable[Response]]


def answered(handler: Handler) -> Handler:
    """What is not there becomes a 404 with its sentence; what was asked wrongly a 400."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except (NotThere, PictureGone) as absence:
            return JSONResponse({"error": str(absence)}, 404)
        except ValueError as mistake:
            return JSONResponse({"error": str(mistake)}, 400)
        except TimeoutError:
            return JSONResponse({"error": "The model is busy; try again in a moment."}, 503)

    return answer


@answered
async def events(request: Request) -> Response:
    job = find(request.path_params["job"])
    first = int(request.headers.get("last-event-id") or 0)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(tell(job, first), media_type="text/event-stream", headers=headers)


async def tell(job: LiveJob | Shipped, sent: int) -> AsyncIterator[bytes]:
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


async def changed(job: LiveJob | Shipped, version: int) -> bool:
    """Whether the job went on within the time between two signs of life; no thread waits for it."""
    for _ in range(LOOKS_A_SECOND * SECONDS_BETWEEN_SIGNS_OF_LIFE):
        if job.version != version:
            return True
        await anyio.sleep(1 / LOOKS_A_SECOND)
    return False


@answered
async def heatmap(request: Request) -> Response:
    return floats_of(request, lambda values: values)


@answered
async def small_heatmap(request: Request) -> Response:
    return floats_of(request, lambda values: shrunk(values, SMALL))


def floats_of(request: Request, form: Callable[[Any], Any]) -> Response:
    """A heatmap's values as little-endian floats; nothing where a better map has come since it was told of."""
    try:
        values = find_heatmaps(request.path_params["job"]).values(int(request.path_params["sequence"]))
    except Superseded:
        return Response(status_code=204)
    return Response(form(values).numpy().astype("<f4").tobytes(), media_type="application/octet-stream", headers=KEPT)


@answered
async def crop(request: Request) -> Response:
    return Response(find_heatmaps(request.path_params["job"]).crop(), media_type="image/png", headers=KEPT)


@answered
async def perturbed(request: Request) -> Response:
    asked = request.query_params
    order, fraction = asked.get("order", ""), float(asked.get("fraction", "nan"))
    if order not in ORDERS or not 0 <= fraction <= 1:
        raise ValueError("Ask for an order (mif, lif, random) and a fraction from 0 to 1.")
    run = find_run(request.path_params["job"])
    png = await run_sync(render_perturbed, run, asked.get("method", ""), order, fraction)
    return Response(png, media_type="image/png", headers=KEPT)


@answered
async def picture(request: Request) -> Response:
    name = (await run_sync(find_choice, request.path_params["name"])).name
    return Response(await run_sync(thumbnail, name), media_type="image/jpeg", headers=KEPT)


@answered
async def model_crop(request: Request) -> Response:
    model, name = request.query_params.get("model", ""), (await run_sync(find_choice, request.path_params["name"])).name
    if shelf.held(model) is None:
        raise NotThere("The model is not loaded.")
    pixels = (await run_sync(look, model, name)).pixels
    return Response(to_png(pixels[0]), media_type="image/png", headers=KEPT)


@answered
async def imputed_crop(request: Request) -> Response:
    """A loaded model's crop of which nearly a third was replaced."""
    model, name = request.query_params.get("model", ""), (await run_sync(find_choice, request.path_params["name"])).name
    imputer = find_imputer(request.query_params.get("imputer", "")).name
    if shelf.held(model) is None:
        raise NotThere("The model is not loaded.")
    return Response(await run_sync(imputed, model, name, imputer), media_type="image/png", headers=KEPT)


@answered
async def stamp_answer(request: Request) -> Response:
    """What a loaded model says of a picture with stamps on it, and without them."""
    asked = request.query_params
    told = asked.getlist("stamp")
    if len(told) > MOST_STAMPS:
        raise ValueError(f"At most {MOST_STAMPS} stamps lie on a picture; {len(told)} were told.")
    model, placed = asked.get("model", ""), [read_placed(each) for each in told]
    choice = await run_sync(find_choice, asked.get("picture", ""))
    if shelf.held(model) is None:
        raise NotThere("The model is not loaded.")
    return JSONResponse(await run_sync(answer, model, choice.name, placed), headers={"Cache-Control": "no-store"})


@answered
async def exported(request: Request) -> Response:
    """What a study has so far, as a file; at any time."""
    what, ending = request.path_params["what"], request.path_params["ending"]
    if ending not in MEDIA or what not in ("scores", "summary", *FILES):
        raise NotThere(f"There are scores, summary, {', '.join(FILES)}, as csv and as parquet.")
    content = await run_sync(tabled, request.path_params["job"], what, ending)
    attached = {"Content-Disposition": f'attachment; filename="heatcheck-{what}.{ending}"', "Cache-Control": "no-store"}
    return Response(content, media_type=MEDIA[ending], headers=attached)


def tabled(job: str, what: str, ending: str) -> bytes:
    """What a study of that name has so far."""
    if what in FILES:
        return as_file(FILES[what](find_sanity_study(job)), ending)
    return export(find_study(job), what, ending)


@answered
async def ranks(request: Request) -> Response:
    study = find_study(request.path_params["job"])
    told = await run_sync(ranking, study, request.query_params.get("metric", ""))
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


ROUTES = [
    Route("/api/jobs/{job}/events", events),
    Route("/api/jobs/{job}/maps/{sequence:int}", heatmap),
    Route("/api/jobs/{job}/maps/{sequence:int}/small", small_heatmap),
    Route("/api/jobs/{job}/crop", crop),
    Route("/api/jobs/{job}/perturbed", perturbed),
    Route("/api/jobs/{job}/ranking", ranks),
    Route("/api/jobs/{job}/{what}.{ending}", exported),
    Route("/api/stamp/answer", stamp_answer),
    Route("/api/pictures/{name}/thumbnail", picture),
    Route("/api/pictures/{name}/crop", model_crop),
    Route("/api/pictures/{name}/imputed", imputed_crop),
]
