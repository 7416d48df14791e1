"""Outlier channels are split off where they arise: no pass over the input of the layer behind is needed.

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
from edgeattn_export.graph.values import note_channel_factors
from edgeattn_export.quantize.layers.layout import LAST
from edgeattn_export.quantize.layers.linear import Floats
from edgeattn_export.quantize.layers.match import Match, floats, matches_of
from edgeattn_export.quantize.rewrites.write_linear import Prepared

ZERO_KEEPING = ("Gelu", "Relu")  # activations of one input that make 0 of 0


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a layer's input arises: in another layer, before an activation."""

    name: str
    match: Match
    activation: ir.Node


def split_early(model: ir.Model, prepared: Mapping[str, Prepared]) -> dict[str, Prepared]:
    """Split outlier channels off in the layers before, float ones too, where that is exact.

    Args:
        model: The float graph; it gains the small products, and notes the zeros.
        prepared: Layers by their node's name, about to be written.

    Returns:
        The layers: with the small product in place of the channels, and zeros in those before them. A layer
        whose channels could not be split off before it keeps them.
    """
    nodes = {node.name or "": node for node in model.graph}
    matches = {name: match for name, match in matches_of(model).items() if match.layout == LAST}
    made_by = {match.output: name for name, match in matches.items()}
    split_layers = dict(prepared)
    for name, layer in prepared.items():
        channels, weight = layer.linear.outliers, layer.linear.outlier_weight
        origin = _origin(matches[name], matches, made_by) if name in matches else None
        if channels is None or weight is None or origin is None:
            continue
        before = split_layers.get(origin.name) or Prepared.unchanged(origin.match)
        if before.outliers is not None:  # it would bring the channels back
            continue
        tape = Tape()
        outliers = _outliers(tape, origin, channels, weight)
        for node in tape.nodes:
            node.metadata_props[MODULE] = module_of(nodes[name])
        for value in tape.initializers:
            model.graph.register_initializer(value)
        model.graph.insert_before(nodes[name], tape.nodes)
        plain_channels = np.ones(len(origin.match.array.T), np.float32)  # (N)
        plain_channels[channels] = 0
        split_layers[origin.name] = _without_outliers(before, plain_channels)
        for value in (origin.match.output, *origin.activation.outputs):
            note_channel_factors(model, value, plain_channels)
        split_layers[name] = replace(
            split_layers[name], linear=replace(layer.linear, outliers=None), outliers=outliers
        )
    return split_layers


def _origin(match: Match, matches: Mapping[str, Match], made_by: Mapping[ir.Value, str]) -> Origin | None:
    activation = producer(match.x, *ZERO_KEEPING)
    value = activation.inputs[0] if activation is not None else None
    if activation is None or value is None or only_user(match.x) is None or only_user(value) is None:
        return None
    name = made_by.get(value)
    return None if name is None else Origin(name, matches[name], activation)


def _outliers(
    tape: Tape, origin: Origin, channels: NDArray[np.int64], weight: NDArray[np.float32]
) -> ir.Value:
    """Emit ``act(h V[o] + c[o]) W[o]``."""
    before, name = origin.match, origin.name  # the node's: layers may share a weight
    columns = np.ascontiguousarray(before.array[:, channels])  # (E, k)
    value = tape.op("MatMul", [before.x, embed(tape, columns, f"{name}.outliers")])
    if before.bias is not None:
        value = tape.op("Add", [value, embed(tape, floats(before.bias)[channels], f"{name}.outliers_bias")])
    value = tape.op(origin.activation.op_type, [value], dict(origin.activation.attributes))
    return tape.op("MatMul", [value, embed(tape, weight, f"{name}.outliers_next")])


def _without_outliers(prepared: Prepared, plain_channels: Floats) -> Prepared:
    linear = prepared.linear
    changed = replace(
        linear,
        weight=linear.weight * plain_channels,
        stored=None if linear.stored is None else (linear.stored * plain_channels).astype(np.int8),
        bias=None if linear.bias is None else linear.bias * plain_channels,
        outlier_weight=None if linear.outlier_weight is None else linear.outlier_weight * plain_channels,
    )
    return replace(prepared, linear=changed)
