"""Speed and memory against the bare model and against peers: ``make bench``.

Every figure is a ratio measured in one run, with batch sizes found in this run. Ours runs under the allocator settings
that ``heatcheck`` starts with; peers run as they are found, in a process without them, and then lent ours, taking
turns.
"""

import os
import sys
import tempfile
from pathlib import Path

from core.cli import KEEP_LARGE_BLOCKS, restart

if not KEEP_LARGE_BLOCKS.keys() <= os.environ.keys():
    restart([str(Path(__file__).parent), *sys.argv[1:]])

import platformdirs
from activation import against_grad_cam
from curves import against_quantus, curves_against_bare, rise_against_bare, scores_against_bare
from ensembles import against_noise_tunnel
from imputers import against_forward, against_sparse_solve
from memory import growth
from methods import against_captum
from plain import seconds_without_our_allocator
from sanity import against_explaining

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
    asked = sys.argv[1:] or ["bare", "sanity", "imputers", "quantus", "captum", "ensembles", "cam", "memory"]
    if "bare" in asked:
        share, told = curves_against_bare(classifier, pixels, target)
        report("Curve forwards per second / the bare model's", f"{share:.2f}", ">= 0.85", told)
        share, told = scores_against_bare(classifier, pixels, target)
        report("A study's forwards per second / the bare model's", f"{share:.2f}", ">= 0.85", told)
        share, told = rise_against_bare(classifier, pixels, target)
        report("RISE masks per second / the bare model's forwards", f"{share:.2f}", ">= 0.85", told)
    if "sanity" in asked:
        share, told = against_explaining(classifier, pixels, target)
        report("A randomisation / explaining as many networks", f"{share:.2f}", "<= 3", told)
    if "imputers" in asked:
        share, told = against_forward(classifier, pixels)
        report("Noisy linear: our seconds / the forward pass it feeds", f"{share:.2f}", "<= 2", told)
        share, told = against_sparse_solve(classifier, pixels)
        report("Noisy linear: pytorch-grad-cam's seconds / ours", f"{share:.0f}", "-", told)
    plain = seconds_without_our_allocator() if {"quantus", "captum"} & set(asked) else {}
    if "quantus" in asked:
        took, told = against_quantus(classifier, pixels, target)
        found = f"Quantus {plain['quantus']:.1f} s in a process of its own"
        report(
            "The same curves: Quantus' seconds, as found / ours",
            f"{plain['quantus'] / took['ours']:.1f}",
            ">= 3",
            found,
        )
        report("... lent our allocator / ours", f"{took['one by one'] / took['ours']:.1f}", "-", told["one by one"])
        report(
            "... lent our allocator and batches / ours", f"{took['batched'] / took['ours']:.1f}", "-", told["batched"]
        )
    if "captum" in asked:
        took, told = against_captum(classifier, pixels, target)
        found = f"captum {plain['captum']:.1f} s in a process of its own"
        report(
            "Ten methods: our seconds / captum's, as found", f"{took['ours'] / plain['captum']:.2f}", "<= 0.5", found
        )
        report("... lent our allocator", f"{took['ours'] / took['default']:.2f}", "-", told["default"])
        report("... lent our allocator and batches", f"{took['ours'] / took['batched']:.2f}", "-", told["batched"])
    if "ensembles" in asked:
        share, told = against_noise_tunnel(classifier, pixels, target)
        report("Nine ensembles: our seconds / captum's", f"{share:.2f}", "<= 0.4", told)
    if "cam" in asked:
        for name, (share, told) in against_grad_cam(classifier, pixels, target).items():
            report(f"CAM family, {name}: our seconds / theirs", f"{share:.2f}", "-", told)
    if "memory" in asked:
        megabytes, told = growth(MANY_METHODS, steps=4)
        report("200 jobs in a row: growth after the first 20", f"{megabytes:.0f} MB", "<= 100 MB", told)


main()
