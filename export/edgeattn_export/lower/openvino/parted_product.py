"""Projections that were merged into one int8 product part again: OpenVINO copies what a Split deals.

Before: Split(MatMul(x, DQ([W1 W2], [s1 s2])) + [b1 b2])          x = DQ(Q(...))
After:  MatMul(x, DQ(W1, s1)) + b1, MatMul(x, DQ(W2, s2)) + b2

The same integers and the same additions; the input is quantized once, as before. MiniLM, one thread of an AMD
EPYC, milliseconds of processor time: 12.7 become 12.4 for 128 tokens, 2.85 become 2.75 for 16.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.dataflow import constant, dims, only_user
from edgeattn_export.lower.openvino.stored_product import StoredProduct, stored_product


@dataclass(frozen=True, slots=True)
class Match:
    """``outputs`` are the channels of ``product``, so many each."""

    product: StoredProduct
    sizes: tuple[int, ...]
    outputs: tuple[ir.Value, ...]


class PartedProduct:
    """Gives each part of an int8 product its own weight."""

    name = "parted product"
    roots = frozenset({"Split"})

    def check(self, node: ir.Node) -> Match | None:
        """Match a Split of the channels of an int8 product, which nothing else reads."""
        merged, sizes = (*node.inputs, None)[:2]
        product, part_sizes = stored_product(merged), constant(sizes)
        if merged is None or product is None or part_sizes is None or only_user(merged) is not node:
            return None
        if node.attributes.get_int("axis", 0) not in (-1, len(dims(merged)) - 1):
            return None
        return Match(product, tuple(int(size) for size in part_sizes), tuple(node.outputs))

    def rewrite(self, tape: Tape, match: Match) -> Mapping[ir.Value, ir.Value]:
        """Emit each part's product."""
        ends = np.cumsum(match.sizes).tolist()
        return {
            output: match.product.emit(tape, slice(end - size, end))
            for output, size, end in zip(match.outputs, match.sizes, ends, strict=True)
        }
