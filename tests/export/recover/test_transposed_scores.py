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
from edgeattn_export.recover.rules.transposed_scores import TransposeScores

TOLERANCE = 1e-5  # of the output's scale

Transposed = tuple[Captured, Samples, ir.Model, Applied]
Mix = Callable[[Tensor, Tensor, Tensor], Tensor]


class Mixing(nn.Module):
    """Query, keys and values (B, S, D), and what ``mix`` makes of them."""

    def __init__(self, mix: Mix) -> None:
        super().__init__()
        self.qkv, self.mix = nn.Linear(8, 12), mix

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return self.mix(*self.qkv(x).chunk(3, -1))


def _both_ways(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    weights = (k @ q.mT).softmax(-2)
    return weights.mT @ v + weights @ v


FIRES: dict[str, Mix] = {
    "softmax_over_columns": lambda q, k, v: (k @ q.mT * 0.5).softmax(-2).mT @ v,
    "scores_transposed": lambda q, k, v: ((k @ q.mT).mT * 0.5).softmax(-1) @ v,
    "values_as_columns": lambda q, k, v: v.mT @ (q @ k.mT).softmax(-1).mT,
}
OTHERS: dict[str, Mix] = {
    "softmax_over_queries": lambda q, k, v: (q @ k.mT).softmax(-2) @ v,
    "used_both_ways": _both_ways,
    "no_softmax": lambda q, k, v: (k @ q.mT).mT @ v,
    "of_a_layer": lambda q, k, v: q.softmax(-2).mT @ v,
    "over_columns_of_a_layer": lambda q, k, v: v.mT @ k.mT.softmax(-2).mT,
}


@pytest.fixture(scope="module")
def transposed(side_by_side: Callable[..., tuple[Captured, Samples]]) -> Transposed:
    parts = {name: lambda mix=mix: Mixing(mix) for name, mix in {**FIRES, **OTHERS}.items()}
    captured, samples = side_by_side(parts)
    model = captured.model.clone()
    return captured, samples, model, apply(TransposeScores(), model)


def test_fires_and_leaves_others(transposed: Transposed) -> None:
    assert {site.module for site in transposed[3].sites} == {f"parts.{name}" for name in FIRES}


@pytest.mark.parametrize(("batch", "sequence"), [(1, 1), (1, 7), (3, 5)])
def test_answers_as_pytorch(
    batch: int, sequence: int, transposed: Transposed, scaled_error: Callable[..., float]
) -> None:
    captured, samples, model, _ = transposed
    inputs = sized_inputs(samples, captured.axes, {"batch": batch, "sequence": sequence})
    expected, actual = captured.reference(inputs), ORT_CPU.runner(model)(inputs)
    for name, value in expected.items():
        assert scaled_error({name: value}, {name: actual[name]}) < TOLERANCE, name
