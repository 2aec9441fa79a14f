"""A study of labelled pictures explains the class that a person named, and says how often the model names it."""

import json

import pytest
import torch
from PIL import Image
from torch import nn

import core
from core.metrics.statistics import clopper_pearson
from core.models.answering import Answering
from core.models.classifier import Classifier, Preprocessing
from core.models.cropping import centre_crop
from core.studies.evaluation import PictureScored, SummaryReady
from core.studies.labelling import Accuracy, LabelRefused, label_pictures
from core.studies.over_pictures import PictureRefused

COLOURS = {"red": (200, 40, 40), "sky_blue": (40, 40, 200), "green": (40, 200, 40)}
LABELS = ("red", "green", "sky blue")
QUICK = {"methods": ["gradient"], "metrics": ["fidelity"], "steps": 2}


class Brightest(nn.Module):
    """Names the colour whose channel is brightest: what it predicts is known for every picture."""

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(4.0))

    def forward(self, pixels):
        return self.gain * pixels.mean(dim=(2, 3))


@pytest.fixture
def colours():
    def geometry(picture):
        return centre_crop(picture, (6, 8))

    return Classifier("colours", Brightest(), Preprocessing(geometry, (6, 8), (0.0,) * 3, (1.0,) * 3), LABELS)


@pytest.fixture
def folder(tmp_path):
    """Two red pictures, one blue and one green, the second red one in the folder of blue ones; and one of no class."""
    for name, colour in {
        "red/a.png": "red", "sky_blue/b.png": "red", "sky_blue/c.png": "sky_blue", "green/d.png": "green",
        "yellow/e.png": "green",
    }.items():  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (16, 12), COLOURS[colour]).save(tmp_path / name)
    return tmp_path


def targets(classifier, folder, monkeypatch, **asked) -> dict[str, int]:
    """The class that was explained on each picture."""
    from core.studies.study import Study

    explained, score = {}, Study.score

    def listening(study, picture, subject):
        explained[picture] = subject.target
        return score(study, picture, subject)

    monkeypatch.setattr(Study, "score", listening)
    list(core.stream_evaluation(classifier, folder, **QUICK, **asked))
    return explained


def test_the_accuracy_is_the_share_of_labelled_pictures_that_are_predicted(colours, folder):
    events = list(core.stream_evaluation(colours, folder, **QUICK, labels="folders"))
    scored = {event.picture: event.correct for event in events if isinstance(event, PictureScored)}
    assert scored == {
        "red/a.png": True, "sky_blue/b.png": False, "sky_blue/c.png": True, "green/d.png": True, "yellow/e.png": None,
    }  # fmt: skip
    last = [event for event in events if isinstance(event, SummaryReady)][-1]
    assert (last.accuracy, last.pictures) == (Accuracy(3, 4), 5)
    (refused,) = [event for event in events if isinstance(event, LabelRefused)]
    assert refused.picture == "yellow/e.png"
    assert "no class 'yellow'" in refused.reason


def test_the_predicted_class_is_explained_unless_the_labelled_one_is_asked_for(colours, folder, monkeypatch):
    predicted = {
        "red/a.png": 0, "sky_blue/b.png": 0, "sky_blue/c.png": 2, "green/d.png": 1, "yellow/e.png": 1,
    }  # fmt: skip
    assert targets(colours, folder, monkeypatch, labels="folders") == predicted
    assert targets(colours, folder, monkeypatch) == predicted


def test_the_labelled_class_is_explained_and_a_picture_without_one_is_left_out(colours, folder, monkeypatch):
    asked = {"labels": "folders", "explained": "labelled"}
    assert targets(colours, folder, monkeypatch, **asked) == {
        "red/a.png": 0, "sky_blue/b.png": 2, "sky_blue/c.png": 2, "green/d.png": 1,
    }  # fmt: skip
    events = list(core.stream_evaluation(colours, folder, **QUICK, **asked))
    (refused,) = [event for event in events if isinstance(event, PictureRefused)]
    assert (refused.picture, "no class 'yellow'" in refused.reason) == ("yellow/e.png", True)
    assert [event for event in events if isinstance(event, SummaryReady)][-1].accuracy == Accuracy(3, 4)


def test_a_study_s_files_have_the_accuracy_and_what_does_not_count_for_it(colours, folder, tmp_path):
    table = core.evaluate(colours, folder, **QUICK, labels="folders")
    table.write(tmp_path / "out")
    about = json.loads((tmp_path / "out" / "study.json").read_text())
    low, high = clopper_pearson(0.75, 4)
    assert about["accuracy"] == {"share": 0.75, "low": low, "high": high, "correct": 3, "labelled": 4}
    assert list(about["refused_labels"]) == ["yellow/e.png"]
    assert about["asked"]["labels"] == "folders"
    assert "accuracy" not in core.evaluate(colours, folder, **QUICK).as_json()


def test_a_label_may_be_written_with_underscores_or_in_other_case_or_be_a_number():
    found = label_pictures(
        ["a", "b", "c", "d"], {"a": "SKY_BLUE", "b": "sky-blue", "c": "2", "d": "sky blue"}, LABELS, "m"
    )
    assert set(found.classes.values()) == {2}


def test_a_label_of_two_classes_labels_nothing_and_asks_for_the_number():
    with pytest.raises(ValueError, match="2 classes called 'crane': 0 and 1"):
        label_pictures(["a"], {"a": "crane"}, ("crane", "crane"), "small")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"explained": "labelled"}, "say where the labels are"),
        ({"labels": "folders", "explained": "true"}, "predicted, labelled"),
        ({"labels": "names"}, "no class"),
        ({"labels": {"elsewhere.png": "red"}}, "None of the pictures has a label"),
    ],
)
def test_a_study_without_a_single_label_is_refused_before_it_begins(colours, folder, asked, said):
    with pytest.raises(ValueError, match=said):
        core.stream_evaluation(colours, folder, **QUICK, **asked)


@pytest.mark.parametrize("name", ["n02123159/a.jpg", "n02123159_tiger_cat/a.jpg"])
def test_a_folder_called_by_its_wordnet_number_means_imagenet_s_class(squeezenet, name):
    found = label_pictures([name], "folders", squeezenet.labels, squeezenet.name)
    assert squeezenet.labels[found.classes[name]] == "tiger cat"


def test_a_wordnet_number_of_no_class_is_named_and_means_nothing_to_other_networks(squeezenet):
    names = ["n02123159/a.jpg", "n00000001/b.jpg"]
    found = label_pictures(names, "folders", squeezenet.labels, squeezenet.name)
    assert found.missing == {"n00000001/b.jpg": "n00000001 is none of the 1,000 classes of squeezenet1_1."}
    with pytest.raises(ValueError, match="small has no class 'n02123159'"):
        label_pictures(names, "folders", ("cat", "dog"), "small")


def test_of_several_labels_at_once_each_is_predicted_by_itself(folder):
    """Where a picture may have several labels, the less probable of two that both hold is predicted too."""

    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.logits = nn.Parameter(torch.tensor([0.5, 2.0, -1.0]))

        def forward(self, pixels):
            return self.logits + 0.0 * pixels.mean(dim=(1, 2, 3))[:, None]

    seen = Preprocessing(lambda picture: centre_crop(picture, (6, 8)), (6, 8), (0.0,) * 3, (1.0,) * 3)
    several = Classifier("several", Both(), seen, LABELS, answering=Answering(reading="sigmoid"))
    found = core.evaluate(several, folder, labels="folders", **QUICK).accuracy
    assert found == Accuracy(2, 4)  # red and green hold, blue does not
