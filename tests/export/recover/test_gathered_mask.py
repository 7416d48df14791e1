from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from rewritten import Rewritten, RuleTests
from torch import Tensor, nn

from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover.rules.gathered_mask import take_mask


class Gathered(nn.Module):
    """A mask (B, S), entry by entry at the places that ``places`` names of its batches and keys."""

    def __init__(self, places: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]) -> None:
        super().__init__()
        self.places = places

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        batches, keys = torch.arange(x.size(0)), torch.arange(seen.size(1))
        return seen[self.places(batches, keys)].float() + x.mean()


FIRES = {
    "four_axes": lambda batches, keys: (batches[:, None, None, None], keys[None, None, None, :]),
    "two_axes": lambda batches, keys: (batches[:, None], keys[None, :]),
}
OTHERS = {
    "another_order": lambda batches, keys: (batches[:, None], keys.flip(0)[None, :]),
    "turned": lambda batches, keys: (batches[None, :], keys[:, None]),
    "from_the_first_batch_alone": lambda batches, keys: (batches[:, None] * 0, keys[None, :]),
}


class TestGatheredMask(RuleTests):
    rule, part, fires, others = take_mask, Gathered, FIRES, OTHERS
    gone = frozenset({"GatherND", "Expand", "Concat"})

    @pytest.mark.parametrize("sizes", [(1, 1), (3, 1), (1, 4), (3, 5)])
    def test_each_entry_is_in_its_place(self, sizes: tuple[int, int], rewritten: Rewritten) -> None:
        inputs = {"x": np.zeros((*sizes, 8), np.float32), "seen": np.arange(math.prod(sizes)).reshape(sizes)}
        expected, actual = rewritten.captured.reference(inputs), ORT_CPU.runner(rewritten.model)(inputs)
        for name, value in expected.items():
            np.testing.assert_allclose(actual[name], value, rtol=1e-6)
