from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from rewritten import Rewrite, Rewritten, parts_of
from torch import Tensor, nn

from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover.rules.finite_softmax import drop_infinity_guard


class Guarded(nn.Module):
    """What may be NaN or infinite, and a guard against both."""

    def __init__(self, weights: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.weights = weights

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return torch.nan_to_num(self.weights(x.masked_fill(seen[..., None] == 0, -torch.inf)))


@pytest.fixture(scope="module")
def unguarded(rewrite: Rewrite) -> Rewritten:
    weights = {"softmax": lambda x: x.softmax(-1), "logarithm": lambda x: x.log()}
    return rewrite(drop_infinity_guard, parts_of(Guarded, weights))


def test_a_softmax_has_no_infinities_to_replace(unguarded: Rewritten) -> None:
    assert unguarded.fired == {"softmax"}
    assert "IsInf" in unguarded.before("softmax")
    assert "IsInf" not in unguarded.after("softmax")
    assert "IsNaN" in unguarded.after("softmax")  # a row that is masked whole
    assert "IsInf" in unguarded.after("logarithm")


def test_answers_as_pytorch_where_a_row_is_masked_whole(unguarded: Rewritten) -> None:
    inputs = dict(unguarded.samples[0].inputs)
    inputs["seen"] = inputs["seen"].copy()
    inputs["seen"][0, 1] = 0
    expected, actual = unguarded.captured.reference(inputs), ORT_CPU.runner(unguarded.model)(inputs)
    assert (expected["softmax.output"][0, 1] == 0).all()
    for name, value in expected.items():
        np.testing.assert_allclose(actual[name], value, rtol=1e-5)
