"""The sweep over sizes and opacities of the stamp, without a browser."""

import pytest

from core.stamping.benchmark import SweepPoint
from core.stamping.gate import Gate
from dashboard.stamp.sweep.job import SWEEP

PASSED = Gate(1.0, 1.0, 1.0, 200, 100)


@pytest.fixture
def one_point(monkeypatch):
    """Sweeps of one cell."""
    point = SweepPoint(6, 1.0, PASSED, {}, 1, 1)
    monkeypatch.setattr("dashboard.stamp.sweep.job.stream_stamp_sweep", lambda *_, **__: iter((point,)))


@pytest.mark.usefixtures("one_point")
def test_a_sweep_of_other_sizes_than_are_chosen_is_stale(benchmark_tab, started, wait, words):
    app = benchmark_tab()
    job = started(app, SWEEP)
    wait(lambda: job.finished)
    app.run()
    assert "to update" not in words(app)
    app.button_group(key="sweep.sizes.6").set_value([6]).run()
    assert "This sweep used other sizes. Press Sweep to update it." in words(app)


def test_without_a_size_there_is_nothing_to_sweep(benchmark_tab, words):
    app = benchmark_tab()
    app.button_group(key="sweep.sizes.6").set_value([]).run()
    assert app.button(key="start sweep").disabled
    assert "Choose at least one method, one size and one opacity." in words(app)


@pytest.mark.slow
def test_a_sweep_asks_for_few_methods_and_all_sizes(benchmark_tab, started, wait):
    app = benchmark_tab(**{"sweep.pictures": "2"})
    job = started(app, SWEEP)
    request = job.request
    assert (request.sizes, request.opacities, request.pictures) == ((3, 4, 5, 6), (0.6, 0.8, 1.0), 2)
    assert request.methods == ("gradient",)
    assert app.button(key="start sweep").label == "Cancel"
    wait(lambda: list(job.events(SweepPoint)))
    app.button(key="start sweep").click().run()
    wait(lambda: job.finished)
    assert job.state()["state"] == "cancelled"
    [first, *_] = job.events(SweepPoint)
    assert (first.size, first.opacity, first.total) == (6, 1.0, 12)
    assert first.distances["oracle"].mean == pytest.approx(0, abs=1e-6)
