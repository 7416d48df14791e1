"""The networks of the conformance bundles that generate: a causal decoder, alone and behind an encoder.

    x = table[tokens] + places[past : past + sequence]
    q, k, v = split(x Wqkv)
    y = x + Attention(q, past_key | k, past_value | v, causal mask) Wout
    z = y + Attention(y Wq, memory_key, memory_value)
    logits = z table^T

The line of z is of the decoder behind an encoder, whose memory is split(table[source] Wkv). Two heads share
one head of keys and values. Float throughout: int8 products round a token's numbers by the tokens that it is
computed with, and a cached step must equal the whole pass.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from tiny import HEADS, LONGEST, WIDTH, WORDS, Array, constant, model

from edgeattn_runtime.golden import Sample

SIZE = WIDTH // HEADS
FLOAT, INT64 = ir.DataType.FLOAT, ir.DataType.INT64

_SHAPES = ((1, 0, 5), (2, 0, 3), (1, 4, 1), (2, 3, 2))  # (batch, past, sequence) of each golden sample
_SOURCE = 3  # the length of their sources


def weights() -> dict[str, Array]:
    """Return the trained network, as it were: the same float32 weights on every machine."""
    random = np.random.default_rng(29)
    shapes = {
        "table": (WORDS, WIDTH),
        "places": (LONGEST, WIDTH),
        "qkv": (WIDTH, WIDTH + 2 * SIZE),
        "out": (WIDTH, WIDTH),
        "crossing": (WIDTH, WIDTH),
        "memory": (WIDTH, 2 * SIZE),
    }
    return {name: random.integers(-99, 100, shape).astype(np.float32) / 66 for name, shape in shapes.items()}


def samples(*, crossing: bool) -> list[Sample]:
    """Return golden vectors of the decoder, alone or with the memory of an encoder."""
    random = np.random.default_rng(31)
    found = []
    for batch, past, sequence in _SHAPES:
        inputs: dict[str, Array] = {"tokens": random.integers(0, WORDS, (batch, sequence))}
        lengths = {"past_key_0": past, "past_value_0": past}
        if crossing:
            lengths |= {"memory_key_0": _SOURCE, "memory_value_0": _SOURCE}
        for name, length in lengths.items():
            inputs[name] = random.integers(-99, 100, (batch, 1, length, SIZE)).astype(np.float32) / 99
        answers = {name: np.round(array, 4).astype(np.float32) for name, array in answer(inputs).items()}
        found.append(Sample(inputs, answers))
    return found


def answer(inputs: dict[str, Array]) -> dict[str, Array]:
    """Compute the decoder's outputs in float64."""
    trained = {name: weight.astype(np.float64) for name, weight in weights().items()}
    tokens, past = inputs["tokens"], inputs["past_key_0"].shape[2]
    total = past + tokens.shape[1]
    x = trained["table"][tokens] + trained["places"][past:total]
    q, k, v = np.split(x @ trained["qkv"], [WIDTH, WIDTH + SIZE], axis=-1)
    key, value = (
        np.concatenate([inputs[f"past_{name}_0"], new[:, None]], axis=2)  # (B, 1, T, D)
        for name, new in (("key", k), ("value", v))
    )
    causal = np.arange(total) <= np.arange(past, total)[:, None]  # (S, T)
    y = x + _attention(q, key, value, causal) @ trained["out"]
    if "memory_key_0" in inputs:
        y = y + _attention(y @ trained["crossing"], inputs["memory_key_0"], inputs["memory_value_0"], True)
    return {"logits": y @ trained["table"].T, "present_key_0": key, "present_value_0": value}


def decoder(*, crossing: bool) -> ir.Model:
    """Build the graph: tokens, past keys and values (, memory) -> logits, present keys and values."""
    tape, trained = ir.tape.Tape(), weights()
    tokens = ir.val("tokens", INT64, ["batch", "sequence"])
    pasts = [ir.val(f"past_{part}_0", FLOAT, ["batch", 1, "past", SIZE]) for part in ("key", "value")]
    table = constant(tape, "table", trained["table"])
    places, bias = _positions(tape, tokens, pasts[0])
    x = tape.op("Add", [tape.op("Gather", [table, tokens]), places])
    qkv = tape.op("MatMul", [x, constant(tape, "qkv", trained["qkv"])])
    q, k, v = _split(tape, qkv, [WIDTH, SIZE, SIZE])
    heads = {"q_num_heads": HEADS, "kv_num_heads": 1}
    mixed, *presents = tape.op_multi_out("Attention", [q, k, v, bias, *pasts], heads, num_outputs=3)
    y = tape.op("Add", [x, tape.op("MatMul", [mixed, constant(tape, "out", trained["out"])])])
    memory = []
    if crossing:
        memory = _memory_ends()
        query = tape.op("MatMul", [y, constant(tape, "crossing", trained["crossing"])])
        y = tape.op("Add", [y, attended(tape, query, memory)])
    logits = ir.val("logits", FLOAT, ["batch", "sequence", WORDS])
    tape.op("MatMul", [y, tape.op("Transpose", [table], {"perm": [1, 0]})], output=logits)
    for part, present in zip(("key", "value"), presents, strict=True):
        present.name, present.dtype = f"present_{part}_0", FLOAT
        present.shape = ir.Shape(["batch", 1, "total", SIZE])
    return model(tape, [tokens, *pasts, *memory], [logits, *presents])


def encoder() -> ir.Model:
    """Build the graph that runs once per source: source -> memory keys and values."""
    tape, trained = ir.tape.Tape(), weights()
    source = ir.val("source", INT64, ["batch", "source"])
    words = tape.op("Gather", [constant(tape, "table", trained["table"]), source])
    both = tape.op("MatMul", [words, constant(tape, "memory", trained["memory"])])
    heads = constant(tape, "head_axis", np.array([1]))
    ends = _memory_ends()
    for part, end in zip(_split(tape, both, [SIZE, SIZE]), ends, strict=True):
        tape.op("Unsqueeze", [part, heads], output=end)  # (B, 1, S, D)
    return model(tape, [source], ends)


def _attention(q: Array, key: Array, value: Array, allowed: Array | bool) -> Array:
    batch, sequence, _ = q.shape
    q = q.reshape(batch, sequence, HEADS, SIZE).swapaxes(1, 2)  # (B, H, S, D)
    scores = np.where(allowed, q @ key.swapaxes(2, 3) / np.sqrt(SIZE), -np.inf)  # (B, H, S, T)
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    mixed: Array = scores / scores.sum(-1, keepdims=True) @ value
    return mixed.swapaxes(1, 2).reshape(batch, sequence, WIDTH)


def _positions(tape: ir.tape.Tape, tokens: ir.Value, past: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Return the places of the tokens (S, W), and 0 where a token may look, -inf elsewhere (1, 1, S, T)."""
    before = tape.op("Squeeze", [tape.op("Shape", [past], {"start": 2, "end": 3})])
    length = tape.op("Squeeze", [tape.op("Shape", [tokens], {"start": 1, "end": 2})])
    total = tape.op("Add", [before, length])
    zero, one = (constant(tape, name, np.int64(number)) for name, number in (("zero", 0), ("one", 1)))
    rows = tape.op("Range", [before, total, one])
    places = tape.op("Gather", [constant(tape, "places", weights()["places"]), rows])
    column = tape.op("Unsqueeze", [rows, constant(tape, "column_axis", np.array([1]))])  # (S, 1)
    allowed = tape.op("LessOrEqual", [tape.op("Range", [zero, total, one]), column])  # (S, T)
    ends = (constant(tape, name, np.float32(number)) for name, number in (("open", 0), ("barred", -np.inf)))
    bias = tape.op("Where", [allowed, *ends])
    return places, tape.op("Unsqueeze", [bias, constant(tape, "outer_axes", np.array([0, 1]))])


def _memory_ends() -> list[ir.Value]:
    return [ir.val(f"memory_{part}_0", FLOAT, ["batch", 1, "source", SIZE]) for part in ("key", "value")]


def attended(tape: ir.tape.Tape, query: ir.Value, operands: list[ir.Value]) -> ir.Value:
    """Attend with a query (B, S, W) to keys and values (B, 1, T, D), under a bias where one follows them."""
    split = constant(tape, "split_heads", np.array([0, 0, HEADS, SIZE]))
    merged = constant(tape, "merged_heads", np.array([0, 0, WIDTH]))
    heads = tape.op("Transpose", [tape.op("Reshape", [query, split])], {"perm": [0, 2, 1, 3]})  # (B, H, S, D)
    mixed = tape.op("Transpose", [tape.op("Attention", [heads, *operands])], {"perm": [0, 2, 1, 3]})
    return tape.op("Reshape", [mixed, merged])  # (B, S, W)


def _split(tape: ir.tape.Tape, x: ir.Value, sizes: list[int]) -> list[ir.Value]:
    split = constant(tape, "sizes", np.array(sizes))
    return list(tape.op_multi_out("Split", [x, split], {"axis": -1}, num_outputs=len(sizes)))
