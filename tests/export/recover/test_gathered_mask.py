from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
import torch
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import Applied, apply
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover.rules.gathered_mask import TakeMask

Rewritten = tuple[Captured, Samples, ir.Model, Applied]


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
def rewritten(side_by_side: Callable[..., tuple[Captured, Samples]]) -> Rewritten:
    places = {**FIRES, **OTHERS}
    captured, samples = side_by_side(
        {n: (lambda place=place: Gathered(place)) for n, place in places.items()}
    )
    model = captured.model.clone()
    return captured, samples, model, apply(TakeMask(), model)


def test_a_mask_in_its_own_order_is_taken_as_it_is(
    rewritten: Rewritten, operators_of: Callable[[ir.Model, str], list[str]]
) -> None:
    assert {site.module for site in rewritten[3].sites} == {f"parts.{name}" for name in FIRES}
    for name in FIRES:
        assert not {"GatherND", "Expand", "Concat"} & set(operators_of(rewritten[2], name))


def test_another_order_is_left(
    rewritten: Rewritten, operators_of: Callable[[ir.Model, str], list[str]]
) -> None:
    for name in OTHERS:
        assert "GatherND" in operators_of(rewritten[2], name)


@pytest.mark.parametrize("sizes", [(1, 1), (3, 1), (1, 4), (3, 5)])
def test_answers_as_pytorch(sizes: tuple[int, int], rewritten: Rewritten) -> None:
    captured, samples, model, _ = rewritten
    inputs = dict(sized_inputs(samples, captured.axes, dict(zip(("batch", "sequence"), sizes, strict=True))))
    inputs["seen"] = np.arange(inputs["seen"].size).reshape(sizes)
    expected, actual = captured.reference(inputs), ORT_CPU.runner(model)(inputs)
    for name, value in expected.items():
        np.testing.assert_allclose(actual[name], value, rtol=1e-6)
