"""What is refused of an attention whose dims or axes are not the operator's: graphs of its products."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest
from onnx_ir.tape import Tape
from tapes import model_of

from edgeattn_export.graph.apply import apply
from edgeattn_export.graph.dataflow import Dims, embed, operators
from edgeattn_export.recover.rules.attention.attention import recover_attention

FLOAT = ir.DataType.FLOAT
HEADS, LENGTH, SIZE = 2, 6, 4
SCORES: Dims = ("batch", HEADS, LENGTH, LENGTH)
QUERY: Dims = ("batch", HEADS, LENGTH, SIZE)
KEYS: Dims = ("batch", HEADS, SIZE, LENGTH)  # transposed

Change = Callable[[Tape, ir.Value], ir.Value]


def _as_it_is(_: Tape, scores: ir.Value) -> ir.Value:
    return scores


def _attention(
    query: Dims = QUERY, keys: Dims = KEYS, values: Dims = QUERY, change: Change = _as_it_is, axis: int = -1
) -> ir.Model:
    """Return ``softmax(change(query @ keys), axis) @ values``."""
    tape = Tape()
    q, k, v = (ir.val(n, FLOAT, dims) for n, dims in (("q", query), ("k", keys), ("v", values)))
    scores, y = (
        ir.val("scores", FLOAT, (*query[:-1], keys[-1])),
        ir.val("y", FLOAT, (*query[:-1], values[-1])),
    )
    tape.op("MatMul", [q, k], output=scores)
    changed = change(tape, scores)
    weights = tape.op("Softmax", [changed], {"axis": axis})
    weights.type, weights.shape = changed.type, changed.shape
    tape.op("MatMul", [weights, v], output=y)
    return model_of(tape, [q, k, v], [y])


def _seen_as(tape: Tape, value: ir.Value, dims: Dims) -> ir.Value:
    sizes = [size if isinstance(size, int) else -1 for size in dims]
    seen = tape.op("Reshape", [value, embed(tape, np.array(sizes), f"{value.name}.{len(dims)}")])
    seen.name, seen.type, seen.shape = f"{value.name}.{len(dims)}", value.type, ir.Shape(dims)
    return seen


def _masked_by_group(tape: Tape, scores: ir.Value) -> ir.Value:
    grouped = _seen_as(tape, scores, ("images", 3, HEADS, LENGTH, LENGTH))
    mask = embed(tape, np.zeros((1, 3, 1, LENGTH, LENGTH), np.float32), "mask")
    mask.shape = ir.Shape((1, 3, 1, LENGTH, LENGTH))
    masked = tape.op("Add", [grouped, mask])
    masked.type, masked.shape = grouped.type, grouped.shape
    return _seen_as(tape, masked, SCORES)


def _masked_then_unknown(tape: Tape, scores: ir.Value) -> ir.Value:
    masked = _masked_by_group(tape, scores)
    masked.shape = None
    return masked


def _scaled_after(tape: Tape, scores: ir.Value) -> ir.Value:
    masked = _masked_by_group(tape, scores)
    scaled = tape.op("Mul", [masked, embed(tape, np.array(2, np.float32), "factor")])
    scaled.type, scaled.shape = masked.type, masked.shape
    return scaled


def _of_all_batches(tape: Tape, scores: ir.Value) -> ir.Value:
    return _seen_as(tape, scores, (HEADS, "batch", LENGTH, LENGTH))


REFUSED = {
    "a softmax over the queries": (_attention(axis=-2), "its softmax is not taken over the keys"),
    "values of fewer axes": (
        _attention(values=(HEADS, LENGTH, SIZE)),
        "query, keys and values have rank 4, 4 and 3; equal ones expected, 3 to 5",
    ),
    "values of another length": (
        _attention(values=("batch", HEADS, "values", SIZE)),
        "and values (batch, 2, values, 4) do not fit together",
    ),
    "heads of two names": (
        _attention(("batch", "h", LENGTH, SIZE), ("batch", "g", SIZE, LENGTH), ("batch", "g", LENGTH, SIZE)),
        "query, keys and values have h, g and g heads; equal ones expected, or one",
    ),
    "frames of two names": (
        _attention(("batch", "f", *QUERY[1:]), ("batch", "g", *KEYS[1:]), ("batch", "g", *QUERY[1:])),
        "differ before their last three axes",
    ),
    "scaled after a mask by groups": (
        _attention(change=_scaled_after),
        "its scores are scaled after a mask by groups; scale the query instead",
    ),
    "seen in dims that are not known": (
        _attention(change=_masked_then_unknown),
        "its scores go through Reshape between the product and the softmax",
    ),
    "reshaped between": (
        _attention(change=_of_all_batches),
        "its scores are reshaped between the product and the softmax",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_left_with_the_reason(case: str) -> None:
    model, reason = REFUSED[case]
    before = operators(model)
    applied = apply(recover_attention, model)
    assert applied.sites == ()
    assert any(reason in refused.reason for refused in applied.refused)
    assert operators(model) == before


@pytest.mark.parametrize("change", [_as_it_is, _masked_by_group])
def test_without_it_the_same_graph_is_recovered(change: Change) -> None:
    model = _attention(change=change)
    assert len(apply(recover_attention, model).sites) == 1
    assert operators(model)["Attention"] == 1
