"""The network in the conformance bundles: one int8 attention layer, built by hand.

    x = table[tokens]
    y = x + Attention(split(x Wqkv)) Wout
    embedding = sum(y mask) / sum(mask)

Padding is masked; both products are dynamic int8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
import onnx_ir as ir
from case import rounded
from graphs import Array, Recorder, Reference, attended, heads_of, in_float64, trained

from edgeattn_runtime.bundle.golden import Sample
from edgeattn_runtime.graph import Graph, Tensor

WORDS, WIDTH, HEADS, LONGEST = 16, 8, 2, 16
TOKENS = Tensor("tokens", "int64", ("batch", "sequence"))
MASK = Tensor("mask", "float32", ("batch", "sequence"))
LENGTHS = Tensor("lengths", "int64", ("batch",), lengths_of="sequence")
EMBEDDING = Tensor("embedding", "float32", ("batch", WIDTH))
VECTORS = Tensor("vectors", "float32", ("batch", "sequence", WIDTH))
MODEL, LOOKUP = Graph((TOKENS, MASK), (EMBEDDING,)), Graph((TOKENS,), (VECTORS,))

# How a graph multiplies x by a weight (in, out) with a name, and adds a residual where there is one.
Linear = Callable[..., ir.Value]

SHAPES = ((1, 5), (2, 3), (1, 1), (2, 8))  # (batch, sequence) of each golden sample
_MASKED = -1e4
# 7 bits: AVX2's 8-bit kernels saturate on the pairs that 8 would allow, and answers must agree everywhere.
_LEVELS = 63


def weights() -> dict[str, Array]:
    """Return the trained network, as it were: the same float32 weights on every machine."""
    return trained(23, 99, table=(WORDS, WIDTH), qkv=(WIDTH, 3 * WIDTH), out=(WIDTH, WIDTH))


def samples(shapes: Iterable[tuple[int, int]] = SHAPES) -> list[Sample]:
    """Return golden vectors: inputs, and the float network's outputs."""
    random = np.random.default_rng(42)
    golden = []
    for batch, sequence in shapes:
        tokens = random.integers(0, WORDS, (batch, sequence))
        inputs = {"tokens": tokens, "mask": _mask(random.integers(1, sequence + 1, batch), sequence)}
        golden.append(Sample(inputs, answer(**inputs)))
    return golden


def padded_samples(shapes: Iterable[tuple[int, int]] = SHAPES) -> list[Sample]:
    """Return the same with lengths in place of the mask, the first of which is the longest."""
    random = np.random.default_rng(43)
    golden = []
    for batch, sequence in shapes:
        tokens = random.integers(0, WORDS, (batch, sequence))
        lengths = np.array([sequence, *random.integers(1, sequence + 1, batch - 1)])
        golden.append(
            Sample({"tokens": tokens, "lengths": lengths}, answer(tokens, _mask(lengths, sequence)))
        )
    return golden


def answer(tokens: Array, mask: Array) -> dict[str, Array]:
    """Return the float network's outputs, rounded to where all machines agree."""
    return rounded(_reference()({"tokens": tokens, "mask": mask}))


def _mask(lengths: Array, sequence: int) -> Array:
    return (np.arange(sequence) < lengths[:, np.newaxis]).astype(np.float32)


@cache
def _reference() -> Reference:
    return Reference(in_float64(network(linear=_float_linear)))


def int8_linear(
    net: Recorder, x: ir.Value, name: str, weight: Array, residual: ir.Value | None = None
) -> ir.Value:
    """Multiply by stock operators; the activations find their scale anew in each call."""
    levels, scale = int8_weight(weight)
    constants = net.constant(levels, name), net.constant(scale, f"{name}_scale")
    product: ir.Value = net.DynamicQuantizeMatMul(x, *constants, domain="com.microsoft")
    return product if residual is None else net.Add(residual, product)


def _float_linear(
    net: Recorder, x: ir.Value, name: str, weight: Array, residual: ir.Value | None = None
) -> ir.Value:
    product: ir.Value = net.MatMul(x, net.constant(weight, name))
    return product if residual is None else net.Add(residual, product)


def int8_weight(weight: Array) -> tuple[Array, Array]:
    """Return a weight (in, out) in int8, and its scale per column (out,)."""
    scale = np.abs(weight).max(0) / np.float32(_LEVELS)
    return np.round(weight / scale).astype(np.int8), scale


def network(
    batch: int | str = "batch", sequence: int | str = "sequence", linear: Linear = int8_linear
) -> ir.Model:
    """Build the graph, in sizes or for any: tokens, mask -> embedding."""
    sized = tuple(Tensor(each.name, each.dtype, (batch, sequence)) for each in (TOKENS, MASK))
    net = Recorder(Graph(sized, (Tensor("embedding", "float32", (batch, WIDTH)),)))
    tokens, mask = net.inputs
    _record(net, tokens, mask, linear)
    return net.model()


def of_lengths() -> ir.Model:
    """Build the int8 graph that makes the mask of lengths itself: tokens, lengths -> embedding."""
    net = Recorder(Graph((TOKENS, LENGTHS), (EMBEDDING,)))
    tokens, lengths = net.inputs
    size = net.Squeeze(net.Shape(tokens, start=1, end=2))
    within = net.Less(net.Range(0, size, 1), net.Unsqueeze(lengths, [1]))  # (B, S)
    _record(net, tokens, net.Cast(within, to=ir.DataType.FLOAT), int8_linear)
    return net.model()


def _record(net: Recorder, tokens: ir.Value, mask: ir.Value, linear: Linear) -> None:
    """Record the network: tokens (B, S), mask (B, S) -> embedding (B, W)."""
    table, qkv, out = weights().values()
    x = net.Gather(net.constant(table, "table"), tokens)
    q, k, v = net.Split(linear(net, x, "qkv", qkv), axis=-1, num_outputs=3, parts=3)
    allowed = net.Mul(net.Unsqueeze(mask, [1, 3]), net.Unsqueeze(mask, [1, 2]))  # (B, 1, S, S)
    bias = net.Mul(net.Sub(1.0, allowed), _MASKED)
    by_head = (heads_of(net, each, HEADS, WIDTH // HEADS) for each in (q, k, v))
    mixed = attended(net, WIDTH // HEADS, *by_head, bias)
    y = linear(net, mixed, "out", out, residual=x)
    weight = net.Unsqueeze(mask, [-1])  # (B, S, 1)
    total, count = (net.ReduceSum(each, [1], keepdims=0) for each in (net.Mul(y, weight), weight))
    net.Div(total, count, output=net.outputs[0])


def lookup(weights_file: str) -> ir.Model:
    """Build a second graph, the network's first line alone, with its weights in a file: tokens -> vectors."""
    net, shape = Recorder(LOOKUP), ir.Shape([WORDS, WIDTH])
    size = 4 * WORDS * WIDTH
    table = ir.ExternalTensor(weights_file, 0, size, ir.DataType.FLOAT, shape=shape, name="table")
    net.Gather(table, *net.inputs, output=net.outputs[0])
    return net.model()


def unheard_of() -> ir.Model:
    """Build a graph whose operator no onnxruntime has: tokens, mask -> embedding."""
    net = Recorder(MODEL)
    net.UnheardOf(*net.inputs, domain="com.microsoft", output=net.outputs[0])
    return net.model()
