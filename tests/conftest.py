"""What tests share: bundled classifiers, a picture, and small networks whose answers are known in closed form."""

import hashlib
import os
import socket
import time
from collections.abc import Callable

import pytest

from core.environment import SPIN_BRIEFLY

os.environ.update({**SPIN_BRIEFLY, **os.environ})  # before torch is imported; for the allocator it is too late here

import torch
from torch import Tensor, nn

import core
from core.models.answering import Answering
from core.models.batching import BatchSize
from core.models.classifier import Classifier, Preprocessing

collect_ignore = ["toy_job.py"]  # a kind of job is declared where it is first imported, and by one name
LONGEST = ("test_new_method.py", "test_wheel.py")
"""They come first: at the end one process would wait for the other."""
CHELSEA = next(picture.path for picture in core.gallery() if picture.name == "chelsea")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(scope="session")
def lite0() -> Classifier:
    return core.load_classifier("efficientnet_lite0", device="cpu")


@pytest.fixture(scope="session")
def squeezenet() -> Classifier:
    return core.load_classifier("squeezenet1_1", device="cpu")


@pytest.fixture(scope="session")
def chelsea(lite0: Classifier) -> Tensor:
    return lite0.prepare(core.open_picture(CHELSEA))


@pytest.fixture(scope="session")
def chelsea_for_squeezenet(squeezenet: Classifier) -> Tensor:
    return squeezenet.prepare(core.open_picture(CHELSEA))


@pytest.fixture(scope="session")
def small_squeezenet(squeezenet: Classifier) -> Classifier:
    """On smaller pictures than it was trained on: a third of the time where many passes are asked for."""
    seen = squeezenet.preprocessing
    return core.wrap(squeezenet.network, size=128, labels=squeezenet.labels, mean=seen.mean, std=seen.std)


@pytest.fixture(scope="session")
def small_chelsea(small_squeezenet: Classifier) -> Tensor:
    return small_squeezenet.prepare(core.open_picture(CHELSEA))


@pytest.fixture
def classifier_of() -> Callable[..., Classifier]:
    """Makes a classifier of a network that takes pixels as they are, and that is not asked anything before."""

    def make(network: nn.Module, size: tuple[int, int] = (6, 8), classes: int = 3, batch: int = 4) -> Classifier:
        plain = Preprocessing(lambda _: torch.zeros(3, *size), size, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
        labels = tuple(f"class {number}" for number in range(classes))
        made = Classifier("small", network, plain, labels, answering=Answering())
        made._batch_sizes.update(forward=BatchSize(batch), gradient=BatchSize(batch))
        return made

    return make


class Linear(nn.Module):
    """Logits are weighted sums of the pixels: every attribution is known."""

    def __init__(self, size: tuple[int, int] = (6, 8), classes: int = 3) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(1)
        self.weight = nn.Parameter(torch.randn(classes, 3, *size, generator=draw, dtype=torch.float64))

    def forward(self, pixels: Tensor) -> Tensor:
        return torch.einsum("nchw,kchw->nk", pixels.to(self.weight.dtype), self.weight)


class Listening(Linear):
    """A linear network that keeps what it was fed."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.fed: list[Tensor] = []

    def forward(self, pixels: Tensor) -> Tensor:
        self.fed += list(pixels.detach().clone())
        return super().forward(pixels)


@pytest.fixture
def linear() -> Linear:
    return Linear()


@pytest.fixture
def listening() -> Listening:
    return Listening()


@pytest.fixture
def pixels() -> Tensor:
    """A picture of 6 x 8 without two equal pixels."""
    return torch.rand(1, 3, 6, 8, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


@pytest.fixture
def fingerprint() -> Callable[[Classifier], str]:
    """Everything about a network that a method could have changed."""

    def read(classifier: Classifier) -> str:
        digest = hashlib.sha256()
        for name, tensor in (*classifier.network.named_parameters(), *classifier.network.named_buffers()):
            digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
        for name, parameter in classifier.network.named_parameters():
            digest.update(f"{name} {parameter.requires_grad} {parameter.grad is None}".encode())
        for name, module in classifier.network.named_modules():
            hooks = (
                module._forward_hooks,
                module._forward_pre_hooks,
                module._backward_hooks,
                module._backward_pre_hooks,
            )
            state = (name, type(module).__name__, module.training, getattr(module, "inplace", None), *map(len, hooks))
            digest.update(repr(state).encode())
        return digest.hexdigest()

    return read


@pytest.fixture(scope="session")
def lived() -> Callable[[nn.Module], None]:
    """Gives the batch norms of an untrained network statistics such as training leaves; fresh ones do nothing."""

    def live(network: nn.Module) -> None:
        draw = torch.Generator().manual_seed(6)
        for norm in network.modules():
            if isinstance(norm, nn.BatchNorm2d) and not norm.running_mean.any():
                norm.running_mean.normal_(0, 0.1, generator=draw)
                norm.running_var.uniform_(0.5, 2, generator=draw)

    return live


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """No host has an address, and that is known at once."""

    def unknown_host(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr("socket.getaddrinfo", unknown_host)


@pytest.fixture
def slow_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """No host has an address, and nobody says so for a long time."""

    def asleep(*_: object, **__: object) -> None:
        time.sleep(30)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr("socket.getaddrinfo", asleep)
