"""A softmax of what a linear layer makes weighs values too, but is no attention: it has no keys."""

from __future__ import annotations

import pytest
import torch
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_export.recover import Recovered, recover


class Pooling(nn.Module):
    """Tokens weighed by the softmax of their scores."""

    def __init__(self) -> None:
        super().__init__()
        self.score = nn.Linear(8, 1)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return (self.score(x).softmax(1) * x).sum(1)


class MaskedPooling(Pooling):
    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        scores = self.score(x).masked_fill(seen.unsqueeze(-1) == 0, -1e9)
        return (scores.softmax(1) * x).sum(1)


class Blending(nn.Module):
    """Rows of a table, blended by the softmax of a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.mix, self.table = nn.Linear(8, 5), nn.Parameter(torch.randn(5, 3))

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return self.mix(x).softmax(-1) @ self.table


PARTS = {"pooling": Pooling, "masked": MaskedPooling, "blending": Blending}


@pytest.fixture(scope="module")
def recovered(side_by_side: Export) -> Recovered:
    return recover(*side_by_side(PARTS))


def test_it_is_neither_attention_nor_refused_as_such(recovered: Recovered) -> None:
    assert recovered.refused == ()
    assert "attention" not in recovered.applied


def test_pooling_becomes_a_product_of_matrices(recovered: Recovered) -> None:
    assert recovered.applied["weighted sum"] == len((Pooling, MaskedPooling))
