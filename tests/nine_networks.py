"""What every method makes of nine networks, found by running.

``make readme`` runs the methods that the table does not know yet, on all nine networks; run as a script, this file runs
all methods anew, which takes more than a minute.
"""

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor
from torchvision.models import VisionTransformer
from untrained import draw_head

import core
from core.methods.explaining import stream_heatmaps
from core.methods.repeatability import correlation
from core.models.batching import BatchSize
from core.models.hubs import IMAGENET_LABELS, torchvision_input
from core.models.sources import seeded_construction

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
LARGE = ("torchvision/resnet18", "torchvision/convnext_tiny", "torchvision/vit_b_16", "torchvision/swin_t")
"""Run once in the tests: what may differ from one run to the next, the five smaller ones show."""
FEW_SAMPLES = {"samples": 2}
FEW_POINTS = {"samples": 2, "steps": 2}
# For methods that take long as they are set; one that is not here runs as it is.
QUICKLY = {
    "integrated_gradients": {"steps": 3},
    "expected_gradients": {"samples": 2},
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
    "rise": {"samples": 10},
    "lime": {"samples": 24, "segments": 12},
    "kernel_shap": {"samples": 24, "segments": 12},
    "mask_search": {"chains": 4, "steps": 4},
    "extremal_perturbation": {"rounds": 1, "masks": 8},
}
SAME = 1 - 1e-6


def load(name: str, side: int | None = None) -> core.Classifier:
    """The network with its bundled weights, or with random ones; in small batches, so that memory is no matter.

    Parameters
    ----------
    side
        Of the pictures, where it is smaller than the network's own; what is asked is then a copy for these.
    """
    if side and name == "torchvision/vit_b_16":
        classifier = vision_transformer(name, side)
    else:
        classifier = core.load_classifier(name, device="cpu", pretrained="/" not in name)
    if side and side < min(classifier.size):
        seen = classifier.preprocessing
        classifier = core.wrap(classifier.network, side, classifier.labels, seen.mean, seen.std, name=name)
    classifier._batch_sizes.update(forward=BatchSize(4), gradient=BatchSize(2))
    draw_head(classifier.network)
    return classifier


def vision_transformer(name: str, side: int) -> core.Classifier:
    """torchvision's, which has a weight for each place, for pictures of that side; four of its blocks tell as much."""
    usual = torchvision_input(name.partition("/")[2])
    with seeded_construction():
        network = VisionTransformer(side, 16, num_layers=4, num_heads=12, hidden_dim=768, mlp_dim=3072)
    return core.wrap(network, side, IMAGENET_LABELS, usual.mean, usual.std, name=name)


def picture_for(classifier: core.Classifier) -> Tensor:
    """The first picture of the gallery that shows what the network was trained on."""
    suited = next(each for each in core.gallery() if each.suits == classifier.dataset)
    return classifier.prepare(core.open_picture(suited.path))


def every_method() -> list[str]:
    """Those that need no truth, since nothing is marked on these pictures."""
    return [entry.name for entry in core.list_methods() if not entry.needs_truth]


def run(classifier: core.Classifier, names: Sequence[str]) -> dict[str, core.Heatmap | str]:
    """For each method its heatmap, or the reason why there is none."""
    answers: dict[str, core.Heatmap | str] = {}
    for event in stream_heatmaps(classifier, picture_for(classifier), names, settings=QUICKLY):
        if isinstance(event, core.MethodRefused):
            answers[event.method] = event.reason
        elif isinstance(event, core.HeatmapReady) and event.final:
            answers[event.heatmap.method] = event.heatmap
    return {name: answers[name] for name in names}


def reasons(answers: Mapping[str, core.Heatmap | str]) -> dict[str, str]:
    return {name: answer for name, answer in answers.items() if isinstance(answer, str)}


def known() -> dict[str, Any]:
    """The methods that were run, and for each network the reasons of those that gave no map."""
    found: dict[str, Any] = json.loads(FOUND.read_text(encoding="utf-8"))
    return found


def examined(found: Mapping[str, Any]) -> dict[str, Any]:
    """The same with every method of the registry, those run that are new, and without those that are gone."""
    names = every_method()
    new = [name for name in names if name not in found["methods"]]
    told = {network: dict(found["reasons"].get(network, {})) for network in NETWORKS}
    for network in NETWORKS if new else ():
        answers = run(load(network, side=128), new)  # what applies is the same on smaller pictures
        told[network] |= reasons(answers)
        print(network, len(new) - len(reasons(answers)), "maps; silent twins:", silent_twins(answers), flush=True)
    return {
        "methods": names,
        "reasons": {
            network: {name: told[network][name] for name in names if name in told[network]} for network in told
        },
    }


def keep(found: Mapping[str, Any]) -> None:
    FOUND.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def silent_twins(answers: Mapping[str, core.Heatmap | str]) -> list[tuple[str, str]]:
    """Pairs of methods with one map between them, where neither says that it equals the other here."""
    maps = {name: answer for name, answer in answers.items() if isinstance(answer, core.Heatmap)}
    labels = {entry.name: entry.label for entry in core.list_methods()}
    return [
        (one, other)
        for one, other in itertools.combinations(maps, 2)
        if abs(correlation(maps[one].values, maps[other].values) or 0) > SAME
        and not tells(maps[one], labels[other])
        and not tells(maps[other], labels[one])
    ]


def tells(heatmap: core.Heatmap, label: str) -> bool:
    return any(label.casefold() in note.casefold() for note in heatmap.notes)


if __name__ == "__main__":
    keep(examined({"methods": [], "reasons": {}}))
