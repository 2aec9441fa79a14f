"""A plain function is asked like a network, and told what is wrong with its answer."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import core
from core.models.sources import ModelError

SIZE = (6, 8)
LABELS = ("one", "two", "three")
WEIGHTS = torch.randn(3 * 6 * 8, 3, generator=torch.Generator().manual_seed(1))


def weighed(pixels):
    return pixels.reshape(len(pixels), -1) @ WEIGHTS


class Foreign:
    """An array of a library that is not here."""

    def __init__(self, values):
        self._values = values

    def __array__(self, dtype=None, copy=None):
        return self._values.astype(dtype or self._values.dtype)


def classifier_of(answer, **settings):
    return core.as_classifier(answer, **{"size": SIZE, "labels": LABELS, "name": "mine", **settings})


@pytest.mark.parametrize(
    "returned",
    [
        lambda logits: logits,
        lambda logits: logits.numpy(),
        lambda logits: logits.tolist(),
        lambda logits: logits.double(),
        lambda logits: Foreign(logits.numpy()),
        lambda logits: [*logits],
        lambda logits: [*logits.numpy()],
        lambda logits: (logits.numpy(),),
        lambda logits: [logits],
        lambda logits: np.ascontiguousarray(logits.numpy()[:, ::-1])[:, ::-1],
        lambda logits: np.frombuffer(logits.numpy().tobytes(), np.float32).reshape(-1, 3),
    ],
    ids=[
        "tensor",
        "array",
        "list",
        "float64",
        "array of another library",
        "tensors of rows",
        "arrays of rows",
        "array in a tuple",
        "tensor in a list",
        "array in reverse",
        "array that cannot be written",
    ],
)
def test_logits_are_what_the_function_answers_whatever_holds_them(returned):
    classifier = classifier_of(lambda pixels: returned(weighed(pixels)))
    pixels = torch.rand(5, 3, *SIZE)
    torch.testing.assert_close(classifier.logits(pixels), weighed(pixels))
    assert classifier.logits(pixels).dtype == torch.float32
    assert (classifier.name, classifier.title, classifier.labels, classifier.size) == ("mine", "mine", LABELS, SIZE)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_function_gets_plain_single_precision_pixels_between_black_and_white(dtype):
    given = []

    def listening(pixels):
        given.append(pixels.numpy().copy())
        assert pixels.is_contiguous()
        assert not pixels.is_inference()
        assert not torch.is_grad_enabled()
        return weighed(pixels)

    classifier = classifier_of(listening)
    pixels = torch.rand(2, 3, *SIZE, dtype=dtype).requires_grad_()
    answers = classifier(pixels)
    with torch.inference_mode():
        classifier(pixels)
    assert answers.dtype == dtype
    for array in given[-2:]:
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, pixels.detach().float().numpy())


def test_what_the_function_does_to_its_pixels_stays_with_it():
    def careless(pixels):
        array = pixels.numpy()
        array -= 0.5
        return weighed(pixels)

    classifier, pixels = classifier_of(careless), torch.rand(2, 3, *SIZE)
    for memory in (torch.contiguous_format, torch.channels_last):
        before = pixels.contiguous(memory_format=memory)
        after = before.clone()
        classifier.network(after)
        assert torch.equal(after, before)


def test_a_function_that_answers_in_the_same_memory_each_time_is_understood():
    memory = np.zeros((8, 3), np.float32)

    def thrifty(pixels):
        memory[: len(pixels)] = weighed(pixels).numpy()
        return memory[: len(pixels)]

    classifier, pixels = classifier_of(thrifty), torch.rand(4, 3, *SIZE)
    first, second = classifier(pixels[:2]), classifier(pixels[2:])
    torch.testing.assert_close(torch.cat([first, second]), weighed(pixels))


def test_no_gradient_passes_even_through_a_network():
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 6 * 8, 3))

    def insisting(pixels):
        with torch.enable_grad():
            return network(pixels)

    for answer in (network, insisting):
        logits = classifier_of(answer)(torch.rand(2, 3, *SIZE).requires_grad_())
        assert logits.grad_fn is None
        assert not logits.requires_grad


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            lambda pixels: weighed(pixels)[:, 0],
            "mine answers with 1 number for each picture, but there are 3 labels. Give a label for each",
        ),
        (lambda pixels: weighed(pixels)[:, :2], "answers with 2 numbers for each picture"),
        (lambda pixels: weighed(pixels).repeat(8, 1), r"For 1 picture it returns shape \(8, 3\)"),
        (lambda pixels: weighed(pixels)[:, :, None, None].expand(-1, -1, 2, 4), r"returns shape \(1, 3, 2, 4\)"),
        (lambda pixels: weighed(pixels) / 0, "not finite"),
        (lambda pixels: weighed(pixels) * float("nan"), "not finite"),
        (lambda _: None, "must return a tensor or an array of logits, not NoneType"),
        (lambda _: "espresso", "logits, not str"),
        (lambda _: {"logits": 1}, "logits, not dict"),
    ],
)
def test_an_answer_that_is_no_logits_is_refused_at_once(answer, sentence):
    with pytest.raises(ValueError, match=sentence):
        classifier_of(answer)


def test_labels_have_to_be_as_many_as_logits():
    with pytest.raises(ValueError, match="3 numbers for each picture, but there are 2 labels"):
        classifier_of(weighed, labels=("one", "two"))


def test_an_answer_that_goes_wrong_later_is_refused_then():
    classifier = classifier_of(lambda pixels: weighed(pixels) if len(pixels) < 5 else weighed(pixels)[:2])
    with pytest.raises(ValueError, match=r"For 5 pictures it returns shape \(2, 3\)"):
        classifier(torch.rand(5, 3, *SIZE))
    classifier = classifier_of(lambda pixels: weighed(pixels).log() if (pixels > 1).any() else weighed(pixels))
    with pytest.raises(ValueError, match="not finite"):
        classifier(torch.full((1, 3, *SIZE), 2.0))


def test_the_function_s_own_errors_come_through():
    with pytest.raises(TypeError, match="my own"):
        classifier_of(raising)


def raising(_):
    raise TypeError("my own")


def test_a_device_that_is_not_there_is_refused_in_words(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ModelError, match="no cuda device"):
        classifier_of(weighed, device="cuda")


def test_pictures_are_cropped_to_the_size_whatever_their_shape():
    classifier = classifier_of(weighed)
    for width, height in [(300, 100), (100, 300), (8, 6), (1, 1)]:
        pixels = classifier.prepare(Image.new("RGB", (width, height), (255, 128, 0)))
        assert pixels.shape == (1, 3, *SIZE)
        assert torch.equal(pixels[0, :, 0, 0], torch.tensor([255, 128, 0]) / 255)


def test_methods_that_need_gradients_say_why_they_refuse_and_others_do_not():
    reasons = core.capability(classifier_of(weighed))
    for name in ("gradient", "integrated_gradients", "smoothgrad", "grad_cam"):
        assert "gradient" in reasons[name]
    for name in ("occlusion", "random", "sobel"):
        assert reasons[name] is None


def test_occlusion_of_a_function_is_that_of_the_network_it_computes():
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 6 * 8, 3))
    plain = core.Classifier("module", network, classifier_of(weighed).preprocessing, LABELS)
    asked = classifier_of(lambda pixels: network(pixels).numpy(), dataset_mean=plain.dataset_mean)
    pixels = torch.rand(1, 3, *SIZE)
    expected, found = (core.explain(each, pixels, ["occlusion"])["occlusion"].values for each in (plain, asked))
    assert found.abs().max() > 0
    torch.testing.assert_close(found, expected)


def test_a_module_that_is_asked_stays_as_its_owner_has_it():
    owned = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 6 * 8, 3)).train()
    classifier = core.as_classifier(owned, (6, 8), ("a", "b", "c"))
    assert owned.training
    assert all(parameter.requires_grad for parameter in owned.parameters())
    assert [*classifier.network.parameters()] == []


def test_what_covers_a_function_s_pictures_is_grey_unless_their_mean_is_known():
    def answer(pixels: torch.Tensor) -> torch.Tensor:
        return pixels.mean(dim=(2, 3))

    assert core.as_classifier(answer, (6, 8), ("a", "b", "c")).dataset_mean == (0.5, 0.5, 0.5)
    assert core.as_classifier(answer, (6, 8), ("a", "b", "c"), dataset_mean=(0.1, 0.2, 0.3)).dataset_mean == (
        0.1,
        0.2,
        0.3,
    )
