"""What a person says of own weights makes the model that they mean, or a sentence."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.controls.own_model_panel import labels_in
from dashboard.library.own_models import own_models

ARCHITECTURE = "torchvision/squeezenet1_1"


def script(outputs):
    import torchvision

    from core.models.fitting import fit
    from dashboard.controls.own_model_panel import ask_for_the_rest

    weights = torchvision.models.squeezenet1_1(num_classes=outputs).state_dict()
    ask_for_the_rest("mine", "digest", weights, fit("torchvision/squeezenet1_1", weights))


@pytest.fixture
def added(monkeypatch):
    """The models that a dialog with these answers adds, and the sentences that it shows."""
    models = []
    monkeypatch.setattr(own_models, "add", lambda _, model: models.append(model) or "name")
    monkeypatch.setattr("dashboard.controls.own_model_panel.choose_from_now_on", lambda _: None)

    def add(outputs, names="", reading=None):
        app = AppTest.from_function(script, args=(outputs,), default_timeout=60).run()
        app.text_area(key="own classes").set_value(names)
        app.selectbox(key="own reading").set_value(reading)
        app.number_input(key="own side").set_value(64)
        app.button(key="add own model").click().run()
        assert not app.exception
        return models, [error.value for error in app.error], app.text_area(key="own classes").label

    return add


@pytest.mark.parametrize(("names", "reading"), [("cat\ndog", None), ("cat\ndog", "one logit"), ("", "one logit")])
def test_a_single_logit_can_tell_two_classes_apart(added, names, reading):
    (model,), errors, asked = added(1, names, reading)
    assert not errors
    assert model.labels == (tuple(names.splitlines()) or ("class 0", "class 1"))
    assert model.classifier("mine").reading == "one logit"
    assert "one name, or two for a single logit" in asked


def test_a_single_output_can_be_one_class(added):
    (model,), _, _ = added(1, "cat")
    assert (model.labels, model.classifier("mine").reading) == (("cat",), "sigmoid")


def test_two_models_of_one_person_never_share_a_name(added, monkeypatch):
    (first,), _, _ = added(1, "cat")
    monkeypatch.setattr(own_models, "own", lambda _: {"one": first})
    models, _, _ = added(1, "cat")
    assert [model.title for model in models] == ["mine", "mine (2)"]


@pytest.mark.parametrize(
    ("names", "outputs", "reading", "sentence"),
    [
        ("a\nb\nc", 1, None, "3 class names for 1 class"),
        ("a", 1, "one logit", "is 1 class name for 2 classes"),
        ("a\nb", 5, None, "are 2 class names for 5 classes"),
    ],
)
def test_names_that_are_too_many_or_too_few_are_refused(names, outputs, reading, sentence):
    with pytest.raises(ValueError, match=sentence):
        labels_in(names, outputs, reading)


@pytest.mark.parametrize("error", [RuntimeError("shapes"), TypeError("an argument"), KeyError("layer")])
def test_whatever_building_the_model_raises_is_a_sentence(added, monkeypatch, error):
    def fails(*_, **__):
        raise error

    monkeypatch.setattr("core.wrap", fails)
    models, errors, _ = added(2)
    assert not models
    assert errors == [
        f"{ARCHITECTURE} fails with these weights and settings ({type(error).__name__}; see the server's log). "
        "Try its usual input side, or another architecture."
    ]
