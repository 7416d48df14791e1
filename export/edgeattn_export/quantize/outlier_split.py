"""Channels that a layer computes apart are taken out where they arise: no pass over its input is needed.

Before: act(h V + c) W + b
After:  act(h V' + c') W' + b + act(h V[o] + c[o]) W[o]     V', c' and W' hold zeros for the channels o

The activation makes 0 of 0, so the int8 product sees zeros there. The products of the few channels are float.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import embed, only_user, producer
from edgeattn_export.graph.scopes import MODULE, module_of
from edgeattn_export.quantize.match import Match, floats, match_linear
from edgeattn_export.quantize.write_linear import Prepared

ZERO_KEEPING = ("Gelu", "Relu")  # activations of one input that make 0 of 0


@dataclass(frozen=True, slots=True)
class Spring:
    """Where a layer's input arises: in another layer, behind an activation."""

    name: str
    match: Match
    activation: ir.Node


def take_out(model: ir.Model, prepared: Mapping[str, Prepared]) -> dict[str, Prepared]:
    """Take channels that layers compute apart out of the layers before them, where that is exact.

    Args:
        model: The float graph; it gains the small products.
        prepared: Layers by their node's name, about to be written.

    Returns:
        The layers: with ``aside``, the small product, in place of ``apart``, and zeros in those before them.
        A layer whose channels could not be taken out keeps ``apart``.
    """
    nodes = {node.name or "": node for node in model.graph}
    matches = {name: match for name, node in nodes.items() if (match := match_linear(node))}
    made_by = {match.output: name for name, match in matches.items()}
    found = dict(prepared)
    for name, layer in prepared.items():
        channels, weight = layer.linear.apart, layer.linear.apart_weight
        spring = _spring(matches[name], matches, made_by)
        if channels is None or weight is None or spring is None or spring.name not in found:
            continue
        if found[spring.name].aside is not None:  # it would bring the channels back
            continue
        tape = Tape()
        aside = _aside(tape, spring, channels, weight)
        for node in tape.nodes:
            node.metadata_props[MODULE] = module_of(nodes[name])
        for value in tape.initializers:
            model.graph.register_initializer(value)
        model.graph.insert_before(nodes[name], tape.nodes)
        found[spring.name] = _without(found[spring.name], channels)
        found[name] = replace(found[name], linear=replace(layer.linear, apart=None), aside=aside)
    return found


def _spring(match: Match, matches: Mapping[str, Match], made_by: Mapping[ir.Value, str]) -> Spring | None:
    activation = producer(match.x, *ZERO_KEEPING)
    value = activation.inputs[0] if activation is not None else None
    if activation is None or value is None or only_user(match.x) is None or only_user(value) is None:
        return None
    name = made_by.get(value)
    return None if name is None else Spring(name, matches[name], activation)


def _aside(tape: Tape, spring: Spring, channels: NDArray[np.int64], weight: NDArray[np.float32]) -> ir.Value:
    """Emit ``act(h V[o] + c[o]) W[o]``."""
    before, name = spring.match, spring.name  # the node's: layers may share a weight
    columns = np.ascontiguousarray(before.array[:, channels])  # (E, k)
    value = tape.op("MatMul", [before.x, embed(tape, columns, f"{name}.apart")])
    if before.bias is not None:
        value = tape.op("Add", [value, embed(tape, floats(before.bias)[channels], f"{name}.apart_bias")])
    value = tape.op(spring.activation.op_type, [value], dict(spring.activation.attributes))
    return tape.op("MatMul", [value, embed(tape, weight, f"{name}.apart_next")])


def _without(prepared: Prepared, channels: NDArray[np.int64]) -> Prepared:
    linear = prepared.linear
    kept = np.ones(linear.weight.shape[1], np.float32)  # (N)
    kept[channels] = 0
    changed = replace(
        linear,
        weight=linear.weight * kept,
        scale=linear.steps,
        stored=(linear.rounded * kept).astype(np.int8),
        bias=None if linear.bias is None else linear.bias * kept,
        apart_weight=None if linear.apart_weight is None else linear.apart_weight * kept,
    )
    return replace(prepared, linear=changed)
