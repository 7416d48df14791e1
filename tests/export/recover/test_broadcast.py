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
from edgeattn_export.recover.rules.broadcast import BroadcastOperand

TOLERANCE = 1e-5  # of the output's scale

Broadcast = tuple[Captured, Samples, ir.Model, Applied]


class Expanding(nn.Module):
    """A linear layer, and what is done to its output and one number of it a position."""

    def __init__(self, meet: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.linear, self.meet = nn.Linear(8, 8), meet

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        y = self.linear(x)
        return self.meet(y, y[..., :1])  # (B, S, W), (B, S, 1)


FIRES = {
    "normalize": lambda x, y: nn.functional.normalize(x, dim=-1),
    "divided": lambda x, y: x / (2 + y.cos()).expand_as(x),
    "expanded_first": lambda x, y: y.expand_as(x) - x,
    "of_lower_rank": lambda x, y: x * y[0, 0].expand_as(x),
    "added": lambda x, y: x + y.expand_as(x),
}
OTHERS = {
    "the_other_side_smaller": lambda x, y: y.expand_as(x) * x[..., :1],
    "both_expanded": lambda x, y: y.expand_as(x) * x[:, :1].expand_as(x),
    "concatenated": lambda x, y: torch.cat([x, y.expand_as(x)], -1),
}


@pytest.fixture(scope="module")
def broadcast(side_by_side: Callable[..., tuple[Captured, Samples]]) -> Broadcast:
    parts = {name: lambda meet=meet: Expanding(meet) for name, meet in {**FIRES, **OTHERS}.items()}
    captured, samples = side_by_side(parts)
    model = captured.model.clone()
    return captured, samples, model, apply(BroadcastOperand(), model)


@pytest.mark.parametrize("part", FIRES)
def test_fires(part: str, broadcast: Broadcast, operators_of: Callable[[ir.Model, str], list[str]]) -> None:
    assert "Expand" in operators_of(broadcast[0].model, part)
    assert "Expand" not in operators_of(broadcast[2], part)


@pytest.mark.parametrize("part", OTHERS)
def test_leaves_an_expansion_that_is_needed(
    part: str, broadcast: Broadcast, operators_of: Callable[[ir.Model, str], list[str]]
) -> None:
    before, after = (
        operators_of(model, part).count("Expand") for model in (broadcast[0].model, broadcast[2])
    )
    assert after == before > 0


@pytest.mark.parametrize("batch", [1, 3])
def test_answers_as_pytorch(batch: int, broadcast: Broadcast, scaled_error: Callable[..., float]) -> None:
    captured, samples, model, applied = broadcast
    assert len(applied.sites) == len(FIRES)
    inputs = sized_inputs(samples, captured.axes, {"batch": batch})
    assert scaled_error(captured.reference(inputs), ORT_CPU.runner(model)(inputs)) < TOLERANCE
