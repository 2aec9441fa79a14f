"""The labels tab without a browser: its messages, its request, its sample and its jobs."""

import json
from math import nan

import pytest
import torch

from core.jobs.events import Progress
from core.methods.heatmap import Heatmap, Passes
from core.metrics.similarity import SIMILARITIES, Similarities
from core.metrics.statistics import Estimate
from core.models.training import EpochDone
from core.sanity.label_networks import ROLES, Learned, NetworkLearning
from core.sanity.label_verdict import LIMITS
from core.sanity.labels import SHOWN, LabelMap, LabelsReady, NetworksReady
from dashboard.explain.one_picture.job import EXPLANATION
from dashboard.jobs.messages import to_message
from dashboard.jobs.session import find_of, sample_of
from dashboard.library.absence import NotThere
from dashboard.library.models import shelf
from dashboard.sanity.label_check import job as label_check
from dashboard.sanity.label_check.job import LABEL_CHECK, Clothes, LabelCheckRequest
from dashboard.sanity.label_check.panel import NETWORKS, TRAIN, shown_pictures
from dashboard.sanity.randomisation.job import RANDOMISATION

CLASSES = ("shirt", "shoe")
VALUES = torch.tensor([[0.5, -1.0, 0.0], [2.0, 0.25, -0.125]])
HEATMAP = Heatmap(VALUES, VALUES[None], "gradient", 1, "sum", 0.25, Passes(1, 1), ("A note.",))
ESTIMATE = Estimate(0.5, nan, nan, 1)
MEANS = dict.fromkeys(SIMILARITIES, ESTIMATE)
VERDICT = LabelsReady("gradient", "unclear", MEANS, {**MEANS, "ssim": Estimate(nan, nan, nan, 0)}, 1, "Too few.", False)


def asked(**otherwise):
    usual = {"model": "trained/labels_true", "methods": ("gradient",), "pictures": 2, "training_seed": None}
    return LabelCheckRequest(**{**usual, **otherwise})


@pytest.fixture
def tab(sanity_page):
    """The tab as the address asks for it."""
    return lambda **query: sanity_page(**{"tab": LABEL_CHECK.tab, **query})


@pytest.fixture
def asked_of_core(monkeypatch):
    """What the engine was asked, which computes nothing."""
    heard = []

    def stream(**named):
        heard.append(named)
        yield Progress(1, 1, "Nothing")

    monkeypatch.setattr(label_check, "stream_label_check", stream)
    return heard


def test_messages_hold_all_that_the_tab_shows_and_nothing_that_json_has_not():
    told = to_message(VERDICT, CLASSES)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["kind"] == "LabelsReady"
    assert told["retrained"]["spearman"] == {"mean": 0.5, "low": None, "high": None, "n": 1}
    assert told["shuffled"]["ssim"] == {"mean": None, "low": None, "high": None, "n": 0}
    assert (told["standing"], told["n"], told["sentence"], told["final"]) == ("unclear", 1, "Too few.", False)

    first, other = (
        to_message(LabelMap(3, role, HEATMAP, similar), CLASSES)
        for role, similar in (("true", None), ("shuffled", Similarities(0.5, 0.25, None, nan)))
    )
    assert first["similarities"] is None
    assert [other["similarities"][name] for name in SIMILARITIES] == [0.5, 0.25, None, None]
    assert (other["kind"], other["picture"], other["role"]) == ("LabelMap", 3, "shuffled")
    known = {"method": "gradient", "height": 2, "width": 3, "target": "shoe", "notes": ["A note."]}
    assert other["heatmap"] | known == other["heatmap"]

    learned = tuple(Learned(role, 0.75, 0.5) for role in ROLES)
    networks = to_message(NetworksReady(learned, False, "No verdicts."), CLASSES)
    assert [each["role"] for each in networks["learned"]] == list(ROLES)
    assert (networks["sound"], networks["sentence"]) == (False, "No verdicts.")
    epoch = to_message(NetworkLearning("shuffled", EpochDone(1, 40, nan, 0.25, 0.125, 1.5)), CLASSES)
    assert epoch["kind"] == "NetworkLearning"
    assert (epoch["role"], epoch["epoch"]["loss"], epoch["epoch"]["accuracy"]) == ("shuffled", None, 0.25)


def test_maps_of_a_check_can_be_fetched_by_number_and_nothing_else_can(client, ended):
    job = ended(
        LABEL_CHECK, asked(), Clothes(), (Progress(0, 1, "A network"), LabelMap(0, "true", HEATMAP, None), VERDICT)
    )
    [number] = [message["sequence"] for message in job.messages(LabelMap)]
    answer = client.get(f"/api/jobs/{job.id}/maps/{number}")
    assert answer.content == VALUES.numpy().astype("<f4").tobytes()
    for other in (number - 1, number + 1, number + 100):
        answer = client.get(f"/api/jobs/{job.id}/maps/{other}")
        assert (answer.status_code, answer.content) == (204, b"")
    assert client.get(f"/api/jobs/{job.id}/crop").status_code == 404


def test_maps_are_told_with_the_names_of_clothes(ended):
    [told] = ended(LABEL_CHECK, asked(), Clothes(), [LabelMap(0, "true", HEATMAP, None)]).messages()
    assert told["heatmap"]["target"] == "Trouser"


def test_a_check_is_not_found_under_the_name_of_another_job(finished_run):
    with pytest.raises(NotThere, match="That check is no longer kept here"):
        find_of(LABEL_CHECK, finished_run.id)


def test_the_sample_of_a_check_is_no_explanation():
    with pytest.raises(NotThere, match="That run is no longer kept here"):
        find_of(EXPLANATION, sample_of(LABEL_CHECK).id)


def test_a_newcomer_sees_a_sample_with_every_verdict_and_the_maps_that_it_tells_of(client):
    sample = sample_of(LABEL_CHECK)
    verdicts = {message["method"] for message in sample.messages(LabelsReady) if message["final"]}
    assert verdicts == set(sample.request.methods)
    assert all(each["sound"] for each in sample.messages(NetworksReady))
    maps = sample.messages(LabelMap)
    assert {each["role"] for each in maps} == set(ROLES)
    last = maps[-1]
    answer = client.get(f"/api/jobs/{sample.id}/maps/{last['sequence']}")
    assert len(answer.content) == 4 * last["heatmap"]["height"] * last["heatmap"]["width"]
    assert client.get(f"/api/jobs/{sample.id}/crop").status_code == 404


def test_the_pictures_of_the_tab_are_one_of_each_kind_of_clothes():
    pictures = shown_pictures()
    assert len(pictures) == SHOWN == len({each["title"] for each in pictures})
    assert all(each["source"].startswith("data:image/png;base64,") for each in pictures)


def test_no_model_is_offered_where_the_check_has_its_own_and_the_chosen_one_is_there_again_after(sanity_page):
    app = sanity_page(model="SqueezeNet 1.1", methods="gradient")
    assert app.selectbox(key="model").value == "squeezenet1_1"
    app.session_state["tab"] = app.query_params["tab"] = LABEL_CHECK.tab
    app.run()
    assert "model" not in [box.key for box in app.selectbox]
    app.session_state["tab"] = app.query_params["tab"] = RANDOMISATION.tab
    app.run()
    assert not app.exception
    assert app.selectbox(key="model").value == "squeezenet1_1"


def test_layers_and_classes_are_those_of_the_check_s_networks(tab):
    classifier = shelf.held(NETWORKS.name)
    layers = [found.layer for found in classifier.anatomy.feature_maps]
    offered = tab(methods="grad_cam").selectbox(key="grad_cam.layer").options
    assert set(offered) - {"found by probing"} <= set(layers)


def test_the_tab_opens_with_the_sample_and_says_what_the_check_can_t_tell(tab, words):
    said = words(tab())
    assert "A precomputed sample" in said
    assert all(limit in said for limit in LIMITS)


@pytest.mark.usefixtures("asked_of_core")
def test_the_sample_is_what_run_would_ask(tab, started):
    assert started(tab(), LABEL_CHECK).request == sample_of(LABEL_CHECK).request


def test_the_sample_is_older_than_other_networks_and_not_than_fewer_pictures(tab, words):
    assert "to update" not in words(tab(**{"labels.pictures": "7"}))
    assert "This check used other networks." in words(tab(**{"labels.networks": TRAIN}))


def test_the_model_at_the_left_makes_no_check_older(tab, words):
    assert "to update" not in words(tab(model="Small CNN (Fashion-MNIST)"))


def test_what_is_chosen_is_asked_for_and_a_later_choice_makes_it_older(tab, started, asked_of_core, words, wait):
    app = tab(methods="gradient", **{"labels.pictures": "7"})
    first = started(app, LABEL_CHECK)
    wait(lambda: first.finished)
    [heard] = asked_of_core
    assert (heard["pictures"], heard["networks"]) == (7, "bundled")
    assert first.request.model == "trained/labels_true"
    assert {"gradient", "random", "sobel"} <= set(heard["methods"])
    app.number_input(key="labels.pictures").set_value(9).run()
    assert "used another number of pictures" in words(app)
    app.segmented_control(key="labels.networks").set_value(TRAIN).run()
    app.number_input(key="labels.seed").set_value(5).run()
    second = started(app, LABEL_CHECK)
    wait(lambda: second.finished)
    assert (asked_of_core[1]["pictures"], asked_of_core[1]["networks"]) == (9, 5)


def test_networks_are_asked_for_as_they_were_chosen(asked_of_core):
    for seed in (None, 0, 3):
        list(LABEL_CHECK.stream(asked(training_seed=seed, output="probability", reduction="sum"), Clothes()))
    assert [heard["networks"] for heard in asked_of_core] == ["bundled", 0, 3]
    heard = asked_of_core[0]
    assert (heard["methods"], heard["pictures"]) == (("gradient",), 2)
    assert (heard["output"], heard["reduction"]) == ("probability", "sum")


@pytest.mark.parametrize("name", [LABEL_CHECK.name, LABEL_CHECK.formerly])
def test_a_check_that_is_gone_says_so(tab, words, name):
    assert "That check is no longer kept here. Press Run to make it again." in words(tab(**{name: "never"}))
