"""The copy answers alike whatever way its network is written, and making it touches neither network nor process."""

from collections import Counter

import pytest
import timm
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.vgg import cfgs, make_layers

import core
from core.models.classifier import IMAGENET_MEAN, Classifier
from core.models.sources import seeded_construction
from core.models.unrolled import Apart, Mean, Sum, Untraceable, taken_apart

NETWORKS = [
    "efficientnet_lite0",
    "squeezenet1_1",
    "torchvision/resnet18",
    pytest.param("torchvision/vgg11_bn", marks=pytest.mark.slow),
    "torchvision/mobilenet_v2",
    "torchvision/shufflenet_v2_x0_5",
    pytest.param("timm/resnetv2_50", marks=pytest.mark.slow),
    pytest.param("timm/vgg11_bn", marks=pytest.mark.slow),
    pytest.param("torchvision/densenet121", marks=pytest.mark.slow),
]


def loaded(name: str) -> Classifier:
    if not name.endswith("/vgg11_bn"):
        return core.load_classifier(name, device="cpu", pretrained="/" not in name)
    with seeded_construction():
        network = timm.create_model("vgg11_bn", mlp_ratio=1 / 64) if name.startswith("timm/") else narrow_vgg()
    labels = [f"class {number}" for number in range(1000)]
    return core.wrap(network, 224, labels, IMAGENET_MEAN, (0.229, 0.224, 0.225))


def narrow_vgg() -> nn.Module:
    """torchvision's VGG without the 120 million weights of its dense layers, which are steps like any others."""
    with torch.device("meta"):
        network = torchvision.models.vgg11_bn(init_weights=False)
    network.features = make_layers(cfgs["A"], batch_norm=True)
    network.classifier = nn.Sequential(
        *(nn.Linear(512 * 7 * 7, 64), nn.ReLU(True), nn.Dropout()),
        *(nn.Linear(64, 64), nn.ReLU(True), nn.Dropout(), nn.Linear(64, 1000)),
    )
    for layer in network.features:
        if isinstance(layer, nn.Conv2d):  # as torchvision begins them
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return network


def kinds(copy: Apart) -> Counter[str]:
    return Counter(
        type(step.does).__name__ if isinstance(step.does, nn.Module) else step.does.__name__ for step in copy.steps()
    )


def assert_alike(network: nn.Module, copy: Apart, pictures: Tensor) -> None:
    with torch.no_grad():
        answered = network(pictures.clone())
        torch.testing.assert_close(copy(pictures), answered, rtol=0, atol=1e-5 * float(answered.abs().max()))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_copy_answers_alike_by_modules_used_once_and_out_of_place(name, chelsea, fingerprint, lived):
    classifier = loaded(name)
    lived(classifier.network)
    before = fingerprint(classifier)
    pictures = classifier.normalise(torch.cat([chelsea, chelsea.flip(3)]))
    copy = taken_apart(classifier.network, pictures[:1])
    assert_alike(classifier.network, copy, pictures)
    assert fingerprint(classifier) == before
    seen: Counter[nn.Module] = Counter()
    for part in copy.children():
        part.register_forward_hook(lambda module, *_: seen.update([module]))
    copy(pictures[:1])
    assert set(seen.values()) == {1}
    assert not any(getattr(part, "inplace", False) for part in copy.modules())
    assert set(copy.modules()).isdisjoint(classifier.network.modules())


@pytest.mark.parametrize("name", ["efficientnet_lite0", "torchvision/resnet18"])
def test_batch_norms_after_convolutions_are_folded_and_their_activations_stand_alone(name):
    classifier = core.load_classifier(name, device="cpu", pretrained=False)
    copy = taken_apart(classifier.network, torch.rand(1, 3, 224, 224))
    assert not any(isinstance(part, nn.BatchNorm2d) for part in copy.modules())
    assert sum(isinstance(part, nn.ReLU | nn.ReLU6) for part in copy.modules()) == classifier.anatomy.rectifiers


class InModules(nn.Module):
    """Every step is a module of its own."""

    def __init__(self) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(5)
        self.first, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        for layer in (self.first, self.second):
            layer.weight = nn.Parameter(torch.randn(layer.weight.shape, generator=draw))
            layer.bias = nn.Parameter(torch.randn(layer.bias.shape, generator=draw))
        self.relus = nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.ReLU(), nn.ReLU6()])
        self.pool, self.narrow, self.average = nn.MaxPool2d(2), nn.AvgPool2d(3, 1, 1), nn.AdaptiveAvgPool2d(1)
        self.add = Sum()

    def forward(self, pixels: Tensor) -> Tensor:
        seen = self.relus[0](self.first(pixels))
        seen = self.relus[1](self.add(torch.stack([self.second(seen), seen], dim=-1)))
        seen = self.narrow(self.pool(self.relus[2](seen)))
        return torch.flatten(self.average(self.relus[3](seen)), 1)


class Reused(InModules):
    """The same with one in-place ReLU for all, and additions by operator."""

    def forward(self, pixels: Tensor) -> Tensor:
        relu = self.relus[0]
        relu.inplace = True
        seen = relu(self.first(pixels))
        left = self.second(seen)
        left += seen
        seen = self.narrow(self.pool(relu(relu(left))))
        return self.average(self.relus[3](seen)).flatten(1)


class Functional(InModules):
    """The same by functions."""

    def forward(self, pixels: Tensor) -> Tensor:
        seen = F.relu(self.first(pixels))
        seen = torch.relu(torch.add(self.second(seen), seen)).relu()
        seen = F.avg_pool2d(F.max_pool2d(seen, 2), kernel_size=3, stride=1, padding=1)
        return torch.flatten(F.adaptive_avg_pool2d(F.relu6(seen), 1), 1)


class InPlace(InModules):
    """The same, written over what was read."""

    def forward(self, pixels: Tensor) -> Tensor:
        seen = F.relu(self.first(pixels), inplace=True)
        seen = torch.relu_(self.second(seen).add_(seen)).clamp_(min=0)
        seen = F.avg_pool2d(F.max_pool2d(seen, (2, 2)), 3, 1, 1)
        return F.adaptive_avg_pool2d(F.hardtanh(seen, 0.0, 6.0, inplace=True), (1, 1)).flatten(1)


@pytest.mark.parametrize("written", [Reused, Functional, InPlace])
def test_functions_reused_modules_and_writing_in_place_become_the_same_steps(written):
    picture = torch.rand(2, 3, 6, 8) - 0.5
    modules, other = taken_apart(InModules().eval(), picture[:1]), taken_apart(written().eval(), picture[:1])
    expected = kinds(modules)
    expected["side_by_side"] = expected.pop("stack")
    assert kinds(other) == expected
    torch.testing.assert_close(other(picture), modules(picture))
    assert_alike(written().eval(), other, picture)


class ReadsWhatWasOverwritten(nn.Module):
    """The skip carries what the in-place ReLU left there, as in some pre-activation networks."""

    def __init__(self) -> None:
        super().__init__()
        self.relu, self.convolution = nn.ReLU(inplace=True), nn.Conv2d(3, 3, 1)

    def forward(self, pixels: Tensor) -> Tensor:
        centred = pixels - 0.5
        return (self.convolution(self.relu(centred)) + centred).mean((2, 3))


def test_who_reads_a_place_after_it_was_overwritten_reads_the_new_value():
    network, pictures = ReadsWhatWasOverwritten().eval(), torch.rand(2, 3, 6, 8)
    copy = taken_apart(network, pictures[:1])
    assert_alike(network, copy, pictures)
    assert kinds(copy)["Mean"] == 1
    assert any(isinstance(part, Mean) for part in copy.children())


class ReadsTwice(nn.Module):
    """What the convolution gives is used beside the norm, so that the norm can't go into it."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)
        nn.init.uniform_(self.norm.running_mean)

    def forward(self, pixels: Tensor) -> Tensor:
        raw = self.convolution(pixels)
        return (raw + self.norm(raw)).mean((2, 3))


def test_a_norm_that_is_not_alone_in_reading_a_convolution_stays():
    network, pictures = ReadsTwice().eval(), torch.rand(2, 3, 6, 8)
    copy = taken_apart(network, pictures[:1])
    assert_alike(network, copy, pictures)
    assert kinds(copy)["BatchNorm2d"] == 1


class WithConstants(nn.Module):
    """Reads a parameter, a buffer and a tensor made on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((3, 1, 1), 2.0))
        self.register_buffer("shift", torch.ones(3, 1, 1))

    def forward(self, pixels: Tensor) -> Tensor:
        return (pixels * self.scale + self.shift - torch.tensor([1.0, 2.0])[:, None, None, None].sum(0)).mean((2, 3))


def test_constants_are_read_by_the_copy_and_leave_no_trace_on_the_network():
    network, pictures = WithConstants().eval().requires_grad_(False), torch.rand(2, 3, 6, 8)
    before = set(vars(network)), set(network._buffers)
    copy = taken_apart(network, pictures[:1])
    assert_alike(network, copy, pictures)
    assert (set(vars(network)), set(network._buffers)) == before
    network.scale.data.mul_(3)
    assert_alike(network, copy, pictures)  # weights are shared, not copied


def test_a_step_tells_its_layer_and_which_of_its_arguments_depend_on_the_pixels():
    class Gate(nn.Module):
        def forward(self, pixels: Tensor) -> Tensor:
            return pixels * pixels * 2 / pixels.shape[2]

    copy = taken_apart(nn.Sequential(nn.Identity(), Gate()), torch.rand(1, 3, 6, 8))
    told = [(step.layer, step.changing) for step in copy.steps()]
    assert told == [("0", (0,)), ("1", (0, 1)), ("1", (0,)), ("1", (0,))]


class Branches(nn.Module):
    """Takes one way for large pictures and another for small ones."""

    def forward(self, pixels: Tensor) -> Tensor:
        if pixels.shape[-1] < 7:
            return pixels.amax((2, 3))
        return pixels.mean((2, 3))


def test_a_branch_on_the_size_is_taken_as_the_picture_at_hand_takes_it():
    large, small = torch.rand(2, 3, 6, 8), torch.rand(2, 3, 6, 6)
    assert_alike(Branches(), taken_apart(Branches(), large[:1]), large)
    assert_alike(Branches(), taken_apart(Branches(), small[:1]), small)


def test_a_network_that_branches_on_what_it_sees_is_refused_in_words():
    class Looks(nn.Module):
        def forward(self, pixels: Tensor) -> Tensor:
            return pixels.mean((2, 3)) if pixels.sum() > 0 else -pixels.mean((2, 3))

    with pytest.raises(Untraceable, match="branches on the values"):
        taken_apart(Looks(), torch.rand(1, 3, 6, 8))


def test_a_network_that_leaves_torch_is_refused_with_what_stood_in_the_way():
    class Leaves(nn.Module):
        def forward(self, pixels: Tensor) -> Tensor:
            return torch.stack([row.sum() for row in pixels])

    with pytest.raises(Untraceable, match=r"cannot be traced \(.*iterat"):
        taken_apart(Leaves(), torch.rand(1, 3, 6, 8))


def test_other_threads_may_run_networks_meanwhile():
    """``torch.fx``'s own trace replaces these two for the whole process."""
    seen = []

    class Watches(nn.Module):
        def forward(self, pixels: Tensor) -> Tensor:
            seen.append((nn.Module.__call__, nn.Module.__getattr__))
            return pixels.mean((2, 3))

    ordinary = nn.Module.__call__, nn.Module.__getattr__
    taken_apart(nn.Sequential(Watches()), torch.rand(1, 3, 6, 8))
    assert seen == [ordinary]


def test_hooks_that_another_job_has_lent_the_network_are_not_copied():
    network, called = nn.Sequential(nn.ReLU(), nn.Flatten()), []
    with torch.no_grad():
        handle = network[0].register_forward_hook(lambda *_: called.append(True))
        copy = taken_apart(network, torch.rand(1, 3, 6, 8))
        copy(torch.rand(1, 3, 6, 8))
        handle.remove()
    assert not called
