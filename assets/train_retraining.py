"""Train the network that ships with HeatCheck for retraining: the one whose maps are judged, on whole pictures.

Run from a checkout: ``python assets/train_retraining.py``. It takes some seconds. On one machine the weights come out
the same to the bit; another may round otherwise, so its digest is written anew.
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
from core.retraining.data import collect_data
from core.retraining.training import BUNDLED_NETWORK, BUNDLED_SEED, Recipe, described, train


def main() -> None:
    """Train and store the network."""
    torch.set_num_threads(1)
    data = collect_data()
    training = Returning(train(data, Recipe(), BUNDLED_SEED, torch.device("cpu")))
    last = [event for event in training if isinstance(event, EpochDone)][-1]
    print(f"{last.accuracy:.1%} of the training pictures in the last epoch, {last.held_out:.1%} of the test pictures")
    about = described(data, {"seed": BUNDLED_SEED, "epochs": last.epochs, "held_out": last.held_out})
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HEATCHECK_HOME"] = folder
        kept = save_trained(about, training.result)
        content = (home() / f"{kept.removeprefix(PREFIX)}{ENDING}").read_bytes()
    store(BUNDLED_NETWORK.removeprefix(PREFIX), content, about.title, Path(__file__).name, ON_CLOTHES)


if __name__ == "__main__":
    main()
