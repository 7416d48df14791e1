from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from rewritten import Rewrite, Rewritten, parts_of
from torch import Tensor, nn

from edgeattn_export.graph.shapes import sized_inputs
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


@pytest.fixture(scope="module")
def rewritten(rewrite: Rewrite) -> Rewritten:
    return rewrite(take_mask, parts_of(Gathered, {**FIRES, **OTHERS}))


def test_a_mask_in_its_own_order_is_taken_as_it_is(rewritten: Rewritten) -> None:
    assert rewritten.fired == set(FIRES)
    for name in FIRES:
        assert not {"GatherND", "Expand", "Concat"} & set(rewritten.after(name))


def test_another_order_is_left(rewritten: Rewritten) -> None:
    for name in OTHERS:
        assert "GatherND" in rewritten.after(name)


@pytest.mark.parametrize("sizes", [(1, 1), (3, 1), (1, 4), (3, 5)])
def test_answers_as_pytorch(sizes: tuple[int, int], rewritten: Rewritten) -> None:
    captured = rewritten.captured
    inputs = dict(
        sized_inputs(rewritten.samples, captured.axes, dict(zip(("batch", "sequence"), sizes, strict=True)))
    )
    inputs["seen"] = np.arange(inputs["seen"].size).reshape(sizes)
    expected, actual = captured.reference(inputs), ORT_CPU.runner(rewritten.model)(inputs)
    for name, value in expected.items():
        np.testing.assert_allclose(actual[name], value, rtol=1e-6)
