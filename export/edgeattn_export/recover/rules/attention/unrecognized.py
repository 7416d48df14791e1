"""Naming attention that is not in the operator's form: what stands between its products and its softmax."""

from __future__ import annotations

from collections.abc import Iterable

import onnx_ir as ir

from edgeattn_export.graph.rule import Refusal
from edgeattn_export.recover.products import ELEMENTWISE, mixes, products_after, products_before
from edgeattn_export.recover.rules.attention.read_scores import read_scores
from edgeattn_export.recover.rules.attention.weights import read_weights

# As molecule transformers add distances and adjacency to the weights: (a w + b) v = a (w v) + b v.
_ADDED_REMEDY = ": multiply the values by what is added in a product of its own, a * (weights @ v) + b @ v"

ROOTS = frozenset({"Softmax", "LogSoftmax", "Exp"})


def unrecognized(softmax: ir.Node) -> Refusal | None:
    """Say why a softmax between two products makes no Attention; None where it is none, or is read.

    What can be read is recovered, or refused, at the product with the values.
    """
    x, weights = softmax.inputs[0], softmax.outputs[0]
    products = tuple(products_after(weights))
    for product, entering, _ in products:
        reading = read_weights(product.inputs[0])
        if reading is not None and reading.node is softmax:
            return None if read_scores(reading.x) is not None else _scores_refusal(reading.x, entering)
    scores = read_scores(x) if softmax.op_type == "Softmax" else None
    if isinstance(scores, Refusal):
        return scores
    if scores is not None:
        if scores.is_layer:
            return None
        return _weights_refusal(products[0][2] if products else [use.node for use in weights.uses()])
    if softmax.op_type == "Exp" and products and _scores_refusal(x, products[0][1]):
        return Refusal("its weights are exponentials that are no softmax; write them as a softmax")
    return _scores_refusal(x, products[0][1]) if products else None


def _weights_refusal(nodes: Iterable[ir.Node]) -> Refusal:
    through = sorted({node.op_type for node in nodes}) or ["the outputs"]
    if through == ["Mul"]:
        return Refusal(
            "its weights go through Mul, a factor or mask after softmax, and are not brought back to a sum "
            "of 1; the operator has none between: mask the scores before softmax"
        )
    remedy = _ADDED_REMEDY if through in (["Add"], ["Add", "Mul"]) else ""
    return Refusal(
        f"its weights go through {', '.join(through)} before they meet the values; the operator has none "
        f"between{remedy}"
    )


def _scores_refusal(x: ir.Value | None, weights: ir.Value) -> Refusal | None:
    for product, path in products_before(x):
        if not mixes(product, weights):
            continue
        origin = product.producer()
        if origin is not None and origin.op_type in ("ReduceSum", "Einsum"):
            return Refusal(
                f"its scores are a {origin.op_type} that is no plain matrix product; write them as a MatMul"
            )
        through = {node.op_type for node in path}
        named = ", ".join(sorted(through - set(ELEMENTWISE) or through))
        return Refusal(
            f"its scores go through {named} between the product and the softmax; the operator has none there"
        )
    return None
