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
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover.rules.finite_softmax import DropInfinityGuard

Unguarded = tuple[Captured, Samples, ir.Model, Applied]


class Guarded(nn.Module):
    """What may be NaN or infinite, and a guard against both."""

    def __init__(self, weights: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.weights = weights

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return torch.nan_to_num(self.weights(x.masked_fill(seen[..., None] == 0, -torch.inf)))


@pytest.fixture(scope="module")
def unguarded(side_by_side: Callable[..., tuple[Captured, Samples]]) -> Unguarded:
    captured, samples = side_by_side(
        {"softmax": lambda: Guarded(lambda x: x.softmax(-1)), "logarithm": lambda: Guarded(lambda x: x.log())}
    )
    model = captured.model.clone()
    return captured, samples, model, apply(DropInfinityGuard(), model)


def test_a_softmax_has_no_infinities_to_replace(
    unguarded: Unguarded, operators_of: Callable[[ir.Model, str], list[str]]
) -> None:
    captured, _, model, applied = unguarded
    assert {site.module for site in applied.sites} == {"parts.softmax"}
    assert "IsInf" in operators_of(captured.model, "softmax")
    assert "IsInf" not in operators_of(model, "softmax")
    assert "IsNaN" in operators_of(model, "softmax")  # a row that is masked whole
    assert "IsInf" in operators_of(model, "logarithm")


def test_answers_as_pytorch_where_a_row_is_masked_whole(unguarded: Unguarded) -> None:
    captured, samples, model, _ = unguarded
    inputs = dict(samples[0].inputs)
    inputs["seen"] = inputs["seen"].copy()
    inputs["seen"][0, 1] = 0
    expected, actual = captured.reference(inputs), ORT_CPU.runner(model)(inputs)
    assert (expected["softmax.output"][0, 1] == 0).all()
    for name, value in expected.items():
        np.testing.assert_allclose(actual[name], value, rtol=1e-5)
