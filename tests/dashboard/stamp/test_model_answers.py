"""The route that answers while a stamp is dragged."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.pictures.stamps import Placed, Stamp
from core.stamping.models import DEFAULT, ListedStampModel
from dashboard.library.models import DEFAULT_MODEL, shelf
from dashboard.library.pictures import bases_for
from dashboard.library.predictions import look
from dashboard.library.queue import queue
from dashboard.stamp.model_answers import classes_shown

Ask = Callable[..., Any]


@pytest.fixture
def picture(cross: ListedStampModel) -> str:
    """What the default model was not trained on."""
    assert shelf.ask(DEFAULT).ended.wait(120)
    return bases_for(cross)[0].name


@pytest.fixture
def ask(client: TestClient, picture: str) -> Ask:
    """Asks about stamps on a picture."""

    def get(*stamps: str, **subject: str) -> Any:
        return client.get(
            "/api/stamp/answer", params={"model": DEFAULT, "picture": picture, **subject, "stamp": list(stamps)}
        )

    return get


def test_the_answer_is_that_of_the_stamps_one_upon_the_other_and_of_the_clean_picture(ask: Ask, picture: str) -> None:
    classifier = shelf.held(DEFAULT)
    classes = ask("saltire,5,#00c8ff,0.75,29,19", "cross,4,#ff00ff,0.5,30,20").json()["classes"]
    clean = look(DEFAULT, picture).pixels
    under = Placed(Stamp("saltire", 5, "#00c8ff", 0.75), 29, 19).on(clean)
    stamped = Placed(Stamp("cross", 4, "#ff00ff", 0.5), 30, 20).on(under)
    before, after = (classifier.logits(pixels)[0].softmax(dim=0).tolist() for pixels in (clean, stamped))
    assert [each["label"] for each in classes] == ["regular", "stamped"]
    assert [each["before"] for each in classes] == pytest.approx(before, abs=1e-5)
    assert [each["after"] for each in classes] == pytest.approx(after, abs=1e-5)


def test_the_answer_comes_between_the_steps_of_a_job(ask: Ask, wait: Callable[..., None]) -> None:
    endless = queue().submit(lambda: iter(lambda: 0, 1), owner="somebody")
    wait(lambda: endless.state == "running")
    assert ask("cross,6,#ff00ff,1,20,20").status_code == 200
    assert not endless.finished
    queue().cancel(endless.id, endless.owner)


@pytest.mark.parametrize(
    "stamp",
    ["", "cross", "cross,6,#ff00ff,1,20", "crss,6,#ff00ff,1,20,20", "cross,2,#ff00ff,1,20,20", "cross,6,nocolour,1,2,2",
     "cross,6,#ff00ff,1.5,2,2", "cross,6,#ff00ff,nan,2,2", "cross,7,#ff00ff,1,2,2", "cross,6000000,#ff00ff,1,2,2"],
)  # fmt: skip
def test_what_is_no_stamp_for_this_picture_is_a_bad_request(ask: Ask, stamp: str) -> None:
    assert ask(stamp).status_code == 400


@pytest.mark.parametrize("subject", [{"model": "trained/nobody"}, {"picture": "nobody"}, {"picture": "base-0-0"}])
def test_what_is_not_there_is_said(ask: Ask, subject: dict[str, str]) -> None:
    answer = ask("cross,6,#ff00ff,1,20,20", **subject)
    assert answer.status_code == 404
    assert answer.json()["error"]


def test_a_photo_model_tells_the_likeliest_before_and_after(ask: Ask) -> None:
    classes = ask("cross,28,#ff00ff,1,90,90", model=DEFAULT_MODEL, picture="coffee").json()["classes"]
    before = [answer.label for answer in look(DEFAULT_MODEL, "coffee").answers[:4]]
    assert [each["label"] for each in classes][:4] == before
    assert max(classes, key=lambda each: each["after"])["after"] > 0.05


def test_classes_that_came_with_the_stamp_stand_below_those_that_were_there() -> None:
    before = {index: 10 - index for index in range(10)}
    after = [0, 0, 0, 0, 0, 0, 1, 2, 3, 4]
    assert classes_shown(before, after) == [0, 1, 2, 3, 9, 8, 7, 6]
