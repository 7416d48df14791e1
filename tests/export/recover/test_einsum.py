from __future__ import annotations

from collections.abc import Callable
from types import EllipsisType

import onnx_ir as ir
import pytest
import torch
from onnx_ir.tape import Tape
from rewritten import Rewrite, Rewritten
from tapes import model_of
from torch import Tensor, nn

from edgeattn_export.graph.apply import apply
from edgeattn_export.recover.rules.einsum import einsum_to_matmul

FIRES = {
    "bqhd,bkhd->bhqk": ((0, 1, 2, 3), (0, 1, 2, 3)),
    "bhqd,bhkd->bhqk": ((0, 2, 1, 3), (0, 2, 1, 3)),
    "bhqk,bhdk->bqhd": ((0, 2, 1, 3), (0, 2, 1, 3)),
    "...qd,...kd->...qk": ((0, 2, 1, 3), (0, 2, 1, 3)),
    "bqhd,bkd->bhqk": ((0, 1, 2, 3), ...),  # one head for all
}
REFUSES = {"bqhd,bqhd->bqh": ((0, 1, 2, 3), (0, 1, 2, 3)), "bqhd,bkhd->bqk": ((0, 1, 2, 3), (0, 1, 2, 3))}


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
def spelled(rewrite: Rewrite) -> Rewritten:
    parts = {f"part_{i}": _part(equation) for i, equation in enumerate([*FIRES, *REFUSES])}
    return rewrite(einsum_to_matmul, parts)


def test_a_matrix_product_becomes_one(spelled: Rewritten) -> None:
    assert len(spelled.applied.sites) == len(FIRES)
    for part in (f"part_{i}" for i in range(len(FIRES))):
        assert spelled.before(part).count("Einsum") == 1
        assert spelled.after(part).count("MatMul") == 1
        assert "Einsum" not in spelled.after(part)


def test_another_product_is_refused_with_the_reason(spelled: Rewritten) -> None:
    refused = spelled.applied.refused
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
    applied = apply(einsum_to_matmul, model_of(tape, inputs, [output]))
    assert applied.sites == ()
    reason = f"{equation!r} is no product of two values with named indices"
    assert [refused.reason for refused in applied.refused] == [reason]


@pytest.mark.parametrize("sizes", [(1, 1), (1, 7), (3, 4)])
def test_answers_as_pytorch(sizes: tuple[int, int], spelled: Rewritten) -> None:
    assert spelled.unlike(**dict(zip(("batch", "sequence"), sizes, strict=True))) == {}
