"""What ``make bench`` prints: every figure is a ratio measured in one run, with batch sizes found in this run.

Ours runs under the variables that ``heatcheck`` starts with; peers run as they are found, in a process without them,
and then lent ours, taking turns. Parts are asked for by name: ``python tests/benchmarks limits captum``.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from typing import NamedTuple

import platformdirs
from activation import against_grad_cam
from curves import against_quantus, curves, rise, scores
from ensembles import against_noise_tunnel
from imputers import against_forward, against_sparse_solve
from limits import find_limits, share_of_limits
from methods import against_captum
from neighbour import beside_a_busy_core
from plain import seconds_as_found
from retraining import against_a_plain_loop, one_fine_tune
from sanity import against_explaining
from torch import Tensor

import core

RUNS = {"Curves": curves, "A study's scores": scores, "RISE": rise}


class Line(NamedTuple):
    what: str
    figure: str
    target: str
    told: str


def limits(classifier: core.Classifier, pixels: Tensor, target: int) -> Iterator[Line]:
    """Whatever sends pictures through the network, beside the bare network and beside the folded one, the limit."""
    found = find_limits(classifier)
    for name, prepared in RUNS.items():
        shares, told = share_of_limits(found, *prepared(classifier, pixels, target))
        yield Line(f"{name}: forwards per second / the bare network's", f"{shares['bare']:.2f}", ">= 0.85", told)
        yield Line("... / the folded network's, the limit", f"{shares['folded']:.2f}", "-", "")


def busy(classifier: core.Classifier, *_: object) -> Iterator[Line]:
    share, told = beside_a_busy_core(classifier)
    yield Line("Beside a busy core: forwards per second / alone", f"{share:.2f}", ">= 0.5", told)


def sanity(classifier: core.Classifier, pixels: Tensor, target: int) -> Iterator[Line]:
    share, told = against_explaining(classifier, pixels, target)
    yield Line("A randomisation / explaining as many networks", f"{share:.2f}", "<= 3", told)


def imputers(classifier: core.Classifier, pixels: Tensor, _: int) -> Iterator[Line]:
    share, told = against_forward(classifier, pixels)
    yield Line("Noisy linear: our seconds / the forward pass it feeds", f"{share:.2f}", "<= 2", told)
    share, told = against_sparse_solve(classifier, pixels)
    yield Line("Noisy linear: pytorch-grad-cam's seconds / ours", f"{share:.0f}", "-", told)


def quantus(classifier: core.Classifier, pixels: Tensor, target: int) -> Iterator[Line]:
    took, told = against_quantus(classifier, pixels, target)
    found = seconds_as_found()["quantus"]
    alone = f"Quantus {found:.1f} s in a process of its own"
    yield Line("The same curves: Quantus' seconds, as found / ours", f"{found / took['ours']:.1f}", ">= 3", alone)
    yield Line("... lent our variables / ours", f"{took['one by one'] / took['ours']:.1f}", "-", told["one by one"])
    yield Line("... lent our variables and batches", f"{took['batched'] / took['ours']:.1f}", "-", told["batched"])


def captum(classifier: core.Classifier, pixels: Tensor, target: int) -> Iterator[Line]:
    took, told = against_captum(classifier, pixels, target)
    found = seconds_as_found()["captum"]
    alone = f"captum {found:.1f} s in a process of its own"
    yield Line("Ten methods: our seconds / captum's, as found", f"{took['ours'] / found:.2f}", "<= 0.5", alone)
    yield Line("... lent our variables", f"{took['ours'] / took['default']:.2f}", "-", told["default"])
    yield Line("... lent our variables and batches", f"{took['ours'] / took['batched']:.2f}", "-", told["batched"])


def ensembles(classifier: core.Classifier, pixels: Tensor, target: int) -> Iterator[Line]:
    share, told = against_noise_tunnel(classifier, pixels, target)
    yield Line("Nine ensembles: our seconds / captum's", f"{share:.2f}", "<= 0.4", told)


def cam(classifier: core.Classifier, pixels: Tensor, target: int) -> Iterator[Line]:
    for name, (share, told) in against_grad_cam(classifier, pixels, target).items():
        yield Line(f"CAM family, {name}: our seconds / theirs", f"{share:.2f}", "-", told)


def retraining(*_: object) -> Iterator[Line]:
    share, told = against_a_plain_loop()
    yield Line("Retraining: a plain loop's seconds / ours", f"{share:.1f}", ">= 2", told)
    seconds, told = one_fine_tune()
    yield Line("One fine-tune: seconds to its last verdict", f"{seconds:.1f}", "<= 10", told)


PARTS = {part.__name__: part for part in (limits, busy, sanity, imputers, quantus, captum, ensembles, cam, retraining)}


def main() -> None:
    begun = time.perf_counter()
    fresh = tempfile.mkdtemp()
    platformdirs.user_cache_dir = lambda *_: fresh
    classifier = core.load_classifier("efficientnet_lite0", device="cpu")
    pixels = classifier.prepare(core.open_picture(core.gallery()[0].path))
    target = core.predict(classifier, pixels)[0].index
    for name in sys.argv[1:] or PARTS:
        start = time.perf_counter()
        for line in PARTS[name](classifier, pixels, target):
            print(f"{line.what:<58} {line.figure:>9}   target {line.target:<12} {line.told}", flush=True)
        print(f"{f'({name}: {time.perf_counter() - start:.0f} s)':>68}", flush=True)
    print(f"Measured in {time.perf_counter() - begun:.0f} s.")
