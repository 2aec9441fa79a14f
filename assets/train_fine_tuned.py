"""Fine-tune the copies that ship with HeatCheck for the verdict of one fine-tune, on pictures with random gaps.

Run from a checkout, after ``assets/train_retraining.py`` where its network changed: ``python
assets/train_fine_tuned.py``. Each takes some four seconds. On one machine the weights come out the same to the bit;
another may round otherwise, so their digests are written anew.
"""

import os
import tempfile
import time
from pathlib import Path

import torch
from storing import ON_CLOTHES, store
from torch import nn

from core.jobs.events import Returning
from core.models.classifier import Classifier
from core.models.trained import ENDING, home, save_trained
from core.models.trained_file import PREFIX
from core.retraining.bundled_copies import COPIES, SEED, Lesson, copy_name, described_copy
from core.retraining.data import LabelledData, collect_data
from core.retraining.fine_tune import fine_tuned
from core.retraining.fine_tune_events import FineTuned
from core.retraining.training import Recipe, explained_network

CPU = torch.device("cpu")


def make(lesson: Lesson, explained: Classifier, data: LabelledData) -> None:
    """Fine-tunes a copy, tells what it still recognises, and stores it with its licence and its digest."""
    began = time.process_time()
    *_, told, copy = fine_tuned(explained.network, data, lesson, CPU)
    seconds = round(time.process_time() - began, 1)
    assert isinstance(told, FineTuned)
    assert isinstance(copy, nn.Module)
    print(f"copy {lesson.number + 1}: {told.accuracy:.1%} of the whole test pictures, {seconds} s of one core")
    about = described_copy(lesson, explained, data, {"held_out": told.accuracy, "seconds": seconds})
    kept = save_trained(about, copy)
    content = (home() / f"{kept.removeprefix(PREFIX)}{ENDING}").read_bytes()
    store(copy_name(lesson.number).removeprefix(PREFIX), content, about.title, Path(__file__).name, ON_CLOTHES)


def main() -> None:
    """Fine-tune and store each copy."""
    torch.set_num_threads(1)
    data = collect_data()
    finding = Returning(explained_network(data, Recipe(), CPU))
    for _ in finding:
        pass
    for number in range(COPIES):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["HEATCHECK_HOME"] = folder
            make(Lesson(SEED, number), finding.result, data)


if __name__ == "__main__":
    main()
