"""Studies of many pictures, without a browser."""

import io
from dataclasses import replace

import pytest
from PIL import Image

import core
import dashboard.library.folders
from core.metrics.leak import Leak, LeakReady
from core.metrics.statistics import Estimate
from core.pictures.collecting import collect_pictures
from core.pictures.datasets import fashion_mnist
from core.pictures.rendering import to_png
from core.studies.evaluation import PictureRefused, SummaryReady
from dashboard.components.methods import described
from dashboard.controls.source_panel import LIMIT
from dashboard.explain.many_pictures.job import STUDY
from dashboard.jobs.messages import to_message
from dashboard.jobs.session import sample_of
from dashboard.library import sources
from dashboard.library.folders import folders, write_folder
from dashboard.library.models import shelf
from dashboard.library.queue import queue

MANY = {"tab": "Many pictures"}
LABELS = ("cat", "dog", "cup")
FASHION = MANY | {"model": "Small CNN (Fashion-MNIST)", "methods": "gradient"}


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
        app.button(key="start study").click().run()
        assert not app.exception
        return app, queue().get(app.query_params["study"])

    return start


def test_a_newcomer_sees_the_sample_and_nothing_of_one_picture(page, words):
    app = page(**MANY)
    assert "A precomputed sample" in words(app)
    assert app.button(key="start study").label == "Run"
    assert not [each for each in app.selectbox if each.key == "class"]


def test_the_sample_is_what_run_would_score_of_more_pictures(page):
    app = page(**MANY)
    app.button(key="start study").click().run()
    job = queue().get(app.query_params["study"])
    queue().cancel(job.id, job.owner)
    assert job.about.request == replace(sample_of(STUDY).request, limit=LIMIT)


def test_a_study_scores_every_picture_and_narrows_its_intervals(many, wait):
    _, job = many(limit="6")
    assert (job.about.request.source, job.about.request.limit) == ("fashion_mnist", 6)
    wait(lambda: job.finished)
    assert job.state == "done"
    summary = [event for _, event in job.since(0) if isinstance(event, SummaryReady)][-1]
    assert summary.pictures == 6
    assert {row.metric for row in summary.summary} >= set(job.about.request.metrics)


def test_run_becomes_cancel_and_ends_the_study(many, wait):
    app, job = many(limit="900")
    assert app.button(key="start study").label == "Cancel"
    app.button(key="start study").click().run()
    wait(lambda: job.finished)
    assert job.state == "cancelled"


def test_the_address_restores_a_study_with_its_choices(many, page, wait, words):
    _, job = many(**{"scores.faithfulness": "Fidelity", "unit": "square region", "side": "7"})
    wait(lambda: job.finished)
    asked = job.about.request
    assert asked.metrics[0] == "fidelity"
    assert (asked.unit, asked.side) == ("region", 7)
    again = page(**FASHION, study=job.id, **{"scores.faithfulness": "Fidelity", "unit": "square region", "side": "7"})
    assert "to update" not in words(again)
    other = page(**FASHION, study=job.id, imputer="Black")
    assert "another imputer, another removal unit and another region size" in words(other)


def test_the_ceiling_is_offered_with_its_cost_and_off_until_it_is_chosen(page, words):
    app = page(**MANY)
    assert "The ceiling takes a search of 1,500 passes for each picture." in words(app)
    assert not {"ceiling", "ceiling_share"} & {*app.button_group(key="scores.faithfulness").value}
    assert "The ceiling takes" not in words(page(**MANY, unit="superpixel"))


def test_a_study_goes_on_while_the_other_tab_is_open(many):
    app, job = many(limit="900")
    app.session_state["tab"] = "One picture"
    app.run()
    assert not app.exception
    assert not job.cancelled
    queue().cancel(job.id, job.owner)


def test_a_study_that_is_gone_says_so(page, words):
    assert "That study is no longer kept here." in words(page(**MANY, study="nobody"))


def test_an_uploaded_folder_is_scored_and_one_bad_file_does_not_cost_the_others(page, wait, words):
    wait(lambda: shelf.ask("fashion_cnn").settled)
    app = page(**FASHION, source="A folder of your own")
    uploader = app.file_uploader[0]
    uploader.upload("shop/images/a.png", png("teal")).upload("shop/images/b.png", b"nonsense")
    uploader.upload("shop/labels/a.txt", b"0 0.5 0.5 0.5 0.5").upload("shop/run.exe", b"1").run()
    assert not app.exception
    name = app.query_params["folder"]
    assert "run.exe: this is neither a picture" in words(app)
    app.button(key="start study").click().run()
    job = queue().get(app.query_params["study"])
    needing = {metric.name for metric in core.list_metrics() if metric.needs_truth and not metric.needs_stamp}
    assert needing <= set(job.about.request.metrics)
    assert {each["name"]: each["control"] for each in described(job.about.request) if each["name"] == "oracle"} == {
        "oracle": True
    }
    wait(lambda: job.finished)
    refused = [event for _, event in job.since(0) if isinstance(event, PictureRefused)]
    assert [event.picture.rsplit("/")[-1] for event in refused] == ["b.png"]
    assert [event for _, event in job.since(0) if isinstance(event, SummaryReady)][-1].pictures >= 1
    place = folders.get(name).path
    assert len(collect_pictures(place)) == 2
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
    app.button(key="start study").click().run()
    job = queue().get(app.query_params["study"])
    app.button(key="remove folder").click().run()
    assert not app.exception
    assert not job.finished
    assert place.exists()
    wait(lambda: job.finished)
    assert (job.state, job.error) == ("done", None)
    assert not [event for _, event in job.since(0) if isinstance(event, PictureRefused)]
    wait(lambda: not place.exists())  # a moment after the last event the run lets go of what it read


@pytest.fixture
def clothes():
    """A kept folder of Fashion-MNIST's test pictures, a folder for each label that is given them, with a table."""
    test = fashion_mnist("test")

    def keep(**labels: tuple[int, ...]) -> str:
        files = [
            (f"shop/{label}/{place}.png", to_png(test.pixels[place]))
            for label, places in labels.items()
            for place in places
        ]
        rows = "\n".join(f"{place}.png,{int(test.labels[place])}" for places in labels.values() for place in places)
        return folders.add("somebody", write_folder([*files, ("shop/true.csv", rows.encode())]))

    return keep


OWN = {"source": "A folder of your own", "scores.faithfulness": "Fidelity"}


def test_labels_of_an_uploaded_folder_are_explained_and_the_accuracy_is_told(page, wait, words, clothes):
    wait(lambda: shelf.ask("fashion_cnn").settled)
    folder = clothes(Bag=(0, 1, 2), spoon=(3,))
    app = page(**FASHION | OWN, folder=folder, labels="folders", explained="labelled")
    assert "3 of 4 pictures have a label that the model knows." in words(app)
    assert "shop/spoon/3.png: Small CNN (Fashion-MNIST) has no class 'spoon'" in words(app)
    app.button(key="start study").click().run()
    job = queue().get(app.query_params["study"])
    assert (job.about.request.labels, job.about.request.explained) == ("folders", "labelled")
    wait(lambda: job.finished)
    told = [to_message(event, LABELS) for _, event in job.since(0)]
    last = [message for message in told if message["kind"] == "SummaryReady"][-1]
    assert "of 3 labelled pictures predicted correctly: accuracy" in last["accuracy"]
    (refused,) = [message for message in told if message["kind"] == "PictureRefused"]
    assert refused["picture"] == "shop/spoon/3.png"
    folders.remove(folder, "somebody")


def test_a_table_in_the_folder_labels_its_pictures(page, wait, words, clothes):
    wait(lambda: shelf.ask("fashion_cnn").settled)
    folder = clothes(anything=(0, 1))
    app = page(**FASHION | OWN, folder=folder)
    assert app.selectbox(key="labels").options == ["none", "folder names", "file names", "shop/true.csv"]
    app.selectbox(key="labels").select("shop/true.csv").run()
    assert "2 of 2 pictures have a label" in words(app)
    assert app.button_group(key="explained").value == "predicted"
    app.selectbox(key="labels").select("folders").run()
    assert "No picture has a label that the model knows." in words(app)
    assert not [each for each in app.button_group if each.key == "explained"]
    folders.remove(folder, "somebody")


def test_a_study_is_old_once_other_pictures_are_chosen_and_not_because_its_folder_is_gone(
    page, words, finished_study, ended
):
    own = {**FASHION, "source": "A folder of your own"}
    request = replace(finished_study.request, source="gone")
    of_folder = ended(STUDY, request, finished_study.inputs())
    assert "pictures" in old(words(page(**own, study=finished_study.id)))
    assert "pictures" in old(words(page(**own, study=finished_study.id, folder="gone")))
    assert "pictures" not in old(words(page(**own, study=of_folder.id, folder="gone")))


def old(said):
    """What differs, where a page says so."""
    return said.partition("These scores used ")[2].partition(".")[0]


def test_a_study_says_which_class_those_of_its_pictures_are_contrasted_with(page, words, wait):
    wait(lambda: shelf.ask("fashion_cnn").settled)
    app = page(**FASHION, output="contrast", rather_than="9", limit="1")
    app.button(key="start study").click().run()
    assert "Explained: the class of each picture rather than Ankle boot." in words(app)


def test_bundled_pictures_are_not_asked_for_labels(page):
    assert not [each for each in page(**FASHION).selectbox if each.key == "labels"]


def test_a_source_is_read_once_and_not_with_every_run_of_the_page(page, monkeypatch):
    folder = folders.add("somebody", write_folder([("a.png", png("teal")), ("b.png", png("red"))]))
    read = []
    monkeypatch.setattr(sources, "collect_pictures", lambda *asked: read.append(asked) or [])
    monkeypatch.setattr(dashboard.library.folders, "collect_pictures", lambda *asked: read.append(asked) or [])
    app = page(**FASHION, source="A folder of your own", folder=folder)
    app.run()
    assert not read
    assert "2 available" in app.number_input(key="limit").label
    folders.remove(folder, "somebody")


def test_a_folder_that_is_gone_says_so(page, words):
    app = page(**MANY, source="A folder of your own", folder="0123")
    assert "This uploaded folder is no longer kept here." in words(app)
    assert app.button(key="start study").disabled


def test_a_model_of_photos_is_not_offered_clothes(page):
    app = page(**MANY)
    assert app.button_group(key="source").options == ["The gallery", "A folder of your own"]
    app.selectbox(key="model").select("fashion_cnn").run()
    assert not app.exception
    assert "Fashion-MNIST, test pictures" in app.button_group(key="source").options


LEAKING = FASHION | {"scores.faithfulness": ["Fidelity", "Leak"]}


def test_the_leak_is_offered_with_what_it_takes_or_lacks_before_anything_runs(page, wait, words):
    wait(lambda: shelf.ask("fashion_cnn").settled)
    assert "Leak:" not in words(page(**FASHION, limit="60"))
    assert "Leak: needs at least 40 pictures, in classes of at least 5 each; 39 are chosen." in words(
        page(**LEAKING, limit="39")
    )
    assert "Leak: 150 small classifiers that learn from masks, under a second; no passes." in words(
        page(**LEAKING, limit="60")
    )


def test_the_page_is_told_the_leak_of_every_method_in_words():
    leaks = tuple(Leak(name, Estimate(0.64, 0.5, 0.76, 50), (0.64,) * 5, 0.1) for name in ("gradient", "sobel"))
    told = to_message(LeakReady((), leaks, 50, 10), LABELS)
    assert set(told["methods"]) == {"gradient", "sobel"}
    assert "64 % (50 to 76 %) of pictures correctly; chance is 10 %." in told["methods"]["sobel"]
    assert told["words"].startswith(
        "Leak: the masks of 1 of 1 method predict the class better than chance. Knowing only which pixels"
    )


def test_no_single_picture_is_offered_the_leak(page):
    app = page(model="Small CNN (Fashion-MNIST)")
    assert "Leak" not in {option for each in app.button_group for option in each.options}
