from __future__ import annotations

from types import EllipsisType

import onnx_ir as ir
import pytest
import torch
from onnx_ir.tape import Tape
from rewritten import Rewritten, RuleTests
from tapes import model_of
from torch import Tensor, nn

from edgeattn_export.graph.apply import apply
from edgeattn_export.recover.rules.einsum import einsum_to_matmul

INNER, SAME = (0, 2, 1, 3), (0, 1, 2, 3)
PLAIN = "is no plain matrix product; a row, a column and one summed index"
FIRES = {
    "by_position": ("bqhd,bkhd->bhqk", SAME, SAME),
    "by_head": ("bhqd,bhkd->bhqk", INNER, INNER),
    "to_positions": ("bhqk,bhdk->bqhd", INNER, INNER),
    "ellipsis": ("...qd,...kd->...qk", INNER, INNER),
    "one_head_for_all": ("bqhd,bkd->bhqk", SAME, ...),
}
REFUSES = {
    "no_column": (("bqhd,bqhd->bqh", SAME, SAME), PLAIN),
    "two_are_summed": (("bqhd,bkhd->bqk", SAME, SAME), PLAIN),
}


class Product(nn.Module):
    """An einsum of two rearrangements of (B, S, H, D)."""

    def __init__(self, equation: str, a: tuple[int, ...], b: tuple[int, ...] | EllipsisType) -> None:
        super().__init__()
        self.equation, self.a, self.b = equation, a, b

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        x = x.unflatten(-1, (2, 4))  # (B, S, H, D)
        other = x.select(2, 0) if self.b is ... else x.permute(self.b)
        return torch.einsum(self.equation, x.sin().permute(self.a), other)


class TestEinsum(RuleTests):
    rule, fires, refuses = einsum_to_matmul, FIRES, REFUSES
    part = staticmethod(lambda entry: Product(*entry))
    gone = frozenset({"Einsum"})
    sizes = ({"batch": 1, "sequence": 1}, {"batch": 1, "sequence": 7}, {"batch": 3, "sequence": 4})

    def test_a_matrix_product_becomes_one(self, rewritten: Rewritten) -> None:
        assert all(rewritten.after(part).count("MatMul") == 1 for part in FIRES)


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
