"""What commands share: what a person typed becomes what the engine takes."""

import core
from core.cli.options import chosen_metrics


def test_all_metrics_are_those_that_can_be_told():
    everything = {entry.name for entry in core.list_metrics()}
    need_truth = {entry.name for entry in core.list_metrics() if entry.needs_truth}
    dear = {"ceiling", "variations"}
    everything -= {entry.name for entry in core.list_metrics() if entry.needs_stamp or dear & {*entry.needs}}
    assert set(chosen_metrics("all", marked=True)) == everything
    assert set(chosen_metrics("all", marked=False)) == everything - need_truth
    assert chosen_metrics(" mrg, deletion,", marked=False) == ["mrg", "deletion"]
    assert "fidelity" in chosen_metrics("", marked=False)
