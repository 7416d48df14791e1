from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir
import pytest
import torch
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import Applied, apply
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover.rules.attention.attention import RecoverAttention
from edgeattn_export.recover.rules.grouped_heads import ShareHeads

TOLERANCE = 1e-5  # of the output's scale
SIZE = 2

Shared = tuple[Captured, Samples, ir.Model, Applied]


class Grouped(nn.Module):
    """Attention of four query heads whose keys and values have fewer, repeated by ``repeat``."""

    def __init__(self, heads: int, *repeat: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.query, self.pair = nn.Linear(8, 8), nn.Linear(8, 2 * heads * SIZE)
        self.heads, self.repeat = heads, repeat

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        q = self.query(x).unflatten(-1, (4, SIZE)).transpose(1, 2)  # (B, H, S, D)
        pair = (t.unflatten(-1, (self.heads, SIZE)).transpose(1, 2) for t in self.pair(x).chunk(2, -1))
        k, v = (repeat(t) for repeat, t in zip(self.repeat, pair, strict=True))  # (B, H, S, D)
        return ((q @ k.mT / 2).softmax(-1) @ v).transpose(1, 2).flatten(2)


def _expanded(x: Tensor) -> Tensor:
    return x[:, :, None].expand(-1, -1, 2, -1, -1).flatten(1, 2)  # as llama has it


def _interleaved(x: Tensor) -> Tensor:
    return x.repeat_interleave(2, dim=1)


def _single(x: Tensor) -> Tensor:
    return x.expand(-1, 4, -1, -1)


def _tiled(x: Tensor) -> Tensor:
    return torch.cat([x, x], dim=1)  # heads 0 1 0 1, where sharing would be 0 0 1 1


def _of_the_first(x: Tensor) -> Tensor:
    return x[:, :1].expand(-1, 4, -1, -1)


FIRES = {
    "expanded": lambda: Grouped(2, _expanded, _expanded),
    "interleaved": lambda: Grouped(2, _interleaved, _interleaved),
    "single": lambda: Grouped(1, _single, _single),
}
UNLIKE = {
    "unlike": (lambda: Grouped(2, _expanded, _tiled), "repeated 2 times and its values' 1 times"),
    "fewer": (lambda: Grouped(2, _expanded, _of_the_first), "repeated 2 times and its values' 4 times"),
}
PARTS = {
    **FIRES,
    "tiled": lambda: Grouped(2, _tiled, _tiled),
    **{name: part for name, (part, _) in UNLIKE.items()},
}


@pytest.fixture(scope="module")
def shared(side_by_side: Callable[..., tuple[Captured, Samples]]) -> Shared:
    captured, samples = side_by_side(PARTS)
    model = captured.model.clone()
    apply(RecoverAttention(), model)
    return captured, samples, model, apply(ShareHeads(), model)


@pytest.mark.parametrize("part", FIRES)
def test_no_head_is_copied(
    part: str, shared: Shared, operators_of: Callable[[ir.Model, str], list[str]]
) -> None:
    _, _, model, applied = shared
    assert f"parts.{part}" in {site.module for site in applied.sites}
    operators = operators_of(model, part)
    assert operators.count("Attention") == 1
    assert not {"Expand", "Tile"} & set(operators)


def test_another_order_of_heads_is_no_sharing(shared: Shared) -> None:
    assert {site.module for site in shared[3].sites} == {f"parts.{part}" for part in FIRES}


@pytest.mark.parametrize("part", UNLIKE)
def test_keys_and_values_repeated_unlike_are_refused(part: str, shared: Shared) -> None:
    refused = {r.module: r.reason for r in shared[3].refused}
    assert set(refused) == {f"parts.{name}" for name in UNLIKE}
    assert UNLIKE[part][1] in refused[f"parts.{part}"]


@pytest.mark.parametrize("sizes", [(1, 1), (1, 7), (3, 5)])
def test_answers_as_pytorch(
    sizes: tuple[int, int], shared: Shared, scaled_error: Callable[..., float]
) -> None:
    captured, samples, model, _ = shared
    inputs = sized_inputs(samples, captured.axes, dict(zip(("batch", "sequence"), sizes, strict=True)))
    expected, actual = captured.reference(inputs), ORT_CPU.runner(model)(inputs)
    for name in expected:
        assert scaled_error({name: expected[name]}, {name: actual[name]}) < TOLERANCE
