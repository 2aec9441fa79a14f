"""What every method makes of nine networks, found by running; run as a script, this file keeps what it found.

``python tests/nine_networks.py`` takes some minutes; ``make readme`` then writes the table anew.
"""

import itertools
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

import core
from core.methods.explaining import stream_heatmaps
from core.methods.repeatability import correlation
from core.models.batching import BatchSize

FOUND = Path(__file__).with_suffix(".json")
NETWORKS = {
    "efficientnet_lite0": "Lite0",
    "squeezenet1_1": "SqueezeNet",
    "fashion_cnn": "Small CNN",
    "fashion_vit": "Tiny ViT",
    "torchvision/resnet18": "ResNet-18",
    "torchvision/mobilenet_v3_small": "MobileNetV3",
    "torchvision/convnext_tiny": "ConvNeXt-T",
    "torchvision/vit_b_16": "ViT-B/16",
    "torchvision/swin_t": "Swin-T",
}
FEW_SAMPLES = {"samples": 2}
FEW_POINTS = {"samples": 2, "steps": 2}
QUICKLY = {
    "integrated_gradients": {"steps": 3},
    "expected_gradients": {"samples": 3},
    "smoothgrad": FEW_SAMPLES,
    "smoothgrad_squared": FEW_SAMPLES,
    "vargrad": FEW_SAMPLES,
    "smoothgrad_guided_backprop": FEW_SAMPLES,
    "smoothgrad_squared_guided_backprop": FEW_SAMPLES,
    "vargrad_guided_backprop": FEW_SAMPLES,
    "smoothgrad_integrated_gradients": FEW_POINTS,
    "smoothgrad_squared_integrated_gradients": FEW_POINTS,
    "vargrad_integrated_gradients": FEW_POINTS,
    "score_cam": {"channels": 8},
    "occlusion": {"window": 0.5, "overlap": 0.0},
    "rise": {"samples": 16},
    "lime": {"samples": 40, "segments": 12},
    "kernel_shap": {"samples": 40, "segments": 12},
    "mask_search": {"chains": 4, "steps": 4},
    "extremal_perturbation": {"rounds": 2, "masks": 8},
}
ALIKE = 1 - 1e-6


def load(name: str) -> core.Classifier:
    """The network with its bundled weights, or with random ones; in small batches, so that memory is no matter."""
    classifier = core.load_classifier(name, device="cpu", pretrained="/" not in name)
    classifier._batch_sizes.update(forward=BatchSize(4), gradient=BatchSize(2))
    draw = torch.Generator().manual_seed(0)
    for weight in classifier.network.parameters():
        if weight.dim() == 2 and not weight.any():  # torchvision's ViT starts with a head that answers nothing
            weight.normal_(std=0.02, generator=draw)
    return classifier


def picture_for(classifier: core.Classifier) -> Tensor:
    """The first picture of the gallery that shows what the network was trained on."""
    suited = next(each for each in core.gallery() if each.suits == classifier.dataset)
    return classifier.prepare(core.open_picture(suited.path))


def run(classifier: core.Classifier) -> dict[str, core.Heatmap | str]:
    """For every method its heatmap, or the reason why there is none."""
    answers: dict[str, core.Heatmap | str] = {}
    names = [entry.name for entry in core.list_methods() if not entry.needs_truth]
    for event in stream_heatmaps(classifier, picture_for(classifier), names, settings=QUICKLY):
        if isinstance(event, core.MethodRefused):
            answers[event.method] = event.reason
        elif isinstance(event, core.HeatmapReady) and event.final:
            answers[event.heatmap.method] = event.heatmap
    return {name: answers[name] for name in names}


def reasons(answers: Mapping[str, core.Heatmap | str]) -> dict[str, str]:
    return {name: answer for name, answer in answers.items() if isinstance(answer, str)}


def silent_twins(answers: Mapping[str, core.Heatmap | str]) -> list[tuple[str, str]]:
    """Pairs of methods with one map between them, where neither says that it equals the other here."""
    maps = {name: answer for name, answer in answers.items() if isinstance(answer, core.Heatmap)}
    labels = {entry.name: entry.label for entry in core.list_methods()}
    return [
        (one, other)
        for one, other in itertools.combinations(maps, 2)
        if abs(correlation(maps[one].values, maps[other].values) or 0) > ALIKE
        and not tells(maps[one], labels[other])
        and not tells(maps[other], labels[one])
    ]


def tells(heatmap: core.Heatmap, label: str) -> bool:
    return any(label.casefold() in note.casefold() for note in heatmap.notes)


if __name__ == "__main__":
    found = {}
    for network in NETWORKS:
        answers = run(load(network))
        found[network] = reasons(answers)
        print(network, len(answers) - len(found[network]), "maps; silent twins:", silent_twins(answers), flush=True)
    FOUND.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
