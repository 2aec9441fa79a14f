"""Downloads of weights with the libraries' own code: progress is reported, an unreachable host is refused quickly."""

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
from core.network import answers

BUNDLED_INSTEAD = "choose a bundled model (efficientnet_lite0, squeezenet1_1)"
HUB_FILES = ("model.safetensors", "pytorch_model.bin")
_one_download = threading.Lock()


def url_target(url: str) -> Path:
    """Where torch.hub's cache keeps the file at an address, downloaded or not."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(url).path).name


def url_weights(model: str, url: str, progress: DownloadProgress | None) -> Path:
    """The file at an address, from torch.hub's cache or downloaded into it."""
    target = url_target(url)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = torch.hub.HASH_REGEX.search(target.name)
        with fetching(model, urlparse(url).hostname or url), torch_hub_bar(progress):
            torch.hub.download_url_to_file(url, str(target), digest and digest.group(1), progress=progress is not None)
    return target


def cached_hub_weights(repository: str) -> Path | None:
    """A Hugging Face repository's weights in its cache; None where they were not downloaded."""
    from huggingface_hub import try_to_load_from_cache

    cached = (try_to_load_from_cache(repository, filename) for filename in HUB_FILES)
    return next((Path(file) for file in cached if isinstance(file, str)), None)


def hub_weights(model: str, repository: str, progress: DownloadProgress | None) -> Path:
    """A Hugging Face repository's weights, from its cache or downloaded into it."""
    from huggingface_hub import constants, hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    if cached := cached_hub_weights(repository):
        return cached
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
    """A download inside either succeeds or ends in a sentence that names the model, the host and the way out."""
    from huggingface_hub.errors import HfHubHTTPError

    client_errors: Any = HfHubHTTPError.__bases__  # the hub's client raises errors that are not OSErrors
    if not answers(host):
        raise ModelError(
            f"The weights of {model} are not on this machine and {host} cannot be reached: "
            f"connect to the internet, or {BUNDLED_INSTEAD}."
        )
    try:
        yield
    except (OSError, *client_errors) as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ModelError(
            f"The weights of {model} could not be downloaded from {host} ({reason}): try again, or {BUNDLED_INSTEAD}."
        ) from error
    except RuntimeError as error:
        if "invalid hash value" not in str(error):
            raise
        raise ModelError(f"The weights of {model} from {host} were damaged in transit. Load it again.") from error


def reporting_bar(progress: DownloadProgress) -> type[Any]:
    """A progress bar for the libraries that draws nothing and reports the bytes."""
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
    """torch.hub accepts no callback: its progress bar is replaced by ours during one download."""
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
