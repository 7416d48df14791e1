"""What runs where by the documented list of an execution provider, before any session is opened."""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from edgeattn_export.graph.placement import Placement
from edgeattn_export.targets.placement.operators import Operators
from edgeattn_export.targets.placement.told import fallbacks, shares

CPU = "CPUExecutionProvider"


def expected(model: ir.Model, provider: str, operators: Operators, work: Mapping[str, int]) -> Placement:
    """Return where a graph's nodes are expected to run: with the provider, or on the CPU behind it.

    Nodes that a provider takes are one partition as long as none of them waits for a node elsewhere that
    waits for another of them.

    Args:
        model: Its nodes have names.
        provider: The execution provider that is wanted.
        operators: What it takes.
        work: Multiply-accumulates by node, see ``multiply_accumulates``.
    """
    refused = {
        node.name or "": reason
        for node in model.graph
        if not _is_constant(node) and (reason := operators.refusal(node)) is not None
    }
    where = {
        node.name or "": CPU if node.name in refused else provider
        for node in model.graph
        if not _is_constant(node)
    }
    return Placement(
        "expected",
        provider,
        shares(provider, where, work),
        _partitions(model, where, provider),
        fallbacks(provider, model, where, work, refused),
    )


def _partitions(model: ir.Model, where: Mapping[str, str], provider: str) -> int:
    """Count how often the data goes to the provider at most, along any path."""
    entered: dict[str, int] = {}  # by node, how often on the way to it, itself included
    for node in model.graph:
        name = node.name or ""
        if name not in where:
            continue
        mine, before = where[name] == provider, 0
        for value in node.inputs:
            producer = None if value is None else value.producer()
            if producer is None or (producer.name or "") not in where:
                continue
            count = entered[producer.name or ""]
            before = max(before, count + (mine and where[producer.name or ""] != provider))
        entered[name] = max(before, int(mine))
    return max((entered[name] for name, its in where.items() if its == provider), default=0)


def _is_constant(node: ir.Node) -> bool:
    return node.op_type == "Constant"
