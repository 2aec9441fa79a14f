"""Every model that can be had by name, and how it is loaded."""

from difflib import get_close_matches
from functools import cache

import torch

from core.models.bundled import BUNDLED, list_bundled, load_bundled
from core.models.classifier import Classifier
from core.models.sources import DownloadProgress, ListedModel, ModelError
from core.models.trained import PREFIX, load_trained

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
        A bundled name, ``torchvision/NAME`` or ``timm/NAME``; the library may be left out where only one has it.
        ``trained/NAME`` is one that was trained here.
    device
        ``auto`` takes CUDA, then MPS, then the CPU.
    pretrained
        Without it the weights are random, and the same every time.
    progress
        Called with the bytes that have come and those that will, while weights are fetched; an error in it ends them.

    Raises
    ------
    ModelError
        For an unknown name, a device that is not there, or weights that can't be fetched.
    """
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


def chosen_device(device: torch.device | str) -> torch.device:
    """The device by name; ``auto`` is the fastest that is there."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return torch.device(next(name for name, is_there in there.items() if is_there))
    try:
        chosen = torch.device(device)
    except RuntimeError:
        raise ModelError(f"There is no device called {device!r}. Choose auto, cuda, mps or cpu.") from None
    if not there.get(chosen.type, False):
        raise ModelError(f"This machine has no {chosen.type} device that PyTorch can use. Choose auto or cpu.")
    return chosen


def full_name(name: str) -> str:
    """The listed model that a name without its library means; the name as it is where none is meant.

    Raises
    ------
    ModelError
        With the candidates, where several are meant.
    """
    if name in BUNDLED or "/" in name:
        return name
    meant = [model.name for model in list_models() if bare(model.name) == name.lower()]
    if len(meant) > 1:
        raise ModelError(f"Several models are called {name!r}: {' and '.join(meant)}. Say which.")
    return meant[0] if meant else name


def unknown_name(name: str) -> str:
    """The sentence for a name that is not in the list: the names nearest to it, or where to look."""
    full_names: dict[str, list[str]] = {}
    for model in list_models():
        full_names.setdefault(bare(model.name), []).append(model.name)
    near = get_close_matches(bare(name), full_names, n=3, cutoff=0.6)
    close = [full for match in near for full in full_names[match]][:3]
    if not close:
        return f"There is no model called {name!r}; list_models() and `heatcheck models` show all that there are."
    return f"There is no model called {name!r}. Did you mean {' or '.join(close)}?"


def bare(name: str) -> str:
    """A name without the library it comes from."""
    return name.removeprefix("torchvision/").removeprefix("timm/").lower()
