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


def means(batch: object = "n", colours_last: bool = False, size: object = 6, softmax: bool = False) -> bytes:
    """A network whose logits are ten times the mean of each colour."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    picture = [batch, size, size, 3] if colours_last else [batch, 3, size, size]
    nodes = [
        helper.make_node("ReduceMean", ["picture", "axes"], ["means"], keepdims=0),
        helper.make_node("Mul", ["means", "ten"], ["logits"]),
    ]
    if softmax:
        nodes.append(helper.make_node("Softmax", ["logits"], ["answer"], axis=1))
    graph = helper.make_graph(
        nodes, "means",
        [helper.make_tensor_value_info("picture", kind, picture)],
        [helper.make_tensor_value_info("answer" if softmax else "logits", kind, [batch, 3])],
        [
            helper.make_tensor("axes", onnx.TensorProto.INT64, [2], [1, 2] if colours_last else [2, 3]),
            helper.make_tensor("ten", kind, [1], [10.0]),
        ],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return model.SerializeToString()


@pytest.mark.parametrize("colours_last", [False, True])
@pytest.mark.parametrize("batch", ["n", 1])
def test_answers_are_the_networks_own_in_any_layout_and_batch(colours_last, batch):
    classifier = from_onnx(means(batch, colours_last), LABELS, mean=0.5, std=0.25)
    pixels = torch.rand(3, 3, 6, 6, generator=torch.Generator().manual_seed(1))
    expected = 10 * (pixels.mean(dim=(2, 3)) - 0.5) / 0.25
    torch.testing.assert_close(classifier.logits(pixels), expected)
    assert classifier.size == (6, 6)


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
