"""A classifier that a person's own function makes is found by name, and by nobody else's wish."""

import sys

import pytest

import core
from core.models import own
from core.models.sources import ModelError

MADE = """
import core
from torch import nn

def pooled():
    network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return core.wrap(network, size=16, labels=("cat", "dog"), name="pets")

def bare():
    return nn.Linear(1, 1)

def failing():
    raise KeyError("my own")
"""


@pytest.fixture(autouse=True)
def module(tmp_path, monkeypatch):
    (tmp_path / "of_my_own.py").write_text(MADE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(own, "_OFFERED", {})
    yield
    sys.modules.pop("of_my_own", None)


def test_a_function_of_the_current_folder_makes_the_classifier():
    classifier = own.made_by("of_my_own:pooled")
    assert (classifier.title, classifier.labels) == ("pets", ("cat", "dog"))


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("nowhere:pooled", "no module 'nowhere'"),
        (".of_my_own:pooled", "not of the form module:function. Write it such as my_package"),
        (":pooled", "not of the form module:function"),
        ("of_my_own:", "not of the form module:function"),
        ("of_my_own", "not of the form module:function"),
        ("of_my_own.py:pooled()", "not of the form module:function"),
        ("./of_my_own:pooled", "not of the form module:function"),
        ("of..my_own:pooled", "not of the form module:function"),
        ("of_my_own:absent", "of_my_own has no function 'absent'"),
        ("of_my_own:MADE", "has no function 'MADE'"),
        ("of_my_own:bare", "returns Linear, not a classifier. Return core.wrap"),
    ],
)
def test_what_makes_no_classifier_is_refused_with_the_way_out(place, sentence):
    with pytest.raises(ModelError, match=sentence):
        own.made_by(place)


def test_an_error_in_the_function_itself_comes_through():
    with pytest.raises(KeyError, match="my own"):
        own.made_by("of_my_own:failing")


def test_only_what_was_offered_is_loaded_by_name():
    with pytest.raises(ModelError, match="no model called"):
        core.load_classifier("of_my_own:pooled", device="cpu")
    own.offer("of_my_own:pooled")
    classifier = core.load_classifier("of_my_own:pooled", device="cpu")
    assert (classifier.name, classifier.title) == ("of_my_own:pooled", "pets")
    (listed,) = own.list_offered()
    assert (listed.name, listed.label, listed.source) == ("of_my_own:pooled", "pets", "own")


def test_two_places_that_share_a_classifier_each_have_their_own_name(tmp_path):
    with (tmp_path / "of_my_own.py").open("a") as module:
        module.write("SHARED = pooled()\n\ndef one(): return SHARED\n\ndef other(): return SHARED\n")
    places = ["of_my_own:one", "of_my_own:other"]
    for place in places:
        own.offer(place)
    assert [core.load_classifier(place).name for place in places] == places


def test_the_command_line_says_how_to_name_one(heatcheck_alone):
    said = heatcheck_alone("explain", core.gallery()[0].path, "--model", ".of_my_own:pooled")
    assert said.exit_code == 2
    assert "not of the form module:function" in " ".join(said.output.split())


def test_the_command_line_explains_by_it_and_contrasts_two_classes(heatcheck_alone, tmp_path):
    said = heatcheck_alone(
        "explain", core.gallery()[0].path, "--model", "of_my_own:pooled", "--methods", "gradient", "--steps", "2",
        "--target", "cat", "--rather-than", "dog", "--out", tmp_path / "out",
    )  # fmt: skip
    assert said.exit_code == 0
    assert 'pets: explaining "cat" (class 0) rather than "dog" (class 1).' in said.output
    assert (tmp_path / "out" / "gradient.png").is_file()


def test_a_dashboard_lists_it_first_and_a_mistake_is_one_sentence(monkeypatch):
    from dashboard import server
    from dashboard.library.models import ModelList

    monkeypatch.setattr(server, "serve", lambda *_: None)
    monkeypatch.setattr("os._exit", lambda _: None)
    server.main(["--model", "of_my_own:pooled"])
    assert ModelList().title("of_my_own:pooled") == "pets (own)"
    assert ModelList().known()[0].name == "of_my_own:pooled"
    with pytest.raises(SystemExit, match="no module 'nowhere'"):
        server.main(["--model", "nowhere:pooled"])


@pytest.fixture
def heatcheck_alone():
    from typer.testing import CliRunner

    from core.cli.app import app

    return lambda *arguments: CliRunner().invoke(app, list(map(str, arguments)))


def test_the_dashboard_command_passes_it_on(heatcheck_alone, monkeypatch):
    started = []
    monkeypatch.setattr("os.execve", lambda *arguments: started.append(arguments[1]))
    heatcheck_alone("--model", "of_my_own:pooled", "--no-browser")
    assert started[0][-3:] == ["--model", "of_my_own:pooled", "--no-browser"]
