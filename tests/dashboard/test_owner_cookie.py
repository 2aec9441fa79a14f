"""A browser is given a secret with the first page, keeps it, and nobody else sees it."""

import re
from collections.abc import Callable

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard.library.owner import COOKIE, name_of
from dashboard.owner_cookie import OwnerCookie

A_PAGE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SECRET = "s" * 43


def the_page(request: Request) -> Response:
    return Response(status_code=304) if "if-none-match" in request.headers else HTMLResponse("here")


@pytest.fixture
def visit() -> Callable[..., TestClient]:
    routes = [Route("/", the_page), Route("/data", lambda _: PlainTextResponse("data"))]

    def make(scheme: str = "http", cookie: str = "") -> TestClient:
        cookies = {COOKIE: cookie} if cookie else {}
        app = Starlette(routes=routes, middleware=[Middleware(OwnerCookie)])
        return TestClient(app, f"{scheme}://testserver", headers=A_PAGE, cookies=cookies)

    return make


def given(answer: object) -> str:
    found = re.match(rf"{COOKIE}=([A-Za-z0-9_-]{{43}});", answer.headers["set-cookie"])
    assert found
    return found[1]


def test_each_browser_gets_a_secret_of_its_own_that_no_script_and_no_other_site_sees(visit):
    one, other = visit().get("/"), visit().get("/")
    assert given(one) != given(other)
    told = [part.strip() for part in one.headers["set-cookie"].split(";")]
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=34560000"} <= set(told)
    assert "Secure" not in told


def test_over_https_it_stays_there(visit):
    assert visit("https").get("/").headers["set-cookie"].endswith("; Secure")


def test_a_browser_that_comes_back_keeps_its_secret(visit):
    client = visit()
    assert given(client.get("/")) == given(client.get("/"))
    assert given(visit(cookie=SECRET).get("/")) == SECRET


@pytest.mark.parametrize("cookie", ["short", "s" * 44, "s" * 42 + "!", "../" + "s" * 40])
def test_a_malformed_secret_is_replaced(visit, cookie):
    assert given(visit(cookie=cookie).get("/")) != cookie


def test_a_browser_that_has_the_page_but_lost_the_secret_gets_one(visit):
    answer = visit().get("/", headers={"if-none-match": '"page"'})
    assert answer.status_code == 304
    assert given(answer)


def test_no_cache_between_keeps_a_page_with_somebody_s_secret(visit):
    assert visit().get("/").headers["cache-control"] == "private, no-cache"


def test_what_is_no_page_sets_nothing(visit):
    assert "set-cookie" not in visit().get("/data").headers
    assert "set-cookie" not in visit().get("/", headers={"accept": "*/*"}).headers


def test_the_owner_s_name_tells_nothing_of_the_secret():
    assert re.fullmatch("[0-9a-f]{32}", name_of(SECRET))
    assert name_of(SECRET) == name_of("s" * 43) != name_of("t" * 43)
