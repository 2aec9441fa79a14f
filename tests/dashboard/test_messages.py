"""Events as the browser reads them."""

import json

import pytest

from dashboard.messages import to_message


def test_each_event_becomes_plain_json(finished_run):
    following, messages = finished_run.since(0)
    assert json.loads(json.dumps(messages)) == messages
    assert [message["kind"] for message in messages] == ["progress", "heatmap", "refused", "curve", "fidelity"]
    assert [message["sequence"] for message in messages] == [0, 1, 2, 3, 4]
    assert following == 5


def test_classes_are_told_by_name(finished_run):
    _, (_, heatmap, _, curve, _) = finished_run.since(0)
    assert heatmap["target"] == "dog"
    assert curve["top"] == [["dog", 0.5], ["cat", 0.25], ["cup", 0.125]]


def test_a_heatmap_tells_its_cost_and_its_notes(finished_run):
    heatmap = finished_run.since(1)[1][0]
    assert (heatmap["height"], heatmap["width"]) == (2, 3)
    assert (heatmap["forward"], heatmap["backward"], heatmap["notes"]) == (1, 1, ["A note."])


def test_what_is_no_event_is_refused():
    with pytest.raises(TypeError, match="str has no message"):
        to_message("a string", ())
