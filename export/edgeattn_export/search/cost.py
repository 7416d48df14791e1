"""What a form costs: measured on the layer's own shape, in processor time beside its runners.

Between two calls of a layer the weights of all others pass through the caches, so that its own come from
farther away, four times as many bytes in float as in int8. What is timed is therefore several layers of its
shape in turn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from functools import partial
from statistics import median

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.capture.captured import OPSET
from edgeattn_export.graph.dataflow import embed
from edgeattn_export.graph.session import run, session_of
from edgeattn_export.quantize.forms import LINEAR_FORMS
from edgeattn_export.quantize.layers import FLOAT
from edgeattn_export.quantize.linear import Linear
from edgeattn_export.quantize.match import Layer
from edgeattn_export.quantize.recipe import Treatment
from edgeattn_export.search.store import Store, machine
from edgeattn_runtime.latency import processor_milliseconds, take_turns

CACHES = 32 * 2**20  # bytes that a core's caches hold, about
ROUNDS = 25
WARMUP = 3
IR_VERSION = 10
COPIED, ASIDE = 8, 24  # outlier channels of a layer, about, that are split or set apart
MOCK_REACH = (-4.0, 4.0)
AT_RUN_TIME = frozenset({"smoothing", "channel splitting", "outlier channels"})  # techniques that take time


@dataclass(frozen=True, slots=True)
class Shape:
    """A layer as its time sees it: T rows, D to N channels, behind the operator ``source``.

    Attributes:
        copies: How many of them are timed in turn, each with a weight of its own.
    """

    rows: int
    width: int
    channels: int
    source: str
    copies: int = 1

    @classmethod
    def of(cls, layer: Layer, rows: int, count: int) -> Shape:
        """Return a layer's shape for so many rows, where a graph has ``count`` like it."""
        enough = math.ceil(CACHES / (layer.width * layer.channels * 4))  # in float
        return cls(rows, layer.width, layer.channels, layer.source, min(count, enough))


def milliseconds(shape: Shape, treatments: Iterable[Treatment], store: Store) -> dict[Treatment, float]:
    """Time treatments of one layer side by side, one thread, p50.

    Args:
        shape: Of the layer.
        treatments: What is compared; of their techniques only what changes the input takes time.
        store: Where the times of this machine are remembered.
    """
    wanted = list(treatments)
    ways = {_way(treatment): treatment for treatment in wanted}
    question = {
        "milliseconds": sorted(ways),
        "shape": list(astuple(shape)),
        "on": machine(),
    }
    known = store.get(question)
    times: Mapping[str, object] = known if known is not None else _race(shape, ways)
    if known is None:
        store.put(question, times)
    return {treatment: float(str(times[_way(treatment)])) for treatment in wanted}


def _race(shape: Shape, ways: Mapping[str, Treatment]) -> dict[str, float]:
    inputs = _inputs(shape)
    calls = {
        way: partial(run, session_of(_alone(shape, treatment)), inputs) for way, treatment in ways.items()
    }
    times = take_turns(calls, processor_milliseconds, rounds=ROUNDS, warmup=WARMUP)
    return {way: median(found) / shape.copies for way, found in times.items()}


def _inputs(shape: Shape) -> dict[str, NDArray[np.float32]]:
    """Return what each layer reads, x, and what the layer before it would read, h; those of one are alike."""
    generator = np.random.default_rng(0)
    x, h = (generator.standard_normal((1, shape.rows, n)) for n in (shape.width, shape.channels))
    named = {f"{name}{i}": value for i in range(shape.copies) for name, value in (("x", x), ("h", h))}
    return {name: value.astype(np.float32) for name, value in named.items()}


def _way(treatment: Treatment) -> str:
    """Name what of a treatment takes time: its form, and what techniques do at run time."""
    names = {name for name, _ in treatment.techniques}
    return ", ".join((treatment.form, *sorted(names & AT_RUN_TIME)))


def _alone(shape: Shape, treatment: Treatment) -> ir.Model:
    """Return a graph of the layers, each with inputs of its own, with the numbers of a mock."""
    tape = Tape()
    inputs = [ir.val(name, ir.DataType.FLOAT, value.shape) for name, value in _inputs(shape).items()]
    outputs = [_layer(tape, x, h, shape, treatment) for x, h in zip(inputs[::2], inputs[1::2], strict=True)]
    for index, y in enumerate(outputs):
        y.name, y.type = f"y{index}", ir.TensorType(ir.DataType.FLOAT)
        y.shape = ir.Shape((1, shape.rows, shape.channels))
    imports = {"": OPSET, **{domain: 1 for domain, _ in tape.used_opsets if domain}}
    graph = ir.Graph(
        inputs,
        outputs,
        nodes=tape.nodes,
        initializers=tape.initializers,
        opset_imports=imports,
        name="layers",
    )
    return ir.Model(graph, ir_version=IR_VERSION)


def _layer(tape: Tape, x: ir.Value, h: ir.Value, shape: Shape, treatment: Treatment) -> ir.Value:
    name = x.name or ""
    value = _activated(tape, x, shape)
    techniques = dict(treatment.techniques)
    width = shape.width
    if "channel splitting" in techniques:
        copies = tape.op(
            "Gather", [value, embed(tape, np.arange(COPIED) % width, f"{name}.copies")], {"axis": -1}
        )
        value = tape.op("Concat", [value, copies], {"axis": -1})
        width += COPIED
    if techniques.keys() & {"smoothing", "channel splitting"}:
        value = tape.op("Mul", [value, embed(tape, np.ones(width, np.float32), f"{name}.factor")])
    weight = np.random.default_rng(1).standard_normal((width, shape.channels)).astype(np.float32)
    bias = np.ones(shape.channels, np.float32)
    if treatment.form == FLOAT:
        y = tape.op("MatMul", [value, embed(tape, weight, f"{name}.weight")])
        y = tape.op("Add", [y, embed(tape, bias, f"{name}.bias")])
    else:
        form = LINEAR_FORMS[treatment.form]
        y = form.emit(tape, value, Linear(weight, bias, form.levels, reach=MOCK_REACH), name)
    if "outlier channels" in techniques:
        few = tape.op("MatMul", [h, embed(tape, np.ascontiguousarray(weight[:ASIDE].T), f"{name}.apart")])
        next_weight = embed(tape, weight[:ASIDE], f"{name}.apart_next")
        y = tape.op("Sum", [y, tape.op("MatMul", [_activated(tape, few, shape), next_weight])])
    return y


def _activated(tape: Tape, value: ir.Value, shape: Shape) -> ir.Value:
    return tape.op("Gelu", [value], {"approximate": "tanh"}) if shape.source == "Gelu" else value
