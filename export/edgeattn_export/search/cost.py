"""What a form costs: measured on the layer's own shape, in processor time beside its rivals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from statistics import median

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.capture import OPSET
from edgeattn_export.fuse.dataflow import embed
from edgeattn_export.quantize.forms import LINEAR_FORMS
from edgeattn_export.quantize.layers import FLOAT
from edgeattn_export.quantize.linear import Linear
from edgeattn_export.quantize.match import Layer
from edgeattn_export.quantize.recipe import Treatment
from edgeattn_export.search.store import Store, machine
from edgeattn_export.session import run, session_of
from edgeattn_runtime.latency import processor_milliseconds, take_turns

ROUNDS = 25
WARMUP = 3
IR_VERSION = 10
COPIED, ASIDE = 8, 24  # outlier channels of a layer, about, that are split or set apart
MOCK_REACH = (-4.0, 4.0)
AT_RUN_TIME = frozenset({"smoothing", "channel splitting", "outlier channels"})  # techniques that take time


@dataclass(frozen=True, slots=True)
class Shape:
    """A layer as its time sees it: T rows, D to N channels, behind the operator ``source``."""

    rows: int
    width: int
    channels: int
    source: str

    @classmethod
    def of(cls, layer: Layer, rows: int) -> Shape:
        """Return a layer's shape for so many rows."""
        return cls(rows, layer.width, layer.channels, layer.source)


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
        "shape": [shape.rows, shape.width, shape.channels, shape.source],
        "on": machine(),
    }
    known = store.get(question)
    times: Mapping[str, object] = known if known is not None else _race(shape, ways)
    if known is None:
        store.put(question, times)
    return {treatment: float(str(times[_way(treatment)])) for treatment in wanted}


def _race(shape: Shape, ways: Mapping[str, Treatment]) -> dict[str, float]:
    generator = np.random.default_rng(0)
    x, h = (generator.standard_normal((1, shape.rows, n)) for n in (shape.width, shape.channels))
    inputs = {"x": x.astype(np.float32), "h": h.astype(np.float32)}
    calls = {
        way: partial(run, session_of(_alone(shape, treatment)), inputs) for way, treatment in ways.items()
    }
    times = take_turns(calls, processor_milliseconds, rounds=ROUNDS, warmup=WARMUP)
    return {way: median(found) for way, found in times.items()}


def _way(treatment: Treatment) -> str:
    """Name what of a treatment takes time: its form, and what techniques do at run time."""
    names = {name for name, _ in treatment.techniques}
    return ", ".join((treatment.form, *sorted(names & AT_RUN_TIME)))


def _alone(shape: Shape, treatment: Treatment) -> ir.Model:
    """Return a graph of the operator before the layer, and the layer, with the numbers of a mock."""
    tape = Tape()
    x = ir.val("x", ir.DataType.FLOAT, (1, shape.rows, shape.width))
    h = ir.val("h", ir.DataType.FLOAT, (1, shape.rows, shape.channels))  # what the layer before it would read
    value = _activated(tape, x, shape)
    techniques = dict(treatment.techniques)
    width = shape.width
    if "channel splitting" in techniques:
        copies = tape.op("Gather", [value, embed(tape, np.arange(COPIED) % width, "copies")], {"axis": -1})
        value = tape.op("Concat", [value, copies], {"axis": -1})
        width += COPIED
    if techniques.keys() & {"smoothing", "channel splitting"}:
        value = tape.op("Mul", [value, embed(tape, np.ones(width, np.float32), "factor")])
    weight = np.random.default_rng(1).standard_normal((width, shape.channels)).astype(np.float32)
    bias = np.ones(shape.channels, np.float32)
    if treatment.form == FLOAT:
        y = tape.op("MatMul", [value, embed(tape, weight, "weight")])
        y = tape.op("Add", [y, embed(tape, bias, "bias")])
    else:
        form = LINEAR_FORMS[treatment.form]
        y = form.emit(tape, value, Linear(weight, bias, form.levels, reach=MOCK_REACH), "weight")
    if "outlier channels" in techniques:
        few = tape.op("MatMul", [h, embed(tape, np.ascontiguousarray(weight[:ASIDE].T), "apart")])
        aside = tape.op("MatMul", [_activated(tape, few, shape), embed(tape, weight[:ASIDE], "apart_next")])
        y = tape.op("Sum", [y, aside])
    y.name = "y"
    y.type, y.shape = ir.TensorType(ir.DataType.FLOAT), ir.Shape((1, shape.rows, shape.channels))
    imports = {"": OPSET, **{domain: 1 for domain, _ in tape.used_opsets if domain}}
    graph = ir.Graph(
        [x, h], [y], nodes=tape.nodes, initializers=tape.initializers, opset_imports=imports, name="layer"
    )
    return ir.Model(graph, ir_version=IR_VERSION)


def _activated(tape: Tape, value: ir.Value, shape: Shape) -> ir.Value:
    return tape.op("Gelu", [value], {"approximate": "tanh"}) if shape.source == "Gelu" else value
