"""How the stamp looks and where it lies: what the address says, and the numbers for those who do not drag."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.pictures.stamps import Placed, Stamp
from dashboard.jobs.session import find
from dashboard.library.models import DEFAULT_MODEL, shelf
from dashboard.stamp.one_picture.job import StampedPictureRequest

FEW = {"methods": "gradient"}
Page = Callable[..., AppTest]


def request_of(app: AppTest) -> StampedPictureRequest:
    """What a press of Explain asks, once what was asked before has ended."""
    while app.button(key="start stamped_picture").label == "Cancel":
        app.run()
    app.button(key="start stamped_picture").click().run()
    assert not app.exception
    return find(app.query_params["stamped_picture"]).request


def put_at(app: AppTest, left: int) -> None:
    app.number_input(key="place left 48").set_value(left)
    next(button for button in app.button if button.label == "Set position").click().run()


def test_numbers_put_the_stamp_and_follow_it(stamp_page: Page) -> None:
    app = stamp_page(left="9", top="11", **FEW)
    assert [app.number_input(key=f"place {edge} 48").value for edge in ("left", "top")] == [9, 11]
    put_at(app, 20)
    assert (app.query_params["left"], app.query_params["top"]) == ("20", "11")
    assert request_of(app).stamp.left == 20


def test_an_address_that_the_browser_sends_late_undoes_no_slider(stamp_page: Page) -> None:
    app = stamp_page(opacity="0.7", size="4", **FEW)
    app.slider(key="opacity").set_value(0.2).run()
    app.query_params["opacity"] = "0.7"  # a browser's address may be older than its last request
    app.slider(key="size of 6").set_value(5).run()
    assert (app.query_params["opacity"], app.query_params["size"]) == ("0.2", "5")
    stamp = request_of(app).stamp.stamp
    assert (stamp.opacity, stamp.size) == (0.2, 5)


def test_an_address_that_the_browser_sends_late_moves_nothing_back(stamp_page: Page) -> None:
    app = stamp_page(left="9", top="11", **FEW)
    late = dict(app.query_params)
    put_at(app, 20)
    for name, value in late.items():
        app.query_params[name] = value
    app.run()
    assert app.query_params["left"] == "20"
    assert request_of(app).stamp.left == 20


@pytest.mark.parametrize(
    "address",
    [
        {"opacity": "thin"},
        {"opacity": "nan"},
        {"opacity": "7"},
        {"size": "99"},
        {"size": "big"},
        {"colour": "nocolour"},
        {"design": "../ring"},
    ],
)
def test_an_address_that_is_of_no_stamp_is_passed_over(stamp_page: Page, address: Any) -> None:
    assert request_of(stamp_page(**address, **FEW)).stamp.stamp == Stamp("cross", 6, "#ff00ff", 1.0)


def test_each_size_of_pictures_has_a_size_of_stamps(stamp_page: Page) -> None:
    assert shelf.ask("trained/stamp_fashion").ended.wait(60)
    app = stamp_page(model="Cross on clothes (Fashion-MNIST)", **FEW)
    assert request_of(app).stamp.stamp.size == 3
    app.selectbox(key="model").set_value(DEFAULT_MODEL).run()
    assert request_of(app).stamp.stamp.size == 224 // 4


def test_on_a_picture_of_another_size_the_stamp_lies_where_it_lies_at_first(stamp_page: Page) -> None:
    app = stamp_page(left="0", top="0", **FEW)
    app.selectbox(key="model").select("fashion_cnn").run()
    assert shelf.ask("fashion_cnn").ended.wait(60)
    app.run()
    stamp = request_of(app).stamp
    assert (stamp.left, stamp.top) == (18, 6)
    assert "left" not in app.query_params


@pytest.mark.parametrize("address", [{"left": "9999", "top": "9999"}, {"left": "47", "top": "47"}])
def test_a_place_outside_the_picture_becomes_the_nearest_inside(stamp_page: Page, address: dict[str, str]) -> None:
    assert request_of(stamp_page(**address, **FEW)).stamp == Placed(Stamp("cross", 6, "#ff00ff"), 42, 42)
