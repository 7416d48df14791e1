"""What onnxruntime-web's wasm kernels take: forms of linear layers, activations, norms and attention.

    python tests/bench/bench_web_forms.py [--rounds 30]

Plain Node, one thread, several alike in one graph, interleaved. Prints the least microseconds of one, and of
a linear layer the nanoseconds of 1,000 multiply-accumulates: the target's paces. Needs Node, and
`edgeattn targets --install web`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape
from rich.console import Console
from rich.table import Table

from edgeattn_export.graph.apply import MICROSOFT, apply
from edgeattn_export.graph.dataflow import embed
from edgeattn_export.lower.decomposed.attention import DecomposeAttention
from edgeattn_export.lower.ort_web import ORT_WEB
from edgeattn_export.lower.ort_web.centered_norm import CenteredNorm
from edgeattn_export.quantize.arithmetic.affine import quantize_along
from edgeattn_export.quantize.forms import LinearForm
from edgeattn_export.quantize.layers.linear import Linear
from edgeattn_export.targets.cpu import FORMS
from edgeattn_runtime.timing.latency import Call, take_turns

ALIKE = 8  # in one graph, so that the way to Node and back counts little
LINEARS = (
    (1, 384, 1536),
    (16, 384, 1536),
    (32, 384, 1536),
    (32, 1536, 384),
    (128, 384, 384),
    (128, 384, 1536),
)
LENGTHS = (16, 128)
WIDTH, HEADS = 384, 12
WARMUP = 3

Emit = Callable[[Tape, ir.Value], ir.Value]
drawn = np.random.default_rng(0)


@dataclass(frozen=True)
class Case:
    """A graph of ``ALIKE`` operators or layers side by side, and how many multiply-accumulates one has."""

    name: str
    model: ir.Model
    counted: int = 0


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description="Time forms in onnxruntime-web's wasm kernels.")
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    console = Console(width=110)
    for sizes in LINEARS:
        console.print(_table(f"linear, {sizes[0]} x {sizes[1]} x {sizes[2]}", _linears(*sizes), rounds))
    for length in LENGTHS:
        console.print(_table(f"GELU, {length} x {4 * WIDTH}", _gelus(length), rounds))
        console.print(_table(f"normalization, {length} x {WIDTH}", _norms(length), rounds))
        console.print(
            _table(
                f"attention, {length} tokens, {HEADS} heads of {WIDTH // HEADS}", _attentions(length), rounds
            )
        )


def _linears(rows: int, width: int, channels: int) -> Iterable[Case]:
    weight = (0.05 * drawn.standard_normal((width, channels))).astype(np.float32)
    bias = drawn.standard_normal(channels).astype(np.float32)

    def of(form: LinearForm) -> Emit:
        linear = Linear(weight, bias, levels=form.levels, paired=form.paired, reach=(-4.0, 4.0)).settled()
        return lambda tape, x: form.emit(tape, x, linear, form.name)

    counted = rows * width * channels
    emits = {form.name: of(form) for form in FORMS.linear.values() if form.unfit(width, channels) is None}
    emits["MatMulInteger"] = lambda tape, x: _integers(tape, x, weight, bias)
    emits["MatMul of QDQ"] = lambda tape, x: _qdq(tape, x, weight, bias)
    return [Case(name, _graph((rows, width), channels, emit), counted) for name, emit in emits.items()]


def _integers(tape: Tape, x: ir.Value, weight: np.ndarray, bias: np.ndarray) -> ir.Value:
    """Emit what ``quantize_dynamic`` writes, which onnxruntime fuses again."""
    stored, scale = quantize_along(weight, axis=0)
    q, step, zero = tape.op_multi_out("DynamicQuantizeLinear", [x], num_outputs=3)
    product = tape.op("MatMulInteger", [q, embed(tape, stored, "weight"), zero])
    scales = tape.op("Mul", [step, embed(tape, scale[0], "scale")])
    scaled = tape.op("Mul", [tape.op("Cast", [product], {"to": int(ir.DataType.FLOAT)}), scales])
    return tape.op("Add", [scaled, embed(tape, bias, "bias")])


def _qdq(tape: Tape, x: ir.Value, weight: np.ndarray, bias: np.ndarray) -> ir.Value:
    """Emit static QDQ form, its output float."""
    stored, scale = quantize_along(weight, axis=0)
    step, zero = (
        embed(tape, np.array(8 / 255, np.float32), "step"),
        embed(tape, np.array(128, np.uint8), "zero"),
    )
    near = tape.op("DequantizeLinear", [tape.op("QuantizeLinear", [x, step, zero]), step, zero])
    kept = [embed(tape, stored, "weight"), embed(tape, scale[0], "scale")]
    product = tape.op("MatMul", [near, tape.op("DequantizeLinear", kept, {"axis": 1})])
    return tape.op("Add", [product, embed(tape, bias, "bias")])


def _gelus(length: int) -> Iterable[Case]:
    def of(kind: str) -> Emit:
        return lambda tape, x: tape.op("Gelu", [x], {"approximate": kind})

    for kind in ("none", "tanh"):
        yield Case(f"Gelu, {kind}", _graph((length, 4 * WIDTH), 4 * WIDTH, of(kind)))


def _norms(length: int) -> Iterable[Case]:
    ones, zeros = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)

    def emit(tape: Tape, x: ir.Value) -> ir.Value:
        return tape.op("LayerNormalization", [x, embed(tape, ones, "g"), embed(tape, zeros, "b")])

    def skipping(tape: Tape, x: ir.Value) -> ir.Value:
        inputs = [x, x, embed(tape, ones, "g"), embed(tape, zeros, "b")]
        return tape.op("SkipLayerNormalization", inputs, domain=MICROSOFT)

    centered = _graph((length, WIDTH), WIDTH, emit)
    apply(CenteredNorm(), centered)
    yield Case("LayerNormalization", _graph((length, WIDTH), WIDTH, emit))
    yield Case("SkipLayerNormalization", _graph((length, WIDTH), WIDTH, skipping))
    yield Case(CenteredNorm.name, centered)


def _attentions(length: int) -> Iterable[Case]:
    heads = {"q_num_heads": HEADS, "kv_num_heads": HEADS}

    def emit(tape: Tape, x: ir.Value) -> ir.Value:
        return tape.op("Attention", [x, x, x], heads)

    def multi_head(tape: Tape, x: ir.Value) -> ir.Value:
        return tape.op("MultiHeadAttention", [x, x, x], {"num_heads": HEADS}, domain=MICROSOFT)

    decomposed = _graph((length, WIDTH), WIDTH, emit)
    apply(DecomposeAttention(), decomposed)
    yield Case("Attention", _graph((length, WIDTH), WIDTH, emit))
    yield Case("MultiHeadAttention", _graph((length, WIDTH), WIDTH, multi_head))
    yield Case("decomposed", decomposed)


def _graph(sizes: tuple[int, int], channels: int, emit: Emit) -> ir.Model:
    """Return a graph with ``ALIKE`` of what is emitted: behind one another, or side by side and added up."""
    tape = Tape()
    x = ir.val("x", ir.DataType.FLOAT, (1, *sizes))
    if sizes[1] == channels:
        output = x
        for i in range(ALIKE):
            output = _emitted(emit, tape, output, i)
    else:  # inputs that differ, so that onnxruntime takes none for another
        shifted = [tape.op("Add", [x, _constant(tape, np.float32(i), f"shift.{i}")]) for i in range(ALIKE)]
        output = tape.op("Sum", [_emitted(emit, tape, each, i) for i, each in enumerate(shifted)])
    y = ir.val("y", ir.DataType.FLOAT, (1, 1, channels))
    ends = [_constant(tape, np.array([end]), name) for end, name in ((0, "start"), (1, "end"), (1, "axis"))]
    tape.op("Slice", [output, *ends], output=y)  # one row: the way back is not what is timed
    opsets = {"": 23, MICROSOFT: 1}
    graph = ir.Graph(
        [x], [y], nodes=tape.nodes, initializers=tape.initializers, opset_imports=opsets, name="alike"
    )
    return ir.Model(graph, ir_version=10)


def _emitted(emit: Emit, tape: Tape, x: ir.Value, i: int) -> ir.Value:
    """Emit one, whose constants are its own."""
    before = len(tape.initializers)
    output = emit(tape, x)
    output.type, output.shape = x.type, None if x.shape is None else ir.Shape((*x.shape[:-1], None))
    for value in tape.initializers[before:]:
        value.name = f"{value.name}.{i}"
    return output


def _constant(tape: Tape, array: np.generic | np.ndarray, name: str) -> ir.Value:
    return embed(tape, np.asarray(array), name)


def _table(title: str, cases: Iterable[Case], rounds: int) -> Table:
    cases = tuple(cases)
    calls = {case.name: _bound(case.model) for case in cases}
    times = take_turns(calls, _microseconds, rounds=rounds, warmup=WARMUP)
    table = Table(title=title, title_justify="left")
    for column in ("", "us", "to the first", "ns / 1,000 MAC"):
        table.add_column(column, justify="right" if column else "left", min_width=14)
    first = min(times[cases[0].name])
    for case in cases:
        least = min(times[case.name])
        pace = f"{least / ALIKE / case.counted * 1e6:.0f}" if case.counted else ""
        table.add_row(case.name, f"{least / ALIKE:.0f}", f"{least / first:.2f}", pace)
    return table


def _bound(model: ir.Model) -> Call:
    (x,) = model.graph.inputs
    sizes = ir.Shape([]) if x.shape is None else x.shape
    return ORT_WEB.runner(model).bind({"x": drawn.standard_normal(sizes.numpy()).astype(np.float32)})


def _microseconds(call: Call) -> float:
    start = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - start) / 1e3


if __name__ == "__main__":
    main()
