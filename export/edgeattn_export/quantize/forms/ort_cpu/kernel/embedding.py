"""Rows of tables, added and normed, by one kernel; where that is not installed, by stock operators as before.

Before: LayerNormalization(Gather(words, ids) + Gather(segments, types) + Gather(positions, places))
After:  edgeattn.Embedding(ids, words, , types, segments, , places, positions, , scale, bias; norm="layer")

A table in int8 rows, see ``embedding_int8``, is looked up as it lies, with its scales; so with
RMSNormalization. The sums are added in the same order.

In MiniLM one node takes the place of twelve: a call of 16 tokens takes 0.95 to 0.97 of the time, one of 128
0.99 (AMD Zen 5, one thread; lower decile of processor time, interleaved, 2026-12-03).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import dims, is_constant, only_user, producer
from edgeattn_export.graph.functions import DOMAIN, function_of
from edgeattn_export.graph.rule import Emit, Replaced
from edgeattn_export.quantize.forms.form import rewrite
from edgeattn_export.quantize.forms.ort_cpu.kernel.fusion import is_over_channels
from edgeattn_export.quantize.forms.ort_cpu.kernel.int8_linear import EPSILON, NORMS

OP_TYPE = "Embedding"
LOOKUPS = 3  # at most
LOOKUP = ("ids", "table", "scale")
INPUTS = (*(f"{name}_{i}" for i in range(LOOKUPS) for name in LOOKUP), "norm_scale", "norm_bias")

_NORM_NAMES = {op_type: name for name, op_type in NORMS.items()}


@dataclass(frozen=True, slots=True)
class Lookup:
    """Rows of a constant table: float (R, W), or int8 with scales (R, 1)."""

    ids: ir.Value
    table: ir.Value
    scale: ir.Value | None = None


@rewrite("kernel embedding", "embedding", *_NORM_NAMES)
def kernel_embedding(node: ir.Node) -> Emit | None:
    """Match a norm over the channels of a sum of look-ups, the first of which has as many ids as any."""
    parameters = node.inputs[1:]
    is_read = any(output.uses() for output in node.outputs[1:])
    if is_read or not is_over_channels(node, -1) or not all(map(is_constant, parameters)):
        return None
    found = list(_lookups(node.inputs[0], node))
    lookups = [each for each in found if each is not None]
    if not lookups or len(lookups) != len(found) or len(found) > LOOKUPS:
        return None
    whole = dims(lookups[0].ids)
    is_whole = whole == dims(node.outputs[0])[:-1] and len(whole) > 0
    if not is_whole or not all(_repeats(each.ids, whole) for each in lookups):
        return None
    norm, epsilon = _NORM_NAMES[node.op_type], node.attributes.get_float("epsilon", EPSILON)

    def emit(tape: Tape) -> Replaced:
        values = [value for each in lookups for value in (each.ids, each.table, each.scale)]
        inputs = [*values, *[None] * (len(LOOKUP) * LOOKUPS - len(values)), *parameters]
        given = (name for name, value in zip(INPUTS, inputs, strict=False) if value is not None)
        output = tape.op(
            OP_TYPE,
            inputs,
            {"norm": norm, "epsilon": epsilon},
            domain=DOMAIN,
            overload="_".join([*given, norm, f"{epsilon:.9g}"]),
        )
        return {node.outputs[0]: output}

    return emit


def embedding_body(node: ir.Node, opset: int) -> ir.Function:
    """Return the function that an engine without the kernel runs."""
    parameters = {name: ir.Value(name=name) for name in INPUTS}
    given = zip(parameters.values(), node.inputs, strict=False)
    values: list[ir.Value | None] = [parameter if value is not None else None for parameter, value in given]
    tape = Tape()
    rows = [
        row
        for i in range(LOOKUPS)
        if (row := _rows(tape, values[i * len(LOOKUP) : (i + 1) * len(LOOKUP)])) is not None
    ]
    total = rows[0]
    for row in rows[1:]:
        total = tape.op("Sum", [total, row])  # no Add, see ``lower.ort_cpu.residual``
    norm = NORMS[node.attributes.get_string("norm", "")]
    kept = [value for value in values[len(LOOKUP) * LOOKUPS :] if value is not None]
    epsilon = {"axis": -1, "epsilon": node.attributes.get_float("epsilon", EPSILON)}
    output = tape.op(norm, [total, *kept], epsilon)
    output.name = "y"
    return function_of(node, tuple(parameters.values()), [output], tape, opset)


def _rows(tape: Tape, lookup: Sequence[ir.Value | None]) -> ir.Value | None:
    """Record a look-up; None where there is none."""
    ids, table, scale = lookup
    if ids is None:
        return None
    rows = tape.op("Gather", [table, ids])
    if scale is None:
        return rows
    return tape.op(
        "Mul", [tape.op("Cast", [rows], {"to": ir.DataType.FLOAT}), tape.op("Gather", [scale, ids])]
    )


def _lookups(value: ir.Value | None, user: ir.Node) -> Iterator[Lookup | None]:
    """Yield the terms of a sum for only one user, in the order of adding; None for all but look-ups."""
    addition = producer(value, "Add", "Sum") if value is not None and only_user(value) is user else None
    if addition is None:
        yield _lookup(value, user)
        return
    # What is a sum itself comes first: a + (b + c) is (b + c) + a. Of two rows, those of more ids.
    terms = sorted(addition.inputs, key=lambda it: (producer(it, "Add", "Sum") is None, -_sizes(it)))
    for i, term in enumerate(terms):
        if i and producer(term, "Add", "Sum") is not None:
            yield None  # a sum of two sums is added in another order
        yield from _lookups(term, addition)


def _sizes(value: ir.Value | None) -> int:
    """Return how many dims of rows are not 1."""
    return sum(dim != 1 for dim in dims(value))


def _lookup(value: ir.Value | None, user: ir.Node) -> Lookup | None:
    """Return the look-up that makes rows for only one node."""
    if value is None or only_user(value) is not user:
        return None
    product = producer(value, "Mul")
    if product is None:
        gather = _gather(value)
        return None if gather is None else Lookup(*gather)
    cast = producer(product.inputs[0], "Cast")
    rows, scales = _gather(None if cast is None else cast.inputs[0]), _gather(product.inputs[1])
    if rows is None or scales is None or rows[0] is not scales[0]:
        return None
    is_int8 = rows[1].dtype is ir.DataType.INT8 and dims(scales[1]) == (dims(rows[1])[0], 1)
    return Lookup(*rows, scales[1]) if is_int8 else None


def _gather(value: ir.Value | None) -> tuple[ir.Value, ir.Value] | None:
    """Return the ids (int64) and the constant table of a look-up along its rows."""
    gather = producer(value, "Gather")
    if gather is None or gather.attributes.get_int("axis", 0) != 0:
        return None
    table, ids = gather.inputs
    if table is None or ids is None or not is_constant(table) or len(dims(table)) != 2:
        return None
    return (ids, table) if ids.dtype is ir.DataType.INT64 else None


def _repeats(ids: ir.Value, whole: Sequence[object]) -> bool:
    """Say whether ids, without dims of 1 before them, are where ``whole`` ends."""
    own = list(dims(ids))
    while own and own[0] == 1:
        own.pop(0)
    return len(own) <= len(whole) and own == list(whole[len(whole) - len(own) :])
