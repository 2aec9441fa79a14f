"""Speed and memory against the bare model and against peers: ``make bench``.

Every figure is a ratio of alternatives that took turns in one run, under the allocator settings that ``heatcheck``
starts with, and with batch sizes measured in this run.
"""

import os
import sys
import tempfile
from pathlib import Path

from core.cli import KEEP_LARGE_BLOCKS, restart

if not KEEP_LARGE_BLOCKS.keys() <= os.environ.keys():
    restart([str(Path(__file__).parent), *sys.argv[1:]])

import platformdirs
from curves import against_bare, against_quantus
from memory import growth
from methods import against_captum

import core

MANY_METHODS = ("gradient", "guided_backprop", "smoothgrad", "grad_cam")


def report(what: str, figure: str, target: str, told: str) -> None:
    print(f"{what:<58} {figure:>9}   target {target:<12} {told}", flush=True)


def main() -> None:
    fresh = tempfile.mkdtemp()
    platformdirs.user_cache_dir = lambda *_: fresh
    classifier = core.load_classifier("efficientnet_lite0", device="cpu")
    pixels = classifier.prepare(core.open_picture(core.gallery()[0].path))
    target = core.predict(classifier, pixels)[0].index
    asked = sys.argv[1:] or ["bare", "quantus", "captum", "memory"]
    if "bare" in asked:
        share, told = against_bare(classifier, pixels, target)
        report("Curve forwards per second / the bare model's", f"{share:.2f}", ">= 0.85", told)
    if "quantus" in asked:
        (single, one_by_one), (batched, by_batch) = against_quantus(classifier, pixels, target)
        report("The same curves: Quantus' seconds / ours", f"{single:.1f}", ">= 3", one_by_one)
        report("The same curves: Quantus' seconds with our batches / ours", f"{batched:.1f}", "-", by_batch)
    if "captum" in asked:
        (default, by_default), (batched, by_batch) = against_captum(classifier, pixels, target)
        report("Ten methods: our seconds / captum's", f"{default:.2f}", "<= 0.5", by_default)
        report("Ten methods: our seconds / captum's with our batches", f"{batched:.2f}", "-", by_batch)
    if "memory" in asked:
        megabytes, told = growth(MANY_METHODS, steps=4)
        report("200 jobs in a row: growth after the first 20", f"{megabytes:.0f} MB", "<= 100 MB", told)


main()
