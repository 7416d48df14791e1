"""The scale of an attention's query goes into the steps of its projection: a pass over the query less.

Before: (MatMul(x, DQ(W, s)) + b) * c                    c one positive number
After:  MatMul(x, DQ(W, c s)) + c b

The same integers. MiniLM, one thread of an AMD EPYC, milliseconds of processor time: 12.44 stay 12.44 for 128
tokens, 2.75 become 2.73 for 16.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import only_user, scalar
from edgeattn_export.lower.openvino.stored_product import StoredProduct, stored_product


@dataclass(frozen=True, slots=True)
class Match:
    """``output = product * factor``."""

    product: StoredProduct
    factor: float
    output: ir.Value


class ScaledProduct:
    """Scales the steps and the bias of an int8 product, not what it gives."""

    name = "scaled product"
    roots = frozenset({"Mul"})

    def check(self, node: ir.Node) -> Match | None:
        """Match an int8 product, which nothing else reads, times a number: a step must stay positive."""
        for value, other in (tuple(node.inputs), tuple(reversed(node.inputs))):
            product, factor = stored_product(value), scalar(other)
            if value is not None and product is not None and factor is not None and factor > 0:
                return Match(product, factor, node.outputs[0]) if only_user(value) is node else None
        return None

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit the product in other steps."""
        return {match.output: match.product.emit(tape, factor=match.factor)}
