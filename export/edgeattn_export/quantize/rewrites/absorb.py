"""A smoothed layer's divisor goes into what makes its input, where that is exact, and costs nothing then.

Before: LayerNormalization(x; g, b) / s                     read by nothing else
After:  LayerNormalization(x; g / s, b / s)
Before: Attention(q, k, x W + b) / s                        as many value heads as query heads
After:  Attention(q, k, x (W / s) + b / s)                  a weighted mean of values scales as they do

Xiao et al. 2022, "SmoothQuant", section 4: the smoothing factor is fused into previous layers' parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from edgeattn_export.graph.dataflow import constant, is_constant, only_user, producer
from edgeattn_export.graph.values import note_channel_factors
from edgeattn_export.quantize.layers.layout import LAST
from edgeattn_export.quantize.layers.linear import Floats, Linear
from edgeattn_export.quantize.layers.match import floats, matches_of
from edgeattn_export.quantize.rewrites.write_linear import Prepared
from edgeattn_export.recover.rules.attention.outputs import gives_cache

NORMS = ("LayerNormalization", "RMSNormalization")
MULTI_HEAD = "MultiHeadAttention"  # of com.microsoft, each of whose heads has values of its own


def absorb(model: ir.Model, prepared: Mapping[str, Prepared]) -> dict[str, Prepared]:
    """Let norms and value projections, float ones too, absorb the divisors of the layers behind them.

    Args:
        model: The float graph; the scale and shift of norms change in it, and it notes what comes divided.
        prepared: Layers by their node's name, about to be written.

    Returns:
        The layers: without a divisor where it was absorbed, with other columns where one was.
    """
    matches = matches_of(model)
    made_by = {match.output: name for name, match in matches.items() if match.layout == LAST}
    absorbed = dict(prepared)
    for name, layer in prepared.items():
        divisor, x = layer.linear.divisor, matches[name].x
        if divisor is None or matches[name].layout != LAST or only_user(x) is None:
            continue
        divisor = divisor[: len(matches[name].array)]  # (D) what copies need beyond it they keep
        projection = _value_projection(x, made_by, absorbed)
        if projection is not None:
            maker, columns, values = projection
            maker_layer = absorbed.get(maker) or Prepared.unchanged(matches[maker])
            absorbed[maker] = _divided(maker_layer, columns, divisor)
            note_channel_factors(model, values, 1 / divisor)
        elif not _norm_absorbs(model, x, divisor):
            continue
        note_channel_factors(model, x, 1 / divisor)
        absorbed[name] = replace(absorbed[name], linear=_undivided(absorbed[name].linear, divisor))
    return absorbed


def _norm_absorbs(model: ir.Model, x: ir.Value, divisor: Floats) -> bool:
    norm = producer(x, *NORMS)
    parameters = [] if norm is None else [value for value in norm.inputs[1:3] if value is not None]
    if norm is None or not all(map(is_constant, parameters)):
        return False
    if any(floats(value).shape != divisor.shape for value in parameters):
        return False
    for index, value in enumerate(parameters, start=1):
        divided = ir.tensor(floats(value) / divisor)
        smoothed = ir.Value(name=f"{x.name}.{index}.smoothed", const_value=divided)
        smoothed.type, smoothed.shape = value.type, value.shape
        model.graph.register_initializer(smoothed)
        norm.replace_input_with(index, smoothed)
    return True


def _value_projection(
    x: ir.Value, made_by: Mapping[ir.Value, str], prepared: Mapping[str, Prepared]
) -> tuple[str, slice, ir.Value] | None:
    """Return the layer that makes the values of the attention behind ``x``, its columns, and the values."""
    attention = x.producer()
    if attention is None or attention.outputs[0] is not x or gives_cache(attention):
        return None
    if not _has_equal_heads(attention):
        return None
    values = attention.inputs[2]
    if values is None or only_user(values) is None:
        return None
    split = producer(values, "Split")
    source = values if split is None else split.inputs[0]
    name = made_by.get(source) if source is not None and only_user(source) is not None else None
    if name is None or (name in prepared and prepared[name].outliers is not None):
        return None
    if split is None:
        return name, slice(None), values
    sizes = constant(split.inputs[1]) if len(split.inputs) > 1 else None
    if sizes is None or split.attributes.get_int("axis", 0) != -1:
        return None
    ends = np.cumsum(sizes.astype(np.int64))
    index = split.outputs.index(values)
    return name, slice(int(ends[index - 1]) if index else 0, int(ends[index])), values


def _has_equal_heads(node: ir.Node) -> bool:
    """Say whether a node is an attention whose values and output are both (B, S, H * D): as many heads."""
    heads = node.attributes.get_int("q_num_heads", 0)
    is_equal = heads > 0 and heads == node.attributes.get_int("kv_num_heads", 0)
    return node.op_type == MULTI_HEAD or (node.op_type == "Attention" and is_equal)


def _undivided(linear: Linear, divisor: Floats) -> Linear:
    """Return a layer whose input comes divided, also its outlier channels' and copies' input."""
    outlier_weight, rest = linear.outlier_weight, None
    if outlier_weight is not None and linear.outliers is not None:
        outlier_weight = outlier_weight * divisor[linear.outliers, None]
    if linear.copies is not None and linear.divisor is not None:
        rest = linear.divisor / np.concatenate([divisor, divisor[linear.copies]])  # (D + k)
    return replace(linear, divisor=rest, outlier_weight=outlier_weight)


def _divided(prepared: Prepared, columns: slice, divisor: Floats) -> Prepared:
    linear = prepared.linear
    whole = np.ones(linear.weight.shape[1], np.float32)  # (N)
    whole[columns] = divisor
    return replace(
        prepared,
        linear=replace(
            linear,
            weight=linear.weight / whole,
            scale=None if linear.scale is None else linear.scale / whole,
            bias=None if linear.bias is None else linear.bias / whole,
            outlier_weight=None if linear.outlier_weight is None else linear.outlier_weight / whole,
        ),
    )
