"""A decoder's cache in int8: a scale for each token's row of a head, the largest number of which becomes 127.

Before: present = ScatterND(past, slots, new)                        float32 (batch, kv_heads, capacity, size)
After:  scale = max |new| / 127                                      float32 (..., 1)
        rows = ScatterND(past, slots, round(new / scale))            int8 (batch, kv_heads, capacity, size)
        scales = ScatterND(past_scale, slots, scale)                 float32 (batch, kv_heads, capacity, 1)
        present = rows * scales

It takes size + 4 bytes a row in place of 4 x size. A row is rounded once, when its token is written, whatever
it is written with: so tokens one by one and a whole prompt still give the same cache.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableSequence
from dataclasses import replace

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.incremental.kv_cache.steps import Steps
from edgeattn_export.incremental.model_graphs import ModelGraph, contract_tensor
from edgeattn_runtime.bundle.manifest import MAIN_GRAPH, CacheEntry

LARGEST = 127  # what a row's largest number becomes
FAINTEST = 1e-20  # scale of a row of zeros, which none divides
SCALE = "scale"


def with_int8_cache(steps: Steps) -> Steps:
    """Return steps whose cache is float32 with all of it in int8."""
    model = steps.main.model.clone()
    caches = tuple(each for cache in steps.generation.cache for each in _in_int8(model, cache))
    graphs = {**steps.graphs, MAIN_GRAPH: _decoder(steps, model, caches)}
    return replace(steps, graphs=graphs, generation=replace(steps.generation, cache=caches))


def _decoder(steps: Steps, model: ir.Model, caches: Iterable[CacheEntry]) -> ModelGraph:
    tensors = {tensor.name: tensor for tensor in (*steps.main.graph.inputs, *steps.main.graph.outputs)}
    cached = {name for cache in caches for name in (cache.past, cache.present)}
    inputs, outputs = (
        tuple(
            contract_tensor(value) if value.name in cached else tensors[value.name or ""] for value in values
        )
        for values in (model.graph.inputs, model.graph.outputs)
    )
    graph = replace(steps.main.graph, inputs=inputs, outputs=outputs)
    return replace(steps.main, model=model, graph=graph)


def _in_int8(model: ir.Model, cache: CacheEntry) -> tuple[CacheEntry, CacheEntry]:
    """Store keys or values in int8, in place; return the caches of the rows and of their scales."""
    graph = model.graph
    present = next(value for value in graph.outputs if value.name == cache.present)
    write = present.producer()
    if write is None or write.op_type != "ScatterND":
        raise TypeError(f"{cache.present}: not written in its slots")
    past, slots, new = write.inputs
    if past is None or slots is None or new is None or past.shape is None:
        raise TypeError(f"{cache.past}: a cache without dims")
    tape, stem = Tape(), cache.present
    scales = _alike(past, f"{cache.past}_{SCALE}", ir.DataType.FLOAT, size=1)
    rows = _alike(past, cache.past, ir.DataType.INT8)
    scale, rounded = _rounded(tape, new, stem)
    present_rows = tape.op("ScatterND", [rows, slots, rounded])
    present_scales = tape.op("ScatterND", [scales, slots, scale])
    floats = tape.op("Cast", [present_rows], {"to": ir.DataType.FLOAT})
    restored = tape.op("Mul", [floats, present_scales])
    restored.type, restored.shape = present.type, present.shape
    floats.name, restored.name = f"{stem}.floats", f"{stem}.restored"
    graph.insert_before(write, tape.nodes)
    for value in tape.initializers:
        graph.initializers[value.name or ""] = value
    for old, value in ((present, restored), (past, rows)):  # of the past, its capacity
        for use in tuple(old.uses()):
            use.node.replace_input_with(use.idx, value)
    _replace(graph.inputs, past, (rows, scales))
    _replace(graph.outputs, present, (present_rows, present_scales))
    graph.remove(write, safe=True)
    for old, value, name in (
        (rows, present_rows, cache.present),
        (scales, present_scales, f"{cache.present}_{SCALE}"),
    ):
        value.name, value.type, value.shape = name, old.type, old.shape
    return CacheEntry(cache.past, cache.present), CacheEntry(scales.name or "", present_scales.name or "")


def _rounded(tape: Tape, new: ir.Value, stem: str) -> tuple[ir.Value, ir.Value]:
    """Return the scale (..., 1) of each row (..., size), and the row in int8."""

    def constant(array: NDArray[np.generic] | np.generic, name: str) -> ir.Value:
        return tape.initializer(ir.tensor(array, name=f"{stem}.{name}"), f"{stem}.{name}")

    extent = tape.op("Abs", [new])
    most = tape.op("ReduceMax", [extent, constant(np.array([-1], np.int64), "axis")], {"keepdims": 1})
    step = tape.op("Mul", [most, constant(np.float32(1 / LARGEST), "step")])
    scale = tape.op("Max", [step, constant(np.float32(FAINTEST), "faintest")])
    rounded = tape.op("Round", [tape.op("Div", [new, scale])])
    return scale, tape.op("Cast", [rounded], {"to": ir.DataType.INT8})


def _alike(past: ir.Value, name: str, dtype: ir.DataType, size: int | None = None) -> ir.Value:
    dims = list(past.shape or ())
    return ir.Value(
        name=name, type=ir.TensorType(dtype), shape=ir.Shape(dims if size is None else [*dims[:-1], size])
    )


def _replace(values: MutableSequence[ir.Value], old: ir.Value, new: tuple[ir.Value, ...]) -> None:
    place = next(i for i, value in enumerate(values) if value is old)
    values[place : place + 1] = new
