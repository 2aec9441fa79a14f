"""What the page fetches beside Streamlit."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from dashboard.runs import LiveRun


def read_stream(text: str) -> list[tuple[int, dict[str, object]]]:
    blocks = [block.split("\n") for block in text.strip().split("\n\n") if block.startswith("id:")]
    return [(int(number.removeprefix("id: ")), json.loads(data.removeprefix("data: "))) for number, data in blocks]


def test_the_stream_tells_everything_and_ends_with_the_state(client: TestClient, finished_run: LiveRun):
    answer = client.get(f"/api/jobs/{finished_run.id}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    [(following, told)] = read_stream(answer.text)
    assert following == len(told["events"]) == 5
    assert told["job"]["state"] == "done"


def test_the_stream_goes_on_where_it_broke_off(client: TestClient, finished_run: LiveRun):
    answer = client.get(f"/api/jobs/{finished_run.id}/events", headers={"Last-Event-ID": "3"})
    [(_, told)] = read_stream(answer.text)
    assert [message["sequence"] for message in told["events"]] == [3, 4]


def test_a_map_comes_as_little_endian_floats(client: TestClient, finished_run: LiveRun):
    answer = client.get(f"/api/jobs/{finished_run.id}/maps/1")
    assert np.frombuffer(answer.content, "<f4").tolist() == [0.5, -1.0, 0.0, 2.0, 0.25, -0.125]


def test_a_map_that_was_superseded_is_no_content(client: TestClient, finished_run: LiveRun):
    assert client.get(f"/api/jobs/{finished_run.id}/maps/77").status_code == 204


def test_the_perturbed_picture_loses_the_share_that_was_asked(client: TestClient, finished_run: LiveRun):
    address = f"/api/jobs/{finished_run.id}/perturbed"
    answer = client.get(address, params={"method": "gradient", "order": "mif", "fraction": "0.5"})
    pixels = np.asarray(Image.open(io.BytesIO(answer.content)))
    black = (pixels == 0).all(axis=2)
    assert black.tolist() == [[True, False, False], [True, True, False]]


@pytest.mark.parametrize(("order", "fraction"), [("sideways", "0.5"), ("mif", "2"), ("mif", "much")])
def test_what_makes_no_sense_is_a_bad_request(client: TestClient, finished_run: LiveRun, order: str, fraction: str):
    answer = client.get(
        f"/api/jobs/{finished_run.id}/perturbed", params={"method": "gradient", "order": order, "fraction": fraction}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["events", "maps/0", "crop", "perturbed?method=gradient&order=mif&fraction=0.5"])
def test_an_unknown_run_is_not_there(client: TestClient, path: str):
    answer = client.get(f"/api/jobs/nobody/{path}")
    assert answer.status_code == 404
    assert "Press Explain" in answer.json()["error"]


def test_the_sample_takes_the_same_path(client: TestClient):
    [(_, told)] = read_stream(client.get("/api/jobs/sample/events").text)
    heatmap = next(message for message in told["events"] if message["kind"] == "heatmap")
    values = client.get(f"/api/jobs/sample/maps/{heatmap['sequence']}").content
    assert len(values) == 4 * heatmap["height"] * heatmap["width"]
    assert Image.open(io.BytesIO(client.get("/api/jobs/sample/crop").content)).size == (224, 224)


def test_pictures_are_served_small_and_strangers_are_not(client: TestClient):
    thumbnail = Image.open(io.BytesIO(client.get("/api/pictures/chelsea/thumbnail").content))
    assert thumbnail.size == (128, 128)
    assert client.get("/api/pictures/somebodys/thumbnail").status_code == 404
