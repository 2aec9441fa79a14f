"""An ONNX file answers as the network that it describes."""

import numpy as np
import pytest
import torch

from core.methods.registry import capability
from core.models.onnx_file import from_onnx
from core.models.sources import ModelError

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
LABELS = ("red", "green", "blue")


def means(
    batch: object = "n", colours_last: bool = False, size: object = 6, softmax: bool = False, channels: object = 3
) -> bytes:
    """A network whose logits are ten times the mean of each channel."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    picture = [batch, size, size, channels] if colours_last else [batch, channels, size, size]
    nodes = [
        helper.make_node("ReduceMean", ["picture", "axes"], ["means"], keepdims=0),
        helper.make_node("Mul", ["means", "ten"], ["logits"]),
    ]
    if softmax:
        nodes.append(helper.make_node("Softmax", ["logits"], ["answer"], axis=1))
    graph = helper.make_graph(
        nodes, "means",
        [helper.make_tensor_value_info("picture", kind, picture)],
        [helper.make_tensor_value_info("answer" if softmax else "logits", kind, [batch, channels])],
        [
            helper.make_tensor("axes", onnx.TensorProto.INT64, [2], [1, 2] if colours_last else [2, 3]),
            helper.make_tensor("ten", kind, [1], [10.0]),
        ],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return model.SerializeToString()


@pytest.mark.parametrize("colours_last", [False, True])
@pytest.mark.parametrize("batch", ["n", 1, 2, 4, 5])
def test_answers_are_the_networks_own_in_any_layout_and_batch(colours_last, batch):
    classifier = from_onnx(means(batch, colours_last), LABELS, mean=0.5, std=0.25)
    pixels = torch.rand(3, 3, 6, 6, generator=torch.Generator().manual_seed(1))
    expected = 10 * (pixels.mean(dim=(2, 3)) - 0.5) / 0.25
    torch.testing.assert_close(classifier.logits(pixels), expected)
    assert classifier.size == (6, 6)


@pytest.mark.parametrize("colours_last", [False, True])
@pytest.mark.parametrize("channels", [1, 4])
def test_pictures_have_as_many_channels_as_the_file_states(colours_last, channels):
    classifier = from_onnx(means("n", colours_last, channels=channels), LABELS[:1] * channels, mean=[0.5] * channels)
    pixels = torch.rand(2, channels, 6, 6, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(classifier.logits(pixels), 10 * (pixels.mean(dim=(2, 3)) - 0.5))


def test_the_normalisation_tells_how_many_channels_where_the_file_does_not():
    assert from_onnx(means(channels="c"), LABELS).channels == 3
    assert from_onnx(means(channels="c"), ("a", "b"), mean=[0.5, 0.25]).channels == 2
    with pytest.raises(ModelError, match=r"takes 1 channel, but its normalisation has 3 values. Give a mean and a std"):
        from_onnx(means(channels=1), LABELS, mean=(0.1, 0.2, 0.3))


def test_the_spread_that_pixels_are_divided_by_is_above_zero():
    with pytest.raises(ValueError, match="std must be above 0"):
        from_onnx(means(), LABELS, std=0)


def test_a_size_that_the_file_contradicts_is_refused():
    with pytest.raises(ModelError, match=r"takes 6 × 6 pixels, not 8 × 8. Leave size out"):
        from_onnx(means(), LABELS, size=8)
    assert from_onnx(means(), LABELS, size=6).size == (6, 6)


def flat(inputs: int, kind: str) -> bytes:
    """A network that adds its inputs, which are no pictures."""
    helper, kind = onnx.helper, getattr(onnx.TensorProto, kind)
    names = [f"input {number}" for number in range(inputs)]
    sides = ["n", 3] if inputs == 1 and kind == onnx.TensorProto.FLOAT else ["n", 3, 6, 6]
    graph = helper.make_graph(
        [helper.make_node("Add", [names[0], names[-1]], ["logits"])], "flat",
        [helper.make_tensor_value_info(name, kind, sides) for name in names],
        [helper.make_tensor_value_info("logits", kind, None)],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return model.SerializeToString()


@pytest.mark.parametrize(
    ("inputs", "kind", "sentence"),
    [
        (1, "FLOAT", r"input 'input 0' is tensor\(float\) of shape n × 3; it must be a batch of pictures"),
        (1, "INT32", r"is tensor\(int32\) of shape n × 3 × 6 × 6; it must be a batch of pictures of floats"),
        (2, "FLOAT", r"takes 2 inputs \(input 0, input 1\); it must take one, a batch of pictures"),
    ],
)
def test_a_network_that_takes_no_pictures_is_refused_with_what_it_takes(inputs, kind, sentence):
    with pytest.raises(ModelError, match=sentence):
        from_onnx(flat(inputs, kind), LABELS)


def test_probabilities_are_taken_as_they_are():
    classifier = from_onnx(means(softmax=True), LABELS)
    assert classifier.reading == "probabilities"


def test_methods_that_need_gradients_say_that_there_are_none():
    reasons = capability(from_onnx(means(), LABELS))
    assert reasons["gradient"] is not None
    assert reasons["occlusion"] is None


def test_a_file_that_is_none_or_has_no_size_is_refused_with_the_way_out():
    with pytest.raises(ModelError, match="cannot load"):
        from_onnx(b"not a network", LABELS)
    with pytest.raises(ModelError, match="size="):
        from_onnx(means(size="side"), LABELS)
    assert from_onnx(means(size="side"), LABELS, size=8).size == (8, 8)


def test_a_path_names_the_classifier(tmp_path):
    (tmp_path / "colours.onnx").write_bytes(means())
    assert from_onnx(tmp_path / "colours.onnx", LABELS).name == "colours"
    assert np.isclose(float(from_onnx(tmp_path / "colours.onnx", LABELS).logits(torch.ones(1, 3, 6, 6))[0, 0]), 10)
