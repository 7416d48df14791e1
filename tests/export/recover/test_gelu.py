from __future__ import annotations

import math
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
from edgeattn_export.recover.rules.gelu import RecoverGelu

TOLERANCE = 1e-5  # of the output's scale
ROOT = math.sqrt(2)

Recovered = tuple[Captured, Samples, ir.Model, Applied]

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
def recovered(side_by_side: Callable[..., tuple[Captured, Samples]]) -> Recovered:
    formulas = {**FIRES, **OTHERS, **{name: formula for name, (formula, _) in REFUSES.items()}}
    parts = {name: (lambda formula=formula: Activated(formula)) for name, formula in formulas.items()}
    captured, samples = side_by_side({**parts, "standard": lambda: Activated(nn.GELU())})
    model = captured.model.clone()
    return captured, samples, model, apply(RecoverGelu(), model)


@pytest.mark.parametrize("part", FIRES)
def test_the_formula_becomes_the_operator(
    part: str, recovered: Recovered, operators_of: Callable[[ir.Model, str], list[str]]
) -> None:
    operators = operators_of(recovered[2], part)
    assert operators.count("Gelu") == 1
    assert "Erf" not in operators
    assert f"parts.{part}" in {site.module for site in recovered[3].sites}


@pytest.mark.parametrize("part", REFUSES)
def test_other_constants_are_refused(part: str, recovered: Recovered) -> None:
    refused = {r.module: r.reason for r in recovered[3].refused}
    assert set(refused) == {f"parts.{name}" for name in REFUSES}
    assert refused[f"parts.{part}"] == f"{REFUSES[part][1]}; 0.5 and 0.707107 expected"


@pytest.mark.parametrize("part", OTHERS)
def test_another_formula_is_left_as_it_is(
    part: str, recovered: Recovered, operators_of: Callable[[ir.Model, str], list[str]]
) -> None:
    assert "Gelu" not in operators_of(recovered[2], part)
    assert f"parts.{part}" not in {actual.module for actual in recovered[3].refused + recovered[3].sites}


def test_pytorchs_own_is_kept(
    recovered: Recovered, operators_of: Callable[[ir.Model, str], list[str]]
) -> None:
    assert operators_of(recovered[0].model, "standard").count("Gelu") == 1
    assert operators_of(recovered[2], "standard").count("Gelu") == 1


@pytest.mark.parametrize("batch", [1, 3])
def test_answers_as_pytorch(batch: int, recovered: Recovered, scaled_error: Callable[..., float]) -> None:
    captured, samples, model, _ = recovered
    inputs = sized_inputs(samples, captured.axes, {"batch": batch})
    expected, actual = captured.reference(inputs), ORT_CPU.runner(model)(inputs)
    for name in expected:  # each by its own scale
        assert scaled_error({name: expected[name]}, {name: actual[name]}) < TOLERANCE
