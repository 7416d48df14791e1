from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir
import pytest
from fixture_types import Export
from torch import Tensor, nn

from edgeattn_export.graph.apply import apply
from edgeattn_export.recover.rules.deviation_norm import name_deviation_norm


class Norm(nn.Module):
    """A normalization of a linear layer's output by its formula."""

    def __init__(self, formula: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.linear, self.formula = nn.Linear(8, 8), formula

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return self.formula(self.linear(x)) + seen.unsqueeze(-1).to(x.dtype)


def _centered(x: Tensor) -> Tensor:
    return x - x.mean(-1, keepdim=True)


NAMED = {
    "by_std": lambda x: _centered(x) / (x.std(-1, keepdim=True) + 1e-6),
    "biased": lambda x: _centered(x) / (x.std(-1, keepdim=True, unbiased=False) + 1e-6),
    "scaled_first": lambda x: 3 * _centered(x) / (1e-6 + x.std(-1, keepdim=True)),
}
OTHERS = {
    "eps_within": lambda x: _centered(x) / (x.var(-1, keepdim=True, unbiased=False) + 1e-6).sqrt(),
    "not_centered": lambda x: x / (x.std(-1, keepdim=True) + 1e-6),
    "over_positions": lambda x: (x - x.mean(1, keepdim=True)) / (x.std(1, keepdim=True) + 1e-6),
}


@pytest.fixture(scope="module")
def places(side_by_side: Export) -> list[str]:
    captured, _ = side_by_side({name: lambda f=f: Norm(f) for name, f in {**NAMED, **OTHERS}.items()})
    model: ir.Model = captured.model.clone()
    applied = apply(name_deviation_norm, model)
    assert not applied.sites
    assert all("x.std() + eps" in refused.reason for refused in applied.refused)
    return [refused.module for refused in applied.refused]


@pytest.mark.parametrize("part", NAMED)
def test_a_norm_by_its_deviation_is_named(part: str, places: list[str]) -> None:
    assert any(part in place for place in places)


@pytest.mark.parametrize("part", OTHERS)
def test_another_is_not(part: str, places: list[str]) -> None:
    assert not any(part in place for place in places)
