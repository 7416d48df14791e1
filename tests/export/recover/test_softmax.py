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
from edgeattn_export.recover.rules.softmax import RecoverSoftmax

TOLERANCE = 1e-5  # of the output's scale

Recovered = tuple[Captured, Samples, ir.Model, Applied]


def _shifted(x: Tensor) -> Tensor:
    return x - x.amax(-1, keepdim=True)


def _over_sum(x: Tensor, axis: int = -1) -> Tensor:
    return x / x.sum(axis, keepdim=True)


FIRES = {
    "by_its_formula": lambda x: _over_sum(x.exp()),
    "its_maximum_taken_off": lambda x: _over_sum(_shifted(x).exp()),
    "the_operator_of_a_shift": lambda x: _shifted(x).softmax(-1),
    "its_logarithm_raised": lambda x: x.log_softmax(-1).exp(),
    "its_sum_as_a_logarithm": lambda x: (x - x.logsumexp(-1, keepdim=True)).exp(),
    "its_rows_flattened": lambda x: x.flatten(0, 1).softmax(-1).view(x.shape),
    "in_double": lambda x: x.double().softmax(-1).float(),
}
OTHERS = {
    "the_operator": lambda x: x.softmax(-1),
    "its_rows_joined": lambda x: x.flatten(1).softmax(-1).view(x.shape),
    "over_another_axis": lambda x: _over_sum(x.exp(), 1),
    "another_maximum": lambda x: (x - x.sin().amax(-1, keepdim=True)).softmax(-1).exp(),
    "a_logarithm_over_another_axis": lambda x: x.log_softmax(1).exp(),
    "another_sum": lambda x: x.exp() / (2 * x).exp().sum(-1, keepdim=True),
}


class Scores(nn.Module):
    """A linear layer, so that no two parts share an exponential, and a softmax."""

    def __init__(self, softmax: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.linear, self.softmax = nn.Linear(8, 8), softmax

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        return self.softmax(self.linear(x))


@pytest.fixture(scope="module")
def recovered(side_by_side: Callable[..., tuple[Captured, Samples]]) -> Recovered:
    formulas = {**FIRES, **OTHERS}
    parts = {name: (lambda formula=formula: Scores(formula)) for name, formula in formulas.items()}
    captured, samples = side_by_side(parts)
    model = captured.model.clone()
    return captured, samples, model, apply(RecoverSoftmax(), model)


@pytest.mark.parametrize("part", FIRES)
def test_it_becomes_one_operator(
    part: str, recovered: Recovered, operators_of: Callable[[ir.Model, str], list[str]]
) -> None:
    operators = operators_of(recovered[2], part)
    assert operators.count("Softmax") == 1
    assert not {"Exp", "ReduceSum", "ReduceMax", "Sub", "Div", "LogSoftmax", "Cast"} & set(operators)


def test_nothing_else_does(recovered: Recovered) -> None:
    assert {site.module for site in recovered[3].sites} == {f"parts.{part}" for part in FIRES}


@pytest.mark.parametrize("batch", [1, 3])
def test_answers_as_pytorch(batch: int, recovered: Recovered, scaled_error: Callable[..., float]) -> None:
    captured, samples, model, _ = recovered
    inputs = sized_inputs(samples, captured.axes, {"batch": batch})
    assert scaled_error(captured.reference(inputs), ORT_CPU.runner(model)(inputs)) < TOLERANCE
