"""Rank-equalised maps: the same order, and the same sparsity for all."""

import pytest
import torch

from core.coherency.equalised import rank_equalised
from core.metrics.complexity import gini_index, shares


@pytest.mark.parametrize("power", [1, 3, 9])
def test_maps_without_equal_values_become_equally_sparse(power):
    values = torch.randn(8, 6, generator=torch.Generator().manual_seed(power)).double() ** power
    assert gini_index(shares(rank_equalised(values))) == pytest.approx((48 - 1) / (3 * 48))
    assert torch.equal(rank_equalised(values).flatten().argsort(), values.flatten().argsort())


def test_equal_values_share_their_rank_and_nothing_else_about_them_counts():
    values = torch.tensor([[0.0, 0.0, 3.0], [-1.0, 0.0, 7.0]])
    assert torch.equal(rank_equalised(values), torch.tensor([[3.0, 3.0, 5.0], [1.0, 3.0, 6.0]]) / 6)
    assert torch.equal(rank_equalised(values * 9 + 2), rank_equalised(values))
