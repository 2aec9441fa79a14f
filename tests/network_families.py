"""Where the maps of many families of networks lie, found by running.

Each network has random weights and sees one picture twice, the second time with one cell of it changed. At the layer
that is read, all that the first picture gives is taken away; what is left lies where the picture was changed, whatever
the layer's shape. So each method's map has to have its peak there, and the distance is its place error, in cells. The
layer's own strongest change tells how far the network itself moves it; attention maps, which read no layer, have their
tokens' error.

Run as a script, this file runs the families that the table does not know yet, with ``--all`` every one anew, which
takes ten minutes; ``make readme`` writes the table.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import core
from core.methods.registry import first_reason
from core.methods.upsampling import enlarged
from core.models.anatomy import FeatureMap, observed
from core.models.batching import BatchSize

FOUND = Path(__file__).with_suffix(".json")
SIDE = 160  # pixels, where a network takes any size and was not made for large pictures
LARGE = 256
CLASSES = (0, 1)  # what speaks against one may speak for the other
QUICKLY = {"score_cam": {"channels": 4}}
FAMILIES = [
    "torchvision/alexnet",
    "torchvision/vgg11",
    "torchvision/squeezenet1_0",
    "torchvision/resnet18",
    "torchvision/resnext50_32x4d",
    "torchvision/densenet121",
    "torchvision/googlenet",
    "torchvision/inception_v3",
    "torchvision/mnasnet0_5",
    "torchvision/mobilenet_v2",
    "torchvision/mobilenet_v3_small",
    "torchvision/shufflenet_v2_x0_5",
    "torchvision/efficientnet_b0",
    "torchvision/efficientnet_v2_s",
    "torchvision/regnet_x_400mf",
    "torchvision/convnext_tiny",
    "torchvision/swin_t",
    "torchvision/swin_v2_t",
    "torchvision/vit_b_32",
    "torchvision/maxvit_t",
    "timm/bat_resnext26ts",
    "timm/botnet26t_256",
    "timm/cait_xxs24_224",
    "timm/coat_lite_tiny",
    "timm/coatnet_nano_rw_224",
    "timm/convit_tiny",
    "timm/convmixer_768_32",
    "timm/crossvit_tiny_240",
    "timm/cs3darknet_s",
    "timm/davit_tiny",
    "timm/deit_tiny_distilled_patch16_224",
    "timm/dla34",
    "timm/dpn48b",
    "timm/edgenext_xx_small",
    "timm/efficientformer_l1",
    "timm/efficientformerv2_s0",
    "timm/efficientvit_b0",
    "timm/efficientvit_m0",
    "timm/fasternet_t0",
    "timm/fastvit_t8",
    "timm/focalnet_tiny_srf",
    "timm/gcresnet33ts",
    "timm/gcvit_xxtiny",
    "timm/gernet_s",
    "timm/ghostnet_050",
    "timm/gmlp_ti16_224",
    "timm/haloregnetz_b",
    "timm/hardcorenas_a",
    "timm/hiera_tiny_224",
    "timm/hgnet_tiny",
    "timm/hrnet_w18_small",
    "timm/inception_next_tiny",
    "timm/lcnet_050",
    "timm/levit_128s",
    "timm/mambaout_femto",
    "timm/mixer_s32_224",
    "timm/mobileone_s0",
    "timm/mobilevit_xxs",
    "timm/mobilevitv2_050",
    "timm/mvitv2_tiny",
    "timm/nest_tiny",
    "timm/nextvit_small",
    "timm/nf_resnet50",
    "timm/pit_ti_224",
    "timm/poolformer_s12",
    "timm/pvt_v2_b0",
    "timm/rdnet_tiny",
    "timm/repghostnet_050",
    "timm/repvgg_a0",
    "timm/repvit_m0_9",
    "timm/resmlp_12_224",
    "timm/resnest14d",
    "timm/rexnet_100",
    "timm/sequencer2d_s",
    "timm/skresnet18",
    "timm/starnet_s1",
    "timm/tiny_vit_5m_224",
    "timm/tinynet_e",
    "timm/tnt_s_legacy_patch16_224",
    "timm/tresnet_m",
    "timm/twins_svt_small",
    "timm/vit_tiny_patch16_224",
    "timm/vit_relpos_small_patch16_224",
    "timm/volo_d1_224",
    "timm/vovnet39a",
    "timm/xception41",
    "timm/xcit_nano_12_p16_224",
]


def methods() -> list[str]:
    """Those whose map is that of a layer or of tokens."""
    return [entry.name for entry in core.list_methods() if entry.family in ("activation map", "attention")]


def load(name: str) -> core.Classifier:
    """The network with random weights, also where it starts with a head of zeros; small, and in small batches."""
    torch.manual_seed(0)
    classifier = core.load_classifier(name, device="cpu", pretrained=False)
    own = classifier.preprocessing
    classifier.preprocessing = own if max(own.size) > LARGE else replace(own, size=(SIDE, SIDE))
    try:
        with torch.no_grad():
            classifier(classifier.blank(1))
    except (AssertionError, RuntimeError, ValueError):  # made for one size
        classifier.preprocessing = own
    classifier._batch_sizes.update(forward=BatchSize(4), gradient=BatchSize(2))
    for weight in classifier.network.parameters():
        if weight.dim() == 2 and not weight.any():
            weight.data.normal_(std=0.02)
    return classifier


def changed_cell(found: FeatureMap, size: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of the picture that belong to one of the layer's cells, away from the middle."""
    cells = (found.height * 3 // 10, found.height), (found.width * 7 // 10, found.width)
    rows, columns = (
        slice(round(cell * length / count), round((cell + 1) * length / count))
        for (cell, count), length in zip(cells, size, strict=True)
    )
    return rows, columns


def output_of(classifier: core.Classifier, layer: str, picture: Tensor) -> Tensor:
    """What a layer gives for a picture."""
    given: list[Tensor] = []
    with torch.no_grad(), observed(classifier.network, lambda name, out: given.append(out) if name == layer else None):
        classifier(picture)
    return given[-1]


@contextmanager
def without(classifier: core.Classifier, layer: str, taken: Tensor) -> Iterator[None]:
    """Takes something away from a layer's output for each picture."""

    def left(_module: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
        if output.numel() % taken.numel():  # a second run of the layer, on something else
            return output
        return (output.reshape(-1, *taken.shape) - taken).reshape(output.shape)

    hook = classifier.network.get_submodule(layer).register_forward_hook(left)
    try:
        yield
    finally:
        hook.remove()


def place_errors(classifier: core.Classifier) -> dict[str, Any]:
    """For each method how far its peak lies from the changed cell, or why there is no map."""
    entries = [entry for entry in core.list_methods() if entry.name in methods()]
    reasons = {entry.name: first_reason(entry, classifier) for entry in entries}
    told: dict[str, float | str] = {name: reason for name, reason in reasons.items() if reason}
    found = classifier.anatomy.last_feature_map(len(classifier.labels))
    if found is None:
        return {"layer": None, "methods": told}
    draw = torch.Generator().manual_seed(1)
    before = torch.rand(1, 3, *classifier.size, generator=draw)
    cell = changed_cell(found, classifier.size)
    after = before.clone()
    after[..., cell[0], cell[1]] = torch.rand(after[..., cell[0], cell[1]].shape, generator=draw)
    taken = output_of(classifier, found.layer, before)
    moved = found.layout.planes(output_of(classifier, found.layer, after) - taken, 1).square().sum(1)
    own = distance(enlarged(moved, classifier.size, found.extents)[0, 0], found, cell)
    told |= {entry.name: own for entry in entries if entry.name not in told and entry.family == "attention"}
    with without(classifier, found.layer, taken):
        told |= peak_errors(classifier, after, [name for name in methods() if name not in told], found, cell)
    ordered = {name: told[name] for name in methods()}
    return {"layer": found.layer, "plane": [found.height, found.width], "own": own, "methods": ordered}


def peak_errors(
    classifier: core.Classifier, picture: Tensor, names: list[str], found: FeatureMap, cell: tuple[slice, slice]
) -> dict[str, float | str]:
    """How far the peak of each method's maps lies from the changed cell, or what it says of a blank one."""
    totals = {name: torch.zeros(classifier.size) for name in names}
    said: dict[str, str] = {}
    for target in CLASSES:
        for event in core.stream_heatmaps(classifier, picture, names, target, settings=QUICKLY):
            if isinstance(event, core.MethodRefused):
                said[event.method] = event.reason
            elif isinstance(event, core.HeatmapReady) and event.final:
                totals[event.heatmap.method] += event.heatmap.values.abs()
                said[event.heatmap.method] = "; ".join(event.heatmap.notes[1:])
    return {name: distance(total, found, cell) if total.any() else said[name] for name, total in totals.items()}


def distance(values: Tensor, found: FeatureMap, cell: tuple[slice, slice]) -> float:
    """How many cells lie between the peak and the changed cell, down or across."""
    height, width = values.shape
    peak = divmod(int(values.argmax()), width)
    sides = zip(peak, cell, (height / found.height, width / found.width), strict=True)
    return round(max(abs(place + 0.5 - (side.start + side.stop) / 2) / length for place, side, length in sides), 2)


def known() -> dict[str, Any]:
    """What was found, by family."""
    found: dict[str, Any] = json.loads(FOUND.read_text(encoding="utf-8")) if FOUND.exists() else {}
    return found


def examined(found: dict[str, Any]) -> dict[str, Any]:
    """The same with the families that were not run, or not with every method."""
    found = {family: found[family] for family in FAMILIES if family in found}
    for family in FAMILIES:
        if [*found.get(family, {}).get("methods", ())] != methods():
            try:
                found[family] = place_errors(load(family))
            except Exception as error:  # one network that cannot be built must not hide the others
                found[family] = {"layer": None, "methods": dict.fromkeys(methods(), f"{type(error).__name__}: {error}")}
            print(family, found[family], flush=True)
            keep(found)
    return found


def keep(found: dict[str, Any]) -> None:
    ordered = {family: found[family] for family in FAMILIES if family in found}
    lines = ",\n".join(
        f" {json.dumps(family)}: {json.dumps(ordered[family], ensure_ascii=False)}" for family in ordered
    )
    FOUND.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    torch.set_num_threads(1)
    examined({} if "--all" in sys.argv else known())
