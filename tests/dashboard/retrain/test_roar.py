"""The tab of ROAR and KAR: its cost, its sample, its run, its files, and what is said of it."""

import io
import json
import re
from dataclasses import replace

import pandas as pd
import pytest

from core.jobs.events import Progress
from core.metrics.statistics import Estimate
from core.retraining.cost import count_networks
from core.retraining.data_ready import DataReady
from core.retraining.events import RetrainedAccuracy, RetrainingReady
from core.retraining.home import folder_of, home, networks_in
from core.retraining.outcomes import Accuracy
from core.retraining.spec import CONTROLS
from dashboard.components.component import scripts
from dashboard.jobs.session import sample_of
from dashboard.library.models import shelf
from dashboard.retrain.roar.job import ROAR
from dashboard.retrain.roar.panel import NETWORK
from dashboard.retrain.roar.plans import BY_THE_PAPER, quick_request

SCRIPT, WORDS = "retrain/roar/roar.js", "retrain/roar/roar_words.js"
TINY = {
    "roar.methods": "gradient", "roar.fractions": "0.9", "roar.pictures": "100", "roar.seeds": "1",
}  # fmt: skip
RUN_SECONDS = 300


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HEATCHECK_HOME", str(tmp_path))


@pytest.fixture
def roar_tab(page):
    """The tab as the address asks for it."""
    return lambda **query: page("retrain", tab=ROAR.tab, **query)


@pytest.fixture
def _loaded():
    """The network is there, without which nothing is requested yet."""
    assert shelf.ask(NETWORK.name).ended.wait(60)


@pytest.fixture
def endless(monkeypatch):
    """A study that trains a network and then never ends; nothing is computed."""

    def stream(spec, _):
        of = Accuracy(Estimate(0.5, 0.4, 0.6, 10), (0.5,))
        yield RetrainedAccuracy("gradient", "roar", 0.9, of, of, None, None)
        while True:
            yield Progress(1, count_networks(spec), "Networks", "network")

    monkeypatch.setattr("core.stream_retraining", stream)


def test_the_tab_opens_with_the_sample_of_what_a_newcomer_would_run(roar_tab, words):
    app = roar_tab()
    assert "A precomputed sample" in words(app)
    assert "These accuracies used" not in words(app)
    told = [json.loads(each.proto.json) for each in app.get("bidi_component") if each.proto.json]
    [shown] = [data for data in told if data.get("script") == SCRIPT]
    assert shown["run"] == sample_of(ROAR).id
    assert sample_of(ROAR).request == quick_request()


def test_the_sample_holds_every_cell_with_its_leak_and_its_sign_of_a_leak_follows_the_intervals():
    sample, request = sample_of(ROAR), sample_of(ROAR).request
    cells = [each for each in sample.messages(RetrainedAccuracy) if each["fraction"]]
    assert {(each["method"], each["form"], each["fraction"]) for each in cells} == {
        (method, form, fraction)
        for method in (*request.methods, *CONTROLS)
        for form in request.forms
        for fraction in request.fractions
    }
    for each in cells:
        low, high = each["retrained"]["over_pictures"]["low"], each["leak"]["over_pictures"]["high"]
        assert each["leak_decides"] == (high >= low)
    [ready] = sample.messages(RetrainingReady)
    assert ready["final"]
    assert ready["networks"] == count_networks(request.spec())
    decided = {each["method"] for each in ready["verdicts"] if each["leak_decides"]}
    everywhere = [{each["method"] for each in cells if each["leak_decides"] and each["fraction"] == share}
                  for share in request.fractions]  # fmt: skip
    assert decided == set.intersection(*everywhere) - {*CONTROLS}  # of two shares, more than half are both


def test_random_masks_leak_nothing_in_the_sample():
    leaks = [each["leak"]["over_pictures"] for each in sample_of(ROAR).messages(RetrainedAccuracy)
             if each["method"] == "random" and each["fraction"]]  # fmt: skip
    assert all(leak["low"] < 0.1 < leak["high"] or leak["mean"] < 0.13 for leak in leaks)


def test_the_cost_is_told_before_the_start_and_what_a_smaller_plan_takes(roar_tab, words, wait):
    app = roar_tab(**TINY | {"roar.fractions": "0.5", "roar.seeds": "2"})

    def told():
        app.run()
        return "14 networks of " in words(app)

    wait(told)
    assert re.search(
        r"14 networks of (about|under) .* each, 3,300 heatmaps: (about|under) .* on \d+ cores?\.", words(app)
    )
    assert re.search(r"Includes (about|under) .* to start\.", words(app))
    assert "With one seed, " in words(app)
    assert "Cancel pauses. Run goes on where it stopped" in words(app)


def test_a_study_is_run_paused_and_gone_on_with_by_the_same_button(roar_tab, started, wait, client, words):
    app = roar_tab(**TINY)
    job = started(app, ROAR)
    assert job.request.methods == ("gradient",)
    wait(lambda: networks_in(job.request.spec()) >= 2, RUN_SECONDS)
    app.button(key="start roar").click().run()
    wait(lambda: job.finished)
    assert job.state()["state"] == "cancelled"
    trained = networks_in(job.request.spec())
    files = {file: file.stat().st_mtime_ns for file in folder_of(job.request.spec()).glob("trainings/*.json")}
    assert f"{trained} are kept" in words(app.run()) or "All " in words(app)
    again = started(app, ROAR)
    wait(lambda: again.finished, RUN_SECONDS)
    assert again.state()["state"] == "done"
    assert all(file.stat().st_mtime_ns == written for file, written in files.items())
    [ready] = again.messages(RetrainingReady)
    assert ready["networks"] == networks_in(again.request.spec()) == count_networks(again.request.spec())
    accuracies = pd.read_csv(io.BytesIO(client.get(f"/api/jobs/{again.id}/accuracies.csv").content))
    cells = accuracies[accuracies["fraction"] > 0]
    assert set(cells["method"]) == {"gradient", *CONTROLS}
    assert cells["leak_over_pictures_low"].notna().all()
    verdicts = pd.read_csv(io.BytesIO(client.get(f"/api/jobs/{again.id}/verdicts.csv").content))
    assert set(verdicts["method"]) == {"gradient", *CONTROLS}
    directions = pd.read_csv(io.BytesIO(client.get(f"/api/jobs/{again.id}/directions.csv").content))
    assert set(directions["finding"]) <= {"reproduced", "not reproduced", "undecided"}


@pytest.mark.usefixtures("endless")
def test_a_paused_study_says_how_to_go_on(roar_tab, started, wait):
    app = roar_tab(**TINY)
    job = started(app, ROAR)
    wait(lambda: job.messages(RetrainedAccuracy))
    app.button(key="start roar").click().run()
    wait(lambda: job.finished)
    told = [json.loads(each.proto.json) for each in app.run().get("bidi_component") if each.proto.json]
    assert "Paused. Press Run to go on." in {data.get("cancelled") for data in told}


def test_what_the_folded_choices_come_to_is_told_above_them(roar_tab, words):
    assert "Training: 2,000 pictures, 1 seed, single pixels, Small CNN, fill: training mean." in words(
        roar_tab()
    ).replace("**", "")
    asked = {
        "seeds": "4",
        "unit": "region",
        "side": "7",
        "fill": "noisy_linear",
        "probes": "blur",
        "stop_early": "true",
    }
    said = words(roar_tab(**{f"roar.{name}": value for name, value in asked.items()})).replace("**", "")
    assert "4 seeds, stopped early, regions of 7 x 7, Small CNN, fill: noisy linear, also blurred maps." in said


def test_another_share_makes_the_accuracies_stale_and_another_method_does_not(roar_tab, words):
    app = roar_tab(**{"roar.fractions": "0.3"})
    assert "These accuracies used other shares. Press Run to update them." in words(app)
    app = roar_tab(**{"roar.methods": "vargrad"})
    assert "Other methods are selected now. Press Run to show them." in words(app)


@pytest.mark.usefixtures("_loaded")
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"roar.fill": "noisy_linear"}, "These accuracies used another fill. Press Run"),
        ({"roar.probes": "blur"}, "These accuracies used other probes. Press Run"),
        ({"roar.fresh_random": "true"}, "These accuracies used another random control. Press Run"),
    ],
)
def test_another_fill_or_a_probe_makes_the_accuracies_stale(roar_tab, words, asked, said):
    assert said in words(roar_tab(**asked))


@pytest.mark.usefixtures("_loaded", "endless")
def test_the_address_asks_for_fill_probes_and_an_early_stop(roar_tab, started):
    asked = {"roar.fill": "noisy_linear", "roar.probes": "dilate", "roar.stop_early": "true", "roar.seeds": "3"}
    request = started(roar_tab(**TINY | asked), ROAR).request
    assert (request.fill, request.probes, request.stop_early) == ("noisy_linear", ("dilate",), True)


@pytest.mark.usefixtures("_loaded")
def test_the_same_upload_goes_on_with_its_study_whoever_brings_it(roar_tab, upload, shades, words, started, wait):
    def opened(name):
        app = roar_tab(**{**TINY, "roar.leak": "false", "data": "folder", "folder": name, "data.side": "8"})
        wait(lambda: re.search(r" networks of |All \d+ networks are kept", words(app.run())), RUN_SECONDS)
        return app

    names = upload(shades(), "anna"), upload(list(reversed(shades())), "bert")
    app = opened(names[0])
    assert "all pictures" in words(app)
    assert "4 networks of " in words(app)
    assert "36 training and 6 test pictures of 8 × 8 pixels" in words(app)
    assert "upload the same folder again" in words(app)
    first = started(app, ROAR)
    wait(lambda: first.finished, RUN_SECONDS)
    assert first.state()["state"] == "done", first.state()["error"]
    [told] = first.messages(DataReady)
    assert (told["title"], told["classes"], told["tested"]) == ("shop", 3, 6)
    assert "/tmp" not in json.dumps(first.messages())
    again = started(opened(names[1]), ROAR)
    assert again.request.folder != first.request.folder
    wait(lambda: again.finished, RUN_SECONDS)
    trained = {file.name for file in home().glob("*/trainings/*.json")}
    assert again.messages(RetrainingReady)[-1]["networks"] == 4
    assert len(list(home().glob("*/study.toml"))) == 1
    assert len({name for name in trained if not name.startswith("explained")}) == 4


def test_there_is_nothing_to_stop_before_the_third_seed(roar_tab):
    app = roar_tab(**{"roar.stop_early": "true", "roar.seeds": "2"})
    assert app.toggle(key="roar.stop_early").disabled
    assert not roar_tab(**{"roar.seeds": "3"}).toggle(key="roar.stop_early").disabled


def test_a_click_plans_what_the_paper_did(roar_tab, words):
    app = roar_tab()
    app.button(key="roar The paper's choices").click().run()
    assert set(app.session_state["roar.methods"]) == set(BY_THE_PAPER)
    assert app.session_state["roar.fractions"] == [0.1, 0.3, 0.5, 0.7, 0.9]
    assert app.session_state["roar.forms"] == ["roar", "kar"]
    assert app.session_state["roar.seeds"] == 5
    assert app.session_state["roar.unit"] == "feature"
    assert app.session_state["roar.fresh_random"] is True
    assert "random masks drawn anew in each epoch" in words(app)
    assert not app.exception


def test_nothing_can_be_started_without_a_share(roar_tab, words):
    app = roar_tab(**{"roar.fractions": ""})
    assert app.button(key="start roar").disabled
    assert "Choose at least one method, one form and one share." in words(app)


def test_equal_requests_share_a_folder_and_other_ones_never_do():
    request = quick_request()
    assert folder_of(request.spec()) == folder_of(quick_request().spec())
    others = [replace(request, seeds=2), replace(request, settings={"smoothgrad": {"samples": 3}})]
    assert len({folder_of(each.spec()) for each in [request, *others]}) == 3


def test_a_verdict_has_at_most_twelve_words():
    script = scripts()[WORDS]
    [body] = re.findall(r"^function verdictOfStudy.*?^}", script, re.DOTALL | re.MULTILINE)
    constants = re.findall(r'const (?:LEAK_TO_COME|NONE_REMOVES_MORE|ONLY_KEPT) = "([^"]+)"', script)
    verdicts = [said_at_length(words) for words in re.findall("`(.*?)`", body)]
    assert (len(constants), len(verdicts)) == (3, 4)
    assert [words for words in [*verdicts, *constants] if len(words.split()) > 12] == []


def said_at_length(template):
    """A sentence of the script with its longest words: a method's name has two, a count of methods one and its noun."""
    longest = {
        r"\$\{methodLabel.*?\}": "Guided backpropagation",
        r"\$\{all\}": "14 methods",
        r"\$\{\w+\.length\}": "14",
    }
    for place, words in longest.items():
        template = re.sub(place, words, template)
    assert "${" not in template
    return template
