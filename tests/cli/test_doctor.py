"""``heatcheck doctor``: what is there is found, and what is not is noticed."""

from core.cli import doctor


def test_doctor_finds_everything_the_product_needs(heatcheck, monkeypatch):
    monkeypatch.setattr(doctor, "speed", lambda: iter(()))
    result = heatcheck("doctor")
    assert result.exit_code == 0, result.output
    assert "MISS" not in result.stdout
    assert "digest matches" in result.stdout


def test_doctor_notices_weights_that_were_changed(monkeypatch, tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "SHA256SUMS").write_text(f"{'0' * 64}  changed.safetensors\n{'0' * 64}  gone.safetensors\n")
    (tmp_path / "weights" / "changed.safetensors").write_bytes(b"other")
    monkeypatch.setattr(doctor, "ASSETS", tmp_path)
    assert [(finding.state, finding.sound) for finding in doctor.weights()] == [
        ("digest differs from the published one", False),
        ("missing", False),
    ]
