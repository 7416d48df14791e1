from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir
import pytest
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import Applied, apply
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover.rules.weighted_sum import WeightedSum

TOLERANCE = 1e-5  # of the output's scale

Summed = tuple[Captured, Samples, ir.Model, Applied]


class Pooling(nn.Module):
    """A linear layer, and a sum over its output that a mask or scores weigh."""

    def __init__(self, pool: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.linear, self.pool = nn.Linear(8, 8), pool

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return self.pool(self.linear(x), seen.unsqueeze(-1).to(x.dtype))  # (B, S, W), (B, S, 1)


def _product_is_shown(x: Tensor, weights: Tensor) -> Tensor:
    product = x * weights
    return product.sum(dim=1, keepdim=True) + product


FIRES = {
    "masked_mean": lambda x, w: (x * w).sum(dim=1) / w.sum(dim=1),
    "weights_first": lambda x, w: (w * x).sum(dim=1),
    "axis_from_the_end": lambda x, w: (x * w).sum(dim=-2),
    "axis_kept": lambda x, w: (x * w).sum(dim=1, keepdim=True),
    "attention_pooling": lambda x, w: (x * x[..., :1].softmax(dim=1)).sum(dim=1),
}
OTHERS = {
    "over_features": lambda x, w: (x * w).sum(dim=-1),
    "a_weight_a_feature": lambda x, w: (x * x.cos()).sum(dim=1),
    "one_weight_a_row": lambda x, w: (x * w[:, :1]).sum(dim=1),
    "over_both": lambda x, w: (x * w).sum(dim=(1, 2)),
    "of_the_weights": lambda x, w: (w * w.cos()).sum(dim=1),
    "its_product_shown": _product_is_shown,
}


@pytest.fixture(scope="module")
def summed(side_by_side: Callable[..., tuple[Captured, Samples]]) -> Summed:
    parts = {name: lambda pool=pool: Pooling(pool) for name, pool in {**FIRES, **OTHERS}.items()}
    captured, samples = side_by_side(parts)
    model = captured.model.clone()
    return captured, samples, model, apply(WeightedSum(), model)


@pytest.mark.parametrize("part", FIRES)
def test_fires(part: str, summed: Summed, operators_of: Callable[[ir.Model, str], list[str]]) -> None:
    before, after = (operators_of(model, part) for model in (summed[0].model, summed[2]))
    assert after.count("ReduceSum") == before.count("ReduceSum") - 1
    assert after.count("MatMul") == before.count("MatMul") + 1


@pytest.mark.parametrize("part", OTHERS)
def test_leaves_other_sums(
    part: str, summed: Summed, operators_of: Callable[[ir.Model, str], list[str]]
) -> None:
    assert sorted(operators_of(summed[2], part)) == sorted(operators_of(summed[0].model, part))


@pytest.mark.parametrize("batch", [1, 3])
def test_answers_as_pytorch(batch: int, summed: Summed, scaled_error: Callable[..., float]) -> None:
    captured, samples, model, applied = summed
    assert len(applied.sites) == len(FIRES)
    inputs = dict(sized_inputs(samples, captured.axes, {"batch": batch}))
    inputs["seen"] = inputs["seen"].copy()
    inputs["seen"][-1, -1] = 0
    assert scaled_error(captured.reference(inputs), ORT_CPU.runner(model)(inputs)) < TOLERANCE
