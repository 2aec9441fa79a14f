"""Names in the address, and what goes along from page to page."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.controls.address import named
from dashboard.controls.method_panel import KEY, QUICK
from dashboard.controls.trial_panel import PREDICTED
from dashboard.library.models import DEFAULT_MODEL, models, shelf, title_of

Open = Callable[..., AppTest]
OTHER, WORDS = "squeezenet1_1", "SqueezeNet 1.1"


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    for name in (OTHER, "fashion_cnn"):
        shelf.ask(name).wait(120)


def model(app: AppTest) -> Any:
    return app.selectbox(key="model")


def go_to(app: AppTest, view: str) -> AppTest:
    return app.switch_page(f"views/{view}.py").run()


def pickers() -> None:
    import streamlit as st

    from dashboard.controls.address import choose, choose_several

    titles = {"a": "A", "b": "B", "c": "C"}
    choose(st.selectbox, "One", titles, "a", "one")
    choose(st.segmented_control, "Another", titles, "a", "another", required=True)
    choose_several(st.multiselect, "Several", titles, ["a"], "several")
    choose_several(st.pills, "More", titles, ["a"], "more", selection_mode="multi")


def at_mounting(app: AppTest) -> dict[str, list[str]]:
    """What a browser shows that draws the widgets only now."""
    one, several = app.selectbox(key="one").proto, app.multiselect(key="several").proto
    groups = {key: app.button_group(key=key).proto for key in ("another", "more")}
    return {
        "one": [one.raw_value if one.set_value else one.options[one.default]],
        "several": list(several.raw_values) if several.set_value else [several.options[at] for at in several.default],
        **{
            key: list(group.raw_values) if group.set_value else [group.options[at].content for at in group.default]
            for key, group in groups.items()
        },
    }


def test_a_browser_that_draws_a_widget_late_shows_what_the_address_asks_for() -> None:
    """The server says only once that a value was set; the widget's script may come after the next run."""
    app = AppTest.from_function(pickers)
    asked = {"one": "b", "another": "b", "several": ["b", "c"], "more": ["c"]}
    for key, said in asked.items():
        app.query_params[key] = said
    for _ in range(3):
        app.run()
        assert not app.exception
        assert at_mounting(app) == {"one": ["B"], "another": ["B"], "several": ["B", "C"], "more": ["C"]}
    app.selectbox(key="one").select("c").run()
    assert at_mounting(app)["one"] == at_mounting(app.run())["one"] == ["C"]


@pytest.mark.parametrize("said", [OTHER, WORDS])
def test_a_link_with_a_name_and_an_older_one_with_words_open_the_same_and_the_address_then_has_the_name(
    page: Open, said: str
) -> None:
    app = page(model=said, tab="Many pictures")
    assert model(app).value == OTHER
    assert (app.query_params["model"], app.query_params["tab"]) == (OTHER, "study")


def test_what_a_newcomer_gets_anyway_is_not_in_the_address(page: Open) -> None:
    app = page()
    model(app).select(OTHER).run()
    app.selectbox(key="imputer").select("blur").run()
    assert (app.query_params["model"], app.query_params["imputer"]) == (OTHER, "blur")
    model(app).select(DEFAULT_MODEL).run()
    assert "model" not in app.query_params


def test_an_address_that_means_nothing_opens_the_usual_and_says_so_until_another_choice(
    page: Open, words: Callable[[AppTest], str]
) -> None:
    app = page(model="no such model", imputer="fog", **{"class": "unicorn"})
    assert (model(app).value, app.selectbox(key="imputer").value) == (DEFAULT_MODEL, "dataset_mean")
    said = words(app.run())
    assert "Model: the link asks for “no such model”" in said
    assert "Imputer: the link asks for “fog”" in said
    assert said.count("unicorn") == 1
    model(app).select(OTHER).run()
    assert "no such model" not in words(app)
    assert "fog" in words(app)


@pytest.mark.parametrize(
    ("key", "said", "label"),
    [("seed", "abc", "Seed"), ("seed", "-1", "Seed"), ("steps", "11", "Steps"), ("compare", "maybe", "Compare models")],
)
def test_a_value_in_the_address_that_a_widget_cannot_have_is_told(
    page: Open, words: Callable[[AppTest], str], key: str, said: str, label: str
) -> None:
    app = page(**{key: said})
    assert f"{label}: the link asks for “{said}”, which is not offered here." in words(app.run())
    other = page(seed="7", steps="40")
    assert other.number_input(key="seed").value == 7
    assert "the link asks for" not in words(other.run())


def test_what_became_of_a_number_in_the_address_is_told(page: Open, words: Callable[[AppTest], str]) -> None:
    app = page(seed="7.5")
    chosen = app.number_input(key="seed").value
    assert f"Seed: the link asks for “7.5”, which is not offered here. {chosen} is chosen instead." in words(app.run())


@pytest.mark.parametrize(("said", "chosen"), [("99999", 2000), ("1", 2)])
def test_a_number_in_the_address_out_of_bounds_becomes_the_nearest_allowed_and_the_page_says_so(
    page: Open, words: Callable[[AppTest], str], said: str, chosen: int
) -> None:
    app = page("retrain", tab="Toy", **{"toy.seeds": said})
    assert app.number_input(key="toy.seeds").value == chosen
    assert f"“{said}”, which is not offered here. {chosen} is chosen instead." in words(app)
    assert app.run().number_input(key="toy.seeds").value == chosen


@pytest.mark.parametrize(("said", "run"), [("foo", set(QUICK)), ("foo,gradient", {"gradient"}), ("", set())])
def test_of_methods_in_the_address_those_are_run_that_exist_and_the_others_are_named(
    page: Open, words: Callable[[AppTest], str], said: str, run: set[str]
) -> None:
    app = page(methods=said)
    assert set(app.session_state[KEY]) == run
    assert ("Methods: the link asks for “foo”" in words(app)) == ("foo" in said)


def test_a_name_of_no_picture_may_be_misspelt_or_an_upload_that_is_gone(
    page: Open, words: Callable[[AppTest], str]
) -> None:
    said = words(page(picture="chelseaa"))
    assert "misspelt, or an upload that is no longer kept" in said


def test_model_picture_class_and_methods_go_along_to_another_page(page: Open) -> None:
    app = page(model=OTHER, picture="rocket", methods="gradient,grad_cam", **{"class": "3"})
    go_to(app, "sanity")
    assert (model(app).value, app.query_params["picture"]) == (OTHER, "rocket")
    assert app.selectbox(key="class").value == 3
    assert app.query_params["methods"] == "gradient,grad_cam"


def test_a_page_that_does_not_offer_a_choice_keeps_its_own_and_the_next_page_has_it_again(page: Open) -> None:
    app = go_to(page(picture="rocket"), "stamp")
    assert "picture" not in app.query_params
    model(app).select("trained/matched_filter").run()
    own = model(page("sanity")).value
    go_to(app, "sanity")
    assert (model(app).value, app.query_params["picture"]) == (own, "rocket")


def test_a_choice_on_the_next_page_comes_back(page: Open) -> None:
    app = go_to(page(model=OTHER), "sanity")
    model(app).select("fashion_cnn").run()
    assert model(go_to(app, "explain")).value == "fashion_cnn"


def test_a_newcomer_finds_each_pages_own_sample(page: Open) -> None:
    assert model(go_to(page(), "sanity")).value == model(page("sanity")).value


def test_a_filter_leaves_the_models_that_need_no_network_and_what_is_chosen(page: Open) -> None:
    models.read()
    everything = len(model(page()).options)
    app = page(here="true")
    assert len(model(app).options) < everything
    assert {OTHER, "fashion_cnn"} <= {each.name for each in models.known() if title_of(each) in model(app).options}


@pytest.mark.parametrize(("said", "explained"), [("cardigan", 474), ("Cardigan", 264), ("tiger cat", 282)])
def test_an_address_with_a_label_means_the_only_class_written_like_that(page: Open, said: str, explained: int) -> None:
    app = page(**{"class": said})
    assert app.selectbox(key="class").value == explained
    assert app.query_params["class"] == str(explained)


def test_an_address_whose_label_stands_for_two_classes_asks_for_the_number(page: Open) -> None:
    app = page(**{"class": "CARDIGAN"})
    assert app.selectbox(key="class").value == PREDICTED
    assert "264 and 474" in "".join(warning.value for warning in app.warning)
    app.selectbox(key="class").select(474).run()
    assert not app.warning


def test_two_classes_of_one_label_have_names_of_their_own_in_the_picker(page: Open) -> None:
    options = page().selectbox(key="class").options
    assert {"Cardigan (264)", "cardigan (474)"} <= set(options)
    assert len(set(options)) == len(options)


def test_a_class_whose_label_is_another_ones_number_goes_along_as_itself(
    page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = shelf.ask(OTHER).wait(120)
    assert shown
    monkeypatch.setattr(shown, "labels", tuple(map(str, reversed(range(1000)))))
    app = page(model=OTHER, **{"class": "3"})
    assert app.selectbox(key="class").value == 3
    assert go_to(app, "sanity").selectbox(key="class").value == 3


def test_names_go_before_words() -> None:
    assert named("b", {"a": "b", "b": "c"}) == "b"
