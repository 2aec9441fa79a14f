"""Train the networks that ship with HeatCheck for its label check, on true and on shuffled labels.

Run from a checkout: ``python assets/train_labels.py``. Each takes some ten seconds. On one machine the weights come out
the same to the bit; another may round otherwise, so their digests are written anew.
"""

import hashlib
import os
import tempfile
from pathlib import Path

import torch

from core.jobs.events import Returning
from core.models.trained import ENDING, home, save_trained
from core.models.trained_file import BUNDLED, PREFIX
from core.models.training import EpochDone
from core.sanity.label_networks import (
    BUNDLED_SEED,
    ENOUGH,
    ROLES,
    Role,
    bundled_name,
    described,
    measured,
    train,
)

SUMS = BUNDLED / "SHA256SUMS"
LICENSE = Path(__file__).parents[1] / "LICENSE"
CPU = torch.device("cpu")
ORIGIN = """\
Part of HeatCheck, made for it by ../train_labels.py, and under HeatCheck's licence, which is below.
Trained on Fashion-MNIST, Copyright (c) 2017 Zalando SE, under the MIT licence: see
../datasets/fashion_mnist.LICENSE.txt.
"""


def make(role: Role) -> None:
    """Trains a network, tells what it learned, and stores it with its licence and its digest."""
    training = Returning(train(role, BUNDLED_SEED, CPU))
    for event in training:
        if isinstance(event, EpochDone):
            print(f"{role}, epoch {event.epoch} of {event.epochs}: loss {event.loss:.4f}, {event.seconds:.0f} s")
    network = training.result
    learned = measured(role, described(role, BUNDLED_SEED, {}).classifier(role, network, CPU), BUNDLED_SEED).learned
    print(f"{role}: {learned.accuracy:.1%} as it was told, {learned.held_out:.1%} of the test pictures")
    if learned.accuracy < ENOUGH:
        raise SystemExit(f"{role}: it did not learn what it was told.")
    about = {"accuracy": learned.accuracy, "held_out": learned.held_out}
    kept = save_trained(described(role, BUNDLED_SEED, about), network)
    store(role, (home() / f"{kept.removeprefix(PREFIX)}{ENDING}").read_bytes())


def store(role: Role, content: bytes) -> None:
    """Writes the model, its licence and its digest."""
    name = bundled_name(role).removeprefix(PREFIX)
    target = BUNDLED / f"{name}{ENDING}"
    target.write_bytes(content)
    notice = f"Fashion-MNIST, {ROLES[role]} ({target.name})\n\n{ORIGIN}\n\n"
    (BUNDLED / f"{name}.LICENSE.txt").write_text(notice + LICENSE.read_text(encoding="utf-8"), encoding="utf-8")
    sums = {file: digest for digest, file in map(str.split, SUMS.read_text().splitlines())}
    sums[target.name] = hashlib.sha256(content).hexdigest()
    SUMS.write_text("".join(f"{digest}  {file}\n" for file, digest in sorted(sums.items())))
    print(f"{target.name}: {len(content):,} bytes, sha256 {sums[target.name]}")


def main() -> None:
    """Train, examine and store each network."""
    torch.set_num_threads(1)
    for role in ROLES:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["HEATCHECK_HOME"] = folder
            make(role)


if __name__ == "__main__":
    main()
