"""Outputs that are attention maps: the weights of an attention, of one head, or their mean over heads.

map (B, [H,] S, T) = weights (B, H, S, T), or what a Gather, a mean or a reshape makes of them: each row of it
says how one query divides its attention among the keys.
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from edgeattn_export.graph.dataflow import dims, producer, same_dims
from edgeattn_export.graph.scopes import module_of
from edgeattn_export.recover.rules.attention.outputs import WEIGHTS
from edgeattn_export.recover.rules.attention.read_scores import read_scores
from edgeattn_export.recover.rules.attention.scores import Scores
from edgeattn_export.recover.rules.attention.weights import read_weights

RANKS = (3, 4)  # of a map
_PASSED = ("ReduceMean", "Gather", "Slice", "Squeeze", "Unsqueeze", "Reshape", "Identity")


def attention_maps(model: ir.Model) -> Mapping[str, str]:
    """Return the outputs of a recovered graph that are attention maps, each with its module's path."""
    modules = {output.name or "": _module(output) for output in model.graph.outputs}
    return {name: module for name, module in modules.items() if module is not None}


def _module(output: ir.Value) -> str | None:
    """Return the module whose attention an output maps; None where it maps none."""
    if len(dims(output)) not in RANKS:
        return None
    value: ir.Value | None = output
    while value is not None:
        attention = _attention(value)
        if attention is not None:
            whole = same_dims(dims(output)[-2:], dims(value)[-2:])  # each query, and each of its keys
            return module_of(attention) if whole else None
        node = producer(value, *_PASSED)
        value = None if node is None else node.inputs[0]
    return None


def _attention(value: ir.Value) -> ir.Node | None:
    """Return the attention whose weights a value is: the operator, or the softmax of one that stays apart."""
    operator = producer(value, "Attention")
    if operator is not None:
        return operator if value.index() == WEIGHTS else None
    weights = read_weights(value)
    scores = None if weights is None else read_scores(weights.x)
    if weights is None or scores is None or (isinstance(scores, Scores) and scores.is_layer):
        return None
    return weights.node
