"""The same peers' calls in a Python process of their own, without the variables that ``heatcheck`` starts with."""

import json
import os
import subprocess
import sys
from functools import cache

from curves import FLIPPING_MAPS, FLIPPING_ROUNDS, flipping_calls
from interleaved import seconds_of
from methods import captum_calls

import core
from core.environment import VARIABLES


@cache
def seconds_as_found() -> dict[str, float]:
    """Median seconds of Quantus, a call for each map, and of the ten captum calls, as a script would have them."""
    surroundings = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    told = subprocess.run([sys.executable, __file__], env=surroundings, check=True, stdout=subprocess.PIPE, text=True)
    seconds: dict[str, float] = json.loads(told.stdout.splitlines()[-1])
    return seconds


def measure() -> dict[str, float]:
    classifier = core.load_classifier("efficientnet_lite0", device="cpu")
    pixels = classifier.prepare(core.open_picture(core.gallery()[0].path))
    target = core.predict(classifier, pixels)[0].index
    flip = flipping_calls(classifier, pixels, target, batch=1)
    calls = captum_calls(classifier, pixels, target, None)
    alternatives = {
        "quantus": lambda: [flip(number, number + 1) for number in range(FLIPPING_MAPS)],
        "captum": lambda: [call() for call in calls],
    }
    return seconds_of(alternatives, FLIPPING_ROUNDS)


if __name__ == "__main__":
    print(json.dumps(measure()))
