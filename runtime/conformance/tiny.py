"""The network in the conformance bundles: one int8 attention layer, built by hand, its answers in numpy.

    x = table[tokens]
    y = x + Attention(split(x Wqkv)) Wout
    embedding = sum(y mask) / sum(mask)

Padding is masked; both products are dynamic int8.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeattn_runtime.bundle.golden import Sample

Array = NDArray[Any]

WORDS, WIDTH, HEADS, LONGEST = 16, 8, 2, 16
OPSETS = {"": 23, "com.microsoft": 1}
IR_VERSION = 10  # the oldest that names opset 23

SHAPES = ((1, 5), (2, 3), (1, 1), (2, 8))  # (batch, sequence) of each golden sample
_MASKED = -1e4
# 7 bits: AVX2's 8-bit kernels saturate on the pairs that 8 would allow, and answers must agree everywhere.
_LEVELS = 63


def weights() -> dict[str, Array]:
    """Return the trained network, as it were: the same float32 weights on every machine."""
    random = np.random.default_rng(23)
    shapes = {"table": (WORDS, WIDTH), "qkv": (WIDTH, 3 * WIDTH), "out": (WIDTH, WIDTH)}
    return {name: random.integers(-99, 100, shape).astype(np.float32) / 99 for name, shape in shapes.items()}


def samples(shapes: Iterable[tuple[int, int]] = SHAPES) -> list[Sample]:
    """Return golden vectors: inputs, and the float network's outputs."""
    random = np.random.default_rng(42)
    golden = []
    for batch, sequence in shapes:
        tokens = random.integers(0, WORDS, (batch, sequence))
        lengths = random.integers(1, sequence + 1, (batch, 1))
        inputs = {"tokens": tokens, "mask": (np.arange(sequence) < lengths).astype(np.float32)}
        golden.append(Sample(inputs, answer(**inputs)))
    return golden


def padded_samples(shapes: Iterable[tuple[int, int]] = SHAPES) -> list[Sample]:
    """Return the same with lengths in place of the mask, the first of which is the longest."""
    random = np.random.default_rng(43)
    golden = []
    for batch, sequence in shapes:
        tokens = random.integers(0, WORDS, (batch, sequence))
        lengths = np.array([sequence, *random.integers(1, sequence + 1, batch - 1)])
        mask = (np.arange(sequence) < lengths[:, None]).astype(np.float32)
        golden.append(Sample({"tokens": tokens, "lengths": lengths}, answer(tokens, mask)))
    return golden


def answer(tokens: Array, mask: Array) -> dict[str, Array]:
    """Return the float network's outputs, rounded to where all machines agree."""
    return {"embedding": np.round(_embedding(tokens, mask), 4).astype(np.float32)}


def _embedding(tokens: Array, mask: Array) -> Array:
    table, qkv, out = (weight.astype(np.float64) for weight in weights().values())
    x = table[tokens]
    batch, sequence, _ = x.shape
    q, k, v = (
        part.reshape(batch, sequence, HEADS, -1).swapaxes(1, 2)  # (B, H, S, D)
        for part in np.split(x @ qkv, 3, axis=-1)
    )
    allowed = mask[:, None, :, None] * mask[:, None, None, :]  # (B, 1, S, S)
    scores = q @ k.swapaxes(2, 3) / np.sqrt(WIDTH / HEADS) + (1 - allowed) * _MASKED
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = scores / scores.sum(-1, keepdims=True) @ v
    y = x + mixed.swapaxes(1, 2).reshape(batch, sequence, WIDTH) @ out  # (B, S, W)
    embedding: Array = (y * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
    return embedding


class Linear(Protocol):
    """How a graph multiplies by a weight, and adds a residual where there is one."""

    def __call__(
        self, tape: ir.tape.Tape, x: ir.Value, name: str, weight: Array, residual: ir.Value | None = None
    ) -> ir.Value:
        """Record it; ``weight`` is (in, out)."""


def int8_linear(
    tape: ir.tape.Tape, x: ir.Value, name: str, weight: Array, residual: ir.Value | None = None
) -> ir.Value:
    """Multiply by stock operators; the activations find their scale anew in each call."""
    levels, scale = rounded(weight)
    inputs = [x, constant(tape, name, levels), constant(tape, f"{name}_scale", scale)]
    product = tape.op("DynamicQuantizeMatMul", inputs, domain="com.microsoft")
    return product if residual is None else tape.op("Add", [residual, product])


def rounded(weight: Array) -> tuple[Array, Array]:
    """Return a weight (in, out) in int8, and its scale per column (out,)."""
    scale = np.abs(weight).max(0) / np.float32(_LEVELS)
    return np.round(weight / scale).astype(np.int8), scale


def network(
    batch: int | str = "batch", sequence: int | str = "sequence", linear: Linear = int8_linear
) -> ir.Model:
    """Build the int8 graph, in sizes or for any: tokens, mask -> embedding."""
    tape = ir.tape.Tape()
    tokens = ir.val("tokens", ir.DataType.INT64, [batch, sequence])
    mask = ir.val("mask", ir.DataType.FLOAT, [batch, sequence])
    embedding = ir.val("embedding", ir.DataType.FLOAT, [batch, WIDTH])
    _record(tape, tokens, mask, embedding, linear)
    return model(tape, [tokens, mask], [embedding])


def of_lengths() -> ir.Model:
    """Build the int8 graph that makes the mask of lengths itself: tokens, lengths -> embedding."""
    tape = ir.tape.Tape()
    tokens = ir.val("tokens", ir.DataType.INT64, ["batch", "sequence"])
    lengths = ir.val("lengths", ir.DataType.INT64, ["batch"])
    embedding = ir.val("embedding", ir.DataType.FLOAT, ["batch", WIDTH])
    size = tape.op("Squeeze", [tape.op("Shape", [tokens], {"start": 1, "end": 2})])
    zero, step = (constant(tape, name, np.int64(number)) for name, number in (("zero", 0), ("step", 1)))
    column = tape.op("Unsqueeze", [lengths, constant(tape, "column_axis", np.array([1]))])  # (B, 1)
    shown = tape.op("Less", [tape.op("Range", [zero, size, step]), column])  # (B, S)
    mask = tape.op("Cast", [shown], {"to": ir.DataType.FLOAT})
    _record(tape, tokens, mask, embedding, int8_linear)
    return model(tape, [tokens, lengths], [embedding])


def _record(
    tape: ir.tape.Tape, tokens: ir.Value, mask: ir.Value, embedding: ir.Value, linear: Linear
) -> None:
    """Record the network: tokens (B, S), mask (B, S) -> embedding (B, W)."""
    table, qkv, out = weights().values()
    x = tape.op("Gather", [constant(tape, "table", table), tokens])
    q, k, v = tape.op_multi_out(
        "Split", [linear(tape, x, "qkv", qkv)], {"axis": -1, "num_outputs": 3}, num_outputs=3
    )
    rows = tape.op("Unsqueeze", [mask, constant(tape, "row_axes", np.array([1, 3]))])
    columns = tape.op("Unsqueeze", [mask, constant(tape, "column_axes", np.array([1, 2]))])
    allowed = tape.op("Mul", [rows, columns])  # (B, 1, S, S)
    barred = tape.op("Sub", [constant(tape, "one", np.float32(1)), allowed])
    bias = tape.op("Mul", [barred, constant(tape, "masked", np.float32(_MASKED))])
    mixed = tape.op("Attention", [q, k, v, bias], {"q_num_heads": HEADS, "kv_num_heads": HEADS})
    y = linear(tape, mixed, "out", out, residual=x)
    weight = tape.op("Unsqueeze", [mask, constant(tape, "last_axis", np.array([-1]))])  # (B, S, 1)
    over_sequence = constant(tape, "over_sequence", np.array([1]))
    total = tape.op("ReduceSum", [tape.op("Mul", [y, weight]), over_sequence], {"keepdims": 0})
    count = tape.op("ReduceSum", [weight, over_sequence], {"keepdims": 0})  # (B, 1)
    tape.op("Div", [total, count], output=embedding)


def lookup(weights_file: str) -> ir.Model:
    """Build a second graph, the network's first line alone, with its weights in a file: tokens -> vectors."""
    tape = ir.tape.Tape()
    tokens = ir.val("tokens", ir.DataType.INT64, ["batch", "sequence"])
    vectors = ir.val("vectors", ir.DataType.FLOAT, ["batch", "sequence", WIDTH])
    shape = ir.Shape([WORDS, WIDTH])
    table = ir.ExternalTensor(
        weights_file, 0, 4 * WORDS * WIDTH, ir.DataType.FLOAT, shape=shape, name="table"
    )
    tape.op("Gather", [tape.initializer(table), tokens], output=vectors)
    return model(tape, [tokens], [vectors])


def unheard_of() -> ir.Model:
    """Build a graph whose operator no onnxruntime has: tokens, mask -> embedding."""
    tape = ir.tape.Tape()
    tokens = ir.val("tokens", ir.DataType.INT64, ["batch", "sequence"])
    mask = ir.val("mask", ir.DataType.FLOAT, ["batch", "sequence"])
    embedding = ir.val("embedding", ir.DataType.FLOAT, ["batch", WIDTH])
    tape.op("UnheardOf", [tokens, mask], domain="com.microsoft", output=embedding)
    return model(tape, [tokens, mask], [embedding])


def constant(tape: ir.tape.Tape, name: str, array: Array | np.generic) -> ir.Value:
    """Return the array as an initializer of the graph."""
    return tape.initializer(ir.tensor(np.asarray(array), name=name))


def model(tape: ir.tape.Tape, inputs: list[ir.Value], outputs: list[ir.Value]) -> ir.Model:
    """Return what the tape recorded as a model."""
    graph = ir.Graph(
        inputs,
        outputs,
        nodes=tape.nodes,
        initializers=tape.initializers,
        opset_imports=dict(OPSETS),
        name="tiny",
    )
    return ir.Model(graph, ir_version=IR_VERSION)
