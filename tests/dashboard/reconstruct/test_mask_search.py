"""The tab of mask search: its request, its plan, its truth and files, and what is said of it."""

import base64
import io
import json
import re

import numpy as np
import pandas as pd
import pytest
import torch

import core
from core.jobs.events import Progress
from core.methods.search_outcome import MOSTLY_CHANCE, Steering
from core.models.batching import BatchSize
from core.studies.search_arms import ARMS
from core.studies.search_convergence import MapJudged, MapReached, ProbabilityProbed
from dashboard.components.component import scripts
from dashboard.jobs.outcome import came_to_something
from dashboard.library.absence import NotThere
from dashboard.library.models import shelf
from dashboard.library.predictions import look
from dashboard.reconstruct.mask_search import job, panel
from dashboard.reconstruct.mask_search.job import (
    MASK_SEARCH,
    MaskSearchRequest,
    SearchedSubject,
    find_inputs,
    place_stamp,
    plan,
    stamp_truth,
    stream,
)

SCRIPT = "reconstruct/mask_search/mask_search.js"
MODEL, PICTURE, STAMPED = "fashion_cnn", "fashion_dress", "trained/stamp_patches"


@pytest.fixture
def tab(page):
    """The tab as the address asks for it, its network at rest."""
    assert shelf.ask(MODEL).ended.wait(60)
    return lambda **query: page("reconstruct", tab=MASK_SEARCH.name, model=MODEL, picture=PICTURE, **query)


@pytest.fixture
def told():
    """What the browser is told of the component with that script."""

    def data_of(app, script):
        sent = [json.loads(each.proto.json) for each in app.get("bidi_component") if each.proto.json]
        [data] = [data for data in sent if data.get("script") == script]
        return data

    return data_of


@pytest.fixture
def asked_of_core(monkeypatch):
    """What the engine was asked, which searches nothing."""
    heard = []

    def stream_mask_search(*given, **named):
        heard.append((given[2:], named))
        yield Progress(1, 1, "Nothing")

    monkeypatch.setattr(core, "stream_mask_search", stream_mask_search)
    return heard


def asked(**otherwise):
    return MaskSearchRequest(**{"model": MODEL, "picture": PICTURE, "target": 3, "most": 1000, **otherwise})


def judged(arm="rise", passes=100):
    return MapJudged(arm, passes, 0.25, 0.125, 0.5, None, 0.75, "Two halves of the masks agree.")


def test_what_is_chosen_is_asked_for(tab, started, asked_of_core, wait):
    job = started(tab(seed="5", **{"mask_search.most": "2000"}), MASK_SEARCH)
    wait(lambda: job.finished)
    [(given, named)] = asked_of_core
    assert given[1:] == ((100, 250, 500, 1000, 2000), 5, "logit")
    assert named["truth"] is None


def test_methods_are_compared_at_all_numbers_of_passes_up_to_the_chosen_one():
    assert asked(most=1000).stops == (100, 250, 500, 1000)
    assert asked(most=250).stops == (100, 250)


def test_outputs_of_a_plain_function_suffice_and_the_plan_is_what_is_made():
    def answer(pictures):
        lit = pictures.numpy()[:, :, :, :14].mean(axis=(1, 2, 3))
        return np.stack([12 * (lit - 0.4), np.zeros_like(lit)], axis=1)

    classifier = core.as_classifier(answer, 28, ("left is lit", "else"))
    classifier._batch_sizes.update(forward=BatchSize(25))
    request = asked(target=0, most=250)
    events = list(stream(request, SearchedSubject(classifier, torch.full((1, 3, 28, 28), 0.7))))
    reached = {(event.arm, event.passes) for event in events if isinstance(event, MapReached)}
    assert reached == {(arm, stop) for arm in ARMS for stop in (100, 250)}
    assert [event for event in events if isinstance(event, Progress)][-1].done == plan(request, classifier).passes


def test_the_stamp_is_the_truth_only_for_models_that_passed_the_gate_on_it():
    assert shelf.ask(STAMPED).ended.wait(60)
    known = stamp_truth(STAMPED)
    subject = find_inputs(asked(model=STAMPED, picture="chelsea", target=1, stamped=True))
    plain = find_inputs(asked(model=STAMPED, picture="chelsea", target=1))
    changed = (subject.pixels != plain.pixels).any(dim=1)[0].cpu()
    assert subject.truth.any()
    assert not (changed & ~subject.truth).any()
    assert torch.equal(subject.truth, place_stamp(known).mask(known.size))
    assert stamp_truth(MODEL) is None
    with pytest.raises(NotThere, match="Switch the stamp off"):
        find_inputs(asked(stamped=True))


def test_the_picture_beside_a_stamped_search_is_the_one_that_is_searched(page, told):
    assert shelf.ask(STAMPED).ended.wait(60)
    app = page("reconstruct", tab=MASK_SEARCH.name, model=STAMPED, picture="chelsea")
    subject = find_inputs(asked(model=STAMPED, picture="chelsea", target=1, stamped=True))
    beside = told(app, "components/prediction/prediction.js")
    assert base64.b64decode(beside["crop"].partition("base64,")[2]) == subject.crop()
    assert beside["explained"] == subject.labels[1]
    assert [index for index, *_ in beside["top"]] == [each.index for each in subject.answers[:5]]
    app.toggle(key="mask_search.stamped").set_value(False).run()
    assert told(app, "components/prediction/prediction.js")["crop"] == f"/api/pictures/chelsea/crop?model={STAMPED}"


def test_a_stamped_picture_is_looked_at_once_until_its_model_leaves(monkeypatch):
    assert shelf.ask(STAMPED).ended.wait(60)
    look(STAMPED, "chelsea")
    job.look_at_stamp.clear()
    passes, predict = [], core.predict

    def counting(*given, **named):
        passes.append(given)
        return predict(*given, **named)

    monkeypatch.setattr(core, "predict", counting)
    first = job.look_at_stamp(STAMPED, "chelsea")
    assert job.look_at_stamp(STAMPED, "chelsea") is first
    assert len(passes) == 1
    job.forget_stamped(STAMPED)
    assert job.look_at_stamp(STAMPED, "chelsea") is not first


def test_a_stamp_that_does_not_decide_the_class_is_no_truth_and_the_page_says_so(page, words, monkeypatch):
    assert shelf.ask(STAMPED).ended.wait(60)
    unstamped = look(STAMPED, "chelsea")
    for module in (job, panel):
        monkeypatch.setattr(module, "look_at_stamp", lambda *_: unstamped)
    assert find_inputs(asked(model=STAMPED, picture="chelsea", target=1, stamped=True)).truth is None
    assert panel.NO_TRUTH in words(page("reconstruct", tab=MASK_SEARCH.name, model=STAMPED, picture="chelsea"))


def test_quality_and_probe_are_saved_as_tables(client, ended, classifier_of_names):
    probed = ProbabilityProbed(Steering(0.1, 0.9, 0.2, 32, 8), hardly_moves=False, sentence="It moves.")
    inputs = SearchedSubject(classifier_of_names, torch.rand(1, 3, 2, 3))
    job = ended(MASK_SEARCH, asked(), inputs, [probed, judged(), judged("win_stay")])

    def saved(table):
        return pd.read_csv(io.BytesIO(client.get(f"/api/jobs/{job.id}/{table}.csv").content))

    assert list(saved("quality")["arm"]) == ["rise", "win_stay"]
    assert list(saved("quality")["fidelity"]) == [0.25, 0.25]
    assert list(saved("probe")["steering_spread"]) == [0.2]


def test_a_search_that_was_cancelled_before_its_first_map_promises_none(ended, classifier_of_names):
    inputs = SearchedSubject(classifier_of_names, torch.rand(1, 3, 2, 3))
    assert not came_to_something(ended(MASK_SEARCH, asked(), inputs, [Progress(1, 2, "Probe")]))


def test_a_search_that_is_gone_says_so(tab, words):
    assert MASK_SEARCH.gone in words(tab(mask_search="never"))


def test_the_browser_is_told_every_method_and_every_stop(tab, told, started, asked_of_core, wait):
    app = tab(**{"mask_search.most": "250"})
    job = started(app, MASK_SEARCH)
    wait(lambda: job.finished)
    assert len(asked_of_core) == 1
    data = told(app, SCRIPT)
    assert [arm["name"] for arm in data["arms"]] == [*ARMS]
    assert data["stops"] == [100, 250]
    assert data["chance_below"] == MOSTLY_CHANCE


def test_a_verdict_has_at_most_twelve_words_while_it_is_provisional_too():
    script = scripts()["reconstruct/mask_search/search_verdict.js"]
    verdicts = re.findall(r'(?:return|MOSTLY_CHANCE =) "([^"]+)";', script)
    verdicts += [f"{words} throughout." for words in re.findall(r'return overStops\(pairs, "([^"]+)"\);', script)]
    waiting = re.findall(
        r'"([^"]+\.)"', re.findall(r"function verdictOfSearch.*?^}", scripts()[SCRIPT], re.S | re.M)[0]
    )
    assert len(verdicts) == 9
    assert len(waiting) == 4
    assert [words for words in waiting if len(words.split()) > 12] == []
    assert [words for words in verdicts if len(f"So far: {words}".split()) > 12] == []
