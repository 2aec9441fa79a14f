"""Studies of many pictures, without a browser."""

import io

import pytest
from PIL import Image

import core
import dashboard.folders
from core.pictures.specimens import collect_specimens
from core.studies.evaluation import PictureRefused, SummaryReady
from dashboard import studies
from dashboard.folders import folders
from dashboard.studies import sample
from dashboard.workshop import queue, shelf

MANY = {"tab": "Many pictures"}
FASHION = MANY | {"model": "Small CNN (Fashion-MNIST)", "methods": "gradient"}


def words(app):
    return " ".join(element.value for element in [*app.info, *app.warning, *app.error, *app.caption])


def png(colour, side=32):
    written = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(written, "PNG")
    return written.getvalue()


@pytest.fixture
def many(page, wait):
    """The tab for a model that is quick, and the job that Run starts."""
    wait(lambda: shelf.ask("fashion_cnn").settled)

    def start(**query):
        app = page(**FASHION | query)
        app.button(key="run").click().run()
        assert not app.exception
        return app, queue().get(app.query_params["study"])

    return start


def test_a_newcomer_sees_the_sample_and_nothing_of_one_picture(page):
    app = page(**MANY)
    assert "A precomputed sample" in words(app)
    assert app.button(key="run").label == "Run"
    assert not [each for each in app.selectbox if each.key == "class"]


def test_the_sample_is_what_run_would_score(page):
    app = page(**MANY)
    app.button(key="run").click().run()
    job = queue().get(app.query_params["study"])
    queue().cancel(job.id)
    assert job.about.asked == sample().asked


def test_a_study_scores_every_picture_and_narrows_its_intervals(many, wait):
    _, job = many(limit="6")
    assert (job.about.asked.source, job.about.asked.limit) == ("fashion_mnist", 6)
    wait(lambda: job.finished)
    assert job.state == "done"
    summary = [event for _, event in job.since(0) if isinstance(event, SummaryReady)][-1]
    assert summary.pictures == 6
    assert {row.metric for row in summary.summary} >= set(job.about.asked.metrics)


def test_run_becomes_cancel_and_ends_the_study(many, wait):
    app, job = many(limit="900")
    assert app.button(key="run").label == "Cancel"
    app.session_state["launched"] = 0.0
    app.button(key="run").click().run()
    wait(lambda: job.finished)
    assert job.state == "cancelled"


def test_the_address_restores_a_study_with_its_choices(many, page, wait):
    _, job = many(**{"scores.faithfulness": "Fidelity", "unit": "square region", "side": "7"})
    wait(lambda: job.finished)
    asked = job.about.asked
    assert asked.metrics[0] == "fidelity"
    assert (asked.unit, asked.side) == ("region", 7)
    again = page(**FASHION, study=job.id, **{"scores.faithfulness": "Fidelity", "unit": "square region", "side": "7"})
    assert "older than your choices" not in words(again)
    other = page(**FASHION, study=job.id, imputer="Black")
    assert "the imputer, unit of removal and side of the regions changed since" in words(other)


def test_a_study_goes_on_while_the_other_tab_is_open(many):
    app, job = many(limit="900")
    app.session_state["tab"] = "One picture"
    app.run()
    assert not app.exception
    assert not job.cancelled
    queue().cancel(job.id)


def test_a_study_that_is_gone_says_so(page):
    assert "That study is no longer kept here." in words(page(**MANY, study="nobody"))


def test_an_uploaded_folder_is_scored_and_one_bad_file_does_not_cost_the_others(page, wait):
    wait(lambda: shelf.ask("fashion_cnn").settled)
    app = page(**FASHION, source="A folder of your own")
    uploader = app.file_uploader[0]
    uploader.upload("shop/images/a.png", png("teal")).upload("shop/images/b.png", b"nonsense")
    uploader.upload("shop/labels/a.txt", b"0 0.5 0.5 0.5 0.5").upload("shop/run.exe", b"1").run()
    assert not app.exception
    name = app.query_params["folder"]
    assert "run.exe: this is neither a picture" in words(app)
    app.button(key="run").click().run()
    job = queue().get(app.query_params["study"])
    needing = {metric.name for metric in core.list_metrics() if metric.needs_truth and not metric.needs_stamp}
    assert needing <= set(job.about.asked.metrics)
    wait(lambda: job.finished)
    refused = [event for _, event in job.since(0) if isinstance(event, PictureRefused)]
    assert [event.picture.rsplit("/")[-1] for event in refused] == ["b.png"]
    assert [event for _, event in job.since(0) if isinstance(event, SummaryReady)][-1].pictures >= 1
    place = folders.get(name).path
    assert len(collect_specimens(place)) == 2
    app.button(key="remove folder").click().run()
    assert not place.exists()
    assert "folder" not in app.query_params


def test_a_study_reads_its_folder_to_the_end_though_it_was_removed(page, wait):
    wait(lambda: shelf.ask("fashion_cnn").settled)
    app = page(**FASHION, source="A folder of your own", **{"scores.faithfulness": "Fidelity"})
    uploader = app.file_uploader[0]
    for shade in range(12):
        uploader.upload(f"shop/{shade}.png", png((shade, 0, 0)))
    uploader.run()
    place = folders.get(app.query_params["folder"]).path
    app.button(key="run").click().run()
    job = queue().get(app.query_params["study"])
    app.button(key="remove folder").click().run()
    assert not app.exception
    assert not job.finished
    assert place.exists()
    wait(lambda: job.finished)
    assert (job.state, job.error) == ("done", None)
    assert not [event for _, event in job.since(0) if isinstance(event, PictureRefused)]
    assert not place.exists()


def test_a_source_is_read_once_and_not_with_every_run_of_the_page(page, monkeypatch):
    folder = folders.add([("a.png", png("teal")), ("b.png", png("red"))])
    read = []
    monkeypatch.setattr(studies, "collect_specimens", lambda *asked: read.append(asked) or [])
    monkeypatch.setattr(dashboard.folders, "collect_specimens", lambda *asked: read.append(asked) or [])
    app = page(**FASHION, source="A folder of your own", folder=folder)
    app.run()
    assert not read
    assert "of 2" in app.number_input(key="limit").label
    folders.remove(folder)


def test_a_folder_that_is_gone_says_so(page):
    app = page(**MANY, source="A folder of your own", folder="0123")
    assert "This uploaded folder is no longer kept here." in words(app)
    assert app.button(key="run").disabled


def test_a_model_of_photos_is_not_offered_clothes(page):
    app = page(**MANY)
    assert app.button_group(key="source").options == ["The gallery", "A folder of your own"]
    app.selectbox(key="model").select("fashion_cnn").run()
    assert not app.exception
    assert "Fashion-MNIST, test pictures" in app.button_group(key="source").options
