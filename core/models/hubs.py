"""The networks published by torchvision and timm, with their own weights, transforms and labels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import timm
import torch
import torchvision
from timm.data.config import resolve_data_config
from timm.data.imagenet_info import ImageNetInfo, infer_imagenet_subset
from timm.data.transforms_factory import create_transform
from timm.models import get_pretrained_cfg
from torch import nn

from core.models.classifier import Classifier, Preprocessing, in_own_layout
from core.models.downloads import cached_hub_weights, hub_weights, url_target, url_weights
from core.models.sources import (
    UNSCALED,
    UNSHIFTED,
    DownloadProgress,
    ListedModel,
    ModelError,
    UsualInput,
    seeded_construction,
)

IMAGENET_LABELS = tuple(torchvision.models.SqueezeNet1_1_Weights.IMAGENET1K_V1.meta["categories"])
"""Unlike timm's, they distinguish the two cranes and the two maillots."""

WIDEST_EMBEDDING = 2048
"""Some of timm's networks end in an embedding of up to this width: without known labels these are not classes."""


@dataclass(frozen=True)
class Hub:
    """A library of models: whether it has a name, all its names, how one is loaded, whether its weights are here.

    Parameters
    ----------
    architectures, build
        The names of all that it can build with random weights, and one of them with a number of classes.
    usual_input
        How pictures are usually prepared for one of these.
    """

    has: Callable[[str, bool], bool]
    list: Callable[[], tuple[ListedModel, ...]]
    load: Callable[[str, torch.device, bool, DownloadProgress | None], Classifier]
    downloaded: Callable[[str], bool]
    architectures: Callable[[], Sequence[str]]
    build: Callable[[str, int], nn.Module]
    usual_input: Callable[[str], UsualInput]


def torchvision_has(model: str, pretrained: bool) -> bool:  # noqa: ARG001 (every one of them has weights)
    return model in torchvision.models.list_models(module=torchvision.models)


def list_torchvision() -> tuple[ListedModel, ...]:
    """torchvision's classification networks with their published accuracy and the size of the download."""
    return tuple(
        ListedModel(f"torchvision/{model}", model, "torchvision", torchvision_note(model))
        for model in torchvision.models.list_models(module=torchvision.models)
    )


def torchvision_note(model: str) -> str:
    meta = torchvision.models.get_model_weights(model)["DEFAULT"].meta
    return f"ImageNet, {meta['_metrics']['ImageNet-1K']['acc@1']:.1f} % top-1; {meta['_file_size']:.0f} MB to download"


def load_torchvision(
    model: str, device: torch.device, pretrained: bool, progress: DownloadProgress | None
) -> Classifier:
    """A torchvision network with its default weights."""
    name = f"torchvision/{model}"
    weights = torchvision.models.get_model_weights(model)["DEFAULT"]
    if pretrained:
        url_weights(name, weights.url, progress)
    with seeded_construction():
        if pretrained:
            network = torchvision.models.get_model(model, weights=weights)
        else:
            network = torchvision.models.get_model(model, **random_weights(model))
    own = weights.transforms()
    (side,) = own.crop_size
    classifier = Classifier(
        name=name,
        title=model,
        network=network,
        preprocessing=Preprocessing(
            geometry=weights.transforms(mean=UNSHIFTED, std=UNSCALED),
            size=(side, side),
            mean=tuple(own.mean),
            std=tuple(own.std),
        ),
        labels=tuple(weights.meta["categories"]),
        device=device,
    )
    return in_own_layout(classifier)


def build_torchvision(model: str, classes: int) -> nn.Module:
    network: nn.Module = torchvision.models.get_model(model, num_classes=classes, **random_weights(model))
    return network


def torchvision_input(model: str) -> UsualInput:
    own = torchvision.models.get_model_weights(model)["DEFAULT"].transforms()
    return UsualInput(own.crop_size[0], own.crop_size[0] / own.resize_size[0], tuple(own.mean), tuple(own.std))


def torchvision_downloaded(model: str) -> bool:
    return url_target(torchvision.models.get_model_weights(model)["DEFAULT"].url).exists()


def random_weights(model: str) -> dict[str, Any]:
    """Arguments for a network without weights; two old ones warn unless they are explicitly told to initialise them."""
    return {"init_weights": True} if model in {"googlenet", "inception_v3"} else {}


def timm_has(model: str, pretrained: bool) -> bool:
    if pretrained:
        return timm.is_model_pretrained(model)
    return timm.is_model(model) and ("." not in model or timm.is_model_pretrained(model))


def list_timm() -> tuple[ListedModel, ...]:
    """timm's pretrained networks that have classes."""
    listed = ((model, get_pretrained_cfg(model)) for model in timm.list_pretrained())
    return tuple(
        ListedModel(f"timm/{model}", model, "timm", timm_note(settings))
        for model, settings in listed
        if settings is not None and has_classes(settings.num_classes)
    )


def timm_note(settings: Any) -> str:
    _, height, width = settings.input_size
    return f"{settings.num_classes:,} classes, {height} × {width} pixels; to download"


def has_classes(outputs: int) -> bool:
    """Whether that many outputs are classes rather than an embedding."""
    return infer_imagenet_subset({"num_classes": outputs}) is not None or outputs > WIDEST_EMBEDDING


def load_timm(model: str, device: torch.device, pretrained: bool, progress: DownloadProgress | None) -> Classifier:
    """A timm network with the weights of its tag, or of its default tag."""
    name = f"timm/{model}"
    published = get_pretrained_cfg(model)
    if published is not None and not has_classes(published.num_classes):
        raise ModelError(f"{name} ends in an embedding and has no classes. Choose a model from list_models().")
    with seeded_construction():
        if pretrained and published is not None:
            fetched = (
                hub_weights(name, published.hf_hub_id, progress)
                if published.hf_hub_id
                else url_weights(name, str(published.url), progress)
            )
            from_file = {"file": str(fetched), "custom_load": False}
            network = timm.create_model(model, pretrained=True, pretrained_cfg_overlay=from_file)
        else:
            network = timm.create_model(model)
    own: dict[str, Any] = resolve_data_config(model=network)  # type: ignore[no-untyped-call]
    classifier = Classifier(
        name=name,
        title=model,
        network=network,
        preprocessing=Preprocessing(
            geometry=create_transform(**{**own, "mean": UNSHIFTED, "std": UNSCALED}),
            size=own["input_size"][1:],
            mean=own["mean"],
            std=own["std"],
        ),
        labels=timm_labels(network),
        device=device,
    )
    return in_own_layout(classifier)


def build_timm(model: str, classes: int) -> nn.Module:
    network: nn.Module = timm.create_model(model, num_classes=classes)
    return network


def timm_input(model: str) -> UsualInput:
    published = get_pretrained_cfg(model)
    own: dict[str, Any] = resolve_data_config(pretrained_cfg=published.to_dict() if published else {})  # type: ignore[no-untyped-call]
    return UsualInput(own["input_size"][-1], own["crop_pct"], own["mean"], own["std"])


def timm_downloaded(model: str) -> bool:
    published = get_pretrained_cfg(model)
    if published is None:
        return False
    if published.hf_hub_id:
        return cached_hub_weights(published.hf_hub_id) is not None
    return url_target(str(published.url)).exists()


def timm_labels(network: Any) -> tuple[str, ...]:
    """ImageNet's names where the number of classes identifies the list, otherwise numbers."""
    subset = infer_imagenet_subset(network)
    if subset == "imagenet-1k":
        return IMAGENET_LABELS
    if subset is None:
        return tuple(f"class {index}" for index in range(network.num_classes))
    return tuple(str(words).partition(",")[0] for words in ImageNetInfo(subset).label_descriptions())


HUBS = {
    "torchvision": Hub(
        torchvision_has,
        list_torchvision,
        load_torchvision,
        torchvision_downloaded,
        partial(torchvision.models.list_models, module=torchvision.models),
        build_torchvision,
        torchvision_input,
    ),
    "timm": Hub(timm_has, list_timm, load_timm, timm_downloaded, timm.list_models, build_timm, timm_input),
}
