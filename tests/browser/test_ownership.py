"""Two people on one server: what one brings, the other never sees; in all tabs and tomorrow it is still there."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from core.models.small import stamp_cnn
from core.models.trained import remove_trained, save_trained
from core.models.trained_file import Description
from core.pictures.stamps import Stamp
from core.stamping.gate import Gate
from core.stamping.task import Task
from dashboard.library.owner import COOKIE, name_of

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

STAMP = "stamp?tab=Benchmark&train=true"
REMOVAL = ".st-key-remove-upload button"
Open = Callable[..., Any]
Rest = Callable[[Any], None]


def upload(page: Any, path: Path, colour: str) -> None:
    Image.new("RGB", (40, 40), colour).save(path)
    page.get_by_role("button", name="Upload", exact=True).click()
    page.locator('input[type="file"]').set_input_files(path)
    expect(in_strip(page, path.name)).to_be_visible()
    expect(in_strip(page, path.name)).to_be_checked()
    expect(page.get_by_text("Pictures of your own")).to_be_hidden()


def in_strip(page: Any, title: str) -> Any:
    return page.get_by_role("radio", name=title, exact=True)


def cookies(page: Any) -> dict[str, dict[str, Any]]:
    return {cookie["name"]: cookie for cookie in page.context.cookies()}


def beside(page: Any, address: str, rest: Rest) -> Any:
    """Another tab of the same browser."""
    tab = page.context.new_page()
    tab.goto(address)
    rest(tab)
    return tab


def test_the_uploads_of_one_are_in_all_their_tabs_through_a_reload_and_in_nobody_else_s(
    open_page: Open, server: str, rest: Rest, tmp_path: Path
) -> None:
    hers, his = open_page(), open_page()
    upload(hers, tmp_path / "hers.png", "teal")
    upload(his, tmp_path / "his.png", "teal")
    hers.reload()
    rest(hers)
    for page in (hers, beside(hers, server, rest)):
        expect(in_strip(page, "hers.png")).to_be_visible()
        expect(in_strip(page, "his.png")).to_have_count(0)
    for page in (his, beside(his, server, rest)):
        expect(in_strip(page, "his.png")).to_be_visible()
        expect(in_strip(page, "hers.png")).to_have_count(0)


def test_a_link_opens_another_s_picture_and_removes_nothing(open_page: Open, rest: Rest, tmp_path: Path) -> None:
    hers = open_page()
    upload(hers, tmp_path / "shared.png", "olive")
    hers.wait_for_url("**picture=*")
    name = hers.url.partition("picture=")[2].partition("&")[0]
    his = open_page(f"?picture={name}")
    expect(in_strip(his, "shared.png")).to_be_checked()
    expect(his.get_by_role("button", name="Upload", exact=True)).to_be_visible()
    expect(his.locator(REMOVAL)).to_have_count(0)
    for picture in (in_strip(his, "shared.png").locator("img"), his.locator(".seen img")):
        expect(picture).to_have_js_property("complete", value=True)  # what is asked for once it is removed is not found
    hers.locator(REMOVAL).click()
    expect(in_strip(hers, "shared.png")).to_have_count(0)
    his.reload()
    rest(his)
    expect(his.get_by_text("an upload that is no longer kept here.")).to_be_visible()


def test_the_cookie_is_no_script_s_and_stands_in_no_address(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    upload(page, tmp_path / "mine.png", "navy")
    cookie = cookies(page)[COOKIE]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    assert COOKIE not in page.evaluate("document.cookie")
    shown = page.url + page.content()
    assert cookie["value"] not in shown
    assert name_of(cookie["value"]) not in shown


def test_a_browser_that_lost_its_cookie_and_has_the_page_is_somebody_new_from_then_on(
    open_page: Open, server: str, rest: Rest, tmp_path: Path
) -> None:
    page = open_page()
    upload(page, tmp_path / "before.png", "navy")
    page.context.clear_cookies()
    page.goto(server)
    rest(page)
    expect(in_strip(page, "before.png")).to_have_count(0)
    upload(page, tmp_path / "after.png", "red")
    page.goto(server)
    rest(page)
    expect(in_strip(page, "after.png")).to_be_visible()


@pytest.fixture
def own_model(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Keeps a network that was never trained as one that a person trained."""
    monkeypatch.setitem(os.environ, "HEATCHECK_HOME", str(home))
    task, grey, made = Task("patches", (Stamp(),)), (0.5, 0.5, 0.5), []

    def keep(title: str, owner: str) -> None:
        gate = Gate(1.0, 1.0, 1.0, 200, 100)
        about = {"task": task.as_json(), "gate": gate.as_json(), "seed": 0, "bases": 90}
        torch.manual_seed(0)
        description = Description("stamp_cnn", task.labels, (48, 48), grey, grey, grey, title, "stamps", about)
        made.append(save_trained(description, stamp_cnn(2, (48, 48)), owner))

    yield keep
    for name in made:
        remove_trained(name)


def offered(page: Any, title: str) -> Any:
    page.get_by_role("combobox", name="Model").first.click()
    return page.get_by_role("option", name=title, exact=True)


def test_a_network_that_one_person_trained_is_offered_to_nobody_else(
    open_page: Open, rest: Rest, own_model: Callable[[str, str], None]
) -> None:
    hers, his = open_page(STAMP), open_page(STAMP)
    own_model("Anna's crosses", name_of(cookies(hers)[COOKIE]["value"]))
    own_model("Everybody's crosses", "")
    for page in (hers, his):
        page.reload()
        rest(page)
        expect(offered(page, "Everybody's crosses")).to_be_visible()
        page.keyboard.press("Escape")
    expect(offered(hers, "Anna's crosses")).to_be_visible()
    hers.keyboard.press("Escape")
    expect(offered(his, "Anna's crosses")).to_have_count(0)
    his.keyboard.press("Escape")
    expect(hers.get_by_text("Trained here")).to_be_visible()
    expect(his.get_by_text("Trained here")).to_have_count(0)
    expect(his.get_by_text("Anna's crosses")).to_have_count(0)
