"""The network of the conformance bundles that generate: one causal decoder layer.

    x = table[tokens] + places[past_length : past_length + sequence]
    q, k, v = split(x Wqkv)
    keys, values = past_key, past_value with k, v from slot past_length on
    y = x + Attention(q, keys, values, causal mask) Wout
    logits = y table^T

Behind an encoder, what it has ``seen`` (batch, 1, width) is added to x. Two heads share one head of keys and
values. Float throughout: int8 products round a token's numbers by the tokens that it is computed with, and a
cached step must equal the full sequence. A cache in int8 has a scale for each row:

    scale = max |row| / 127, at least 1e-20
    rows = round(row / scale)
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import onnx_ir as ir
from case import rounded
from graphs import Array, Recorder, Reference, attended, heads_of, in_float64, round_to_float32, trained
from tiny import HEADS, LONGEST, TOKENS, WIDTH, WORDS

from edgeattn_runtime.bundle.golden import Sample
from edgeattn_runtime.graph import Graph, Tensor

SIZE = WIDTH // HEADS
PARTS = ("key", "value")
SEEN = Tensor("seen", "float32", ("batch", 1, WIDTH))  # by an encoder
_LARGEST, _FAINTEST = 127, 1e-20  # of rows in int8, and their scales
SCALE = "_scale"  # behind the name of what it belongs to

# (batch, past, sequence, capacity) of each golden sample: full, with room to spare, and with one slot
_SHAPES = ((1, 0, 5, 5), (2, 0, 3, 8), (1, 4, 1, 9), (2, 3, 2, 5))


def weights() -> dict[str, Array]:
    """Return the trained network, as it were: the same float32 weights on every machine."""
    projections = {"qkv": (WIDTH, WIDTH + 2 * SIZE), "out": (WIDTH, WIDTH)}
    return trained(29, 66, table=(WORDS, WIDTH), places=(LONGEST, WIDTH), **projections)


def samples(*, int8: bool = False) -> list[Sample]:
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
            inputs |= stored(f"past_{part}_0", numbers.astype(np.float32) / 99, int8=int8)
        golden.append(answered(inputs))
    return golden


def answered(inputs: dict[str, Array]) -> Sample:
    """Return inputs with the outputs, rounded to where all machines agree."""
    return Sample(inputs, rounded(answer(inputs)))


def answer(inputs: dict[str, Array]) -> dict[str, Array]:
    """Return the outputs in float64."""
    carried = [SEEN] if SEEN.name in inputs else []
    return _reference(*carried, int8=f"past_{PARTS[0]}_0{SCALE}" in inputs)(inputs)


@cache
def _reference(*carried: Tensor, int8: bool) -> Reference:
    model = in_float64(graph(*carried, int8=int8))
    for scale in [node for node in model.graph if node.op_type == "Max"]:
        round_to_float32(model, scale)  # as a cache holds it
    return Reference(model)


def stored(name: str, rows: Array, *, int8: bool) -> dict[str, Array]:
    """Return float32 rows (..., size) as a cache holds them, by the name of its tensor."""
    if not int8:
        return {name: rows}
    scale = np.maximum(np.abs(rows).max(-1, keepdims=True) / _LARGEST, _FAINTEST)
    return {name: np.rint(rows / scale).astype(np.int8), f"{name}{SCALE}": scale}


def empty(batch: int, capacity: int, *, int8: bool = False) -> dict[str, Array]:
    """Return a cache that holds nothing, and its length of 0."""
    rows = np.zeros((batch, 1, capacity, SIZE), np.float32)
    cache: dict[str, Array] = {"past_length": np.array([0])}
    for part in PARTS:
        cache |= stored(f"past_{part}_0", rows, int8=int8)
    return cache


def greedy(prompt: list[int], *, int8: bool = False, **carried: Array) -> Iterator[int]:
    """Yield the likeliest tokens after a prompt, up to the last position, computing everything anew."""
    tokens = list(prompt)
    while len(tokens) <= LONGEST:
        inputs = {"tokens": np.array([tokens]), **carried, **empty(1, len(tokens), int8=int8)}
        logits = answer(inputs)["logits"]
        tokens.append(int(logits[0, -1].argmax()))
        yield tokens[-1]


def contract(*carried: Tensor, int8: bool = False) -> Graph:
    """Return what the graph takes and gives: tokens, how many are past, anything seen, and a cache."""
    pasts, presents = (cache_tensors(kind, int8=int8) for kind in ("past", "present"))
    logits = Tensor("logits", "float32", ("batch", "sequence", WORDS))
    return Graph((TOKENS, Tensor("past_length", "int64", (1,)), *carried, *pasts), (logits, *presents))


def cache_tensors(kind: str, *, int8: bool = False) -> list[Tensor]:
    """Return a cache's tensors, "past" or "present" as ``kind`` says."""
    forms = (("", "int8", SIZE), (SCALE, "float32", 1)) if int8 else (("", "float32", SIZE),)
    return [
        Tensor(f"{kind}_{part}_0{end}", dtype, ("batch", 1, "capacity", width))
        for part in PARTS
        for end, dtype, width in forms
    ]


def graph(*carried: Tensor, int8: bool = False) -> ir.Model:
    """Build the graph of a contract."""
    whole, weight = contract(*carried, int8=int8), weights()
    net = Recorder(whole)
    count = 2 + len(carried)
    (tokens, length, *seen), pasts, presents = net.inputs[:count], net.inputs[count:], net.outputs[1:]
    rows, table = _rows(net, tokens, length), net.constant(weight["table"], "table")
    x = net.Add(net.Gather(table, tokens), net.Gather(weight["places"], rows))
    for summary in seen:
        x = net.Add(x, summary)
    q, *new = net.Split(net.MatMul(x, weight["qkv"]), [WIDTH, SIZE, SIZE], axis=-1, parts=3)
    slots = _slots(net, tokens, rows)
    ends, floats = zip(pasts, presents, strict=True), list[ir.Value]()
    for written in new:
        head = net.Unsqueeze(written, [1])  # (B, 1, S, D)
        held = _int8_rows(net, head) if int8 else (head,)
        filled = [
            net.ScatterND(past, slots, each, output=present)
            for each, (past, present) in zip(held, ends, strict=False)
        ]
        floats.append(_restored(net, *filled) if int8 else filled[0])
    query = heads_of(net, q, HEADS, SIZE)
    mixed = attended(net, SIZE, query, *floats, _bias(net, rows, pasts[0]))
    y = net.Add(x, net.MatMul(mixed, weight["out"]))
    net.MatMul(y, net.Transpose(table, perm=[1, 0]), output=net.outputs[0])
    return net.model()


def _rows(net: Recorder, tokens: ir.Value, length: ir.Value) -> Any:
    """Return the positions of the tokens (S)."""
    end = net.Add(length, net.Shape(tokens, start=1, end=2))
    return net.Range(net.Squeeze(length), net.Squeeze(end), 1)


def _slots(net: Recorder, tokens: ir.Value, rows: ir.Value) -> Any:
    """Return where each token goes, (B, 1, S, 3): its row of the batch, head 0 and its position."""
    batch, dims = net.Squeeze(net.Shape(tokens, start=0, end=1)), net.Shape(tokens)
    outer = net.Unsqueeze(net.Range(0, batch, 1), [1])
    places = (net.Unsqueeze(net.Expand(axis, dims), [1, 3]) for axis in (outer, 0, rows))
    return net.Concat(*places, axis=-1)


def _bias(net: Recorder, rows: ir.Value, past: ir.Value) -> Any:
    """Return 0 where a token may look, -inf elsewhere (1, 1, S, capacity)."""
    slots = net.Range(0, net.Squeeze(net.Shape(past, start=2, end=3)), 1)
    allowed = net.LessOrEqual(slots, net.Unsqueeze(rows, [1]))  # (S, capacity)
    return net.Unsqueeze(net.Where(allowed, 0.0, -np.inf), [0, 1])


def _int8_rows(net: Recorder, rows: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Return rows (B, 1, S, D) in int8, and their scales."""
    most = net.ReduceMax(net.Abs(rows), [-1], keepdims=1)
    scale = net.Max(net.Mul(most, 1 / _LARGEST), _FAINTEST)
    return net.Cast(net.Round(net.Div(rows, scale)), to=ir.DataType.INT8), scale


def _restored(net: Recorder, rows: ir.Value, scale: ir.Value) -> Any:
    """Return what rows in int8 stand for."""
    return net.Mul(net.Cast(rows, to=ir.DataType.FLOAT), scale)
