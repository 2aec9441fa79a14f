"""What commands share: what a person typed becomes what the engine takes."""

import pytest

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


@pytest.mark.parametrize("command", ["fine-tune", "single-patch"])
@pytest.mark.parametrize(("pictures", "said"), [(5_000_000, True), (12, False)])
def test_that_there_are_fewer_test_pictures_than_asked_for_is_said(
    heatcheck, shades, tmp_path, monkeypatch, command, pictures, said
):
    monkeypatch.setattr(core, f"stream_{command.replace('-', '_')}", lambda *_, **__: iter(()))
    asked = (command, "--methods", "gradient", "--data", shades, "--pictures", pictures, "--copies", 1)
    result = heatcheck(*asked, "--out", tmp_path / "out", "--device", "cpu")
    told = " ".join(result.stderr.split())
    assert ("There are only 12 test pictures; all of them are used." in told) == said, result.output
