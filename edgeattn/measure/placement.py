"""Where a target's graph runs: as its session reports where its engine is here, by its list where it is not.

Work is counted in multiply-accumulates.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import onnx_ir as ir

from edgeattn.measure.assignment import CPU_PROVIDER, expected_placement, session_placement
from edgeattn.results.graph import Placement
from edgeattn_export.graph.engine import Engine
from edgeattn_export.graph.samples import Inputs
from edgeattn_export.graph.temporary import temporary_folder
from edgeattn_export.graph.values import with_outputs
from edgeattn_export.targets.target import Target

Dims = tuple[int, ...]
Count = Callable[[ir.Node, list[Dims], Dims], int]  # of a node, its inputs' dims and its output's
REPORTING_ENGINE = "onnxruntime"  # the engine whose sessions report what runs where


def _product(_: ir.Node, inputs: list[Dims], output: Dims) -> int:
    return math.prod(output) * inputs[0][-1]


def _gemm(node: ir.Node, inputs: list[Dims], output: Dims) -> int:
    transposed = node.attributes.get_int("transA", 0)
    return math.prod(output) * inputs[0][0 if transposed else 1]


def _convolution(_: ir.Node, inputs: list[Dims], output: Dims) -> int:
    return math.prod(output) * math.prod(inputs[1][1:])


def _attention(node: ir.Node, inputs: list[Dims], _: Dims) -> int:
    query, key, value = inputs[:3]
    if len(query) == 3:  # (B, L, heads * size)
        return query[0] * query[1] * key[1] * (query[2] + _spread(node, query, value))
    return math.prod(query[:3]) * key[2] * (query[3] + value[3])


def _spread(node: ir.Node, query: Dims, value: Dims) -> int:
    """Return the width of the output of grouped heads, whose values serve several queries each."""
    heads, groups = (node.attributes.get_int(name, 1) for name in ("q_num_heads", "kv_num_heads"))
    return value[2] * heads // groups if query[2] != value[2] else value[2]


_COUNTS: Mapping[str, Count] = {
    **dict.fromkeys(
        ("MatMul", "MatMulInteger", "DynamicQuantizeMatMul", "MatMulIntegerToFloat", "MatMulNBits"), _product
    ),
    "QLinearMatMul": _product,
    "Gemm": _gemm,
    "Conv": _convolution,
    "Attention": _attention,
}


def multiply_accumulates(model: ir.Model, inputs: Inputs, engine: Engine) -> dict[str, int]:
    """Return the multiply-accumulates of a graph's nodes by their names; nodes without any are left out."""
    counted = [node for node in model.graph if node.op_type in _COUNTS]
    inner = {
        value.name: value
        for node in counted
        for value in (*node.inputs, node.outputs[0])
        if value is not None and value.name and value.const_value is None
    }
    dims_of: dict[str, Dims] = {name: tuple(array.shape) for name, array in inputs.items()}
    answers = engine.runner(with_outputs(model, [name for name in inner if name not in dims_of]))(inputs)
    dims_of |= {name: tuple(array.shape) for name, array in answers.items()}
    return {
        node.name or "": _COUNTS[node.op_type](
            node, _dims(node, dims_of), dims_of[node.outputs[0].name or ""]
        )
        for node in counted
    }


def _dims(node: ir.Node, dims_of: Mapping[str, Dims]) -> list[Dims]:
    return [
        dims_of[value.name or ""] if value.const_value is None else tuple(value.const_value.shape.numpy())
        for value in node.inputs
        if value is not None
    ]


def has_one_provider(target: Target) -> bool:
    """Say whether there is but one place for a target's work, so that nothing can fall back."""
    return target.engine.providers[0] == CPU_PROVIDER or target.engine.name != REPORTING_ENGINE


def missing_for_placement(target: Target) -> str | None:
    """Say what is missing here to learn what falls back; None where nothing is, or where nothing can."""
    if has_one_provider(target) or target.operators is not None:
        return None
    return target.engine.host.missing()


def placement_of(target: Target, graphs: Iterable[tuple[ir.Model, Inputs]]) -> Placement | None:
    """Return where the work of graphs runs: that of the first which is not placed whole, else of the first.

    Returns:
        None where there is but one place, or nothing is known of it.

    Raises:
        BundleError, IncompatibleRuntimeError: The engine refuses a graph.
    """
    if has_one_provider(target):
        return None
    first = None
    for model, inputs in graphs:
        placement = _graph_placement(target, model, inputs)
        if placement is None or not placement.is_whole:
            return placement
        first = first or placement
    return first


def _graph_placement(target: Target, model: ir.Model, inputs: Inputs) -> Placement | None:
    engine, provider = target.engine, target.engine.providers[0]
    work = multiply_accumulates(model, inputs, target.prover)
    if engine.host.missing() is None:
        with temporary_folder() as folder:
            partitions = engine.partitions(engine.written(model, folder))
        if partitions:
            return session_placement(model, provider, partitions, work)
    return None if target.operators is None else expected_placement(model, provider, target.operators(), work)
