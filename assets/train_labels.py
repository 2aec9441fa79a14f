"""Train the networks that ship with HeatCheck for its label check, on true and on shuffled labels.

Run from a checkout: ``python assets/train_labels.py``. Each takes some ten seconds. On one machine the weights come out
the same to the bit; another may round otherwise, so their digests are written anew.
"""

import os
import tempfile
from pathlib import Path

import torch
from storing import ON_CLOTHES, store

from core.jobs.events import Returning
from core.models.trained import ENDING, home, save_trained
from core.models.trained_file import PREFIX
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

CPU = torch.device("cpu")


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
    content = (home() / f"{kept.removeprefix(PREFIX)}{ENDING}").read_bytes()
    title = f"Fashion-MNIST, {ROLES[role]}"
    store(bundled_name(role).removeprefix(PREFIX), content, title, Path(__file__).name, ON_CLOTHES)


def main() -> None:
    """Train, examine and store each network."""
    torch.set_num_threads(1)
    for role in ROLES:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["HEATCHECK_HOME"] = folder
            make(role)


if __name__ == "__main__":
    main()
