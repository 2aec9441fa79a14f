"""A network is asked how it answers before anything is computed from its answers."""

import threading
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import core
from core.models.answering import MAYBE_READ_TWICE, NO_LOGITS, NOT_ALONE, ONE_AT_A_TIME, READ_TWICE
from core.models.batching import BatchSize

SIZE = (6, 8)


class Small(nn.Module):
    """Two convolutions and one layer; its answer passes through a last step."""

    def __init__(self, last=lambda logits: logits, classes=3, channels=3):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(3)
            self.first = nn.Conv2d(channels, 4, 3, padding=1)
            self.second = nn.Conv2d(4, 5, 3, padding=1)
            self.head = nn.Linear(5, classes)
        self.last = last

    def forward(self, pixels: Tensor):
        seen = self.second(torch.relu(self.first(pixels))).relu()
        return self.last(self.head(seen.mean(dim=(2, 3))))


def wrapped(network, classes=3, **settings):
    return core.wrap(network, SIZE, [f"class {number}" for number in range(classes)], name="mine", **settings)


@pytest.fixture
def picture():
    return torch.rand(1, 3, *SIZE, generator=torch.Generator().manual_seed(2))


@dataclass
class Output:
    logits: Tensor
    features: Tensor


@pytest.mark.parametrize(
    "held",
    [
        lambda logits: (logits, -logits),
        lambda logits: [logits],
        lambda logits: {"features": -logits, "logits": logits},
        lambda logits: {"scores": logits},
        lambda logits: Output(logits, -logits),
        lambda logits: logits[:, None],
        lambda logits: logits[..., None, None],
        lambda logits: logits.squeeze(),
    ],
    ids=["tuple", "list", "dictionary", "only entry", "object", "middle axis", "one pixel", "squeezed"],
)
def test_logits_are_found_whatever_holds_them(held, picture):
    plain, found = wrapped(Small()), wrapped(Small(held))
    torch.testing.assert_close(found.logits(picture.repeat(3, 1, 1, 1)), plain.logits(picture.repeat(3, 1, 1, 1)))
    names = [name for name in ("gradient", "grad_cam", "deeplift") if not core.capability(found)[name]]
    assert names[:2] == ["gradient", "grad_cam"]
    expected, maps = (core.explain(each, picture, names) for each in (plain, found))
    for name, heatmap in maps.items():
        torch.testing.assert_close(heatmap.values, expected[name].values)


@pytest.mark.parametrize(
    ("held", "sentence"),
    [
        (lambda logits: {"scores": logits, "features": logits}, "dict with 'scores', 'features'"),
        (lambda _: None, "returns NoneType"),
        (lambda logits: logits[:, :, None, None].expand(-1, -1, 2, 2), r"shape \(1, 3, 2, 2\)"),
        (lambda logits: logits * float("nan"), "not finite"),
        (lambda logits: torch.cat([logits[:, :2], logits[:, 2:] - torch.inf], dim=1), "not finite"),
        (lambda logits: torch.cat([logits, logits[:, :1]], dim=1), "4 numbers .* 3 labels. If one of them is a backgr"),
        (lambda logits: logits[:, :2], "2 numbers .* 3 labels. Give a label for each"),
        (lambda logits: F.dropout(logits, 0.5), "differently each time .* dropout"),
        (lambda logits: logits + torch.randn_like(logits) * 0.1, "differently each time"),
    ],
    ids=["two tensors", "nothing", "places", "nan", "masked class", "background", "too few", "dropout", "noise"],
)
def test_answers_that_cannot_be_explained_are_refused_when_the_classifier_is_built(held, sentence):
    with pytest.raises(ValueError, match=sentence):
        wrapped(Small(held))


def test_a_network_that_looks_at_its_batch_is_asked_about_each_picture_alone(picture):
    network = nn.Sequential(nn.BatchNorm2d(3, track_running_stats=False), Small())
    classifier = wrapped(network)
    assert classifier.notes == (NOT_ALONE,)
    among = classifier(torch.cat([picture, torch.zeros(3, 3, *SIZE)]))
    torch.testing.assert_close(among[:1], network.eval()(picture))
    maps = core.explain(classifier, picture, ["occlusion", "smoothgrad", "sobel"])
    assert [NOT_ALONE in maps[name].notes for name in maps] == [True, True, False]
    curves = [
        core.perturb(classifier, picture, {"map": picture[0, 0]}, 0, steps=4, batch_size=size)["map", "mif"].values
        for size in (1, 5)
    ]
    torch.testing.assert_close(curves[0], curves[1])


def test_a_network_that_takes_one_picture_at_a_time_gets_one_at_a_time(picture):
    plain, single = Small(), Small(lambda logits: logits.reshape(1, 3))
    classifier = wrapped(single)
    assert classifier.notes == (ONE_AT_A_TIME,)
    several = torch.cat([picture, picture.flip(3)])
    torch.testing.assert_close(classifier.logits(several), plain(several))
    names = ["smoothgrad", "grad_cam"]
    expected, found = (core.explain(wrapped(each), picture, names) for each in (plain, single))
    for name in names:
        torch.testing.assert_close(found[name].values, expected[name].values, rtol=1e-4, atol=1e-6)


def test_a_function_for_one_picture_is_called_for_one_at_a_time(picture):
    network = Small()

    def answer(pixels):
        if len(pixels) > 1:
            raise LookupError("Got invalid dimensions for input: expected 1")
        return network(pixels).detach().numpy()

    classifier = core.as_classifier(answer, SIZE, ("a", "b", "c"))
    assert classifier.notes == (ONE_AT_A_TIME,)
    torch.testing.assert_close(classifier.logits(picture.repeat(4, 1, 1, 1)), network(picture).repeat(4, 1))


def test_a_sigmoid_reads_each_class_by_itself(picture):
    network = Small()
    classifier = wrapped(network, reading="sigmoid")
    probabilities = {each.index: each.probability for each in core.predict(classifier, picture)}
    for index, expected in enumerate(network(picture)[0].sigmoid().tolist()):
        assert probabilities[index] == pytest.approx(expected)
    curve = core.perturb(classifier, picture, {"map": picture[0, 0]}, target=1, steps=2)["map", "mif"]
    assert float(curve.values[0]) == pytest.approx(probabilities[1])
    predicted = core.perturb(classifier, picture, {"map": picture[0, 0]}, target=1, steps=2, y="accuracy")
    assert float(predicted["map", "mif"].values[0]) == (probabilities[1] > 0.5)


def test_one_logit_speaks_of_the_second_of_two_classes(picture):
    network = Small(classes=1)
    classifier = wrapped(network, classes=2)
    assert classifier.reading == "one logit"
    logit = float(network(picture))
    chance = torch.tensor(logit).sigmoid().item()
    assert {each.index: each.probability for each in core.predict(classifier, picture)} == {
        1: pytest.approx(chance),
        0: pytest.approx(1 - chance),
    }
    maps = [core.explain(classifier, picture, ["gradient"], target=each)["gradient"].attribution for each in (0, 1)]
    torch.testing.assert_close(maps[0], -maps[1])
    assert core.predict(wrapped(network, classes=1), picture)[0].probability == pytest.approx(chance)


@pytest.mark.parametrize(
    ("last", "classes", "reading"),
    [
        (lambda logits: logits.softmax(dim=1), 3, "probabilities"),
        (lambda logits: (9 * logits).exp() / (9 * logits).exp().sum(dim=1, keepdim=True), 3, "probabilities"),
        (lambda logits: logits.sigmoid(), 3, "separate probabilities"),
        (lambda logits: logits[:, :1].sigmoid(), 2, "probabilities"),
        (lambda logits: logits[:, :1].sigmoid().squeeze(1), 1, "separate probabilities"),
        (lambda logits: logits.log_softmax(dim=1), 3, "softmax"),
    ],
    ids=["softmax", "divided", "sigmoid", "one sigmoid, two classes", "one sigmoid, one class", "log softmax"],
)
def test_what_a_network_ends_in_is_found_and_its_probabilities_are_those_it_answers_with(
    last, classes, reading, picture
):
    classifier = wrapped(Small(last), classes)
    assert classifier.reading == reading
    answer = Small(last)(picture)
    answer = answer.exp() if reading == "softmax" else answer
    probabilities = {each.index: each.probability for each in core.predict(classifier, picture)}
    assert probabilities[classes - 1] == pytest.approx(float(answer.flatten()[-1]))
    assert (NO_LOGITS in classifier.notes) == (reading != "softmax")


@pytest.mark.parametrize(
    ("last", "classes", "reading"),
    [
        (lambda logits: logits.sigmoid(), 3, "sigmoid"),
        (lambda logits: logits.sigmoid(), 3, "softmax"),
        (lambda logits: logits.softmax(dim=1), 3, "sigmoid"),
        (lambda logits: logits.softmax(dim=1), 3, "softmax"),
        (lambda logits: logits[:, :1].sigmoid(), 2, "one logit"),
        (lambda logits: logits[:, :1].sigmoid(), 2, "softmax"),
        (lambda logits: logits[:, :1].sigmoid(), 1, "sigmoid"),
    ],
)
def test_probabilities_that_are_read_as_logits_are_noted(last, classes, reading):
    assert READ_TWICE in wrapped(Small(last), classes, reading=reading).notes
    assert READ_TWICE not in wrapped(Small(last), classes).notes


@pytest.mark.parametrize("reading", ["probabilities", "separate probabilities"])
def test_one_probability_leaves_the_rest_to_the_other_class(reading, picture):
    classifier = wrapped(Small(lambda logits: logits[:, :1].sigmoid()), 2, reading=reading)
    chance = float(Small(lambda logits: logits[:, :1].sigmoid())(picture))
    found = {each.index: each.probability for each in core.predict(classifier, picture)}
    assert found == {0: pytest.approx(1 - chance), 1: pytest.approx(chance)}


@pytest.mark.parametrize("classes", [3, 2, 1])
def test_numbers_of_a_function_that_may_be_sigmoids_are_told_until_their_reading_is_chosen(classes):
    """Without a graph nothing tells a sigmoid from logits that are small."""
    network = Small(torch.sigmoid, classes=classes)
    labels = [f"class {number}" for number in range(classes)]

    def asked(answer, **settings):
        return core.as_classifier(lambda pixels: answer(pixels).detach().numpy(), SIZE, labels, **settings).notes

    assert MAYBE_READ_TWICE in asked(network)
    assert MAYBE_READ_TWICE not in asked(network, reading="separate probabilities")
    assert MAYBE_READ_TWICE not in asked(network, reading="sigmoid")
    assert MAYBE_READ_TWICE not in asked(lambda pixels: 8 * network(pixels) - 4)
    assert MAYBE_READ_TWICE not in wrapped(Small(torch.relu, classes=classes), classes).notes


def test_probabilities_of_a_function_are_not_read_twice(picture):
    network = Small(lambda logits: logits.softmax(dim=1))
    classifier = core.as_classifier(lambda pixels: network(pixels).detach().numpy(), SIZE, ("a", "b", "c"))
    found = sorted((each.probability for each in core.predict(classifier, picture)), reverse=True)
    assert found == pytest.approx(network(picture)[0].sort(descending=True).values.tolist())


@pytest.mark.parametrize("reading", ["softmax", "sigmoid"])
@pytest.mark.parametrize("last", [lambda logits: logits, lambda logits: logits.log_softmax(dim=1)])
def test_logits_that_are_read_as_logits_are_not_noted(last, reading):
    assert wrapped(Small(last), reading=reading).notes == ()


def test_a_reading_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="one logit needs one"):
        wrapped(Small(), reading="one logit")
    with pytest.raises(ValueError, match="numbers outside 0 to 1"):
        wrapped(Small(lambda logits: 9 * logits), reading="probabilities")
    with pytest.raises(ValueError, match="must be one of softmax, sigmoid"):
        wrapped(Small(), reading="softmx")


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_networks_of_other_precision_answer_and_are_explained(kind, picture):
    network = Small().to(kind)
    classifier = wrapped(network)
    torch.testing.assert_close(classifier.logits(picture), network(picture.to(kind)).to(classifier.logits(picture)))
    for pixels in (picture, picture.to(kind)):
        maps = core.explain(classifier, pixels, ["gradient", "grad_cam", "occlusion"])
        assert all(heatmap.values.dtype in (torch.float32, torch.float64) for heatmap in maps.values())
        reference = core.explain(wrapped(Small()), picture, ["gradient"], target=maps["gradient"].target)["gradient"]
        torch.testing.assert_close(maps["gradient"].values.float(), reference.values, rtol=0.1, atol=1e-3)
    assert len(classifier.weights_digest) == 64


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_probabilities_are_known_as_such_in_every_precision(kind):
    classifier = wrapped(Small(lambda logits: (3 * logits).softmax(dim=1)).to(kind))
    assert classifier.reading == "probabilities"
    assert READ_TWICE not in classifier.notes


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_networks_of_other_channels_are_explained_and_judged(channels):
    classifier = wrapped(Small(channels=channels))
    assert classifier.channels == channels
    pixels = torch.rand(1, channels, *SIZE, generator=torch.Generator().manual_seed(4))
    names = ["gradient", "grad_cam", "occlusion", "lime", "sobel", "integrated_gradients", "deeplift"]
    maps = core.explain(classifier, pixels, names)
    assert maps["gradient"].attribution.shape == (channels, *SIZE)
    values = {name: heatmap.values for name, heatmap in maps.items()}
    for imputer in ("dataset_mean", "blur", "gaussian_noise", "noisy_linear"):
        curves = core.perturb(classifier, pixels, values, 0, steps=2, imputer=imputer)
        assert curves["gradient", "mif"].values[0] == curves["sobel", "lif"].values[0]


def test_a_picture_becomes_grey_for_one_channel_and_is_refused_for_four():
    from PIL import Image

    orange = Image.new("RGB", (30, 20), (255, 128, 0))
    grey = wrapped(Small(channels=1)).prepare(orange)
    assert grey.shape == (1, 1, *SIZE)
    assert float(grey[0, 0, 0, 0]) == pytest.approx((0.299 * 255 + 0.587 * 128) / 255, abs=1 / 255)
    with pytest.raises(ValueError, match=r"4 channels, and this picture gives 3. Pass pixels of shape \(1, 4,"):
        wrapped(Small(channels=4)).prepare(orange)


def test_a_network_that_needs_rows_in_a_row_gets_them(picture):
    class Viewing(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.head = nn.Conv2d(3, 2, 3), nn.Linear(2 * 4 * 6, 3)

        def forward(self, pixels):
            return self.head(self.first(pixels).view(len(pixels), -1))

    network = Viewing()
    classifier = wrapped(network)
    assert core.explain(classifier, picture, ["gradient", "grad_cam"])["gradient"].values.any()
    torch.testing.assert_close(classifier.logits(picture), network(picture))
    core.Classifier("mine", network, classifier.preprocessing, ("a", "b", "c"))
    network(picture)  # would raise, had its weights been laid out otherwise


def test_two_threads_that_explain_by_one_classifier_get_each_their_own_map():
    meeting = threading.Barrier(2)
    together = threading.Event()

    class Meeting(nn.Module):
        def forward(self, seen):
            if together.is_set():
                meeting.wait(20)  # both have run the layer that is read before either goes on
            return seen

        def __deepcopy__(self, _):
            return self

    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), Meeting(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)
    )
    classifier = wrapped(network)
    pictures = [torch.rand(1, 3, *SIZE), torch.rand(1, 3, *SIZE) ** 3]
    settings = {"grad_cam": {"layer": "1"}}

    def explained(pixels):
        return core.explain(classifier, pixels, ["grad_cam"], target=1, settings=settings)["grad_cam"].values

    alone = [explained(pixels) for pixels in pictures]
    found = {}
    threads = [
        threading.Thread(target=lambda place=place: found.update({place: explained(pictures[place])}))
        for place in (0, 1)
    ]
    together.set()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for place in (0, 1):
        torch.testing.assert_close(found[place], alone[place])


def test_a_quantised_network_refuses_what_needs_gradients():
    network = torch.ao.quantization.quantize_dynamic(Small().eval(), {nn.Linear}, dtype=torch.qint8)
    classifier = wrapped(network)
    reasons = core.capability(classifier)
    assert "none reach the pixels" in reasons["gradient"]
    assert reasons["occlusion"] is None
    assert len(classifier.weights_digest) == 64


def test_a_sound_network_is_asked_about_four_pictures_and_one():
    fed = []

    class Counting(Small):
        def forward(self, pixels):
            fed.append(len(pixels))
            return super().forward(pixels)

        def __deepcopy__(self, _):
            return self

    classifier = wrapped(Counting())
    assert fed == [1, 4]
    assert classifier.notes == ()


def test_bundled_networks_are_known_and_asked_nothing(monkeypatch):
    monkeypatch.setattr("core.models.answering.Probe.find", lambda *_: pytest.fail("asked"))
    for name in ("fashion_cnn", "fashion_vit"):
        classifier = core.load_classifier(name, device="cpu")
        classifier._batch_sizes["forward"] = BatchSize(1)
        assert (classifier.reading, classifier.channels, classifier.notes) == ("softmax", 3, ())
