"""A product written as an Einsum becomes a MatMul between transposes, so that one spelling is left to read.

Before: Einsum(a, b), one index summed over, such as "bqhd,bkhd->bhqk"
After:  Transpose(MatMul(Transpose(a), Transpose(b)))     (batch..., m, k) @ (batch..., k, n)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.fuse.rule import Refusal


@dataclass(frozen=True, slots=True)
class Match:
    """A product of two values by its indices: those of ``left`` and ``right``, and those that remain."""

    a: ir.Value
    b: ir.Value
    output: ir.Value
    left: str
    right: str
    out: str

    @property
    def batch(self) -> str:
        """Indices that both have and that remain."""
        return "".join(i for i in self.out if i in self.left and i in self.right)

    @property
    def rows(self) -> str:
        """Indices that the left alone has."""
        return "".join(i for i in self.out if i not in self.right)

    @property
    def columns(self) -> str:
        """Indices that the right alone has."""
        return "".join(i for i in self.out if i not in self.left)

    @property
    def summed(self) -> str:
        """Indices that do not remain."""
        return "".join(i for i in self.left if i not in self.out)


class EinsumToMatMul:
    """Spells an Einsum of two values as a MatMul."""

    name = "einsum"
    roots = frozenset({"Einsum"})

    def check(self, node: ir.Node) -> Match | Refusal | None:
        """Match a product with one row, one column and one summed index; refuse any other."""
        equation = node.attributes["equation"].as_string().replace(" ", "")
        terms, arrow, out = equation.partition("->")
        left, comma, right = terms.partition(",")
        if not (arrow and comma) or "," in right or "." in equation:
            return Refusal(f"{equation!r} is no product of two values with named indices")
        a, b = node.inputs[:2]
        if a is None or b is None:
            return None
        match = Match(a, b, node.outputs[0], left, right, out)
        single = len(match.rows) == len(match.columns) == len(match.summed) == 1
        whole = all(len(set(term)) == len(term) for term in (left, right, out))
        covered = set(left) | set(right) == set(out) | set(match.summed) and match.summed in right
        if not (single and whole and covered):
            return Refusal(
                f"{equation!r} is no plain matrix product; one row, column and summed index expected"
            )
        return match

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the MatMul."""
        a = _transposed(tape, match.a, match.left, match.batch + match.rows + match.summed)
        b = _transposed(tape, match.b, match.right, match.batch + match.summed + match.columns)
        product, output = tape.op("MatMul", [a, b]), match.output
        indices = match.batch + match.rows + match.columns
        if indices == match.out:
            return {output: product}
        shape = output.shape
        if shape is not None:
            product.shape = ir.Shape([shape[match.out.index(i)] for i in indices])
        product.type = output.type
        return {output: _transposed(tape, product, indices, match.out)}


def _transposed(tape: Tape, value: ir.Value, found: str, wanted: str) -> ir.Value:
    """Emit a Transpose from one order of indices to another, where they differ."""
    if found == wanted:
        return value
    perm = [found.index(i) for i in wanted]
    result = tape.op("Transpose", [value], {"perm": perm})
    if value.shape is not None:
        result.shape = ir.Shape([value.shape[axis] for axis in perm])
    result.type = value.type
    return result
