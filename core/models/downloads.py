"""Fetching weights with the libraries' own download code: reported as it goes, refused soon when nobody answers."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch
from tqdm import tqdm

from core.models.sources import DownloadProgress, ModelError
from core.reaching import answers

BUNDLED_INSTEAD = "choose a bundled model (efficientnet_lite0, squeezenet1_1)"
HUB_FILES = ("model.safetensors", "pytorch_model.bin")
_one_download = threading.Lock()


def url_weights(model: str, url: str, progress: DownloadProgress | None) -> Path:
    """The file behind an address, out of torch.hub's cache or fetched into it."""
    filename = Path(urlparse(url).path).name
    target = Path(torch.hub.get_dir()) / "checkpoints" / filename
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = torch.hub.HASH_REGEX.search(filename)
        with fetching(model, urlparse(url).hostname or url), torch_hub_bar(progress):
            torch.hub.download_url_to_file(url, str(target), digest and digest.group(1), progress=progress is not None)
    return target


def hub_weights(model: str, repository: str, progress: DownloadProgress | None) -> Path:
    """A Hugging Face repository's weights, out of its cache or fetched into it."""
    from huggingface_hub import constants, hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    for filename in HUB_FILES:
        cached = try_to_load_from_cache(repository, filename)
        if isinstance(cached, str):
            return Path(cached)

    host = urlparse(constants.ENDPOINT).hostname or constants.ENDPOINT
    reporting: dict[str, Any] = {"tqdm_class": reporting_bar(progress)} if progress else {}
    with fetching(model, host):
        for filename in HUB_FILES:
            try:
                return Path(hf_hub_download(repository, filename, **reporting))
            except LocalEntryNotFoundError:
                raise
            except EntryNotFoundError:
                continue
    raise ModelError(f"{repository} on {host} holds no weights for {model}. Choose another model.")


@contextmanager
def fetching(model: str, host: str) -> Iterator[None]:
    """A fetch inside either succeeds or ends in a sentence that names the model, the host and the way out."""
    from huggingface_hub.errors import HfHubHTTPError

    client_errors: Any = HfHubHTTPError.__bases__  # the hub's client raises errors that are no OSError
    if not answers(host):
        raise ModelError(
            f"The weights of {model} are not on this machine and {host} can't be reached: "
            f"connect to the internet, or {BUNDLED_INSTEAD}."
        )
    try:
        yield
    except (OSError, *client_errors) as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ModelError(
            f"The weights of {model} could not be fetched from {host} ({reason}): try again, or {BUNDLED_INSTEAD}."
        ) from error
    except RuntimeError as error:
        if "invalid hash value" not in str(error):
            raise
        raise ModelError(f"The weights of {model} came damaged from {host}. Load it again.") from error


def reporting_bar(progress: DownloadProgress) -> type[Any]:
    """A progress bar for the libraries' hands that draws nothing and reports the bytes."""
    furthest = 0

    class ReportingBar(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "file": io.StringIO(), "disable": False})

        def update(self, n: float | None = 1) -> bool | None:
            nonlocal furthest
            drawn: bool | None = super().update(n)
            furthest = max(furthest, int(self.n))  # the hub shows one file in two bars
            progress(furthest, int(self.total) if self.total else None)
            return drawn

    return ReportingBar


@contextmanager
def torch_hub_bar(progress: DownloadProgress | None) -> Iterator[None]:
    """torch.hub takes no callback: its bar is ours while one download runs."""
    if progress is None:
        yield
        return
    with _one_download:
        own: Any = torch.hub.tqdm  # type: ignore[attr-defined]
        torch.hub.tqdm = reporting_bar(progress)  # type: ignore[attr-defined]
        try:
            yield
        finally:
            torch.hub.tqdm = own  # type: ignore[attr-defined]
