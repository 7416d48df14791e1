"""Where each node runs -> shares of the work, and what fell back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Literal

import onnx_ir as ir

from edgeattn_export.graph.placement import Fallback, Placement
from edgeattn_export.graph.scopes import module_of


def placed(
    how: Literal["expected", "found"],
    provider: str,
    model: ir.Model,
    where: Mapping[str, str],
    work: Mapping[str, int],
    reasons: Mapping[str, str],
    partitions: int,
) -> Placement:
    """Return the placement of a graph.

    Args:
        how: Whether it is expected or found.
        provider: The execution provider that is wanted.
        model: The graph.
        where: By node the execution provider that runs it.
        work: By node its multiply-accumulates.
        reasons: By node why it fell back, as far as it is known.
        partitions: How many graphs the provider makes.
    """
    whole = sum(work.get(name, 0) for name in where) or 1
    shares: Counter[str] = Counter({provider: 0})
    fallen: defaultdict[tuple[str, str], list[ir.Node]] = defaultdict(list)
    for node in model.graph:
        name = node.name or ""
        if name not in where:
            continue
        shares[where[name]] += work.get(name, 0)
        if where[name] != provider:
            fallen[node.op_type, reasons.get(name, "")].append(node)
    fallbacks = (
        Fallback(
            operator,
            len(nodes),
            tuple(sorted({module_of(node) for node in nodes})),
            sum(work.get(node.name or "", 0) for node in nodes) / whole,
            reason,
        )
        for (operator, reason), nodes in fallen.items()
    )
    return Placement(
        how,
        provider,
        {name: count / whole for name, count in shares.items()},
        partitions,
        tuple(sorted(fallbacks, key=lambda each: (-each.share, -each.count, each.operator))),
    )
