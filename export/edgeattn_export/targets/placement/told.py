"""Where each node runs -> shares of the work, and what fell back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

import onnx_ir as ir

from edgeattn_export.graph.placement import Fallback
from edgeattn_export.graph.scopes import module_of

Where = Mapping[str, str]  # by node, the execution provider that runs it
Work = Mapping[str, int]  # by node, its multiply-accumulates


def shares(provider: str, where: Where, work: Work) -> dict[str, float]:
    """Return the share of the work of each execution provider, and of the one that is wanted in any case."""
    done: Counter[str] = Counter({provider: 0})
    for name, its in where.items():
        done[its] += work.get(name, 0)
    return {name: count / _whole(where, work) for name, count in done.items()}


def fallbacks(
    provider: str, model: ir.Model, where: Where, work: Work, reasons: Mapping[str, str]
) -> tuple[Fallback, ...]:
    """Return what fell back, the largest share first.

    Args:
        provider: The execution provider that is wanted.
        model: The graph.
        where: What runs elsewhere fell back; what runs nowhere did not.
        work: Of each node.
        reasons: By node why it fell back, as far as it is known.
    """
    fallen: defaultdict[tuple[str, str], list[ir.Node]] = defaultdict(list)
    for node in model.graph:
        name = node.name or ""
        if where.get(name, provider) != provider:
            fallen[node.op_type, reasons.get(name, "")].append(node)
    found = (
        Fallback(
            operator,
            len(nodes),
            tuple(sorted({module_of(node) for node in nodes})),
            sum(work.get(node.name or "", 0) for node in nodes) / _whole(where, work),
            reason,
        )
        for (operator, reason), nodes in fallen.items()
    )
    return tuple(sorted(found, key=lambda each: (-each.share, -each.count, each.operator)))


def _whole(where: Where, work: Work) -> int:
    return sum(work.get(name, 0) for name in where) or 1
