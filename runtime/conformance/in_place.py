"""The network of the conformance bundle whose cache is kept in place: the decoder alone of decoders.py.

x = table[tokens] + places[past_length : past_length + sequence]
q, k, v = split(x Wqkv)
keys, values = past_key, past_value with k, v from slot past_length on
y = x + Attention(q, keys, values, causal mask) Wout
logits = y table^T
"""

from __future__ import annotations

import decoders
import numpy as np
import onnx_ir as ir
from decoders import FLOAT, INT64, SIZE
from tiny import WIDTH, WORDS, Array, constant, model

from edgeattn_runtime.golden import Sample

# (batch, past, sequence, capacity) of each golden sample: full, with room to spare, and with one slot
_SHAPES = ((1, 0, 5, 5), (2, 0, 3, 8), (1, 4, 1, 9), (2, 3, 2, 5))
_PARTS = ("key", "value")


def samples() -> list[Sample]:
    """Return golden vectors; slots that are not filled hold numbers, which change nothing and stay."""
    random = np.random.default_rng(37)
    found = []
    for batch, past, sequence, capacity in _SHAPES:
        inputs: dict[str, Array] = {
            "tokens": random.integers(0, WORDS, (batch, sequence)),
            "past_length": np.array([past]),
        }
        for part in _PARTS:
            numbers = random.integers(-99, 100, (batch, 1, capacity, SIZE))
            inputs[f"past_{part}_0"] = numbers.astype(np.float32) / 99
        answers = {name: np.round(array, 4).astype(np.float32) for name, array in answer(inputs).items()}
        found.append(Sample(inputs, answers))
    return found


def answer(inputs: dict[str, Array]) -> dict[str, Array]:
    """Compute the outputs in float64, by the decoder whose cache grows."""
    past, tokens = int(inputs["past_length"][0]), inputs["tokens"]
    held = {f"past_{part}_0": inputs[f"past_{part}_0"][:, :, :past] for part in _PARTS}
    outputs = decoders.answer({"tokens": tokens, **held})
    for part in _PARTS:
        present = inputs[f"past_{part}_0"].astype(np.float64)
        present[:, :, : past + tokens.shape[1]] = outputs[f"present_{part}_0"]
        outputs[f"present_{part}_0"] = present
    return outputs


def decoder() -> ir.Model:
    """Build the graph: tokens, how many are past, keys and values -> logits, keys and values."""
    tape, trained = ir.tape.Tape(), decoders.weights()
    tokens = ir.val("tokens", INT64, ["batch", "sequence"])
    length = ir.val("past_length", INT64, [1])
    pasts, presents = (
        [ir.val(f"{kind}_{part}_0", FLOAT, ["batch", 1, "capacity", SIZE]) for part in _PARTS]
        for kind in ("past", "present")
    )
    table = constant(tape, "table", trained["table"])
    rows = _rows(tape, tokens, length)
    places = tape.op("Gather", [constant(tape, "places", trained["places"]), rows])
    x = tape.op("Add", [tape.op("Gather", [table, tokens]), places])
    qkv = tape.op("MatMul", [x, constant(tape, "qkv", trained["qkv"])])
    sizes = constant(tape, "sizes", np.array([WIDTH, SIZE, SIZE]))
    q, *new = tape.op_multi_out("Split", [qkv, sizes], {"axis": -1}, num_outputs=3)
    slots, head_axis = _slots(tape, tokens, rows), constant(tape, "head_axis", np.array([1]))
    for past, written, present in zip(pasts, new, presents, strict=True):
        head = tape.op("Unsqueeze", [written, head_axis])  # (B, 1, S, D)
        tape.op("ScatterND", [past, slots, head], output=present)
    mixed = decoders.attended(tape, q, [*presents, _bias(tape, rows, pasts[0])])
    y = tape.op("Add", [x, tape.op("MatMul", [mixed, constant(tape, "out", trained["out"])])])
    logits = ir.val("logits", FLOAT, ["batch", "sequence", WORDS])
    tape.op("MatMul", [y, tape.op("Transpose", [table], {"perm": [1, 0]})], output=logits)
    return model(tape, [tokens, length, *pasts], [logits, *presents])


def _rows(tape: ir.tape.Tape, tokens: ir.Value, length: ir.Value) -> ir.Value:
    """Return the positions of the tokens (S)."""
    end = tape.op("Add", [length, tape.op("Shape", [tokens], {"start": 1, "end": 2})])
    bounds = [tape.op("Squeeze", [bound]) for bound in (length, end)]
    return tape.op("Range", [*bounds, constant(tape, "one", np.int64(1))])


def _slots(tape: ir.tape.Tape, tokens: ir.Value, rows: ir.Value) -> ir.Value:
    """Return where each token goes, (B, 1, S, 3): its row of the batch, head 0 and its position."""
    zero, one = constant(tape, "zero", np.int64(0)), constant(tape, "batch_step", np.int64(1))
    batch = tape.op("Squeeze", [tape.op("Shape", [tokens], {"start": 0, "end": 1})])
    rows_of_batch = tape.op("Range", [zero, batch, one])
    outer = tape.op("Unsqueeze", [rows_of_batch, constant(tape, "one_axis", np.array([1]))])
    dims = tape.op("Shape", [tokens])
    axes = constant(tape, "slot_axes", np.array([1, 3]))
    places = [tape.op("Unsqueeze", [tape.op("Expand", [axis, dims]), axes]) for axis in (outer, zero, rows)]
    return tape.op("Concat", places, {"axis": -1})


def _bias(tape: ir.tape.Tape, rows: ir.Value, past: ir.Value) -> ir.Value:
    """Return 0 where a token may look, -inf elsewhere (1, 1, S, capacity)."""
    capacity = tape.op("Squeeze", [tape.op("Shape", [past], {"start": 2, "end": 3})])
    first, step = constant(tape, "first", np.int64(0)), constant(tape, "step", np.int64(1))
    slots = tape.op("Range", [first, capacity, step])
    column = tape.op("Unsqueeze", [rows, constant(tape, "column_axis", np.array([1]))])  # (S, 1)
    seen = tape.op("LessOrEqual", [slots, column])  # (S, capacity)
    ends = (constant(tape, name, np.float32(number)) for name, number in (("open", 0), ("barred", -np.inf)))
    bias = tape.op("Where", [seen, *ends])
    return tape.op("Unsqueeze", [bias, constant(tape, "outer_axes", np.array([0, 1]))])
