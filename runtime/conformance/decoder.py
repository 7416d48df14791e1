"""The network of the conformance bundles that generate: one causal decoder layer.

    x = table[tokens] + places[past_length : past_length + sequence]
    q, k, v = split(x Wqkv)
    keys, values = past_key, past_value with k, v from slot past_length on
    y = x + Attention(q, keys, values, causal mask) Wout
    logits = y table^T

Behind an encoder, what it has ``seen`` (batch, 1, width) is added to x. Two heads share one head of keys and
values. Float throughout: int8 products round a token's numbers by the tokens that it is computed with, and a
cached step must equal the full sequence.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx_ir as ir
from tiny import HEADS, LONGEST, WIDTH, WORDS, Array, constant, model

from edgeattn_runtime.golden import Sample

SIZE = WIDTH // HEADS
PARTS = ("key", "value")

# (batch, past, sequence, capacity) of each golden sample: full, with room to spare, and with one slot
_SHAPES = ((1, 0, 5, 5), (2, 0, 3, 8), (1, 4, 1, 9), (2, 3, 2, 5))


def weights() -> dict[str, Array]:
    """Return the trained network, as it were: the same float32 weights on every machine."""
    random = np.random.default_rng(29)
    shapes = {
        "table": (WORDS, WIDTH),
        "places": (LONGEST, WIDTH),
        "qkv": (WIDTH, WIDTH + 2 * SIZE),
        "out": (WIDTH, WIDTH),
    }
    return {name: random.integers(-99, 100, shape).astype(np.float32) / 66 for name, shape in shapes.items()}


def samples() -> list[Sample]:
    """Return golden vectors; slots that are not filled hold numbers, which change nothing and stay."""
    random = np.random.default_rng(37)
    golden = []
    for batch, past, sequence, capacity in _SHAPES:
        inputs: dict[str, Array] = {
            "tokens": random.integers(0, WORDS, (batch, sequence)),
            "past_length": np.array([past]),
        }
        for part in PARTS:
            numbers = random.integers(-99, 100, (batch, 1, capacity, SIZE))
            inputs[f"past_{part}_0"] = numbers.astype(np.float32) / 99
        golden.append(answered(inputs))
    return golden


def answered(inputs: dict[str, Array]) -> Sample:
    """Return inputs with the outputs, rounded to where all machines agree."""
    answers = {name: np.round(array, 4).astype(np.float32) for name, array in answer(inputs).items()}
    return Sample(inputs, answers)


def answer(inputs: dict[str, Array]) -> dict[str, Array]:
    """Compute the outputs in float64."""
    trained = {name: weight.astype(np.float64) for name, weight in weights().items()}
    tokens, past = inputs["tokens"], int(inputs["past_length"][0])
    total = past + tokens.shape[1]
    x = trained["table"][tokens] + trained["places"][past:total] + inputs.get("seen", 0.0)
    q, *new = np.split(x @ trained["qkv"], [WIDTH, WIDTH + SIZE], axis=-1)
    presents = [inputs[f"past_{part}_0"].astype(np.float64) for part in PARTS]  # (B, 1, capacity, D)
    for present, written in zip(presents, new, strict=True):
        present[:, 0, past:total] = written
    causal = np.arange(total) <= np.arange(past, total)[:, None]  # (S, T)
    y = x + _attention(q, *(present[:, :, :total] for present in presents), causal) @ trained["out"]
    outputs = zip((f"present_{part}_0" for part in PARTS), presents, strict=True)
    return {"logits": y @ trained["table"].T, **dict(outputs)}


def greedy(prompt: list[int], **carried: Array) -> Iterator[int]:
    """Yield the likeliest tokens after a prompt, up to the last position, computing everything anew."""
    tokens = list(prompt)
    while len(tokens) <= LONGEST:
        empty = np.zeros((1, 1, len(tokens), SIZE), np.float32)
        inputs = {"tokens": np.array([tokens]), "past_length": np.array([0])}
        logits = answer({**inputs, **carried, **{f"past_{part}_0": empty for part in PARTS}})["logits"]
        tokens.append(int(logits[0, -1].argmax()))
        yield tokens[-1]


def graph(*carried: ir.Value) -> ir.Model:
    """Build the graph: tokens, how many are past, anything seen, keys and values -> logits, keys, values."""
    tape, trained = ir.tape.Tape(), weights()
    tokens = ir.val("tokens", ir.DataType.INT64, ["batch", "sequence"])
    length = ir.val("past_length", ir.DataType.INT64, [1])
    pasts, presents = (
        [ir.val(f"{kind}_{part}_0", ir.DataType.FLOAT, ["batch", 1, "capacity", SIZE]) for part in PARTS]
        for kind in ("past", "present")
    )
    table = constant(tape, "table", trained["table"])
    rows = _rows(tape, tokens, length)
    places = tape.op("Gather", [constant(tape, "places", trained["places"]), rows])
    x = tape.op("Add", [tape.op("Gather", [table, tokens]), places])
    for summary in carried:
        x = tape.op("Add", [x, summary])
    qkv = tape.op("MatMul", [x, constant(tape, "qkv", trained["qkv"])])
    sizes = constant(tape, "sizes", np.array([WIDTH, SIZE, SIZE]))
    q, *new = tape.op_multi_out("Split", [qkv, sizes], {"axis": -1}, num_outputs=3)
    slots, head_axis = _slots(tape, tokens, rows), constant(tape, "head_axis", np.array([1]))
    for past, written, present in zip(pasts, new, presents, strict=True):
        head = tape.op("Unsqueeze", [written, head_axis])  # (B, 1, S, D)
        tape.op("ScatterND", [past, slots, head], output=present)
    mixed = _attended(tape, q, [*presents, _bias(tape, rows, pasts[0])])
    y = tape.op("Add", [x, tape.op("MatMul", [mixed, constant(tape, "out", trained["out"])])])
    logits = ir.val("logits", ir.DataType.FLOAT, ["batch", "sequence", WORDS])
    tape.op("MatMul", [y, tape.op("Transpose", [table], {"perm": [1, 0]})], output=logits)
    return model(tape, [tokens, length, *carried, *pasts], [logits, *presents])


def _attention(q: Array, key: Array, value: Array, allowed: Array) -> Array:
    batch, sequence, _ = q.shape
    q = q.reshape(batch, sequence, HEADS, SIZE).swapaxes(1, 2)  # (B, H, S, D)
    scores = np.where(allowed, q @ key.swapaxes(2, 3) / np.sqrt(SIZE), -np.inf)  # (B, H, S, T)
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    mixed: Array = scores / scores.sum(-1, keepdims=True) @ value
    return mixed.swapaxes(1, 2).reshape(batch, sequence, WIDTH)


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
    allowed = tape.op("LessOrEqual", [slots, column])  # (S, capacity)
    levels = (constant(tape, name, np.float32(number)) for name, number in (("open", 0), ("barred", -np.inf)))
    bias = tape.op("Where", [allowed, *levels])
    return tape.op("Unsqueeze", [bias, constant(tape, "outer_axes", np.array([0, 1]))])


def _attended(tape: ir.tape.Tape, query: ir.Value, operands: list[ir.Value]) -> ir.Value:
    """Attend with a query (B, S, W) to keys and values (B, 1, T, D) under a bias."""
    split = constant(tape, "split_heads", np.array([0, 0, HEADS, SIZE]))
    merged = constant(tape, "merged_heads", np.array([0, 0, WIDTH]))
    heads = tape.op("Transpose", [tape.op("Reshape", [query, split])], {"perm": [0, 2, 1, 3]})  # (B, H, S, D)
    mixed = tape.op("Transpose", [tape.op("Attention", [heads, *operands])], {"perm": [0, 2, 1, 3]})
    return tape.op("Reshape", [mixed, merged])  # (B, S, W)
