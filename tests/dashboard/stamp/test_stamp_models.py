"""Networks that learned stamps, as jobs need them."""

from dataclasses import replace

import pytest
import torch

from core.pictures.stamps import anywhere
from dashboard.library.absence import NotThere
from dashboard.stamp.stamp_models import find_stamps


def test_the_share_by_chance_is_what_stamps_cover_on_average(cross):
    draw = torch.Generator().manual_seed(3)
    stamps = [replace(stamp, size=size) for stamp in cross.task.stamps for size in cross.task.sizes or (stamp.size,)]
    covered = [anywhere(stamp, cross.size, draw).mask(cross.size).double().mean() for stamp in stamps]
    assert find_stamps(cross.name).share == pytest.approx(float(sum(covered) / len(covered)), abs=1e-12)


def test_a_model_that_is_gone_says_what_to_do():
    with pytest.raises(NotThere, match="Choose another, or train one"):
        find_stamps("trained/nobody")
