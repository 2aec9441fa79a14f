"""``heatcheck explain``: what it writes, what it prints, and how it refuses."""

from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

import core
from core.cli.app import app
from core.methods.registry import list_controls

CHELSEA = str(next(picture.path for picture in core.gallery() if picture.name == "chelsea"))
CONTROLS = {entry.name for entry in list_controls(truth_known=False)}


def explain(heatcheck, out: Path, *arguments: object):
    return heatcheck("explain", CHELSEA, "--out", out, "--model", "squeezenet1_1", "--device", "cpu", *arguments)


@pytest.fixture(scope="module")
def once(squeezenet, tmp_path_factory):
    """One trial of two methods: its folder and what was printed."""
    out = tmp_path_factory.mktemp("trial")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(core, "load_classifier", lambda *_, **__: squeezenet)
        result = CliRunner().invoke(
            app, ["explain", CHELSEA, "--out", str(out), "--methods", "grad_cam,gradient", "--steps", "4"]
        )
    assert result.exit_code == 0, result.output
    return out, result


def test_every_method_and_every_control_has_a_picture_of_the_models_size(once):
    out, _ = once
    shown = {file.stem for file in out.glob("*.png")}
    assert shown == {"grad_cam", "gradient"} | CONTROLS
    assert all(Image.open(out / f"{name}.png").size == (224, 224) for name in shown)


def test_scores_are_sorted_and_controls_are_marked(once, rows):
    scores = rows(once[0] / "scores.csv")
    values = [float(row["F"]) for row in scores]
    assert values == sorted(values, reverse=True)
    assert {row["method"] for row in scores if row["control"] == "1"} == CONTROLS
    assert {row["method"] for row in scores if not row["chance_up_to"]} == CONTROLS  # of which chance is not asked
    shown = next(line for line in once[1].stdout.splitlines() if line.startswith("Gradient"))
    [gradient] = [row for row in scores if row["method"] == "gradient"]
    assert f"(chance up to {float(gradient['chance_up_to']):.2f})" in shown
    assert all(float(row["F"]) == pytest.approx(float(row["mrg"]) + float(row["lrg"]), abs=1e-9) for row in scores)


def test_curves_have_both_ends_and_a_band_for_random_orders_only(once, rows):
    points = [row for row in rows(once[0] / "curves.csv") if row["method"] == "gradient"]
    assert [(row["order"], float(row["fraction"])) for row in points] == [
        (order, step / 4) for order in ("lif", "mif", "random") for step in range(5)
    ]
    assert {bool(row["low"]) for row in points if row["order"] == "random"} == {True}
    assert {bool(row["low"]) for row in points if row["order"] != "random"} == {False}


def test_the_table_names_directions_random_values_and_controls(once):
    table = once[1].stdout
    assert "F ↑" in table
    assert "Artifact share" in table
    assert "P / T" not in table
    assert table.count("random 0") == 3
    assert table.count("random 1") == 1
    assert table.count("control") >= len(CONTROLS)
    assert "Egyptian cat" in once[1].stderr


BOOT = next(picture.path for picture in core.gallery() if picture.suits == "fashion_mnist")


def test_a_contrast_goes_to_heatmaps_and_curves(heatcheck, rows, tmp_path):
    arguments = (
        "--model",
        "fashion_cnn",
        "--methods",
        "gradient",
        "--steps",
        "2",
        "--device",
        "cpu",
        "--out",
        tmp_path,
    )
    said = heatcheck("explain", BOOT, *arguments, "--target", "Ankle boot", "--rather-than", "Sneaker")
    assert said.exit_code == 0, said.output
    classifier = core.load_classifier("fashion_cnn", device="cpu")
    boot, sneaker = (classifier.labels.index(label) for label in ("Ankle boot", "Sneaker"))
    logits = classifier.logits(classifier.prepare(core.open_picture(BOOT)))[0].double()
    clean = next(row for row in rows(tmp_path / "curves.csv") if row["fraction"] == "0.0")
    assert float(clean["value"]) == pytest.approx(float((logits[boot] - logits[sneaker]).sigmoid()), abs=1e-5)


@pytest.mark.parametrize(
    ("other", "sentence"), [("Ankle boot", "are both class 9"), ("shoehorn", "no class 'shoehorn'")]
)
def test_a_contrast_with_itself_or_with_no_class_is_refused(heatcheck, tmp_path, other, sentence):
    arguments = ("--model", "fashion_cnn", "--device", "cpu", "--out", tmp_path, "--target", "Ankle boot")
    said = heatcheck("explain", BOOT, *arguments, "--rather-than", other)
    assert said.exit_code == 2
    assert sentence in " ".join(said.output.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--methods", "grad_kam"], "grad_cam"),
        (["--methods", ","], "at least one method"),
        (["--model", "squeezenet"], "squeezenet1_1"),
        (["--target", "tigger"], "tiger"),
        (["--target", "CARDIGAN"], "264 and 474"),
        (["--target", "1000"], "0 to 999"),
        (["--imputer", "white"], "no imputer"),
        (["--device", "tpu"], "tpu"),
        (["--out", CHELSEA], "--out"),
    ],
)
def test_a_mistake_is_one_sentence_on_stderr(heatcheck, tmp_path, arguments, said):
    result = explain(heatcheck, tmp_path, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not result.stdout
    assert not list(tmp_path.iterdir())


def test_a_bad_picture_is_one_sentence_on_stderr(heatcheck, tmp_path):
    broken = tmp_path / "notes.png"
    broken.write_text("no picture")
    result = heatcheck("explain", broken)
    assert result.exit_code == 2
    assert "not a PNG" in result.stderr


def test_a_method_that_does_not_fit_is_left_out_with_its_reason(heatcheck, tmp_path, monkeypatch):
    def refusing(*_, **__):
        yield core.MethodRefused("gradient", "Because.")

    monkeypatch.setattr(core, "stream_trial", refusing)
    result = explain(heatcheck, tmp_path, "--methods", "gradient")
    assert result.exit_code == 1
    assert "Gradient is unavailable: Because." in result.stdout


def test_an_interrupt_leaves_what_there_is_and_says_so(heatcheck, tmp_path, monkeypatch, rows):
    closed, stream_trial = [], core.stream_trial

    def interrupted(*arguments, **options):
        try:
            for event in stream_trial(*arguments, **options):
                yield event
                if isinstance(event, core.FidelityReady):
                    raise KeyboardInterrupt
        finally:
            closed.append(True)

    monkeypatch.setattr(core, "stream_trial", interrupted)
    result = explain(heatcheck, tmp_path, "--methods", "gradient", "--steps", "8")
    assert result.exit_code == 130
    assert "Stopped. The heatmaps, scores.csv and curves.csv are in" in result.stderr
    assert closed
    assert (tmp_path / "gradient.png").exists()
    assert len(rows(tmp_path / "scores.csv")) == 1
    assert len(rows(tmp_path / "curves.csv")) > 20
