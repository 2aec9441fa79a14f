"""Weights come over the network with their progress told, or a sentence says soon why they don't."""

import hashlib
import http.server
import threading
import time
import urllib.error
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import huggingface_hub
import pytest
import timm
import torch
import torchvision
from safetensors.torch import save_file

from core.models import downloads
from core.models.catalogue import load_classifier, on_this_machine
from core.models.sources import ListedModel, ModelError

COMMIT = "0" * 40


class QuietServer(http.server.ThreadingHTTPServer):
    """Says nothing when a client goes away."""

    def handle_error(self, *_: object) -> None:
        pass


class Files(http.server.SimpleHTTPRequestHandler):
    """Serves a folder as a web site and as a Hugging Face repository."""

    def do_HEAD(self) -> None:
        self.path = self.path.replace("/timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k/resolve/main", "")
        super().do_HEAD()

    def do_GET(self) -> None:
        self.path = self.path.replace("/timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k/resolve/main", "")
        super().do_GET()

    def end_headers(self) -> None:
        self.send_header("ETag", '"1"')
        self.send_header("X-Repo-Commit", COMMIT)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose files lie on a server of this machine, in place of the two libraries' own."""
    folder = tmp_path / "site"
    folder.mkdir()
    with QuietServer(("127.0.0.1", 0), partial(Files, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr("core.network.next_hop", lambda *_: ("127.0.0.1", server.server_port))
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
        monkeypatch.setattr(
            "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE",
            address + "/{repo_id}/resolve/{revision}/{filename}",
        )
        yield folder
        server.shutdown()


@pytest.fixture(autouse=True)
def empty_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.file_download.HF_HUB_CACHE", str(tmp_path / "hub"), raising=False)


def listed(name: str) -> ListedModel:
    source, label = name.split("/")
    return ListedModel(name, label, source, "")


def published_resnet(folder: Path) -> str:
    """Random ResNet-18 weights on the site, named after their digest as torchvision's are."""
    draft = folder / "draft"
    torch.save(torchvision.models.resnet18().state_dict(), draft)
    digest = hashlib.sha256(draft.read_bytes()).hexdigest()[:8]
    return draft.rename(folder / f"resnet18-{digest}.pth").name


def resnet_from_site(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """torchvision believes that its ResNet-18 lies there."""
    weights = torchvision.models.ResNet18_Weights.DEFAULT
    monkeypatch.setattr(weights.value, "url", f"{huggingface_hub.constants.ENDPOINT}/{name}")


@pytest.mark.parametrize("trouble", ["no_network", "slow_name_server"])
@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("torchvision/resnet50", "download.pytorch.org"),
        ("timm/vit_small_patch16_224", "huggingface.co"),
        ("timm/gcvit_tiny", "github.com"),
    ],
)
def test_without_a_network_one_sentence_names_model_host_and_way_out_within_five_seconds(name, host, trouble, request):
    request.getfixturevalue(trouble)
    start = time.perf_counter()
    with pytest.raises(ModelError) as refusal:
        load_classifier(name, device="cpu")
    assert time.perf_counter() - start < 5
    sentence = str(refusal.value)
    assert name in sentence
    assert host in sentence
    assert "connect to the internet, or choose a bundled model (efficientnet_lite0" in sentence
    assert "\n" not in sentence


@pytest.mark.usefixtures("no_network")
def test_bundled_models_and_random_weights_ask_no_network():
    load_classifier("efficientnet_lite0", "cpu")
    load_classifier("torchvision/resnet18", "cpu", pretrained=False)
    load_classifier("timm/vit_tiny_patch16_224", "cpu", pretrained=False)


def test_torchvision_weights_come_with_progress_and_then_from_the_cache(site, monkeypatch):
    name = published_resnet(site)
    resnet_from_site(monkeypatch, name)
    size = (site / name).stat().st_size
    told: list[tuple[int, int | None]] = []
    assert not on_this_machine(listed("torchvision/resnet18"))
    fetched = load_classifier("torchvision/resnet18", "cpu", progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (size, size)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len(told) > 10
    assert torch.hub.tqdm.__name__ == "tqdm"

    (site / name).unlink()
    monkeypatch.setattr(downloads, "answers", lambda _: pytest.fail("asked for the host of a file that is there"))
    assert load_classifier("torchvision/resnet18", "cpu").weights_digest == fetched.weights_digest
    assert on_this_machine(listed("torchvision/resnet18"))


def test_timm_weights_come_with_progress_and_then_from_the_cache(site, monkeypatch):
    network = timm.create_model("vit_tiny_patch16_224")
    save_file(network.state_dict(), site / "model.safetensors")
    size = (site / "model.safetensors").stat().st_size
    told: list[tuple[int, int | None]] = []
    assert not on_this_machine(listed("timm/vit_tiny_patch16_224"))
    fetched = load_classifier(
        "timm/vit_tiny_patch16_224", "cpu", progress=lambda done, total: told.append((done, total))
    )
    assert told[-1] == (size, size)
    torch.testing.assert_close(fetched.network.state_dict()["head.weight"], network.state_dict()["head.weight"])

    (site / "model.safetensors").unlink()
    monkeypatch.setattr(downloads, "answers", lambda _: pytest.fail("asked for the host of a file that is there"))
    assert load_classifier("timm/vit_tiny_patch16_224", "cpu").weights_digest == fetched.weights_digest
    assert on_this_machine(listed("timm/vit_tiny_patch16_224"))


def test_an_error_in_the_report_ends_the_download_and_leaves_no_half_file(site, monkeypatch, tmp_path):
    class CancelledError(Exception):
        pass

    def stop(done: int, _: int | None) -> None:
        if done > 1_000_000:
            raise CancelledError

    resnet_from_site(monkeypatch, published_resnet(site))
    with pytest.raises(CancelledError):
        load_classifier("torchvision/resnet18", "cpu", progress=stop)
    assert not list((tmp_path / "torch").rglob("*.pth*"))
    assert torch.hub.tqdm.__name__ == "tqdm"


def test_weights_that_came_damaged_are_not_kept(site, monkeypatch, tmp_path):
    name = published_resnet(site)
    (site / name).write_bytes(b"something else")
    resnet_from_site(monkeypatch, name)
    with pytest.raises(ModelError, match=r"torchvision/resnet18 from 127\.0\.0\.1 were damaged"):
        load_classifier("torchvision/resnet18", "cpu")
    assert not list((tmp_path / "torch").rglob("*.pth*"))


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("name", ["torchvision/resnet18", "timm/vit_tiny_patch16_224"])
def test_a_host_that_has_no_such_file_is_named_with_its_reason(monkeypatch, name):
    resnet_from_site(monkeypatch, "absent-12345678.pth")
    with pytest.raises(ModelError, match=f"{name}.*127") as refusal:
        load_classifier(name, "cpu")
    assert "\n" not in str(refusal.value)


@pytest.mark.usefixtures("site")
def test_a_connection_lost_on_the_way_is_told(monkeypatch):
    def lost(*_: object, **__: object) -> None:
        raise urllib.error.URLError("connection reset")

    monkeypatch.setattr("torch.hub.download_url_to_file", lost)
    with pytest.raises(
        ModelError, match=r"could not be downloaded from .*connection reset.*try again, or choose a bundled"
    ):
        load_classifier("torchvision/resnet18", "cpu")
