"""What a study of any pictures will take is told from its own pictures, and again from what is kept of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.jobs.durations import about
from core.methods.heatmap_request import HeatmapRequest
from core.retraining import forecast as forecasting
from core.retraining.cost import Pictures, cost_of, count_networks, numbers_of
from core.retraining.fine_tune import cost_of_fine_tune
from core.retraining.folder import Outcome, StudyFolder
from core.retraining.forecast import forecast, forecast_comparison, pace_of
from core.retraining.home import bytes_of, refuse_small_disk
from core.retraining.networks import USUAL
from core.retraining.pace import Pace, Speed
from core.retraining.single_patch import seconds_of
from core.retraining.spec import RetrainingSpec

CPU = torch.device("cpu")
SPEC = RetrainingSpec(methods=("gradient",), forms=("roar",), fractions=(0.5,), seeds=2, data="squares")
PACE = Pace(Speed(learned=1e-3, tested=1e-4), explained=0.01, filled=0.0, start=8.0)


@pytest.fixture
def begun(tmp_path, squares, monkeypatch):
    """A folder that has its pictures, on a machine whose pace is known."""
    monkeypatch.setattr(forecasting, "pace_of", lambda *_: PACE)
    folder = StudyFolder(tmp_path / "study")
    folder.ask(SPEC)
    folder.keep_data(squares)
    return folder


def test_networks_heatmaps_seconds_pictures_and_room_are_those_of_the_study_s_own_pictures(begun, squares):
    told = " ".join(forecast(SPEC, begun.path, CPU, processes=2)).replace("\xa0", " ")
    seconds = cost_of(SPEC, PACE, 2, pictures=numbers_of(squares)).seconds
    assert f"{count_networks(SPEC)} networks of about 2 s each" in told, "3 epochs of 600 x 1 ms and 60 x 0.1 ms"
    assert "1,980 heatmaps" in told, "660 pictures by three methods"
    assert f"about {round(seconds, -1):.0f} s on 2 cores" in told
    assert "600 training and 60 test pictures of 8 × 8 pixels" in told
    assert "Heatmaps, kept without loss: 1 MB of disk." in told, (
        "660 x 64 places x 3 maps of 4 bytes and ranks of 2 + 2"
    )


def test_what_is_kept_is_told_and_a_whole_study_is_not_timed_again(begun, monkeypatch):
    outcome = Outcome(np.ones(60, dtype=bool), 1.0)
    begun.keep_outcome("pictures-0-aa", outcome)
    assert f"{count_networks(SPEC) - 1} networks of about" in forecast(SPEC, begun.path, CPU, 2)[0]
    for number in range(1, count_networks(SPEC)):
        begun.keep_outcome(f"pictures-{number}-aa", outcome)
    monkeypatch.setattr(forecasting, "pace_of", lambda *_: pytest.fail("timed"))
    assert forecast(SPEC, begun.path, CPU, 2) == [f"All {count_networks(SPEC)} networks are kept."]


def test_the_pace_is_that_of_the_pictures_asked_about(squares):
    larger = replace(
        squares,
        train=replace(squares.train, pixels=squares.train.pixels.repeat(1, 1, 6, 6)),
        test=replace(squares.test, pixels=squares.test.pixels.repeat(1, 1, 6, 6)),
    )
    small, large = (
        pace_of(replace(SPEC, fill="noisy_linear"), own, CPU, 1, torch.float32) for own in (squares, larger)
    )
    assert large.speed.learned > 2 * small.speed.learned, "36 times as many pixels"
    assert large.filled > 2 * small.filled
    assert pace_of(SPEC, squares, CPU, 1, torch.float32).filled == 0.0


def test_a_disk_too_small_for_the_heatmaps_is_refused_with_both_figures(squares, tmp_path, monkeypatch):
    spec = replace(SPEC, picture_side=32)
    need = bytes_of(spec, numbers_of(squares))
    for free, refused in ((need, False), (need - 1, True)):
        monkeypatch.setattr("shutil.disk_usage", lambda _, free=free: type("Usage", (), {"free": free}))
        if refused:
            with pytest.raises(ValueError, match=r"heatmaps take 1.MB of disk, and .* has 1.MB left"):
                refuse_small_disk(spec, tmp_path, squares)
        else:
            refuse_small_disk(spec, tmp_path, squares)


def test_a_comparison_tells_what_is_trained_copied_and_explained_and_its_seconds(squares, monkeypatch):
    monkeypatch.setattr(forecasting, "speed_of", lambda *_: PACE.speed)
    monkeypatch.setattr(forecasting, "seconds_of_maps", lambda *_: PACE.explained)
    told = forecast_comparison(["gradient"], squares, [USUAL, USUAL], 100, 3, 4, CPU).replace("\xa0", " ")
    assert told.startswith("1 network trained, 3 copies fine-tuned, "), "no network of these pictures ships"
    seconds = seconds_of(USUAL, squares, PACE.speed, PACE.explained, 60, 3)
    assert told.endswith(f"about {round(seconds):.0f} s of one core.")


def test_a_fine_tune_takes_its_network_its_copies_its_maps_and_every_masked_picture(squares, monkeypatch):
    monkeypatch.setattr(forecasting, "speed_of", lambda *_: PACE.speed)
    monkeypatch.setattr(forecasting, "seconds_of_maps", lambda *_: 0.5)
    told = forecasting.forecast_fine_tune(["gradient"], squares, USUAL, 100, 2, "pixel", 0, CPU).replace("\xa0", " ")
    methods = len(HeatmapRequest(methods=("gradient",)).with_controls(truth_known=False).methods)
    epoch = 600 * 1e-3 + 60 * 1e-4
    seconds = (29 + 2 * 10) * epoch + 60 * 0.5 + 60 * methods * 10 * 3 * 1e-4
    assert (
        told
        == f"1 network trained, 2 copies fine-tuned, {60 * methods} heatmaps: {about(seconds)} of one core.".replace(
            "\xa0", " "
        )
    )


def test_what_ships_is_not_counted():
    request = HeatmapRequest(methods=("gradient",))
    own = Pictures(6000, 1000, (28, 28))
    ships = cost_of_fine_tune(own, True, request, 70, 4, "pixel", PACE.speed, 0.01)
    assert (ships.trained, ships.fine_tuned) == (0, 1), "three copies ship"
    other = cost_of_fine_tune(own, True, replace(request, seed=1), 70, 4, "pixel", PACE.speed, 0.01)
    assert (other.trained, other.fine_tuned) == (0, 4)
