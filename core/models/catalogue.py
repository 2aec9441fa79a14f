"""Every model that is available by name, and how it is loaded."""

from difflib import get_close_matches
from functools import cache

import torch

from core.models.bundled import BUNDLED, list_bundled, load_bundled
from core.models.classifier import Classifier
from core.models.own import offered
from core.models.sources import DownloadProgress, ListedModel, ModelError
from core.models.trained import load_trained
from core.models.trained_file import PREFIX

__all__ = ["ListedModel", "ModelError", "list_models", "load_classifier"]

DEFAULT = "efficientnet_lite0"


def load_classifier(
    name: str = DEFAULT,
    device: torch.device | str = "auto",
    pretrained: bool = True,
    progress: DownloadProgress | None = None,
) -> Classifier:
    """A classifier by name, frozen and in evaluation mode.

    Parameters
    ----------
    name
        A bundled name, ``torchvision/NAME`` or ``timm/NAME``; the library may be omitted where only one has it.
        ``trained/NAME`` is one that was trained here. ``module:function`` is one that this process was started with.
    device
        ``auto`` uses CUDA, then MPS, then the CPU.
    pretrained
        If false, the weights are random, and the same every time.
    progress
        Called with the bytes received and the total while weights are downloaded; an error raised in it stops the
        download.

    Raises
    ------
    ModelError
        For an unknown name, an unavailable device, or weights that cannot be downloaded.
    """
    own = offered(name)
    if own is not None:
        return own
    place = chosen_device(device)
    name = full_name(name)
    if name in BUNDLED:
        return load_bundled(name, place, pretrained)
    if name.startswith(PREFIX):
        return load_trained(name, place, pretrained)

    from core.models.hubs import HUBS

    source, _, model = name.partition("/")
    if source not in HUBS or not HUBS[source].has(model, pretrained):
        raise ModelError(unknown_name(name))
    return HUBS[source].load(model, place, pretrained, progress)


@cache
def list_models() -> tuple[ListedModel, ...]:
    """Every classifier that can be loaded with weights: bundled ones first, then torchvision's, then timm's."""
    from core.models.hubs import HUBS

    return (*list_bundled(), *(model for hub in HUBS.values() for model in hub.list()))


def on_this_machine(model: ListedModel) -> bool:
    """Whether the model loads without a network: it ships with HeatCheck, was trained here or downloaded before."""
    from core.models.hubs import HUBS

    return model.source not in HUBS or HUBS[model.source].downloaded(model.label)


def chosen_device(device: torch.device | str) -> torch.device:
    """The device by name; ``auto`` is the fastest one available."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return torch.device(next(name for name, is_there in there.items() if is_there))
    try:
        chosen = torch.device(device)
    except RuntimeError:
        raise ModelError(f"There is no device {device!r}. Choose auto, cuda, mps or cpu.") from None
    if not there.get(chosen.type, False):
        raise ModelError(f"This machine has no {chosen.type} device that PyTorch can use. Choose auto or cpu.")
    return chosen


def full_name(name: str) -> str:
    """The full name of the listed model that a name without its library refers to; unchanged where there is none.

    Raises
    ------
    ModelError
        With the candidates, where there are several.
    """
    if name in BUNDLED or "/" in name:
        return name
    meant = [model.name for model in list_models() if bare(model.name) == name.lower()]
    if len(meant) > 1:
        raise ModelError(f"Several models are called {name!r}: {' and '.join(meant)}. Use the full name.")
    return meant[0] if meant else name


def unknown_name(name: str) -> str:
    """The error for a name that is not in the list: the nearest names, or where to look."""
    full_names: dict[str, list[str]] = {}
    for model in list_models():
        full_names.setdefault(bare(model.name), []).append(model.name)
    near = get_close_matches(bare(name), full_names, n=3, cutoff=0.6)
    close = [full for match in near for full in full_names[match]][:3]
    if not close:
        return f"There is no model called {name!r}; list_models() and `heatcheck models` list all models."
    return f"There is no model called {name!r}. Did you mean {' or '.join(close)}?"


def bare(name: str) -> str:
    """A name without its library."""
    return name.removeprefix("torchvision/").removeprefix("timm/").lower()
