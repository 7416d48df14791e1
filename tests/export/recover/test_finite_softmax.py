from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from rewritten import Rewritten, RuleTests
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


class TestFiniteSoftmax(RuleTests):
    rule, part = drop_infinity_guard, Guarded
    fires, others = {"softmax": lambda x: x.softmax(-1)}, {"logarithm": lambda x: x.log()}
    gone = frozenset({"IsInf"})  # a softmax has none

    def test_the_guard_against_nan_stays(self, rewritten: Rewritten) -> None:
        assert "IsNaN" in rewritten.after("softmax")  # a row that is masked whole

    def test_answers_as_pytorch_where_a_row_is_masked_whole(self, rewritten: Rewritten) -> None:
        inputs = dict(rewritten.samples[0].inputs)
        inputs["seen"] = inputs["seen"].copy()
        inputs["seen"][0, 1] = 0
        expected, actual = rewritten.captured.reference(inputs), ORT_CPU.runner(rewritten.model)(inputs)
        assert (expected["softmax.output"][0, 1] == 0).all()
        for name, value in expected.items():
            np.testing.assert_allclose(actual[name], value, rtol=1e-5)
