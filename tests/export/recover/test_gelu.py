from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from rewritten import Rewrite, Rewritten, parts_of
from torch import Tensor, nn

from edgeattn_export.recover.rules.gelu import recover_gelu

ROOT = math.sqrt(2)

FIRES = {
    "as_bert_has_it": lambda x: x * 0.5 * (1.0 + torch.erf(x / ROOT)),
    "the_number_first": lambda x: 0.5 * x * (torch.erf(x * math.sqrt(0.5)) + 1),
    "by_the_distribution": lambda x: x * (0.5 * (1 + torch.erf(x / ROOT))),
    "halved_first": lambda x: x / 2 * (1 + torch.erf(x / ROOT)),
    "halved_last": lambda x: x * (1 + torch.erf(x / ROOT)) / 2,
    "digits_written_out": lambda x: 0.5 * x * (1 + torch.erf(x * 0.70710678)),
    "of_tensors": lambda x: torch.tensor(0.5) * x * (1 + torch.erf(x * torch.tensor(2.0).rsqrt())),
    "gated": lambda x: 0.5 * x * (1 + torch.erf(x / ROOT)) * x.cos(),
    "tripled": lambda x: 3 * (0.5 * x * (1 + torch.erf(x / ROOT))),
    "of_a_product": lambda x: _gelu(x * x.cos()),
    "of_a_scaled_value": lambda x: _gelu(x * 2.0),
}
REFUSES = {
    "another_width": (lambda x: 0.5 * x * (1 + torch.erf(x / 2)), "0.5 * x * (1 + erf(0.5 * x)) is no GELU"),
    "another_height": (
        lambda x: 0.25 * x * (1 + torch.erf(x / ROOT)),
        "0.25 * x * (1 + erf(0.707107 * x)) is no GELU",
    ),
}
OTHERS = {
    "erf_alone": torch.erf,
    "of_two_values": lambda x: 0.5 * x.sin() * (1 + torch.erf(x / ROOT)),
    "two_plus": lambda x: 0.5 * x * (2 + torch.erf(x / ROOT)),
    "its_error_function_shown": lambda x: 0.5 * x * (1 + torch.erf(x / ROOT)) + torch.erf(x / ROOT),
}


def _gelu(x: Tensor) -> Tensor:
    return x * 0.5 * (1.0 + torch.erf(x / ROOT))


class Activated(nn.Module):
    """A linear layer, so that no two parts share an error function, and an activation."""

    def __init__(self, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.linear, self.activation = nn.Linear(8, 8), activation

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return self.activation(self.linear(x))


@pytest.fixture(scope="module")
def recovered(rewrite: Rewrite) -> Rewritten:
    refused = {name: formula for name, (formula, _) in REFUSES.items()}
    formulas = {**FIRES, **OTHERS, **refused, "standard": nn.GELU()}
    return rewrite(recover_gelu, parts_of(Activated, formulas))


@pytest.mark.parametrize("part", FIRES)
def test_the_formula_becomes_the_operator(part: str, recovered: Rewritten) -> None:
    operators = recovered.after(part)
    assert operators.count("Gelu") == 1
    assert "Erf" not in operators
    assert part in recovered.fired


@pytest.mark.parametrize("part", REFUSES)
def test_other_constants_are_refused(part: str, recovered: Rewritten) -> None:
    refused = {r.module: r.reason for r in recovered.applied.refused}
    assert set(refused) == {f"parts.{name}" for name in REFUSES}
    assert refused[f"parts.{part}"] == f"{REFUSES[part][1]}; 0.5 and 0.707107 expected"


@pytest.mark.parametrize("part", OTHERS)
def test_another_formula_is_left_as_it_is(part: str, recovered: Rewritten) -> None:
    assert "Gelu" not in recovered.after(part)
    assert f"parts.{part}" not in {
        actual.module for actual in recovered.applied.refused + recovered.applied.sites
    }


def test_pytorchs_own_is_kept(recovered: Rewritten) -> None:
    assert recovered.before("standard").count("Gelu") == 1
    assert recovered.after("standard").count("Gelu") == 1


@pytest.mark.parametrize("batch", [1, 3])
def test_answers_as_pytorch(batch: int, recovered: Rewritten) -> None:
    assert recovered.unlike(batch=batch) == {}
