"""A product written as an Einsum becomes a MatMul between transposes, so that one spelling is left to read.

Before: Einsum(a, b, equation="bqhd,bkhd->bhqk")          or any other with one index summed over
After:  Transpose(MatMul(Transpose(a), Transpose(b)))     (batch..., m, k) @ (batch..., k, n)

An index that only one side has, besides its row or column, is of size 1 for the other: "bsgrd,btgd->bgrst",
by which r heads of a group share their keys, is (b, g, r, s, d) @ (b, g, 1, d, t). An ellipsis stands for as
many indices as are left.
"""

from __future__ import annotations

import string

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import dims, embed
from edgeattn_export.graph.emit import described, transposed
from edgeattn_export.graph.rule import Emit, Refusal, Replaced, rule

ELLIPSIS = "..."


@rule("einsum", "Einsum")
def einsum_to_matmul(node: ir.Node) -> Emit | Refusal | None:
    """Match a product with a row, a column and one summed index; refuse any other."""
    equation = node.attributes["equation"].as_string().replace(" ", "")
    terms, arrow, out = equation.partition("->")
    sides = terms.split(",")
    if not arrow or len(sides) != 2:
        return Refusal(f"{equation!r} is no product of two values with named indices")
    a, b = node.inputs
    output = node.outputs[0]
    left, right = (_named(term, len(dims(value))) for term, value in zip(sides, (a, b), strict=True))
    out = _named(out, len(dims(output)))
    rows = [i for i in left if i in out and i not in right]
    columns = [i for i in right if i in out and i not in left]
    summed = [i for i in left if i in right and i not in out]
    whole = all(len(set(term)) == len(term) for term in (left, right, out))
    covered = set(left) | set(right) == set(out) | set(summed)
    if not (rows and columns and len(summed) == 1 and whole and covered) or a is None or b is None:
        return Refusal(
            f"{equation!r} is no plain matrix product; a row, a column and one summed index expected"
        )
    row, column = _longest(rows, left, a), _longest(columns, right, b)
    batch = "".join(i for i in out if i not in (row, column))
    indices = batch + row + column

    def emit(tape: Tape) -> Replaced:
        factors = [
            _arranged(tape, a, left, batch + row + summed[0]),
            _arranged(tape, b, right, batch + summed[0] + column),
        ]
        product = tape.op("MatMul", factors)
        if indices == out:
            return {output: product}
        sizes = dict(zip(out, dims(output), strict=False))
        described(product, output, tuple(sizes[i] for i in indices) if sizes else None)
        return {output: _arranged(tape, product, indices, out)}

    return emit


def _named(term: str, rank: int) -> str:
    """Give the axes of an ellipsis names, the same from the last one on in every term."""
    count = rank - len(term.replace(ELLIPSIS, ""))
    return term.replace(ELLIPSIS, string.ascii_uppercase[26 - count :]) if ELLIPSIS in term else term


def _longest(indices: list[str], term: str, value: ir.Value) -> str:
    """Return the index that a matrix product is longest along: one of no fixed size before any other."""
    sizes = dict(zip(term, dims(value), strict=True))

    def length(index: str) -> tuple[bool, int]:
        size = sizes[index]
        return not isinstance(size, int), size if isinstance(size, int) else 0

    return max(indices, key=length)


def _arranged(tape: Tape, value: ir.Value, indices: str, target: str) -> ir.Value:
    """Emit a value with its indices in another order, and an axis of size 1 for each that it has not."""
    present = [i for i in target if i in indices]
    sizes = dict(zip(indices, dims(value), strict=False))
    arranged = value
    if indices != "".join(present):
        arranged = transposed(tape, value, tuple(indices.index(i) for i in present))
    if len(present) < len(target):
        axes = np.array([at for at, i in enumerate(target) if i not in indices], np.int64)
        lifted = tape.op("Unsqueeze", [arranged, embed(tape, axes, f"{value.name}.axes")])
        arranged = described(lifted, value, tuple(sizes.get(i, 1) for i in target))
    return arranged
