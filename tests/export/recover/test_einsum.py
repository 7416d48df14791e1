from __future__ import annotations

from collections.abc import Callable
from types import EllipsisType

import onnx_ir as ir
import pytest
import torch
from onnx_ir.tape import Tape
from torch import Tensor, nn

from edgeattn_export.capture import Captured
from edgeattn_export.graph.apply import Applied, apply
from edgeattn_export.graph.samples import Samples
from edgeattn_export.graph.shapes import sized_inputs
from edgeattn_export.lower.ort_cpu import ORT_CPU
from edgeattn_export.recover.rules.einsum import EinsumToMatMul

TOLERANCE = 1e-5  # of the output's scale

FIRES = {
    "bqhd,bkhd->bhqk": ((0, 1, 2, 3), (0, 1, 2, 3)),
    "bhqd,bhkd->bhqk": ((0, 2, 1, 3), (0, 2, 1, 3)),
    "bhqk,bhdk->bqhd": ((0, 2, 1, 3), (0, 2, 1, 3)),
    "...qd,...kd->...qk": ((0, 2, 1, 3), (0, 2, 1, 3)),
    "bqhd,bkd->bhqk": ((0, 1, 2, 3), ...),  # one head for all
}
REFUSES = {"bqhd,bqhd->bqh": ((0, 1, 2, 3), (0, 1, 2, 3)), "bqhd,bkhd->bqk": ((0, 1, 2, 3), (0, 1, 2, 3))}

Spelled = tuple[Captured, Samples, ir.Model, Applied]


class Product(nn.Module):
    """An einsum of two rearrangements of (B, S, H, D)."""

    def __init__(self, equation: str, a: tuple[int, ...], b: tuple[int, ...] | EllipsisType) -> None:
        super().__init__()
        self.equation, self.a, self.b = equation, a, b

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        x = x.unflatten(-1, (2, 4))  # (B, S, H, D)
        other = x.select(2, 0) if self.b is ... else x.permute(self.b)
        return torch.einsum(self.equation, x.sin().permute(self.a), other)


def _part(equation: str) -> Callable[[], nn.Module]:
    return lambda: Product(equation, *{**FIRES, **REFUSES}[equation])


@pytest.fixture(scope="module")
def spelled(side_by_side: Callable[..., tuple[Captured, Samples]]) -> Spelled:
    parts = {f"part_{i}": _part(equation) for i, equation in enumerate([*FIRES, *REFUSES])}
    captured, samples = side_by_side(parts)
    model = captured.model.clone()
    return captured, samples, model, apply(EinsumToMatMul(), model)


def test_a_matrix_product_becomes_one(
    spelled: Spelled, operators_of: Callable[[ir.Model, str], list[str]]
) -> None:
    captured, _, model, applied = spelled
    assert len(applied.sites) == len(FIRES)
    for i in range(len(FIRES)):
        assert operators_of(captured.model, f"part_{i}").count("Einsum") == 1
        assert operators_of(model, f"part_{i}").count("MatMul") == 1
        assert "Einsum" not in operators_of(model, f"part_{i}")


def test_another_product_is_refused_with_the_reason(spelled: Spelled) -> None:
    refused = spelled[3].refused
    assert [r.module for r in refused] == [f"parts.part_{len(FIRES) + i}" for i in range(len(REFUSES))]
    assert all(
        "is no plain matrix product; a row, a column and one summed index" in r.reason for r in refused
    )


@pytest.mark.parametrize("equation", ["bqd,bkd", "bqd,bkd,bkd->bqk", "bqd->bq"])
def test_what_is_no_product_of_two_values_is_refused(equation: str) -> None:
    tape, output = Tape(), ir.val("y", ir.DataType.FLOAT)
    terms = equation.partition("->")[0].split(",")
    inputs = [ir.val(f"x{i}", ir.DataType.FLOAT, tuple(term)) for i, term in enumerate(terms)]
    tape.op("Einsum", inputs, {"equation": equation}, output=output)
    graph = ir.Graph(inputs, [output], nodes=tape.nodes, opset_imports={"": 23}, name="einsum")
    applied = apply(EinsumToMatMul(), ir.Model(graph, ir_version=10))
    assert applied.sites == ()
    reason = f"{equation!r} is no product of two values with named indices"
    assert [refused.reason for refused in applied.refused] == [reason]


@pytest.mark.parametrize("sizes", [(1, 1), (1, 7), (3, 4)])
def test_answers_as_pytorch(
    sizes: tuple[int, int], spelled: Spelled, scaled_error: Callable[..., float]
) -> None:
    captured, samples, model, _ = spelled
    inputs = sized_inputs(samples, captured.axes, dict(zip(("batch", "sequence"), sizes, strict=True)))
    assert scaled_error(captured.reference(inputs), ORT_CPU.runner(model)(inputs)) < TOLERANCE
