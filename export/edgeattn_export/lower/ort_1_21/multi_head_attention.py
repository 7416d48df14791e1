"""Attention as onnxruntime's own operator, which older releases have a kernel for.

Before: Attention(q, k, v, m, is_causal; scale=s)                              q, k, v (B, S|T, H*D)
After:  MultiHeadAttention(q, k, v, , , Expand(m', [1, H, S, T]); scale=s)     m' finite: see ``bias``

onnxruntime 1.21.0 reads beyond a bias of (B, 1, S, T), so the bias holds every head; layers of one mask share
it. 12 heads of 32, one thread of a busy AMD EPYC, onnxruntime 1.21.1: for 1, 16 and 128 tokens 11, 20 and
264 us, where the products of ``decomposed`` take 11, 24 and 277; without a mask 9, 17 and 211, for 10, 20
and 235.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.tape import Tape

from edgeattn_export.graph.apply import MICROSOFT
from edgeattn_export.graph.dataflow import dims, embed, operand
from edgeattn_export.graph.emit import emit_size
from edgeattn_export.graph.rule import Emit, Replaced, rule
from edgeattn_export.lower.decomposed.attention import Match, decompose_attention
from edgeattn_export.lower.decomposed.bias import MASK, emit_bias, may_empty
from edgeattn_export.recover.rules.attention.outputs import weights_of

HEADS = -3  # axis of a mask (B, H, S, T)


@dataclass(frozen=True, slots=True)
class MultiHead:
    """An attention whose heads stand side by side."""

    node: ir.Node
    heads: int
    scale: float

    def __call__(self, tape: Tape) -> Replaced:
        """Emit the operator, its bias, and zeros for queries that see no key."""
        node, bias = self.node, emit_bias(tape, self.node)
        inputs = list(node.inputs[:3])
        if bias.added is not None:
            inputs += [None, None, tape.op("Expand", [bias.added, self._sizes(tape)])]
        attributes = {"num_heads": self.heads, "scale": self.scale}
        mixed = tape.op("MultiHeadAttention", inputs, attributes, domain=MICROSOFT)
        if bias.visible is not None:
            mixed = tape.op("Mul", [mixed, self._by_token(tape, bias.visible)])
        return {node.outputs[0]: mixed}

    def _sizes(self, tape: Tape) -> ir.Value:
        """Emit [1, H, S, T], which the batch of a mask goes beyond."""
        counts = embed(tape, np.array([1, self.heads]), f"attention.heads.{self.heads}")
        query, key = self.node.inputs[:2]
        lengths = [emit_size(tape, value, 1) for value in (query, key) if value is not None]
        return tape.op("Concat", [counts, *lengths], {"axis": 0})

    def _by_token(self, tape: Tape, visible: ir.Value) -> ir.Value:
        """Emit (B|1, 1, S|1, 1) as (B|1, S|1, 1)."""
        if len(dims(operand(self.node, MASK))) < 4:
            return visible
        return tape.op("Squeeze", [visible, embed(tape, np.array([1]), "attention.shared")])


@rule("multi-head attention", "Attention")
def multi_head_attention(node: ir.Node) -> Emit | None:
    """Match heads side by side, each with its own keys; all else is for ``decomposed``."""
    match = decompose_attention.check(node)
    if not isinstance(match, Match) or not match.is_flat or match.is_grouped or match.softcap:
        return None
    mask = operand(node, MASK)
    is_by_head = mask is not None and dims(mask)[HEADS : HEADS + 1] not in ((), (1,))
    if mask is not None and (mask.shape is None or (is_by_head and may_empty(mask))):
        return None
    if not isinstance(match.queries, int) or weights_of(node) is not None:
        return None
    return MultiHead(node, match.queries, match.scale)
