"""The masks of a hand-written attention: one additive mask of their own dims, and no engine's needs."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
import torch
from rewritten import attention_of, operators_of
from spelled import AttentionTests, Hand, Scores, Spelled
from torch import Tensor, nn

from edgeattn_export.graph.dataflow import Dims, dims, producer, scalar
from edgeattn_export.recover.rules.attention.mask import EXCLUDED

MASK = 3  # an Attention's operand
WIDTH, SIZE = 8, 4
LOWEST = torch.finfo(torch.float32).min
SLOPES = torch.tensor([0.5, 1.5]).view(1, 2, 1, 1)  # one a head
BEFORE = torch.ones(32, 32, dtype=torch.bool).tril()


def _scaled(q: Tensor, k: Tensor) -> Tensor:
    return q @ k.mT / math.sqrt(SIZE)


def _keys(seen: Tensor) -> Tensor:
    return seen[:, None, None, :] == 0  # (B, 1, 1, T)


def _future(q: Tensor) -> Tensor:
    return ~BEFORE[: q.size(2), : q.size(2)]  # (S, S)


OF_KEYS: Dims = ("batch", 1, 1, "sequence")
OF_BOTH: Dims = ("sequence", "sequence")

PLAIN: dict[str, tuple[Scores, Dims]] = {
    "filled": (lambda q, k, seen: _scaled(q, k).masked_fill(_keys(seen), -1e9), OF_KEYS),
    "filled_with_the_lowest": (lambda q, k, seen: _scaled(q, k).masked_fill(_keys(seen), LOWEST), OF_KEYS),
    "filled_with_infinity": (lambda q, k, seen: _scaled(q, k).masked_fill(_keys(seen), -torch.inf), OF_KEYS),
    "added": (lambda q, k, seen: _scaled(q, k) + (1.0 - seen[:, None, None, :].float()) * -1e4, OF_KEYS),
    "causal": (lambda q, k, seen: _scaled(q, k).masked_fill(_future(q), -torch.inf), OF_BOTH),
    "of_heads": (
        lambda q, k, seen: _scaled(q, k) - SLOPES * torch.arange(q.size(2)),
        (1, 2, 1, "sequence"),
    ),
    "two_masks": (
        lambda q, k, seen: _scaled(q, k).masked_fill(_future(q), -1e9).masked_fill(_keys(seen), -1e9),
        ("batch", 1, "sequence", "sequence"),
    ),
}  # fmt: skip
EXCLUDES = {"filled": EXCLUDED, "filled_with_the_lowest": LOWEST, "filled_with_infinity": -np.inf}


class Grouped(nn.Module):
    """Attention of five axes: two queries for each head of keys and values."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, SIZE)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        q = self.query(x).view(x.size(0), -1, 1, 2, SIZE).permute(0, 2, 3, 1, 4)  # (B, G, R, S, D)
        k = self.key(x).view(x.size(0), -1, 1, 1, SIZE).permute(0, 2, 3, 1, 4)  # (B, G, 1, S, D)
        scores = _scaled(q, k).masked_fill(seen[:, None, None, None, :] == 0, -1e9)
        return (scores.softmax(-1) @ k).permute(0, 3, 1, 2, 4).flatten(2)


SPELLINGS = {name: partial(Hand, scores) for name, (scores, _) in PLAIN.items()} | {"five_axes": Grouped}


class TestMask(AttentionTests):
    spellings = SPELLINGS
    cases = ((1, 1, 1), (3, 7, 7), (3, 9, 4), (2, 12, 1))

    @pytest.mark.parametrize("part", PLAIN)
    def test_a_mask_keeps_its_dims(self, part: str, spelled: Spelled) -> None:
        model = spelled.recovered.model
        assert dims(attention_of(model, part).inputs[MASK]) == PLAIN[part][1]
        assert not {"Expand", "Max", "IsInf"} & set(operators_of(model, part))

    @pytest.mark.parametrize("part", EXCLUDES)
    def test_a_fill_is_a_number_that_excludes(self, part: str, spelled: Spelled) -> None:
        where = producer(attention_of(spelled.recovered.model, part).inputs[MASK], "Where")
        assert where is not None
        numbers = sorted(number for value in where.inputs[1:] if (number := scalar(value)) is not None)
        assert numbers == [np.float32(EXCLUDES[part]), 0.0]

    def test_of_five_axes_a_mask_is_written_out_to_four(self, spelled: Spelled) -> None:
        model = spelled.recovered.model
        assert operators_of(model, "five_axes").count("Expand") == 1
        assert len(dims(attention_of(model, "five_axes").inputs[MASK])) == 4
