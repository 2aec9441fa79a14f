"""What the page fetches beside Streamlit."""

import io
import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from starlette.testclient import TestClient

from core.methods.heatmap import Heatmap, Passes
from core.sanity.randomisation import StageReady
from dashboard.components.component import DASHBOARD, digest
from dashboard.jobs.views import QueuedJob
from dashboard.sanity.randomisation.job import RANDOMISATION, RandomisationRequest


def read_stream(text: str) -> list[tuple[int, dict[str, object]]]:
    blocks = [block.split("\n") for block in text.strip().split("\n\n") if block.startswith("id:")]
    return [(int(number.removeprefix("id: ")), json.loads(data.removeprefix("data: "))) for number, data in blocks]


def test_a_script_is_kept_for_good_under_the_address_of_its_state(client: TestClient):
    answer = client.get(f"/api/browser/{digest()}/components/kit/dom.js")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.text == (DASHBOARD / "components" / "kit" / "dom.js").read_text()


def test_a_script_of_others_is_served_beside_ours(client: TestClient):
    answer = client.get(f"/api/browser/{digest()}/components/export/modern_screenshot.mjs")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "The MIT License" in answer.text


def test_a_job_says_what_it_was_made_with(client: TestClient, finished_run: QueuedJob):
    told = client.get(f"/api/jobs/{finished_run.id}/manifest").json()
    assert ["Imputer", "Black"] in told["rows"]
    assert client.get("/api/jobs/nobody/manifest").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "components/component.py",
        "components/base.css",
        "components/kit",
        "components/kit/none.js",
        "../dashboard/components/kit/dom.js",
        "components/%2e%2e/components/kit/dom.js",
        "/components/kit/dom.js",
        str(DASHBOARD / "components/kit/dom.js"),
        "",
    ],
)
def test_nothing_but_scripts_is_served_beside_them(client: TestClient, path: str):
    answer = client.get(f"/api/browser/{digest()}/{path}")
    assert (answer.status_code, "import" in answer.text) == (404, False)


def test_a_script_of_another_state_is_not_there(client: TestClient):
    answer = client.get("/api/browser/0123456789abcdef/components/kit/dom.js")
    assert answer.status_code == 404
    assert "cache-control" not in answer.headers


def test_the_stream_tells_everything_and_ends_with_the_state(client: TestClient, finished_run: QueuedJob):
    answer = client.get(f"/api/jobs/{finished_run.id}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    [(following, told)] = read_stream(answer.text)
    assert following == len(told["events"]) == 5
    assert told["job"]["state"] == "done"


def test_the_stream_goes_on_where_it_broke_off(client: TestClient, finished_run: QueuedJob):
    answer = client.get(f"/api/jobs/{finished_run.id}/events", headers={"Last-Event-ID": "3"})
    [(_, told)] = read_stream(answer.text)
    assert [message["sequence"] for message in told["events"]] == [3, 4]


def test_a_map_comes_as_little_endian_floats(client: TestClient, finished_run: QueuedJob):
    answer = client.get(f"/api/jobs/{finished_run.id}/maps/1")
    assert np.frombuffer(answer.content, "<f4").tolist() == [0.5, -1.0, 0.0, 2.0, 0.25, -0.125]


def test_a_map_that_was_superseded_is_no_content(client: TestClient, finished_run: QueuedJob):
    assert client.get(f"/api/jobs/{finished_run.id}/maps/77").status_code == 204


def test_maps_of_randomised_networks_come_the_same_way(client: TestClient, ended):
    values = torch.tensor([[0.5, -1.0, 0.0], [2.0, 0.25, -0.125]])
    heatmap = Heatmap(values, values[None], "gradient", 1, "sum", 0.25, Passes(1, 1))
    events = [StageReady("gradient", 1, "all", 1.0, 0, heatmap), StageReady("lime", 1, "all", 1.0, 0, None, "No.")]
    request = RandomisationRequest(model="none", picture="cat", target=1, methods=("gradient", "lime"))
    job = ended(RANDOMISATION, request, SimpleNamespace(labels=("cat", "dog")), events)
    answer = client.get(f"/api/jobs/{job.id}/maps/0")
    assert np.frombuffer(answer.content, "<f4").tolist() == values.flatten().tolist()
    assert client.get(f"/api/jobs/{job.id}/maps/1").status_code == 204


def test_the_perturbed_picture_loses_the_share_that_was_asked(client: TestClient, finished_run: QueuedJob):
    address = f"/api/jobs/{finished_run.id}/perturbed"
    answer = client.get(address, params={"method": "gradient", "order": "mif", "fraction": "0.5"})
    pixels = np.asarray(Image.open(io.BytesIO(answer.content)))
    black = (pixels == 0).all(axis=2)
    assert black.tolist() == [[True, False, False], [True, True, False]]


@pytest.mark.parametrize(("order", "fraction"), [("sideways", "0.5"), ("mif", "2"), ("mif", "much")])
def test_what_makes_no_sense_is_a_bad_request(client: TestClient, finished_run: QueuedJob, order: str, fraction: str):
    answer = client.get(
        f"/api/jobs/{finished_run.id}/perturbed", params={"method": "gradient", "order": order, "fraction": fraction}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["events", "maps/0", "crop", "perturbed?method=gradient&order=mif&fraction=0.5"])
def test_an_unknown_run_is_not_there(client: TestClient, path: str):
    answer = client.get(f"/api/jobs/nobody/{path}")
    assert answer.status_code == 404
    assert "no longer kept here" in answer.json()["error"]


def test_the_sample_takes_the_same_path(client: TestClient):
    [(_, told)] = read_stream(client.get("/api/jobs/sample-explanation/events").text)
    heatmap = next(message for message in told["events"] if message["kind"] == "HeatmapReady")
    values = client.get(f"/api/jobs/sample-explanation/maps/{heatmap['sequence']}").content
    assert len(values) == 4 * heatmap["heatmap"]["height"] * heatmap["heatmap"]["width"]
    assert Image.open(io.BytesIO(client.get("/api/jobs/sample-explanation/crop").content)).size == (224, 224)


def test_pictures_are_served_small_and_strangers_are_not(client: TestClient):
    thumbnail = Image.open(io.BytesIO(client.get("/api/pictures/chelsea/thumbnail").content))
    assert thumbnail.size == (128, 128)
    assert client.get("/api/pictures/somebodys/thumbnail").status_code == 404


def test_scores_are_saved_as_tables_at_any_time(client: TestClient, finished_study: QueuedJob):
    address = f"/api/jobs/{finished_study.id}"
    answer = client.get(f"{address}/scores.csv")
    assert 'filename="heatcheck-scores.csv"' in answer.headers["content-disposition"]
    as_csv = pd.read_csv(io.BytesIO(answer.content))
    as_parquet = pd.read_parquet(io.BytesIO(client.get(f"{address}/scores.parquet").content))
    pd.testing.assert_frame_equal(as_csv, as_parquet)
    assert sorted(as_csv.query("method == 'gradient'")["score"]) == [0.5, 0.75]
    means = pd.read_csv(io.BytesIO(client.get(f"{address}/summary.csv").content)).set_index("method")
    assert means.loc["gradient", "mean"] == 0.625
    assert means.loc["sobel", "n"] == 1


def test_the_ranking_names_ranks_groups_and_pairs(client: TestClient, finished_study: QueuedJob):
    told = client.get(f"/api/jobs/{finished_study.id}/ranking?metric=fidelity").json()
    assert [entry["method"] for entry in told["ranks"]] == ["gradient", "sobel", "random"]
    assert told["n"] == 1
    assert told["groups"] == [["gradient", "sobel", "random"]]
    assert len(told["pairs"]) == 3


@pytest.mark.parametrize("path", ["scores.xlsx", "secrets.csv", "ranking?metric=nonsense"])
def test_what_a_study_has_not_is_no_answer(client: TestClient, finished_study: QueuedJob, path: str):
    assert client.get(f"/api/jobs/{finished_study.id}/{path}").status_code in (400, 404)


def test_a_run_is_no_study_and_a_study_is_no_run(
    client: TestClient, finished_run: QueuedJob, finished_study: QueuedJob
):
    assert client.get(f"/api/jobs/{finished_run.id}/summary.csv").status_code == 404
    assert client.get(f"/api/jobs/{finished_study.id}/crop").status_code == 404


def test_the_sample_of_many_takes_the_same_path(client: TestClient):
    scores = pd.read_csv(io.BytesIO(client.get("/api/jobs/sample-study/scores.csv").content))
    [(_, told)] = read_stream(client.get("/api/jobs/sample-study/events").text)
    summary = next(message for message in told["events"] if message["kind"] == "SummaryReady")
    assert scores["picture"].nunique() == summary["pictures"]
    means = scores.groupby(["method", "metric"])["score"].mean()
    for row in summary["rows"]:
        mean = means[row["method"], row["metric"]]
        if row["metric"] == "artifact_share":
            mean = means[row["method"], "artifact_bound"] / means[row["method"], "total_drop"]
        assert mean == pytest.approx(row["mean"], abs=1e-4)


def test_an_imputed_crop_keeps_what_was_not_removed(client: TestClient):
    def crop(path: str) -> np.ndarray:
        answer = client.get(f"/api/pictures/chelsea/{path}")
        return np.asarray(Image.open(io.BytesIO(answer.content)))

    whole = crop("crop?model=efficientnet_lite0")
    black, grey = (crop(f"imputed?model=efficientnet_lite0&imputer={name}") for name in ("black", "grey"))
    gone = (black == 0).all(axis=2) & ((grey == 128) | (grey == 127)).all(axis=2)
    assert gone.mean() == pytest.approx(0.3, abs=0.01)
    assert (black[~gone] == whole[~gone]).all()
    assert (grey[~gone] == whole[~gone]).all()


def test_an_unknown_imputer_is_named(client: TestClient):
    answer = client.get("/api/pictures/chelsea/imputed?model=efficientnet_lite0&imputer=blakc")
    assert answer.status_code == 400
    assert "black" in answer.json()["error"]
