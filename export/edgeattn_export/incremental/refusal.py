"""Why a graph cannot continue along an axis from what it kept."""

from __future__ import annotations

import onnx_ir as ir

from edgeattn_runtime.errors import EdgeAttnError

_SUBGRAPHS = (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS)


class CannotStep(EdgeAttnError):  # noqa: N818 - it is a verdict, not a mistake
    """A graph has no step form; the message is the reason."""


def has_subgraph(node: ir.Node) -> bool:
    """Say whether a node branches or loops: what its inner graph reads is no operand of it."""
    return any(attribute.type in _SUBGRAPHS for attribute in node.attributes.values())
