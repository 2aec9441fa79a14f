"""The perturbed picture of an explanation, for the slider of the fraction."""

from typing import cast, get_args

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from core.metrics.removal import Order
from dashboard.explain.one_picture.job import EXPLANATION, render_perturbed
from dashboard.jobs.session import find_of
from dashboard.routing import KEPT, route

ORDERS = get_args(Order)


@route("/api/jobs/{job}/perturbed")
async def perturbed(request: Request) -> Response:
    query = request.query_params
    order, fraction = query.get("order", ""), float(query.get("fraction", "nan"))
    if order not in ORDERS or not 0 <= fraction <= 1:
        raise ValueError("Give an order (mif, lif, random) and a fraction from 0 to 1.")
    explanation = find_of(EXPLANATION, request.path_params["job"])
    png = await run_sync(render_perturbed, explanation, query.get("method", ""), cast(Order, order), fraction)
    return Response(png, media_type="image/png", headers=KEPT)
