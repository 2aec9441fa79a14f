"""The table that ``make calibrate`` prints: network by family, then power, then what a run costs.

Networks are asked for by name: ``make calibrate NETWORKS="fashion_cnn fashion_vit"``. At least 300 maps a family and
network; with ``--fast`` the judged maps are followed over the same four shares as their copies.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import ceil
from statistics import fmean, stdev

from calibration.families import NOTHING, PICTURE_ONLY
from calibration.measuring import METHODS, Judged, calibrate

import core
from core.methods.heatmap_request import HeatmapRequest
from core.metrics.chance import count_copy_visits
from core.metrics.curve_plan import Perturbation
from core.studies.trial import RANDOMS, plan_trial

NETWORKS = ("efficientnet_lite0", "squeezenet1_1", "fashion_cnn", "fashion_cnn_erased", "fashion_vit")
PICTURES = {"efficientnet_lite0": 34, "squeezenet1_1": 34}
MANY_PICTURES = 60
FEWEST_MAPS = 300
STEPS = 20
HEAD = f"{'network':<20}{'family':<28}{'maps':>6}{'better':>9}{'two-sided':>11}{'finds':>8}   (%)"


def share(judged: Sequence[Judged], *verdicts: str) -> float:
    """Percent of maps with one of these verdicts."""
    return 100 * fmean(each.verdict in verdicts for each in judged)


def doubt(judged: Sequence[Judged], *verdicts: str) -> float:
    """Standard error of that share, since the maps of one picture share its luck."""
    of_picture: defaultdict[int, list[Judged]] = defaultdict(list)
    for each in judged:
        of_picture[each.picture].append(each)
    shares = [share(each, *verdicts) for each in of_picture.values()]
    return stdev(shares) / len(shares) ** 0.5 if len(shares) > 1 else float("nan")


def line(network: str, family: str, judged: Sequence[Judged]) -> str:
    better, both = share(judged, "finds", "edge"), share(judged, "finds", "edge", "worse")
    return f"{network:<20}{family:<28}{len(judged):>6}{better:>9.1f}{both:>11.1f}{share(judged, 'finds'):>8.1f}"


def rows(network: str, judged: Sequence[Judged]) -> Iterable[str]:
    """A row a family; one for all maps that know nothing, with its standard errors; then the power of real maps."""
    of_family: defaultdict[str, list[Judged]] = defaultdict(list)
    for each in judged:
        of_family[each.family].append(each)
    for family in NOTHING:
        yield line(network, family, of_family[family])
    nothing = [each for family in NOTHING for each in of_family[family]]
    errors = [doubt(nothing, *asked) for asked in (("finds", "edge"), ("finds", "edge", "worse"), ("finds",))]
    yield line(network, "all that know nothing", nothing) + "   ± " + ", ".join(f"{each:.1f}" for each in errors)
    yield line(network, PICTURE_ONLY, of_family[PICTURE_ONLY])
    for method in METHODS:
        if of_family[method]:
            yield line(network, f"power of {method}", of_family[method])


def cost(network: str) -> str:
    """The passes of a usual run of ten methods, and how many of them serve the range of chance."""
    classifier = core.load_classifier(network, device="cpu")
    from dashboard.controls.method_panel import QUICK

    reasons = core.capability(classifier)
    methods = tuple(name for name in QUICK if reasons[name] is None)
    perturbation = Perturbation(steps=STEPS, randoms=RANDOMS)
    total = sum(part.passes for part in plan_trial(classifier, HeatmapRequest(methods=methods), perturbation))
    chance = count_copy_visits(len(methods), perturbation, classifier.size)
    return f"{network:<20}a run of {len(methods)} methods takes {total:.0f} passes, {chance} of them for chance"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=NETWORKS)
    parser.add_argument("--pictures", type=int, help="pictures a network")
    parser.add_argument("--fast", action="store_true", help="follow judged maps over four shares only")
    asked = parser.parse_args()
    print(HEAD)
    for network in asked.networks:
        begun = time.perf_counter()
        pictures = asked.pictures or PICTURES.get(network, MANY_PICTURES)
        each = ceil(FEWEST_MAPS / pictures)
        judged = [one for some in calibrate(network, pictures, each, None if asked.fast else STEPS) for one in some]
        print(*rows(network, judged), cost(network), sep="\n")
        print(f"({pictures} pictures in {time.perf_counter() - begun:.0f} s)", flush=True)
